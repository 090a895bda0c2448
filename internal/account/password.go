package account

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	_ "embed"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"

	"github.com/segue-app/segue/internal/problem"
)

// Limits of a password, in characters. Length is worth more than rules about signs (NIST SP 800-63B).
const (
	minPassword = 12
	maxPassword = 256
	minUnlikely = 6 // characters that must be left when all that is guessed first is taken away
)

// owasp are the parameters of OWASP's Password Storage Cheat Sheet for argon2id.
var owasp = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// hashings is how many hashes are made at once, so that a flood of sign-ins cannot take all memory.
const hashings = 4

type hasher struct {
	params argon2id.Params
	turns  chan struct{}
	decoy  func() (string, error) // a hash of nothing: an unknown user costs as much time as a known one
}

func newHasher(params *argon2id.Params) *hasher {
	if params == nil {
		params = &owasp
	}
	h := &hasher{params: *params, turns: make(chan struct{}, hashings)}
	h.decoy = sync.OnceValues(func() (string, error) { return argon2id.CreateHash("", &h.params) })
	return h
}

func (h *hasher) turn(ctx context.Context) (done func(), err error) {
	select {
	case h.turns <- struct{}{}:
		return func() { <-h.turns }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	done, err := h.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	hash, err := argon2id.CreateHash(normal(password), &h.params)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// matches compares in a time that does not tell whether there is a hash. stale says that the hash was made with other
// parameters than those of today.
func (h *hasher) matches(ctx context.Context, password, hash string) (ok, stale bool, err error) {
	done, err := h.turn(ctx)
	if err != nil {
		return false, false, err
	}
	defer done()
	known := hash != ""
	if !known {
		if hash, err = h.decoy(); err != nil {
			return false, false, fmt.Errorf("hash decoy: %w", err)
		}
	}
	if utf8.RuneCountInString(password) > maxPassword {
		password = "" // no password is as long; the time is the same
		known = false
	}
	ok, params, err := argon2id.CheckHash(normal(password), hash)
	if err != nil {
		return false, false, fmt.Errorf("compare password: %w", err)
	}
	return ok && known, *params != h.params, nil
}

// normal makes a password the same whichever keyboard composed it.
func normal(password string) string { return norm.NFC.String(password) }

//go:embed guessable.txt
var guessableText string

// guessable are the parts that people choose and guessers try first.
var guessable = strings.Fields(guessableText)

// checkPassword notes why a new password is not good enough. personal is what everybody knows of its owner.
func checkPassword(check *problem.Check, field, password string, personal ...string) {
	switch length := utf8.RuneCountInString(password); {
	case password == "":
		check.Add(field, "problem.required")
	case length < minPassword:
		check.Add(field, "account.problem.password_short", "Least", minPassword)
	case length > maxPassword:
		check.Add(field, "problem.too_long", "Most", maxPassword)
	case isCommon(password), unlikely(password, personal) < minUnlikely:
		check.Add(field, "account.problem.password_guessable")
	}
}

// unlikely counts the characters that are left of a password without common words, the owner's own words, sequences and
// repetitions.
func unlikely(password string, personal []string) int {
	typed := []rune(strings.ToLower(normal(password)))
	rest := unmasked.Replace(string(typed)) // rune for rune, so that places stay the same
	for _, text := range personal {
		for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return strings.ContainsRune(" @.-_+", r) }) {
			if utf8.RuneCountInString(word) >= 3 {
				rest = blank(rest, unmasked.Replace(word))
			}
		}
	}
	for _, word := range guessable {
		rest = blank(rest, word)
	}
	count := 0
	for i, r := range []rune(rest) {
		if r != ' ' && surprising(typed, i) {
			count++
		}
	}
	return count
}

func blank(text, word string) string {
	return strings.ReplaceAll(text, word, strings.Repeat(" ", utf8.RuneCountInString(word)))
}

// unmasked undoes the usual replacements of letters.
var unmasked = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i")

// surprising reports whether a character does not simply go on from those before it: the same, the next or the previous
// one, or one that repeats what stood up to four places earlier.
func surprising(text []rune, i int) bool {
	if i > 0 && text[i]-text[i-1] <= 1 && text[i-1]-text[i] <= 1 {
		return false
	}
	for distance := 2; distance <= 4 && distance <= i; distance++ {
		if text[i-distance] == text[i] {
			return false
		}
	}
	return true
}
