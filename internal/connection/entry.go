package connection

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/secret"
)

// How long a display name may be, in characters.
const (
	ShortestName = 3
	LongestName  = 100
)

// cleanName is a name without blanks around it and with single ones inside.
func cleanName(name string) string { return strings.Join(strings.Fields(name), " ") }

// nameKey is what two names share when a person would take one for the other: case, blanks and Unicode form do not count.
func nameKey(name string) string { return cases.Fold().String(norm.NFKC.String(cleanName(name))) }

// checkName notes what is wrong with a display name. It must say more than the kind of destination does, because name
// and type are all that others see of a connection.
func checkName(check *problem.Check, name string, kind destination.Info) bool {
	const field = "name"
	letters := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, nameKey(name))
	switch {
	case name == "":
		check.Add(field, "problem.required")
	case utf8.RuneCountInString(name) > LongestName:
		check.Add(field, "problem.too_long", "Most", LongestName)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsGraphic(r) }):
		check.Add(field, "connections.problem.name_signs")
	case utf8.RuneCountInString(letters) < ShortestName:
		check.Add(field, "connections.problem.name_short", "Least", ShortestName)
	case letters == nameKey(kind.Name) || letters == nameKey(kind.Type):
		check.Add(field, "connections.problem.name_type", "Destination", kind.Name)
	default:
		return true
	}
	return false
}

// checkKey notes what is wrong with a key. Nothing is said of its form but that it is one word: what destinations put
// into their keys is theirs to change.
func checkKey(check *problem.Check, key secret.Text) bool {
	switch value := key.Reveal(); {
	case value == "":
		check.Add("key", "problem.required")
	case strings.ContainsFunc(value, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }):
		check.Add("key", "connections.problem.key_signs")
	default:
		return true
	}
	return false
}

// CleanKey takes away the blanks that copying leaves around a key.
func CleanKey(typed string) secret.Text { return secret.NewText(strings.TrimSpace(typed)) }
