package database

import (
	"errors"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Trouble is why the database could not do something that it may be able to do later, without anybody changing Segue.
type Trouble string

// The troubles.
const (
	NoTrouble Trouble = ""
	DiskFull  Trouble = "disk_full"       // no room, or the disk refused to write
	Locked    Trouble = "database_locked" // another program holds the file for longer than the writer waits
)

// TroubleOf says whether an error of the database may pass; NoTrouble when it will not, or is none of the database's.
func TroubleOf(err error) Trouble {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return NoTrouble
	}
	switch failure.Code() & 0xff { // the rest of an extended code is detail
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR:
		return DiskFull
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return Locked
	}
	return NoTrouble
}

// corrupt reports whether an error says that the file is damaged.
func corrupt(err error) bool {
	var failure *sqlite.Error
	return errors.As(err, &failure) && failure.Code()&0xff == sqlite3.SQLITE_CORRUPT
}
