package backup

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/disk"
)

// Restoring puts a backup in the place of a data folder's state. Nobody else may work on the folder meanwhile.
//
// Everything is made ready beside what is there. The one step that makes the old state the new one is that the new database takes
// the name of the old one. Whatever comes before does not change the old state, and whatever comes after, the new database knows is
// to be done: whoever opens it calls Finish.
type Restoring struct {
	Into    Folder
	Replace bool // what is there; it is kept aside
	Clock   func() time.Time

	// Settle makes the restored database fit into a world that went on without it. key is the text of the key file in the backup, nil
	// when there is none. What was in the folder may be read through old; it is nil when nothing was, or cannot be read.
	Settle func(ctx context.Context, db, old *database.DB, m Manifest, key []byte) error
	// Reached is told before each step; nil: nobody is. An error ends the restoring there.
	Reached func(step string) error
}

// ErrNotEmpty means that there is a state that nobody asked to replace.
var ErrNotEmpty = errors.New("there is a database in this folder already")

const (
	stagePrefix = ".segue-restore-"
	asidePrefix = "before-restore-"

	uploadPrefix, uploadSuffix = "import-", ".csv" // of the names of uploaded files
)

// Aside lists the states that were kept aside when others took their place.
func Aside(folder string) ([]string, error) {
	return disk.Named(folder, asidePrefix)
}

// Do restores. aside is where the old state is kept, "" when there was none.
func (r Restoring) Do(ctx context.Context, from io.Reader) (m Manifest, aside string, err error) {
	if err := r.tidy(); err != nil {
		return m, "", err
	}
	_, err = os.Stat(r.Into.Database)
	there := err == nil
	if err := gone(err); err != nil {
		return m, "", err
	}
	if there && !r.Replace {
		return m, "", ErrNotEmpty
	}
	stage, err := os.MkdirTemp(r.Into.Path, stagePrefix)
	if err != nil {
		return m, "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(stage)) }()
	if m, err = extract(ctx, from, stage, known); err != nil {
		return m, "", err
	}
	mark := rand.Text()
	if err := r.prepare(ctx, stage, mark, m, there); err != nil {
		return m, "", err
	}
	if err := r.reached("put the uploaded files beside those that are there"); err != nil {
		return m, "", err
	}
	if err := r.bringUploads(stage, mark, m); err != nil {
		return m, "", err
	}
	if there {
		if err := r.reached("keep what is there aside"); err != nil {
			return m, "", err
		}
		if aside, err = r.keep(); err != nil {
			return m, "", fmt.Errorf("keep what is there aside: %w", err)
		}
	}
	if err := r.reached("let the new database take the place of the old one"); err != nil {
		return m, aside, err
	}
	if err := disk.Replace(filepath.Join(stage, databasePart), r.Into.Database); err != nil {
		return m, aside, err
	}
	if err := r.reached("put the uploaded files in their places"); err != nil {
		return m, aside, err
	}
	db, err := database.Connect(r.Into.Database)
	if err != nil {
		return m, aside, err
	}
	return m, aside, errors.Join(Finish(ctx, db, r.Into, r.Clock()), db.Close())
}

func (r Restoring) reached(step string) error {
	if r.Reached == nil {
		return nil
	}
	return r.Reached(step)
}

// tidy removes what a restoring that was killed has left.
func (r Restoring) tidy() error {
	left, err := disk.Named(r.Into.Path, stagePrefix)
	if err != nil {
		return err
	}
	for _, folder := range left {
		if err := os.RemoveAll(folder); err != nil {
			return err
		}
	}
	return nil
}

// prepare brings the restored database up to date and settles it, all in the stage.
func (r Restoring) prepare(ctx context.Context, stage, mark string, m Manifest, there bool) (err error) {
	var key []byte
	if m.WithKey() {
		if key, err = os.ReadFile(filepath.Join(stage, keyPart)); err != nil {
			return err
		}
	}
	path := filepath.Join(stage, databasePart)
	db, err := database.Connect(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, disk.SyncFile(path)) }()
	defer func() { err = errors.Join(err, db.CloseWhole()) }()
	if err := sound(ctx, db); err != nil {
		return err
	}
	if err := db.Migrate(ctx); err != nil {
		return err
	}
	var old *database.DB
	if there {
		if old, err = database.Connect(r.Into.Database); err != nil {
			old = nil // damaged: that may be why somebody restores
		} else {
			defer func() { err = errors.Join(err, old.Close()) }()
		}
	}
	if err := r.Settle(ctx, db, old, m, key); err != nil {
		return err
	}
	return db.InTx(ctx, func(tx database.Tx) error {
		if err := finish(ctx, tx, r.Clock()); err != nil { // one that the backup has caught in its middle
			return err
		}
		return noteRestore(ctx, tx, r.Clock(), m.At, restored{mark: mark, uploads: m.Uploads()})
	})
}

