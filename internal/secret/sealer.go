package secret

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// A sealed value says how it was made and by which key, so that keys can be exchanged and a second form come beside the first:
//
//	form (1 byte) | id of the key (4 bytes) | nonce (12 bytes) | AES-256-GCM of the secret, with its tag
//
// Form and id are authenticated together with the binding.
const (
	formDirect = 1 // encrypted by the sealing key itself
	idBytes    = 4
	headBytes  = 1 + idBytes
	nonceBytes = 12
)

// Sealer encrypts with AES-256-GCM. Associated data binds a sealed value to the row that holds it, so that a value
// copied to another row does not open. It seals with the first key of its ring, and opens with each.
type Sealer struct {
	root []byte // the first key
	head [headBytes]byte
	ring map[[idBytes]byte]cipher.AEAD
}

// KeyBytes is the length of a sealing key.
const KeyBytes = 32

// ErrCannotOpen means that a value was sealed under another key or for another row, or was changed.
var ErrCannotOpen = errors.New("sealed value does not open: wrong sealing key, or the value was changed")

// NewSealer makes a sealer from a key of KeyBytes bytes, and older ones that only open.
func NewSealer(key []byte, older ...[]byte) (*Sealer, error) {
	s := &Sealer{root: key, ring: map[[idBytes]byte]cipher.AEAD{}}
	for _, k := range append([][]byte{key}, older...) {
		if len(k) != KeyBytes {
			return nil, fmt.Errorf("sealing key has %d bytes, want %d", len(k), KeyBytes)
		}
		block, err := aes.NewCipher(derive(k, "seal", KeyBytes))
		if err != nil {
			return nil, err
		}
		if s.ring[idOf(k)], err = cipher.NewGCM(block); err != nil {
			return nil, err
		}
	}
	id := idOf(key)
	s.head[0] = formDirect
	copy(s.head[1:], id[:])
	return s, nil
}

func derive(key []byte, purpose string, length int) []byte {
	derived, err := hkdf.Key(sha256.New, key, nil, "segue/"+purpose, length)
	if err != nil {
		panic(fmt.Sprintf("derive key of %d bytes: %v", length, err)) // only for a length that SHA-256 cannot give
	}
	return derived
}

// idOf names a key without telling anything of it.
func idOf(key []byte) (id [idBytes]byte) {
	copy(id[:], derive(key, "id", idBytes))
	return id
}

// Derive gives a key of its own for what need not outlive the sealing key (cookies, say), so that one file holds all that must
// be kept. What must, such as a key of stored hashes, is random and sealed instead.
func (s *Sealer) Derive(purpose string, length int) []byte { return derive(s.root, purpose, length) }

// KeyID names the key that seals, by which two files are told to be the same. It is no secret.
func (s *Sealer) KeyID() string { return hex.EncodeToString(s.head[1:]) }

// SealedBy names the key that a value was sealed with; "" for what no sealer made.
func SealedBy(sealed []byte) string {
	if len(sealed) < headBytes+nonceBytes || sealed[0] != formDirect {
		return ""
	}
	return hex.EncodeToString(sealed[1:headBytes])
}

// Seal encrypts a secret for the row that binding names ("connection/12/api_key").
func (s *Sealer) Seal(plain Text, binding string) []byte {
	sealed := make([]byte, headBytes+nonceBytes, headBytes+nonceBytes+len(plain.value)+16)
	copy(sealed, s.head[:])
	nonce := sealed[headBytes:]
	_, _ = rand.Read(nonce) // crypto/rand.Read does not fail; it ends the program instead
	return s.ring[[idBytes]byte(s.head[1:])].Seal(sealed, nonce, []byte(plain.value), bound(s.head[:], binding))
}

// Open decrypts what Seal made for the same binding. It fails with ErrCannotOpen.
func (s *Sealer) Open(sealed []byte, binding string) (Text, error) {
	if SealedBy(sealed) == "" {
		return Text{}, ErrCannotOpen
	}
	aead, ok := s.ring[[idBytes]byte(sealed[1:headBytes])]
	if !ok {
		return Text{}, ErrCannotOpen
	}
	body := sealed[headBytes:]
	plain, err := aead.Open(nil, body[:nonceBytes], body[nonceBytes:], bound(sealed[:headBytes], binding))
	if err != nil {
		return Text{}, ErrCannotOpen
	}
	return Text{string(plain)}, nil
}

// Current reports whether a value is sealed with the key that seals now.
func (s *Sealer) Current(sealed []byte) bool { return bytes.HasPrefix(sealed, s.head[:]) }

func bound(head []byte, binding string) []byte { return append(bytes.Clone(head), binding...) }
