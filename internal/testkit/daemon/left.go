package daemon

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// claimFile is locked for as long as the process lives that a folder belongs to: the kernel lets go however it ends.
const claimFile = "claim"

// settled is how old a claim is before it is judged: its process has locked it by then, and a killed one's server has ended.
const settled = time.Minute

// claim marks the folder as that of this process.
func (d *Daemon) claim() (err error) {
	if d.claimed, err = os.OpenFile(d.Path(claimFile), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return err
	}
	return syscall.Flock(int(d.claimed.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// clean removes the folder.
func (d *Daemon) clean() error {
	err := os.RemoveAll(d.Folder)
	if d.claimed != nil {
		err = errors.Join(err, d.claimed.Close())
	}
	return err
}

// removeLeft removes folders whose processes were killed before they could. What is somebody else's is left to them.
func removeLeft(pattern string, now time.Time) error {
	claims, err := filepath.Glob(filepath.Join(os.TempDir(), pattern, claimFile))
	for _, path := range claims {
		err = errors.Join(err, removeUnclaimed(path, now))
	}
	return err
}

func removeUnclaimed(path string, now time.Time) error {
	file, err := os.Open(path)
	if err != nil {
		return nil // gone meanwhile, or somebody else's
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || now.Sub(info.ModTime()) < settled {
		return err
	}
	if syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return nil // it lives
	}
	return os.RemoveAll(filepath.Dir(path))
}
