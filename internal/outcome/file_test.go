package outcome

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/export"
)

func TestAFileIsNamedAfterExportRunAndTime(t *testing.T) {
	ended := time.Date(2026, 11, 25, 13, 0, 0, 0, time.FixedZone("", 3600))
	for name, want := range map[string]string{
		"Newsletter":              "newsletter-run-812-20261125T120000Z.csv",
		"Æbler & Øl på Åen!":      "aebler-oel-paa-aaen-run-812-20261125T120000Z.csv",
		"../../etc/passwd":        "etc-passwd-run-812-20261125T120000Z.csv",
		"Crème brûlée":            "creme-brulee-run-812-20261125T120000Z.csv",
		"顧客":                      "export-run-812-20261125T120000Z.csv",
		"=HYPERLINK(\"x\")\x00\n": "hyperlink-x-run-812-20261125T120000Z.csv",
	} {
		if got := fileName(name, 812, ended, export.CSV); got != want {
			t.Errorf("%q is named %s, should be %s", name, got, want)
		}
	}
}

func TestWhatIsWrongWithAFolderIsToldApart(t *testing.T) {
	for _, c := range []struct {
		err  error
		want Reason
	}{
		{&fs.PathError{Err: syscall.ENOENT}, FolderGone}, {&fs.PathError{Err: syscall.ENOTDIR}, FolderGone}, {&fs.PathError{Err: syscall.EACCES}, NotPermitted},
		{&fs.PathError{Err: syscall.EROFS}, NotPermitted}, {&fs.PathError{Err: syscall.ENOSPC}, DiskFull}, {errors.New("broken"), FileFailed},
	} {
		if got := reasonOf(failed(c.err)); got != c.want {
			t.Errorf("%v is %s, should be %s", c.err, got, c.want)
		}
	}
	if failed(nil) != nil {
		t.Error("nothing is a failure")
	}
}

func TestMemoryDoesNotGrowWithTheLinesOfAFile(t *testing.T) {
	for _, format := range export.OutcomeFormats {
		var before, most uint64
		_, err := fill(io.Discard, format, func(visit func(Line) error) error {
			for i := range 120_000 {
				if i%20_000 == 10_000 {
					var m runtime.MemStats
					runtime.GC() // twice: what a pool holds lives through the first
					runtime.GC()
					runtime.ReadMemStats(&m)
					if before == 0 {
						before = m.HeapInuse
					}
					most = max(most, m.HeapInuse)
				}
				if err := visit(Line{RunID: 1, Export: "Newsletter", ProfileID: "customer-" + strconv.Itoa(i), Outcome: "accepted", At: time.Unix(int64(i), 0)}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if most > before+8<<20 {
			t.Errorf("%s: memory grew from %d to %d bytes", format, before, most)
		}
	}
}

func TestADiskThatIsFullIsToldInEveryFormat(t *testing.T) {
	for _, format := range export.OutcomeFormats {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if errors.Is(err, fs.ErrNotExist) {
			t.Skip("this system has no disk that is always full")
		}
		if err != nil {
			t.Fatal(err)
		}
		_, err = fill(full, format, func(visit func(Line) error) error {
			for i := range 50_000 {
				if err := visit(Line{RunID: 1, Export: "Newsletter", ProfileID: "customer-" + strconv.Itoa(i), Outcome: "accepted"}); err != nil {
					return err
				}
			}
			return nil
		})
		if reasonOf(err) != DiskFull {
			t.Errorf("%s: %v is %s", format, err, reasonOf(err))
		}
		if err := full.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestWhatAFolderRefusesIsToldByItsReason(t *testing.T) {
	for reason, causes := range map[Reason][]error{
		FolderGone:   {fs.ErrNotExist, syscall.ENOTDIR},
		NotPermitted: {fs.ErrPermission, syscall.EACCES, syscall.EROFS},
		DiskFull:     {syscall.ENOSPC, syscall.EDQUOT},
		FileFailed:   {syscall.EIO, errors.New("whatever else")},
	} {
		for _, cause := range causes {
			if got := reasonOf(failed(&fs.PathError{Op: "open", Path: "x", Err: cause})); got != reason {
				t.Errorf("%v is told as %s, want %s", cause, got, reason)
			}
		}
	}
}
