// Package secretstore reads secrets by name from stores outside that the operator named: a folder of files, as Kubernetes and systemd
// mount secrets, or a HashiCorp Vault or OpenBao. It only reads, and keeps nothing but for seconds in memory. What a secret is for,
// and what becomes of those who need one that is gone, is its users' matter.
package secretstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/segue-app/segue/internal/secret"
)

// Reference names a secret in a store. The zero Reference names none.
type Reference struct {
	Store string // its name: "files", "vault"
	Name  string // of the secret in it
}

// Empty reports whether it names no secret.
func (r Reference) Empty() bool { return r.Store == "" }

// String is how it is written: "vault: omnisend/newsletter".
func (r Reference) String() string {
	if r.Empty() {
		return ""
	}
	return r.Store + ": " + r.Name
}

// Fault is what is wrong with a secret or its store.
type Fault string

// The faults.
const (
	Missing     Fault = "missing"     // there is none of that name, or it is empty or no secret that could be used
	Unavailable Fault = "unavailable" // the store does not answer, lets nobody in, or is not configured (any more)
)

// Error says why a secret cannot be read. Its text is for the operator's log, and holds no secret.
type Error struct {
	Fault Fault
	Of    Reference
	Err   error
}

// Error is for the log.
func (e *Error) Error() string { return fmt.Sprintf("secret %s is %s: %v", e.Of, e.Fault, e.Err) }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// FaultOf sorts an error; "" when it is not about a secret of a store.
func FaultOf(err error) Fault {
	var failed *Error
	if errors.As(err, &failed) {
		return failed.Fault
	}
	return ""
}

// Store is one place that secrets are read from.
type Store interface {
	// Read gives a secret. fresh: not one that was read a moment ago. An error that is errMissing says that there is none.
	Read(ctx context.Context, name string, fresh bool) (secret.Text, error)
	// Probe looks whether the store can be read at all, without reading a secret.
	Probe(ctx context.Context) error
}

var errMissing = errors.New("there is none")

// Stores are those that the operator named, by their names.
type Stores map[string]Store

// Names lists the stores.
func (s Stores) Names() []string { return slices.Sorted(maps.Keys(s)) }

// LongestSecret is how long a secret may be, in bytes.
const LongestSecret = 4 << 10

// longestName is how long the name of a secret may be, in bytes.
const longestName = 200

// secretName is parts of a path that begin with a letter or a digit, so that nothing leads upwards or to what is hidden. A field
// of a secret may be named behind a #.
var secretName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*(#[A-Za-z0-9_][A-Za-z0-9_.-]*)?$`)

// IsName reports whether a secret can be called so.
func IsName(name string) bool {
	return len(name) <= longestName && secretName.MatchString(name) && !strings.Contains(name, "..")
}

// Read gives the secret that a reference names, as one line without what ends it. It fails with *Error.
func (s Stores) Read(ctx context.Context, of Reference, fresh bool) (secret.Text, error) {
	store, ok := s[of.Store]
	if !ok {
		return secret.Text{}, &Error{Unavailable, of, errors.New("there is no such store")}
	}
	if !IsName(of.Name) {
		return secret.Text{}, &Error{Missing, of, errors.New("no secret can be called so")}
	}
	text, err := store.Read(ctx, of.Name, fresh)
	switch {
	case errors.Is(err, errMissing):
		return secret.Text{}, &Error{Missing, of, err}
	case err != nil:
		return secret.Text{}, &Error{Unavailable, of, err}
	}
	value := strings.TrimRight(text.Reveal(), "\r\n")
	switch {
	case value == "":
		return secret.Text{}, &Error{Missing, of, errors.New("it is empty")}
	case len(value) > LongestSecret:
		return secret.Text{}, &Error{Missing, of, fmt.Errorf("it is longer than %d bytes", LongestSecret)}
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return secret.Text{}, &Error{Missing, of, errors.New("it is more than one line of text")}
	}
	return secret.NewText(value), nil
}
