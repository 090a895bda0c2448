// Package database opens Segue's one SQLite file and brings its schema up to date. It owns the pragmas, the pools and
// transactions; it knows no table. Each domain package keeps its own SQL.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // registers the "sqlite" driver
)

// DB is the database: one connection that writes, several that read. SQLite allows one writer at a time; queueing for
// it in Go instead of in SQLite means that nobody meets "database is locked".
type DB struct {
	write *sql.DB
	read  *sql.DB
	long  chan struct{} // a token for each reading that goes through all profiles while somebody waits
	path  string

	observer atomic.Pointer[func(waited, took time.Duration)] // see Observe
	failing  atomic.Pointer[Trouble]                          // of the last transaction; nil: it went well
}

// Querier is what both the reading pool and a transaction can do.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Tx is a transaction that writes.
type Tx = *sql.Tx

const (
	readers      = 8
	longReadings = 3       // at once, so that readers are left for the pages
	writerCache  = "-8000" // 8 MB
	readerCache  = "-2000" // 2 MB for each: long readings go straight on, and the system has the file in memory as well
	pageSize     = "8192"  // bytes, of a file that is made: larger pages are split less often than those of 4096
	checkpointAt = "2000"  // pages, 16 MB: how long the write-ahead log may get before it is written back
	busyTimeout  = "10000" // ms: for a backup by another program
)

// Open opens or creates the file and migrates it. It fails when the file was written by a newer Segue.
func Open(ctx context.Context, path string) (*DB, error) {
	db, err := Connect(path)
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// Connect opens or creates the file and leaves its schema as it is.
func Connect(path string) (*DB, error) {
	if err := create(path); err != nil {
		return nil, err
	}
	// Sorting a million addresses for an index takes as many bytes as they have. The writer does it in a file beside the
	// database, which nobody else can open and which is gone when it is done; what readers sort is small.
	sorting := "_pragma=temp_store(file)&_pragma=" + url.QueryEscape("temp_store_directory('"+strings.ReplaceAll(filepath.Dir(path), "'", "''")+"')")
	write, err := sql.Open("sqlite", dsn(path, "_txlock=immediate&"+sorting+"&_pragma=cache_size("+writerCache+")&_pragma=wal_autocheckpoint("+checkpointAt+")"))
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", dsn(path, "_pragma=query_only(1)&_pragma=temp_store(memory)&_pragma=cache_size("+readerCache+")"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), write.Close())
	}
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	read.SetConnMaxIdleTime(5 * time.Minute)
	// The first connection creates the file and sets WAL, so that the readers find both.
	if err := write.Ping(); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), write.Close(), read.Close())
	}
	return &DB{write: write, read: read, long: make(chan struct{}, longReadings), path: path}, nil
}

// create makes the file, when there is none, for its owner alone: SQLite would let everybody read it, and gives the files
// beside it the same mode.
func create(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	return file.Close()
}

func dsn(path, more string) string {
	return "file:" + escaped(path) +
		"?_pragma=page_size(" + pageSize + ")&_pragma=busy_timeout(" + busyTimeout + ")&_pragma=journal_mode(wal)&_pragma=synchronous(normal)" +
		"&_pragma=foreign_keys(1)&" + more
}

func escaped(path string) string {
	return (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
}

// Close closes both pools.
func (db *DB) Close() error { return errors.Join(db.read.Close(), db.write.Close()) }

// Reader gives the pool for reading. What it reads is a committed state.
func (db *DB) Reader() *sql.DB { return db.read }

// Long waits for a turn to read through all profiles for somebody who waits, so that many of those do not take every
// connection from the pages. Call done at the end.
func (db *DB) Long(ctx context.Context) (done func(), err error) {
	select {
	case db.long <- struct{}{}:
		return func() { <-db.long }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Writer gives the writing connection, for the job queue that shares the file. Domain code uses InTx.
func (db *DB) Writer() *sql.DB { return db.write }

// InTx runs work in a transaction that writes, and commits it unless work fails or panics. Keep it short: everybody
// who writes waits for it, and nothing that waits for the network belongs inside.
func (db *DB) InTx(ctx context.Context, work func(tx Tx) error) (err error) {
	asked := time.Now()
	tx, err := db.write.BeginTx(ctx, nil)
	had := time.Now()
	defer func() { db.observed(had.Sub(asked), time.Since(had), err) }()
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() {
		if rollback := tx.Rollback(); rollback != nil && !errors.Is(rollback, sql.ErrTxDone) {
			err = errors.Join(err, rollback)
		}
	}()
	if err := work(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// Prepare prepares a statement for transactions that write: use it through tx.StmtContext, which then need not parse it
// again. It waits for the writing connection, so call it outside InTx, once.
func (db *DB) Prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	statement, err := db.write.PrepareContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	return statement, nil
}

// Millis is t as it is stored: milliseconds since 1970 in UTC.
func Millis(t time.Time) int64 { return t.UnixMilli() }

// Time is a stored time.
func Time(millis int64) time.Time { return time.UnixMilli(millis).UTC() }

// NullMillis stores the zero time as NULL.
func NullMillis(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMilli(), Valid: !t.IsZero()}
}

// NullTime reads NULL as the zero time.
func NullTime(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return Time(n.Int64)
}
