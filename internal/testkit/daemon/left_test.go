package daemon

import (
	"os"
	"testing"
	"time"
)

func TestAFolderIsRemovedWhenItsProcessIsGoneAndNotBefore(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	folder, err := os.MkdirTemp("", "segue-some-")
	if err != nil {
		t.Fatal(err)
	}
	d := &Daemon{Folder: folder}
	if err := d.claim(); err != nil {
		t.Fatal(err)
	}
	look := func(after time.Duration) bool {
		t.Helper()
		if err := removeLeft("segue-some-*", time.Now().Add(after)); err != nil {
			t.Fatal(err)
		}
		_, err := os.Stat(folder)
		return err == nil
	}
	if !look(time.Hour) {
		t.Fatal("removed while it is in use")
	}
	if err := d.claimed.Close(); err != nil { // as the kernel does when a process is killed
		t.Fatal(err)
	}
	if !look(0) {
		t.Error("removed before its process may have claimed it")
	}
	if look(time.Hour) {
		t.Error("left behind")
	}
}
