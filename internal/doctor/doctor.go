// Package doctor says what is wrong with an installation and how to mend it. It works beside a server and without one, changes
// nothing, and says nothing of persons and no secret: counts, paths, codes. It reads tables of others by itself, and passes over
// those that are not there, since it must also work on a database of another version, which the packages of this one cannot read.
package doctor

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/backup"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/disk"
	"github.com/segue-app/segue/internal/reseal"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/secretstore"
)

// Level is how bad a finding is.
type Level string

// The levels.
const (
	Fine    Level = "fine"
	Warning Level = "warning" // it works, and something should be done
	Error   Level = "error"   // something does not work, or data is in danger
)

// Finding is one thing that was looked at. Code is a translation key behind "doctor."; what mends it is behind "doctor.mend.".
type Finding struct {
	Code   string
	Level  Level
	Values []any // name, value, …
}

// Report is all that was found, in the order in which it was looked at.
type Report []Finding

// Worst is the worst level of the findings.
func (r Report) Worst() Level {
	worst := Fine
	for _, f := range r {
		if f.Level == Error || f.Level == Warning && worst == Fine {
			worst = f.Level
		}
	}
	return worst
}

// Patient is the installation that is examined.
type Patient struct {
	Folder      backup.Folder
	Key         secret.Source      // of the sealing key
	Stores      secretstore.Stores // that API keys may come from; may be nil
	Sealed      []reseal.Place
	URL         string   // under which people reach it; "" is not set
	Listen      string   // address that it listens on
	Destination string   // base of its API
	Watch       []string // folders that sources may watch
	Offline     bool     // nobody is asked over the network
	Thorough    bool     // the whole file of the database is checked
	Client      *http.Client
	Now         func() time.Time
}

// examination is one in progress.
type examination struct {
	Patient
	report Report
}

func (x *examination) found(level Level, code string, values ...any) {
	x.report = append(x.report, Finding{code, level, values})
}

// Examine looks at everything. What cannot be looked at is a finding too.
func Examine(ctx context.Context, p Patient) Report {
	x := &examination{Patient: p}
	if x.folder() {
		x.room()
		x.leftovers()
		x.withDatabase(ctx)
	}
	x.address()
	x.watched(nil)
	x.stores(ctx)
	x.zone("", "UTC") // whether there are time zones at all shows with one that every list has
	x.zone("", "Europe/Copenhagen")
	if !p.Offline {
		x.network(ctx)
	}
	return x.report
}

// folder looks at the data folder; false when there is none.
func (x *examination) folder() bool {
	info, err := os.Stat(x.Folder.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		x.found(Error, "folder_missing", "Path", x.Folder.Path)
		return false
	case err != nil || !info.IsDir():
		x.found(Error, "folder_unreadable", "Path", x.Folder.Path)
		return false
	}
	good := true
	if info.Mode().Perm()&0o077 != 0 {
		x.found(Warning, "folder_open", "Path", x.Folder.Path, "Mode", info.Mode().Perm().String())
		good = false
	}
	if own, known := disk.Owned(info); known && !own && os.Geteuid() != 0 { // the superuser may have everything
		x.found(Warning, "folder_owner", "Path", x.Folder.Path)
		good = false
	}
	if good {
		x.found(Fine, "folder")
	}
	return true
}

const (
	leastRoom   = 256 << 20 // bytes: for the log of the database, uploads and logs
	mostLog     = 1 << 30   // of the write-ahead log, which a long reading keeps from being emptied
	leftAfter   = 24 * time.Hour
	clockOff    = time.Minute
	clockBroken = time.Hour
)

// room holds what is free against what an import of all profiles, or writing the file anew after an erasure, may take: as much again
// as the database.
func (x *examination) room() {
	free, err := disk.Free(x.Folder.Path)
	if err != nil {
		x.found(Error, "folder_unreadable", "Path", x.Folder.Path)
		return
	}
	var size int64
	if info, err := os.Stat(x.Folder.Database); err == nil {
		size = info.Size()
	}
	needed := size + leastRoom
	switch {
	case free < leastRoom:
		x.found(Error, "disk_full", "Free", disk.Bytes(free), "Needed", disk.Bytes(needed))
	case free < needed:
		x.found(Warning, "disk_low", "Free", disk.Bytes(free), "Needed", disk.Bytes(needed))
	default:
		x.found(Fine, "disk")
	}
}

