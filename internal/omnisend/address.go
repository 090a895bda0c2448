package omnisend

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Lengths of RFC 5321, section 4.5.3.1, in bytes; 254 is what fits a path of 256 with its angle brackets.
const (
	maxAddress = 254
	maxLocal   = 64
	maxLabel   = 63
)

// appendAddress appends the one form in which an email address is sent and compared, and reports whether the value is
// an address. dst comes back as it was when it is not.
//
// The rule: space around is cut, the whole address is lower-cased and brought to Unicode's form NFC. Omnisend may tell
// addresses apart by case (its v5 page says so, that of 2026-03-15 is silent), while mail systems in use do not: one
// spelling keeps one person one contact. International addresses are taken in their Unicode spelling and are not
// turned into Punycode, so both spellings of a domain are two addresses. Quoted local parts and address literals are refused.
func appendAddress(dst []byte, value string) ([]byte, bool) {
	start := len(dst)
	value = strings.TrimSpace(value)
	if len(value) > 4*maxAddress { // nothing that long gets short by composing
		return dst, false
	}
	if isASCII(value) {
		for i := 0; i < len(value); i++ {
			dst = append(dst, lowerASCII(value[i]))
		}
	} else {
		if !utf8.ValidString(value) {
			return dst, false
		}
		dst = append(dst, foldAddress(value)...)
	}
	if !validAddress(dst[start:]) {
		return dst[:start], false
	}
	return dst, true
}

// foldAddress lower-cases and composes until nothing changes any more, since composing may yield a capital letter.
func foldAddress(value string) string {
	for range 4 {
		next := norm.NFC.String(strings.ToLower(value))
		if next == value {
			break
		}
		value = next
	}
	return value
}

// Identity gives the form in which an address is sent and compared, and false when it is no address.
func Identity(address string) (string, bool) {
	var room [maxAddress]byte
	form, ok := appendAddress(room[:0], address)
	if !ok {
		return "", false
	}
	if trimmed := strings.TrimSpace(address); trimmed == string(form) {
		return trimmed, true
	}
	return string(form), true
}

func validAddress(address []byte) bool {
	at := -1
	for i, b := range address {
		if b == '@' {
			if at >= 0 {
				return false
			}
			at = i
		}
	}
	return at > 0 && at <= maxLocal && len(address) <= maxAddress &&
		validLocal(address[:at]) && validDomain(address[at+1:])
}

// validLocal takes the dot-atom of RFC 5322 with the letters that RFC 6531 adds.
func validLocal(local []byte) bool {
	dot := true // as if one stood before, so that a first dot is a double one
	for i := 0; i < len(local); {
		b := local[i]
		switch {
		case b == '.':
			if dot {
				return false
			}
			dot = true
			i++
			continue
		case b < utf8.RuneSelf:
			if !isLetterOrDigit(b) && strings.IndexByte("!#$%&'*+-/=?^_`{|}~", b) < 0 {
				return false
			}
			i++
		default:
			r, size := utf8.DecodeRune(local[i:])
			if !isWritten(r) {
				return false
			}
			i += size
		}
		dot = false
	}
	return !dot
}

// validDomain takes two or more labels of letters, digits and inner hyphens, the last one not all digits.
func validDomain(domain []byte) bool {
	labels, length, digits := 1, 0, true
	last := byte('-') // neither a hyphen nor nothing may end a label
	for i := 0; i < len(domain); {
		b := domain[i]
		switch {
		case b == '.':
			if last == '-' || length > maxLabel {
				return false
			}
			labels, length, digits, last = labels+1, 0, true, '-'
			i++
			continue
		case b < utf8.RuneSelf:
			if b == '-' && length == 0 || b != '-' && !isLetterOrDigit(b) {
				return false
			}
			digits = digits && b >= '0' && b <= '9'
			i++
			length++
		default:
			r, size := utf8.DecodeRune(domain[i:])
			if !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) {
				return false
			}
			digits = false
			i += size
			length += size
		}
		last = b
	}
	return labels > 1 && last != '-' && length <= maxLabel && !digits
}

// isWritten keeps out what cannot be seen (spaces, controls, joiners, private and unassigned characters) and U+FFFD,
// which stands where a text was broken before it came here.
func isWritten(r rune) bool {
	return r != utf8.RuneError && unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S)
}

func isASCII(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func isLetterOrDigit(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b >= 'A' && b <= 'Z'
}

func lowerASCII(b byte) byte {
	if b >= 'A' && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}
