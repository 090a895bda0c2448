package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/disk"
)

// longestWindow is how much memory the decompression may take: what File writes needs 8 MiB.
const longestWindow = 64 << 20

// extract reads a backup and writes its parts into a folder, which is empty and nobody else's. It writes the names that it knows and
// the bytes that the manifest announces, and nothing else. judge looks at the manifest before anything is written.
func extract(ctx context.Context, from io.Reader, folder string, judge func(Manifest) error) (m Manifest, err error) {
	plain, err := zstd.NewReader(readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return from.Read(p)
	}), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(longestWindow))
	if err != nil {
		return m, err
	}
	defer plain.Close()
	archive := tar.NewReader(plain)
	if err := next(ctx, archive, manifestName, -1); err != nil {
		return m, err
	}
	if m, err = readManifest(archive); err != nil {
		return m, err
	}
	if err := judge(m); err != nil {
		return m, err
	}
	free, err := disk.Free(folder)
	if err != nil {
		return m, err
	}
	if free < m.Bytes() {
		return m, fmt.Errorf("%s has room for %s, what is in the backup needs %s", folder, disk.Bytes(free), disk.Bytes(m.Bytes()))
	}
	if err := os.Mkdir(filepath.Join(folder, uploadsPart), 0o700); err != nil {
		return m, err
	}
	for _, p := range m.Parts {
		if err := next(ctx, archive, p.Name, p.Bytes); err != nil {
			return m, err
		}
		if err := p.store(archive, filepath.Join(folder, filepath.FromSlash(p.Name))); err != nil {
			return m, err
		}
	}
	if _, err := archive.Next(); !errors.Is(err, io.EOF) {
		return m, broken("there is more in it than its manifest names")
	}
	return m, errors.Join(disk.SyncFolder(filepath.Join(folder, uploadsPart)), disk.SyncFolder(folder))
}

// next goes on to the entry that must come now; size -1 is any.
func next(ctx context.Context, archive *tar.Reader, name string, size int64) error {
	header, err := archive.Next()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, io.EOF):
		return broken("%s is missing", name)
	case err != nil:
		return broken("%v", err)
	case header.Name != name || header.Typeflag != tar.TypeReg || size >= 0 && header.Size != size:
		return broken("%.40q comes where %s should", header.Name, name)
	}
	return nil
}

// store writes a part, readable for its owner alone.
func (p Part) store(from io.Reader, path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(file, hash), io.LimitReader(from, p.Bytes))
	if err != nil {
		err = broken("%s: %v", p.Name, err)
	}
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if n != p.Bytes || hex.EncodeToString(hash.Sum(nil)) != p.SHA {
		return broken("%s is not what its hash says", p.Name)
	}
	return nil
}

// Verify checks a backup: that it is whole, every hash, and that its database is sound and of a version that this program knows.
// Meanwhile what is in it is in the folder aside.
func Verify(ctx context.Context, from io.Reader, aside string) (m Manifest, err error) {
	folder, leave, err := stage(aside, verifyStage)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, leave()) }()
	if m, err = extract(ctx, from, folder, known); err != nil {
		return m, err
	}
	db, err := database.Connect(filepath.Join(folder, databasePart))
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return m, sound(ctx, db)
}

// known refuses what a newer program has made.
func known(m Manifest) error {
	newest, err := database.NewestVersion()
	if err != nil {
		return err
	}
	if m.Schema > newest {
		return fmt.Errorf("the backup is of a newer Segue (database %d, this program knows %d): use that one", m.Schema, newest)
	}
	return nil
}

// sound looks a database through.
func sound(ctx context.Context, db *database.DB) error {
	faults, err := db.Faults(ctx, true)
	if err != nil {
		return broken("its database cannot be read: %v", err)
	}
	if len(faults) > 0 {
		return broken("its database is damaged: %s", strings.Join(faults, "; "))
	}
	return nil
}
