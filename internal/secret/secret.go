// Package secret keeps secrets secret: a Text that never prints itself, and a Sealer that encrypts what is stored.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Text is a secret in memory. However it is printed, logged or encoded, it reads as asterisks; Reveal gives the value.
type Text struct{ value string }

const mask = "********"

// NewText wraps a secret.
func NewText(value string) Text { return Text{value} }

// Reveal returns the secret. Call it only where it leaves for its destination or is sealed.
func (t Text) Reveal() string { return t.value }

// Empty reports whether there is no secret.
func (t Text) Empty() bool { return t.value == "" }

// String hides the value.
func (t Text) String() string { return mask }

// GoString hides the value.
func (t Text) GoString() string { return mask }

// Format hides the value whatever the verb.
func (t Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, mask) }

// MarshalText hides the value, in JSON and in structured logs too.
func (t Text) MarshalText() ([]byte, error) { return []byte(mask), nil }

// Sealer encrypts with AES-256-GCM. Associated data binds a sealed value to the row that holds it, so that a value
// copied to another row does not open.
type Sealer struct {
	root []byte
	aead cipher.AEAD
}

// KeyBytes is the length of a sealing key.
const KeyBytes = 32

// ErrCannotOpen means that a value was sealed under another key or for another row, or was changed.
var ErrCannotOpen = errors.New("sealed value does not open: wrong sealing key, or the value was changed")

// NewSealer makes a sealer from a key of KeyBytes bytes.
func NewSealer(key []byte) (*Sealer, error) {
	if len(key) != KeyBytes {
		return nil, fmt.Errorf("sealing key has %d bytes, want %d", len(key), KeyBytes)
	}
	s := &Sealer{root: key}
	block, err := aes.NewCipher(s.Derive("seal", KeyBytes))
	if err != nil {
		return nil, err
	}
	if s.aead, err = cipher.NewGCM(block); err != nil {
		return nil, err
	}
	return s, nil
}

// Derive gives a key of its own for another purpose (cookies, say), so that one file holds all that must be kept.
func (s *Sealer) Derive(purpose string, length int) []byte {
	key, err := hkdf.Key(sha256.New, s.root, nil, "segue/"+purpose, length)
	if err != nil {
		panic(fmt.Sprintf("derive key of %d bytes: %v", length, err)) // only for a length that SHA-256 cannot give
	}
	return key
}

// Seal encrypts a secret for the row that binding names ("connection/12/api_key").
func (s *Sealer) Seal(plain Text, binding string) []byte {
	nonce := make([]byte, s.aead.NonceSize())
	_, _ = rand.Read(nonce) // crypto/rand.Read does not fail; it ends the program instead
	return s.aead.Seal(nonce, nonce, []byte(plain.value), []byte(binding))
}

// Open decrypts what Seal made for the same binding. It fails with ErrCannotOpen.
func (s *Sealer) Open(sealed []byte, binding string) (Text, error) {
	n := s.aead.NonceSize()
	if len(sealed) < n {
		return Text{}, ErrCannotOpen
	}
	plain, err := s.aead.Open(nil, sealed[:n], sealed[n:], []byte(binding))
	if err != nil {
		return Text{}, ErrCannotOpen
	}
	return Text{string(plain)}, nil
}

// LoadOrCreateKey reads a base64 key from the file, or writes a new one there (mode 0600) when there is none.
func LoadOrCreateKey(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		key := make([]byte, KeyBytes)
		_, _ = rand.Read(key)
		encoded := base64.StdEncoding.EncodeToString(key) + "\n"
		file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, fmt.Errorf("create sealing key: %w", err)
		}
		if _, err = file.WriteString(encoded); err == nil {
			err = file.Sync()
		}
		return key, errors.Join(err, file.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("read sealing key: %w", err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != KeyBytes {
		return nil, fmt.Errorf("sealing key in %s is not %d bytes in base64", path, KeyBytes)
	}
	return key, nil
}
