package token

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"github.com/segue-app/segue/internal/secret"
)

// A key is segue_, a handle, a secret and a checksum, in letters and digits: 67 characters, so that scanners that look for
// secrets in code find it by its beginning and know by the checksum that it is one. The handle says which row of the table it
// is; the secret has 256 random bits, so that a plain hash of it is enough in the database.
const (
	prefix       = "segue_"
	alphabet     = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	handleLength = 12
	secretLength = 43 // 43 × log2(62) > 256
	sumLength    = 6  // 62^6 > 2^32
	keyLength    = len(prefix) + handleLength + secretLength + sumLength
)

// Pattern is what a key looks like, for whoever searches for them.
const Pattern = `segue_[0-9A-Za-z]{61}`

// Key is a token as its person has it. It shows itself to nobody who prints it.
type Key struct{ text secret.Text }

// Reveal gives the key. Call it only where it is shown to its person.
func (k Key) Reveal() string { return k.text.Reveal() }

// String hides the key.
func (k Key) String() string { return prefix + "********" }

// GoString hides the key.
func (k Key) GoString() string { return k.String() }

// Format hides the key whatever the verb.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

func newKey() Key {
	text := prefix + random(handleLength) + random(secretLength)
	return Key{secret.NewText(text + checksum(text))}
}

// ParseKey reads a key, and says whether it can be one: a slip of the pen is found without asking the database.
func ParseKey(text string) (Key, bool) {
	if len(text) != keyLength || !strings.HasPrefix(text, prefix) {
		return Key{}, false
	}
	body := text[:keyLength-sumLength]
	return Key{secret.NewText(text)}, checksum(body) == text[len(body):]
}

func (k Key) handle() string { return k.Reveal()[len(prefix) : len(prefix)+handleLength] }

func (k Key) hash() []byte {
	sum := sha256.Sum256([]byte(k.Reveal()))
	return sum[:]
}

// random gives letters and digits, each as likely as any other.
func random(length int) string {
	text := make([]byte, 0, length)
	some := make([]byte, 2*length)
	for len(text) < length {
		_, _ = rand.Read(some) // crypto/rand.Read does not fail; it ends the program instead
		for _, b := range some {
			if int(b) < 256/len(alphabet)*len(alphabet) && len(text) < length {
				text = append(text, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(text)
}

// checksum is the CRC-32 (IEEE) of the text, in six letters and digits.
func checksum(text string) string {
	rest := crc32.ChecksumIEEE([]byte(text))
	written := make([]byte, sumLength)
	for i := sumLength - 1; i >= 0; i-- {
		written[i] = alphabet[rest%uint32(len(alphabet))]
		rest /= uint32(len(alphabet))
	}
	return string(written)
}
