package secret

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Keyring is what a key file holds: a key in base64 on each line. The first seals; those after it only open what was sealed
// before. There are several while keys are exchanged, and after a backup from before an exchange was restored.
type Keyring struct{ keys []key }

// key is a key behind a function, for the reason that Text is.
type key func() []byte

func keep(value []byte) key { return func() []byte { return value } }

// NewKeyring makes a ring of one new key.
func NewKeyring() Keyring {
	value := make([]byte, KeyBytes)
	_, _ = rand.Read(value) // crypto/rand.Read does not fail; it ends the program instead
	return Keyring{[]key{keep(value)}}
}

// longestKeyFile is far more than any ring needs.
const longestKeyFile = 64 << 10

// ParseKeyring reads a key file's text. Empty lines and such that begin with # are passed over.
func ParseKeyring(from io.Reader) (Keyring, error) {
	var ring Keyring
	lines := bufio.NewScanner(io.LimitReader(from, longestKeyFile))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		value, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(value) != KeyBytes {
			return Keyring{}, fmt.Errorf("a line is not %d bytes in base64", KeyBytes)
		}
		ring.add(keep(value))
	}
	if err := lines.Err(); err != nil {
		return Keyring{}, err
	}
	if len(ring.keys) == 0 {
		return Keyring{}, errors.New("there is no key in it")
	}
	return ring, nil
}

// LoadKeyring reads a key file. The error is os.ErrNotExist when there is none.
func LoadKeyring(path string) (Keyring, error) {
	file, err := os.Open(path)
	if err != nil {
		return Keyring{}, fmt.Errorf("read sealing key: %w", err)
	}
	ring, err := ParseKeyring(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return Keyring{}, fmt.Errorf("read sealing key in %s: %w", path, err)
	}
	return ring, nil
}

func (r *Keyring) add(one key) {
	if !slices.ContainsFunc(r.keys, func(k key) bool { return bytes.Equal(k(), one()) }) {
		r.keys = append(r.keys, one)
	}
}

// Then is the ring with the keys of others behind its own.
func (r Keyring) Then(others ...Keyring) Keyring {
	joined := Keyring{slices.Clone(r.keys)}
	for _, other := range others {
		for _, key := range other.keys {
			joined.add(key)
		}
	}
	return joined
}

// First is the ring with the key that seals alone.
func (r Keyring) First() Keyring { return Keyring{r.keys[:1]} }

// Older is the ring of those that only open. It may be empty.
func (r Keyring) Older() Keyring { return Keyring{r.keys[1:]} }

// Len is how many keys there are.
func (r Keyring) Len() int { return len(r.keys) }

// IDs names the keys, in their order.
func (r Keyring) IDs() []string {
	ids := make([]string, len(r.keys))
	for i, key := range r.keys {
		id := idOf(key())
		ids[i] = hex.EncodeToString(id[:])
	}
	return ids
}

// Sealer makes a sealer of the ring.
func (r Keyring) Sealer() (*Sealer, error) {
	if len(r.keys) == 0 {
		return nil, errors.New("no sealing key")
	}
	older := make([][]byte, 0, len(r.keys)-1)
	for _, key := range r.keys[1:] {
		older = append(older, key())
	}
	return NewSealer(r.keys[0](), older...)
}

// String tells how many keys there are and nothing of them.
func (r Keyring) String() string { return fmt.Sprintf("%d sealing keys", len(r.keys)) }

// GoString is as String.
func (r Keyring) GoString() string { return r.String() }

// Text is the text of the key file.
func (r Keyring) Text() Text {
	var text strings.Builder
	for _, key := range r.keys {
		text.WriteString(base64.StdEncoding.EncodeToString(key()) + "\n")
	}
	return NewText(text.String())
}

// Save writes the key file, readable for its owner alone, so that at any instant the old or the new one is there whole.
func (r Keyring) Save(path string) error {
	if real, err := filepath.EvalSymlinks(path); err == nil { // the file that a link leads to, and not the link, is replaced
		path = real
	}
	if err := replaceFile(path, []byte(r.Text().Reveal())); err != nil {
		return fmt.Errorf("write sealing key: %w", err)
	}
	return nil
}

func replaceFile(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