// bringUploads puts uploaded files where they belong, but under names that nobody knows.
func (r Restoring) bringUploads(stage, mark string, m Manifest) error {
	if err := os.MkdirAll(r.Into.Uploads, 0o700); err != nil {
		return err
	}
	for _, name := range m.Uploads() {
		if err := os.Rename(filepath.Join(stage, uploadsPart, name), filepath.Join(r.Into.Uploads, marked(name, mark))); err != nil {
			return err
		}
	}
	return disk.SyncFolder(r.Into.Uploads)
}

func marked(name, mark string) string { return name + "." + mark }

// keep gives what is there a second name in a folder of its own, which is a data folder by itself. All of the database is in its
// one file then: a log of the old one beside the new one would be a mix of both.
func (r Restoring) keep() (aside string, err error) {
	dated := filepath.Join(r.Into.Path, asidePrefix+r.Clock().UTC().Format("20060102-150405"))
	aside = dated
	for n := 2; ; n++ {
		err := os.Mkdir(aside, 0o700)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		aside = fmt.Sprintf("%s-%d", dated, n)
	}
	if err := os.Mkdir(filepath.Join(aside, uploadsPart), 0o700); err != nil {
		return "", err
	}
	db, err := database.Connect(r.Into.Database)
	if err == nil {
		err = db.CloseWhole()
	}
	beside := []string{"", "-wal", "-shm"}
	for _, suffix := range beside { // the last two are there only when it is too damaged to be opened, or somebody else has it open
		if failed := double(r.Into.Database+suffix, filepath.Join(aside, databasePart+suffix)); gone(failed) != nil {
			return "", failed
		}
	}
	if database.TroubleOf(err) == database.Locked {
		return "", fmt.Errorf("another program has the database open: %w", errors.Join(err, os.RemoveAll(aside)))
	}
	files, err := disk.Named(r.Into.Uploads, uploadPrefix)
	if err != nil {
		return "", err
	}
	for _, file := range files {
		if !strings.HasSuffix(file, uploadSuffix) {
			continue
		}
		if err := double(file, filepath.Join(aside, uploadsPart, filepath.Base(file))); err != nil {
			return "", err
		}
	}
	if err := errors.Join(disk.SyncFolder(filepath.Join(aside, uploadsPart)), disk.SyncFolder(aside)); err != nil {
		return "", err
	}
	for _, suffix := range beside[1:] {
		if err := gone(os.Remove(r.Into.Database + suffix)); err != nil {
			return "", err
		}
	}
	return aside, disk.SyncFolder(r.Into.Path)
}

// double gives a file a second name, or, where the disk has no such thing, copies it.
func double(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist) {
		return err
	}
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return errors.Join(err, source.Close())
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Sync(), target.Close(), source.Close())
}

// Finish puts the uploaded files of a restoring in their places, when it was killed before it could. It may be called again and
// again. Whoever opens a data folder does, before anybody looks at uploads.
func Finish(ctx context.Context, db *database.DB, folder Folder, now time.Time) error {
	r, ok, err := unfinished(ctx, db.Reader())
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	if ok {
		for _, name := range r.uploads {
			keep[name] = true
			if err := gone(os.Rename(filepath.Join(folder.Uploads, marked(name, r.mark)), filepath.Join(folder.Uploads, name))); err != nil {
				return err
			}
		}
	}
	files, err := disk.Named(folder.Uploads, uploadPrefix)
	if err != nil {
		return err
	}
	for _, file := range files {
		name := filepath.Base(file)
		if !strings.Contains(name, uploadSuffix) {
			continue
		}
		ofAnother := !strings.HasSuffix(name, uploadSuffix) // brought by a restoring that never came to its end
		if ofAnother || ok && !keep[name] {                 // or of the state before
			if err := os.Remove(file); err != nil {
				return err
			}
		}
	}
	if !ok {
		return nil
	}
	if len(files) > 0 {
		if err := disk.SyncFolder(folder.Uploads); err != nil {
			return err
		}
	}
	return db.InTx(ctx, func(tx database.Tx) error { return finish(ctx, tx, now) })
}
