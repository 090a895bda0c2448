// Package address owns how email addresses are compared: what is an address, and the one form of all its spellings. The
// exclusions, the unification of profiles and uploaded lists go by it; how an address is written at a destination is the destination's affair.
package address

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// longestAddress is what fits a path of RFC 5321, section 4.5.3.1.3, in bytes.
const longestAddress = 254

// lookup turns international domains into the one form that the domain name system knows (RFC 5891, UTS 46).
var lookup = idna.New(idna.MapForLookup(), idna.Transitional(false))

// Normal is how addresses are compared: folded as a destination folds them, and the domain in its ASCII spelling. So
// all spellings that a destination may send of one address have one form, and some more besides.
func Normal(address string) string {
	if !isASCII(address) || hasCapital(address) {
		address = fold(address)
	}
	at := strings.LastIndexByte(address, '@')
	if at < 0 || isASCII(address[at+1:]) {
		return address
	}
	return address[:at+1] + NormalDomain(address[at+1:])
}

// NormalDomain is how domains are compared. A domain that the domain name system cannot know stays as it was folded.
func NormalDomain(domain string) string {
	domain = fold(domain)
	if isASCII(domain) {
		return domain
	}
	if ascii, err := lookup.ToASCII(domain); err == nil {
		return ascii
	}
	return domain
}

// fold lower-cases and composes until nothing changes any more, since composing may yield a capital letter.
func fold(text string) string {
	if isASCII(text) {
		return strings.ToLower(text)
	}
	for range 4 {
		next := norm.NFC.String(strings.ToLower(text))
		if next == text {
			break
		}
		text = next
	}
	return text
}

// Read gives the normal form of a typed address, and false when it is none. It takes more than a destination does:
// what is never sent may be on the list all the same.
func Read(typed string) (string, bool) {
	typed = strings.TrimSpace(typed)
	if len(typed) > 4*longestAddress || !utf8.ValidString(typed) || strings.IndexFunc(typed, unseen) >= 0 {
		return "", false
	}
	form := Normal(typed)
	local, domain, found := strings.Cut(form, "@")
	return form, found && local != "" && validDomain(domain)
}

// ReadDomain gives the normal form of a typed domain ("example.com", "@example.com", "*.example.com"), and false when it
// is none. A domain of one label is refused: it would take a whole country.
func ReadDomain(typed string) (string, bool) {
	typed = strings.TrimSpace(typed)
	typed = strings.TrimPrefix(strings.TrimPrefix(typed, "@"), "*.")
	typed = strings.TrimSuffix(typed, ".")
	if len(typed) > 4*longestAddress || !utf8.ValidString(typed) || strings.IndexFunc(typed, unseen) >= 0 {
		return "", false
	}
	domain := NormalDomain(typed)
	return domain, validDomain(domain)
}

func validDomain(domain string) bool {
	labels := strings.Split(domain, ".")
	for _, label := range labels {
		if label == "" || strings.ContainsFunc(label, func(r rune) bool {
			return r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
		}) {
			return false
		}
	}
	return len(labels) > 1
}

func unseen(r rune) bool { return r == utf8.RuneError || unicode.IsSpace(r) || unicode.IsControl(r) }

func isASCII(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func hasCapital(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] >= 'A' && text[i] <= 'Z' {
			return true
		}
	}
	return false
}
