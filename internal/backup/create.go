package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/disk"
	"github.com/segue-app/segue/internal/secret"
)

// Folder is a data folder.
type Folder struct {
	Path     string
	Database string // file
	Uploads  string // folder of uploaded files
}

// Order says what backup is wanted.
type Order struct {
	From    Folder
	Version string                                                          // of the program
	Key     secret.Text                                                     // text of the key file, to be in it; empty: it is not
	Needed  func(ctx context.Context, q database.Querier) ([]string, error) // names of the uploaded files that imports still need
	KeyIDs  func(ctx context.Context, q database.Querier) ([]string, error) // of the keys that something is sealed with
	Clock   func() time.Time
}

// room is how much more than the database must be free, so that its copy does not fill the disk to the last byte.
const room = 64 << 20

// File makes a backup in a file. Until it is whole, it is in a folder beside that which nobody else can look into; whatever fails
// leaves nothing.
func File(ctx context.Context, order Order, path string) (m Manifest, err error) {
	folder, leave, err := stage(filepath.Dir(path), backupStage)
	if err != nil {
		return m, fmt.Errorf("begin the backup: %w", err)
	}
	defer func() { err = errors.Join(err, leave()) }()
	partial := filepath.Join(folder, "partial")
	file, err := os.OpenFile(partial, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return m, fmt.Errorf("begin the backup: %w", err)
	}
	m, err = order.pack(ctx, file, folder)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return m, err
	}
	return m, disk.Replace(partial, path)
}

// Write writes a backup to out. Meanwhile the copy of the database is in a folder aside.
func Write(ctx context.Context, order Order, out io.Writer, aside string) (m Manifest, err error) {
	folder, leave, err := stage(aside, backupStage)
	if err != nil {
		return m, fmt.Errorf("begin the backup: %w", err)
	}
	defer func() { err = errors.Join(err, leave()) }()
	return order.pack(ctx, out, folder)
}

// pack writes a backup to out, with the copy of the database in the folder for as long as it takes to look through it.
func (order Order) pack(ctx context.Context, out io.Writer, folder string) (m Manifest, err error) {
	info, err := os.Stat(order.From.Database)
	if err != nil {
		return m, fmt.Errorf("no data folder of Segue: %w", err)
	}
	if free, err := disk.Free(folder); err != nil {
		return m, err
	} else if free < info.Size()+room {
		return m, fmt.Errorf("%s has room for %s, the copy of the database needs %s", filepath.Dir(folder), disk.Bytes(free), disk.Bytes(info.Size()+room))
	}
	uploads := held{}
	defer func() { err = errors.Join(err, uploads.close()) }()
	if err := uploads.take(order.From.Uploads); err != nil { // before the copy: an import that ends meanwhile removes its file
		return m, err
	}
	m = Manifest{Form: form, Version: order.Version, At: order.Clock().UTC().Truncate(time.Second), KeyIDs: []string{}}
	copied := filepath.Join(folder, databasePart)
	if err := database.Copy(ctx, order.From.Database, copied); err != nil {
		return m, err
	}
	if err := uploads.take(order.From.Uploads); err != nil { // after it: and one that began has brought its own
		return m, err
	}
	needed, err := m.look(ctx, copied, order, uploads)
	if err != nil {
		return m, err
	}
	parts, err := m.gather(copied, uploads, needed, order.Key)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, parts[0].Close()) }()
	if err := os.Remove(copied); err != nil { // open still: a kill leaves nothing of it
		return m, err
	}
	return m, m.write(ctx, out, parts)
}

// look reads from the copy what the manifest says of it, and which files it needs.
func (m *Manifest) look(ctx context.Context, copied string, order Order, uploads held) (needed []string, err error) {
	db, err := database.Connect(copied)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.CloseWhole()) }()
	versions, err := db.Versions(ctx)
	if err != nil {
		return nil, err
	}
	if versions.Current > versions.Newest {
		return nil, errors.New("the database is of a newer Segue: make the backup with that one")
	}
	m.Schema = versions.Current
	if versions.Current < versions.Newest { // before an update: what is where in an older one is not known here
		return slices.Collect(maps.Keys(uploads)), nil
	}
	if m.KeyIDs, err = order.KeyIDs(ctx, db.Reader()); err != nil {
		return nil, err
	}
	return order.Needed(ctx, db.Reader())
}

// content is what a part is read from.
type content interface {
	io.ReadSeeker
	io.Closer
}

type inMemory struct{ *bytes.Reader }

// Close does nothing.
func (inMemory) Close() error { return nil }

// gather lists the parts with their hashes. The first is the database.
func (m *Manifest) gather(copied string, uploads held, needed []string, key secret.Text) (parts []content, err error) {
	db, err := os.Open(copied)
	if err != nil {
		return nil, err
	}
	add := func(name string, c content) error {
		hash := sha256.New()
		n, err := io.Copy(hash, c)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		m.Parts = append(m.Parts, Part{Name: name, Bytes: n, SHA: hex.EncodeToString(hash.Sum(nil))})
		parts = append(parts, c)
		return nil
	}
	if err := add(databasePart, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	slices.Sort(needed)
	for _, name := range needed {
		file, ok := uploads[name]
		if !ok { // its import reads a database, or ended in this very moment
			continue
		}
		if err := add(uploadsPart+"/"+name, file); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	if !key.Empty() {
		if err := add(keyPart, inMemory{bytes.NewReader([]byte(key.Reveal()))}); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	return parts, nil
}

func (m *Manifest) write(ctx context.Context, out io.Writer, parts []content) error {
	compressed, err := zstd.NewWriter(out, zstd.WithEncoderConcurrency(1)) // the server beside it has work to do
	if err != nil {
		return err
	}
	archive := tar.NewWriter(compressed)
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	put := func(name string, n int64, from io.Reader) error {
		if err := archive.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: n, Mode: 0o600, ModTime: m.At}); err != nil {
			return err
		}
		_, err := io.Copy(archive, readerFunc(func(p []byte) (int, error) {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			return from.Read(p)
		}))
		return err
	}
	err = put(manifestName, int64(len(text)), bytes.NewReader(text))
	for i, p := range m.Parts {
		if err == nil {
			_, err = parts[i].Seek(0, io.SeekStart)
		}
		if err == nil {
			err = put(p.Name, p.Bytes, parts[i])
		}
	}
	if err == nil {
		err = archive.Close()
	}
	if err = errors.Join(err, compressed.Close()); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	return nil
}

type readerFunc func(p []byte) (int, error)

// Read calls the function.
func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// held are uploaded files by name, open so that their removal does not matter.
type held map[string]*os.File

// take opens the files that are there now. Of those that are held already the new one counts: it is whole, or the same.
func (h held) take(folder string) error {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look through uploads: %w", err)
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() || !uploadName.MatchString(uploadsPart+"/"+entry.Name()) {
			continue
		}
		file, err := os.Open(filepath.Join(folder, entry.Name()))
		if errors.Is(err, fs.ErrNotExist) { // gone in this moment
			continue
		}
		if err != nil {
			return fmt.Errorf("open an upload: %w", err)
		}
		if before := h[entry.Name()]; before != nil {
			if err := before.Close(); err != nil {
				return err
			}
		}
		h[entry.Name()] = file
	}
	return nil
}

func (h held) close() (err error) {
	for _, file := range h {
		err = errors.Join(err, file.Close())
	}
	return err
}

// gone is an error unless it says that there is no such file.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
