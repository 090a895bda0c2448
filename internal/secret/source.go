package secret

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// Kind is a way in which the sealing key comes to the program.
type Kind string

// The kinds.
const (
	File        Kind = "file"
	Environment Kind = "environment" // a variable, taken out of the environment when it is read
	Credential  Kind = "credential"  // of systemd: a file that it makes for the service alone, and that cannot be changed
)

// Source is where the sealing key comes from.
type Source struct {
	Kind Kind
	Path string // of the file; "" for the environment

	text Text // of the environment
}

// FromFile is a source that is a file.
func FromFile(path string) Source { return Source{Kind: File, Path: path} }

// FromCredential is a source that is a file of systemd's.
func FromCredential(path string) Source { return Source{Kind: Credential, Path: path} }

// FromEnvironment is a source whose text was in the environment: keys in base64, with blanks or line ends between them.
func FromEnvironment(text Text) Source { return Source{Kind: Environment, text: text} }

// Writable reports whether the program can put another key there. Where it cannot, the operator does.
func (s Source) Writable() bool { return s.Kind == File }

// String names the place for messages, and nothing of the key.
func (s Source) String() string {
	if s.Kind == Environment {
		return "the environment"
	}
	return s.Path
}

// ErrNotWritable means that a source of the sealing key is the operator's to change.
var ErrNotWritable = errors.New("the sealing key cannot be written where it comes from")

// Load reads the keys. The error is os.ErrNotExist when there is no file.
func (s Source) Load() (Keyring, error) {
	if s.Kind != Environment {
		return LoadKeyring(s.Path)
	}
	ring, err := ParseKeyring(strings.NewReader(strings.Join(strings.Fields(s.text.Reveal()), "\n")))
	if err != nil {
		return Keyring{}, fmt.Errorf("read sealing key in the environment: %w. A file is named with --sealing-key-file or SEGUE_SEALING_KEY_FILE", err)
	}
	return ring, nil
}

// LoadOrCreate is Load, and writes a new key when there is no file.
func (s Source) LoadOrCreate() (Keyring, error) {
	ring, err := s.Load()
	if errors.Is(err, os.ErrNotExist) && s.Writable() {
		ring = NewKeyring()
		return ring, ring.Save(s.Path)
	}
	return ring, err
}

// Save puts other keys there. It fails with ErrNotWritable where only the operator can.
func (s Source) Save(ring Keyring) error {
	if !s.Writable() {
		return ErrNotWritable
	}
	return ring.Save(s.Path)
}
