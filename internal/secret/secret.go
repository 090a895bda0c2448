// Package secret keeps secrets secret: a Text that never prints itself, a Sealer that encrypts what is stored, and the Keyring,
// a file, that it does so with. Where sealed values are stored is not its matter: see internal/reseal.
package secret

import (
	"fmt"
	"io"
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
