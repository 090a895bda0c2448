package secretstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/segue-app/segue/internal/secret"
)

// Files is a folder with a file for each secret. Kubernetes puts links there that lead through ..data to the folder of the present
// version, and turns ..data to the next one at once; so a secret is read anew each time, through the folder as it is then.
type Files struct {
	Folder string
	Never  []string // files that are no secrets to be given out, wherever they lie: the sealing key
}

// Read gives the content of a file within the folder. No link leads out of it.
func (f Files) Read(_ context.Context, name string, _ bool) (text secret.Text, err error) {
	if strings.Contains(name, "#") {
		return secret.Text{}, fmt.Errorf("%w: a file has no fields", errMissing)
	}
	root, err := os.OpenRoot(f.Folder)
	if err != nil {
		return secret.Text{}, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	info, err := root.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return secret.Text{}, errMissing
	}
	if err != nil {
		return secret.Text{}, err
	}
	if !info.Mode().IsRegular() { // before it is opened: a pipe would wait for ever
		return secret.Text{}, fmt.Errorf("%w: it is no file", errMissing)
	}
	file, err := root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return secret.Text{}, errMissing
	}
	if err != nil {
		return secret.Text{}, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if info, err = file.Stat(); err != nil {
		return secret.Text{}, err
	}
	for _, path := range f.Never {
		if never, err := os.Stat(path); err == nil && os.SameFile(info, never) {
			return secret.Text{}, fmt.Errorf("%w: that is the sealing key, which is given to nobody", errMissing)
		}
	}
	content, err := io.ReadAll(io.LimitReader(file, LongestSecret+3)) // and a line end; what is longer is refused by its length
	if err != nil {
		return secret.Text{}, err
	}
	return secret.NewText(string(content)), nil
}

// Probe looks whether the folder can be read.
func (f Files) Probe(context.Context) error {
	root, err := os.OpenRoot(f.Folder)
	if err != nil {
		return err
	}
	_, err = root.Stat(".")
	return errors.Join(err, root.Close())
}
