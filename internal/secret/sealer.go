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
	"io"
)

// A sealed value is an envelope: the secret is encrypted with a key of its own, the data key, which is random and used once, and
// the data key with the sealing key. It says how it was made and by which key, so that keys can be exchanged and another form
// come beside this one:
//
//	form (1 byte) | id of the sealing key (4) | nonce (12), data key (32), tag (16) | nonce (12), the secret, tag (16)
//
// Both parts are AES-256-GCM. The binding and what stands before them is authenticated with each: form and id with the data
// key, the form with the secret, so that the data key can be wrapped anew and the secret stay as it is.
const (
	formEnvelope = 2 // 1 was the secret under the sealing key itself, without a data key
	idBytes      = 4
	headBytes    = 1 + idBytes
	gcmBytes     = 12 + 16 // of nonce and tag
	wrappedBytes = gcmBytes + KeyBytes
)

// Sealer seals and opens. Associated data binds a sealed value to the row that holds it, so that a value copied to another row
// does not open. It seals with the first key of its ring, and opens with each.
type Sealer struct {
	root key // the first
	head [headBytes]byte
	ring map[[idBytes]byte]cipher.AEAD
}

// KeyBytes is the length of a sealing key, and of a data key.
const KeyBytes = 32

// ErrCannotOpen means that a value was sealed under another key or for another row, or was changed.
var ErrCannotOpen = errors.New("sealed value does not open: wrong sealing key, or the value was changed")

// NewSealer makes a sealer from a key of KeyBytes bytes, and older ones that only open.
func NewSealer(first []byte, older ...[]byte) (*Sealer, error) {
	s := &Sealer{root: keep(first), ring: map[[idBytes]byte]cipher.AEAD{}}
	for _, k := range append([][]byte{first}, older...) {
		if len(k) != KeyBytes {
			return nil, fmt.Errorf("sealing key has %d bytes, want %d", len(k), KeyBytes)
		}
		s.ring[idOf(k)] = gcm(derive(k, "seal", KeyBytes))
	}
	id := idOf(first)
	s.head[0] = formEnvelope
	copy(s.head[1:], id[:])
	return s, nil
}

// gcm is AES-256-GCM that makes a random nonce for each value and puts it in front. One key may seal 2^32 values so.
func gcm(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(fmt.Sprintf("AES with a key of %d bytes: %v", len(key), err)) // all keys are KeyBytes long
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(fmt.Sprintf("GCM: %v", err)) // only for another cipher than AES
	}
	return aead
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
func (s *Sealer) Derive(purpose string, length int) []byte { return derive(s.root(), purpose, length) }

// KeyID names the key that seals, by which two files are told to be the same. It is no secret.
func (s *Sealer) KeyID() string { return hex.EncodeToString(s.head[1:]) }

// String names the key and tells nothing of it.
func (s *Sealer) String() string { return "sealer " + s.KeyID() }

// Format is String whatever the verb.
func (s *Sealer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// SealedBy names the key that a value was sealed with; "" for what no sealer made.
func SealedBy(sealed []byte) string {
	if len(sealed) < headBytes+wrappedBytes+gcmBytes || sealed[0] != formEnvelope {
		return ""
	}
	return hex.EncodeToString(sealed[1:headBytes])
}

// Seal encrypts a secret for the row that binding names ("connection/12/api_key").
func (s *Sealer) Seal(plain Text, binding string) []byte {
	dataKey := make([]byte, KeyBytes)
	_, _ = rand.Read(dataKey) // crypto/rand.Read does not fail; it ends the program instead
	sealed := s.wrap(dataKey, binding)
	return gcm(dataKey).Seal(sealed, nil, []byte(plain.Reveal()), bound(sealed[:1], binding))
}

// wrap begins a sealed value: head and wrapped data key.
func (s *Sealer) wrap(dataKey []byte, binding string) []byte {
	sealed := append(make([]byte, 0, headBytes+wrappedBytes+gcmBytes+64), s.head[:]...)
	return s.ring[[idBytes]byte(s.head[1:])].Seal(sealed, nil, dataKey, bound(s.head[:], binding))
}

// Open decrypts what Seal made for the same binding. It fails with ErrCannotOpen.
func (s *Sealer) Open(sealed []byte, binding string) (Text, error) {
	dataKey, err := s.unwrap(sealed, binding)
	if err != nil {
		return Text{}, err
	}
	plain, err := gcm(dataKey).Open(nil, nil, sealed[headBytes+wrappedBytes:], bound(sealed[:1], binding))
	if err != nil {
		return Text{}, ErrCannotOpen
	}
	return NewText(string(plain)), nil
}

func (s *Sealer) unwrap(sealed []byte, binding string) ([]byte, error) {
	if SealedBy(sealed) == "" {
		return nil, ErrCannotOpen
	}
	aead, ok := s.ring[[idBytes]byte(sealed[1:headBytes])]
	if !ok {
		return nil, ErrCannotOpen
	}
	dataKey, err := aead.Open(nil, nil, sealed[headBytes:headBytes+wrappedBytes], bound(sealed[:headBytes], binding))
	if err != nil {
		return nil, ErrCannotOpen
	}
	return dataKey, nil
}

// Rewrap wraps the data key of a value that opens with the key that seals now. The secret itself is not encrypted again, and
// opened only to see that it can be. It fails with ErrCannotOpen.
func (s *Sealer) Rewrap(sealed []byte, binding string) ([]byte, error) {
	if _, err := s.Open(sealed, binding); err != nil {
		return nil, err
	}
	dataKey, err := s.unwrap(sealed, binding)
	if err != nil {
		return nil, err
	}
	return append(s.wrap(dataKey, binding), sealed[headBytes+wrappedBytes:]...), nil
}

// Current reports whether a value is sealed with the key that seals now.
func (s *Sealer) Current(sealed []byte) bool { return bytes.HasPrefix(sealed, s.head[:]) }

func bound(head []byte, binding string) []byte { return append(bytes.Clone(head), binding...) }
