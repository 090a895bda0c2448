package backup

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/segue-app/segue/internal/disk"
)

// Folders in which a backup is made, or looked into, are beside it and begin so.
const (
	backupStage = ".segue-backup-"
	verifyStage = ".segue-verify-"
	stageLock   = "lock"
)

// stageYoung is the age up to which a folder may have been made this very moment and not be locked yet.
const stageYoung = time.Minute

// stage makes a folder for its owner alone, in which copies of customers' data are for a while, and removes those that killed
// processes have left beside it. leave removes it.
func stage(aside, prefix string) (folder string, leave func() error, err error) {
	if err := clearStages(aside); err != nil {
		return "", nil, err
	}
	if folder, err = os.MkdirTemp(aside, prefix); err != nil {
		return "", nil, err
	}
	lock := flock.New(filepath.Join(folder, stageLock), flock.SetPermissions(0o600))
	_, _ = lock.TryLock() // on a disk without locks nobody takes the folder for one that was left either
	return folder, func() error { return errors.Join(lock.Close(), os.RemoveAll(folder)) }, nil
}

// clearStages removes folders of ours that nobody holds any more.
func clearStages(aside string) error {
	for _, prefix := range []string{backupStage, verifyStage} {
		folders, err := disk.Named(aside, prefix)
		if err != nil {
			return err
		}
		for _, folder := range folders {
			info, err := os.Lstat(folder)
			if err != nil || !info.IsDir() || time.Since(info.ModTime()) < stageYoung {
				continue
			}
			if own, known := disk.Owned(info); known && !own {
				continue
			}
			lock := flock.New(filepath.Join(folder, stageLock), flock.SetPermissions(0o600))
			free, err := lock.TryLock()
			if closed := lock.Close(); err == nil && free {
				if err := errors.Join(closed, os.RemoveAll(folder)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
