package database

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"
)

// Observe has a function told of every transaction of InTx: how long it waited for the writing connection, and how long it had it.
func (db *DB) Observe(told func(waited, took time.Duration)) { db.observer.Store(&told) }

func (db *DB) observed(waited, took time.Duration, err error) {
	if told := db.observer.Load(); told != nil {
		(*told)(waited, took)
	}
	if trouble := TroubleOf(err); trouble != NoTrouble {
		db.failing.Store(&trouble)
	} else if err == nil {
		db.failing.Store(nil)
	}
}

// ErrNotWritable means that the database takes no changes now.
var ErrNotWritable = errors.New("the database cannot be written")

// Writable tells whether the database takes changes, without making one: the lock for writing can be had within the context's time,
// and the last transaction did not fail for a full disk.
func (db *DB) Writable(ctx context.Context) error {
	if trouble := db.failing.Load(); trouble != nil && *trouble == DiskFull {
		return ErrNotWritable
	}
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return errors.Join(ErrNotWritable, err)
	}
	return tx.Rollback()
}

// Sizes are the bytes of the file and of its write-ahead log.
func (db *DB) Sizes() (file, log int64, err error) {
	if file, err = size(db.path); err != nil {
		return 0, 0, err
	}
	log, err = size(db.path + "-wal")
	return file, log, err
}

func size(path string) (int64, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) { // the log comes with the first change
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
