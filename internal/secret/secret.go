// Package secret keeps secrets secret: a Text that never prints itself, a Sealer that encrypts what is stored, and the Keyring
// that it does so with, wherever that comes from. Where sealed values are stored is not its matter: see internal/reseal. Nor are
// the stores of others that hold secrets: see internal/secretstore.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// Text is a secret in memory. However it is printed, logged or encoded, it reads as asterisks; Reveal gives the value. It is
// behind a function, since packages that print by reflection (fmt too, of a field that is not exported) look through structs,
// slices and pointers without asking for a method.
type Text struct{ reveal func() string }

const mask = "********"

// NewText wraps a secret.
func NewText(value string) Text {
	if value == "" {
		return Text{}
	}
	return Text{func() string { return value }}
}

// Reveal returns the secret. Call it only where it leaves for its destination or is sealed.
func (t Text) Reveal() string {
	if t.reveal == nil {
		return ""
	}
	return t.reveal()
}

// Empty reports whether there is no secret.
func (t Text) Empty() bool { return t.reveal == nil }

// String hides the value.
func (t Text) String() string { return mask }

// GoString hides the value.
func (t Text) GoString() string { return mask }

// Format hides the value whatever the verb.
func (t Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, mask) }

// LogValue hides the value in structured logs.
func (t Text) LogValue() slog.Value { return slog.StringValue(mask) }

// MarshalText hides the value, in JSON, XML, YAML and in structured logs too.
func (t Text) MarshalText() ([]byte, error) { return []byte(mask), nil }

// MarshalBinary hides the value, in gob too.
func (t Text) MarshalBinary() ([]byte, error) { return []byte(mask), nil }
