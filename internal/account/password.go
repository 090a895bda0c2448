package account

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"sync/atomic"
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

// Limits of hashing, so that a flood of sign-ins can take neither all memory nor all time. Of those who may be anybody no more than
// these are worked on and wait; more are sent away at once. For who is known to be a person of ours a place is kept free.
const (
	hashings      = 3 // at once, of anybody
	knownHashings = 1 // at once more, of who is known
	mostWaiting   = 60
)

// BusyCode is the code of the problem that too many attempts by everybody together meet.
const BusyCode = "account.problem.busy"

type hasher struct {
	params  argon2id.Params
	anybody line
	known   line
	decoy   string       // a hash of no password: an unknown user costs as much time as a known one
	hashed  atomic.Int64 // how many were made: tests hold every kind of account to the same number
}

// line is a queue of limited length before a few places.
type line struct {
	places  chan struct{}
	waiting atomic.Int64
}

func newHasher(params *argon2id.Params) *hasher {
	if params == nil {
		params = &owasp
	}
	h := &hasher{params: *params}
	h.anybody.places, h.known.places = make(chan struct{}, hashings), make(chan struct{}, knownHashings)
	salt, key := make([]byte, params.SaltLength), make([]byte, params.KeyLength)
	_, _ = rand.Read(salt) // crypto/rand.Read does not fail; it ends the program instead
	_, _ = rand.Read(key)
	h.decoy = fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", params.Memory, params.Iterations, params.Parallelism,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
	return h
}

// enter waits for a place. It fails at once when as many wait as may.
func (l *line) enter(ctx context.Context) (leave func(), err error) {
	defer l.waiting.Add(-1)
	if l.waiting.Add(1) > mostWaiting {
		return nil, problem.New(problem.Unavailable, BusyCode)
	}
	select {
	case l.places <- struct{}{}:
		return func() { <-l.places }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// turn waits for a place among all, and for one of their own those who are known to be of ours.
func (h *hasher) turn(ctx context.Context, known bool) (leave func(), err error) {
	if known {
		select {
		case h.anybody.places <- struct{}{}:
			leave = func() { <-h.anybody.places }
		default:
			leave, err = h.known.enter(ctx)
		}
	} else {
		leave, err = h.anybody.enter(ctx)
	}
	if err == nil {
		h.hashed.Add(1)
	}
	return leave, err
}

// hash makes the hash of a password that a person of ours chooses.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	leave, err := h.turn(ctx, true)
	if err != nil {
		return "", err
	}
	defer leave()
	hash, err := argon2id.CreateHash(normal(password), &h.params)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// matches compares in a time that does not tell whether there is a hash. stale says that the hash was made with other
// parameters than those of today. known says that the attempt is that of a person of ours, whether the password is right or not.
func (h *hasher) matches(ctx context.Context, password, hash string, known bool) (ok, stale bool, err error) {
	leave, err := h.turn(ctx, known)
	if err != nil {
		return false, false, err
	}
	defer leave()
	exists := hash != ""
	if !exists {
		hash = h.decoy
	}
	if utf8.RuneCountInString(password) > maxPassword {
		password = "" // no password is as long; the time is the same
		exists = false
	}
	ok, params, err := argon2id.CheckHash(normal(password), hash)
	if err != nil {
		return false, false, fmt.Errorf("compare password: %w", err)
	}
	return ok && exists, *params != h.params, nil
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