// leftovers are states kept aside by a restoring, in which erased persons may be, and what killed backups have left.
func (x *examination) leftovers() {
	aside, err := backup.Aside(x.Folder.Path)
	if err == nil && len(aside) > 0 {
		x.found(Warning, "aside", "Paths", strings.Join(aside, ", "))
	}
	left, err := disk.Named(x.Folder.Path, ".segue-")
	if err != nil {
		return
	}
	var old []string
	for _, path := range left {
		if info, err := os.Stat(path); err == nil && x.Now().Sub(info.ModTime()) > leftAfter {
			old = append(old, path)
		}
	}
	if len(old) > 0 {
		x.found(Warning, "leftover", "Paths", strings.Join(old, ", "))
	}
}

func (x *examination) withDatabase(ctx context.Context) {
	if _, err := os.Stat(x.Folder.Database); err != nil {
		x.found(Error, "database_missing", "Path", x.Folder.Database)
		return
	}
	if log, err := os.Stat(x.Folder.Database + "-wal"); err == nil && log.Size() > mostLog {
		x.found(Warning, "log_long", "Size", disk.Bytes(log.Size()))
	}
	db, err := database.Connect(x.Folder.Database)
	if err != nil {
		x.found(Error, "database_unreadable", "Path", x.Folder.Database)
		return
	}
	x.schema(ctx, db)
	x.soundness(ctx, db)
	x.key(ctx, db)
	x.secrets(ctx, db)
	x.work(ctx, db)
	if err := db.Close(); err != nil {
		x.found(Error, "database_unreadable", "Path", x.Folder.Database)
	}
}

func (x *examination) schema(ctx context.Context, db *database.DB) {
	newest, err := database.NewestVersion()
	if err != nil {
		x.found(Error, "schema_unknown")
		return
	}
	now, err := schemaVersion(ctx, db.Reader())
	switch {
	case err != nil:
		x.found(Error, "schema_unknown")
	case now < newest:
		x.found(Warning, "schema_old", "Version", now, "Newest", newest)
	case now > newest:
		x.found(Error, "schema_newer", "Version", now, "Newest", newest)
	default:
		x.found(Fine, "schema")
	}
}

func (x *examination) soundness(ctx context.Context, db *database.DB) {
	faults, err := db.Faults(ctx, x.Thorough)
	switch {
	case err != nil:
		x.found(Error, "database_unreadable", "Path", x.Folder.Database)
	case len(faults) > 0:
		x.found(Error, "database_damaged", "Number", len(faults))
	default:
		x.found(Fine, "soundness")
	}
}

// key looks whether the key file opens what is sealed.
func (x *examination) key(ctx context.Context, db *database.DB) {
	sealed, err := reseal.Any(ctx, db.Reader(), x.Sealed)
	if err != nil { // an older database: its sealed values are elsewhere
		sealed = true
	}
	where := x.Key.String()
	ring, broken := x.Key.Load()
	if errors.Is(broken, fs.ErrNotExist) {
		if sealed {
			x.found(Error, "key_missing", "Path", where)
		} else {
			x.found(Fine, "key")
		}
		return
	}
	if broken != nil {
		x.found(Error, "key_unreadable", "Path", where)
		return
	}
	good := x.keyFile()
	if ring.Len() > 1 {
		x.found(Warning, "key_several", "Path", where)
		good = false
	}
	sealer, broken := ring.Sealer()
	if broken != nil {
		x.found(Error, "key_unreadable", "Path", where)
		return
	}
	counts, broken := reseal.Look(ctx, db.Reader(), x.Sealed, sealer)
	if err != nil || broken != nil {
		return // told as the schema
	}
	total := counts.Total()
	switch {
	case total.Unreadable > 0 && total.Current+total.Older == 0:
		x.found(Error, "key_wrong", "Path", where, "Number", total.Unreadable)
	case total.Unreadable > 0:
		var places []string
		for _, c := range counts {
			if c.Unreadable > 0 {
				places = append(places, c.Place)
			}
		}
		x.found(Warning, "sealed_unreadable", "Number", total.Unreadable, "Places", strings.Join(places, ", "))
	case good:
		x.found(Fine, "key")
	}
}

// keyFile looks who may read the file of the sealing key. One of systemd's, read-only for the service, is as systemd makes it.
func (x *examination) keyFile() (good bool) {
	if x.Key.Kind != secret.File {
		return true
	}
	info, err := os.Stat(x.Key.Path)
	if err != nil {
		x.found(Error, "key_unreadable", "Path", x.Key.Path)
		return false
	}
	good = true
	if info.Mode().Perm()&0o077 != 0 {
		x.found(Error, "key_open", "Path", x.Key.Path, "Mode", info.Mode().Perm().String())
		good = false
	}
	if own, known := disk.Owned(info); known && !own && os.Geteuid() != 0 {
		x.found(Warning, "key_owner", "Path", x.Key.Path)
		good = false
	}
	return good
}
