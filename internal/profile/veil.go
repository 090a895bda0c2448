package profile

import (
	"net/mail"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/access"
)

// Need is what values of customers are looked at for.
type Need int

// The needs.
const (
	Shape Need = iota // to see how values look, so that a matching or a rule is right
	Task              // to help or correct one customer
)

// Veiled reports whether values of an attribute with the mark are masked for the actor. Who only needs their shape sees those masked that
// are personal, administrators too until they ask for them; who has a task sees them, but sensitive ones are for administrators.
// Viewers see no values at all; that is not asked here.
func Veiled(actor access.Actor, mark Mark, need Need) bool {
	switch {
	case actor.IsSystem(), mark == NotPersonal, actor.Reveals():
		return false
	case need == Task:
		return mark == Sensitive && !actor.Can(access.ManagePrivacy)
	}
	return true
}

const veil = "•••"

// Mask leaves of a text what says how it looks: initials, and of an address the first letters and the last label. A text that is masked
// already stays as it is.
func Mask(text string) string {
	if text == "" {
		return ""
	}
	if name, domain, ok := strings.Cut(text, "@"); ok && name != "" {
		if _, err := mail.ParseAddress(text); err == nil {
			masked := initial(name) + veil + "@" + initial(domain) + veil
			if dot := strings.LastIndexByte(domain, '.'); dot > 0 {
				masked += domain[dot:]
			}
			return masked
		}
	}
	words := strings.Fields(text)
	for i, word := range words {
		words[i] = initial(word) + veil
	}
	return strings.Join(words, " ")
}

// initial is the first letter of a word. A figure says more of a short number than a letter does of a name, and is none.
func initial(word string) string {
	if r, _ := utf8.DecodeRuneInString(word); unicode.IsLetter(r) {
		return string(r)
	}
	return ""
}

// veiled is the snapshot with its records as the actor may see them: values that are masked are texts, whatever kind they are of.
func (s Snapshot) veiled(actor access.Actor, need Need, records ...Record) Snapshot {
	s.Attributes = append([]Attribute(nil), s.Attributes...)
	for i, a := range s.Attributes {
		if !Veiled(actor, a.Mark, need) {
			continue
		}
		for _, r := range records {
			if r.Values[i] != nil {
				r.Values[i] = Mask(a.Format(r.Values[i]))
			}
		}
		s.Attributes[i].Kind = Text
	}
	return s
}

// searchable is the snapshot for a search by the actor: attributes whose values she sees masked keep their place, but are of no kind that
// is looked in. What is found by a value is told by it.
func (s Snapshot) searchable(actor access.Actor) Snapshot {
	s.Attributes = slices.Clone(s.Attributes)
	for i, a := range s.Attributes {
		if Veiled(actor, a.Mark, Task) {
			s.Attributes[i].Kind = ""
		}
	}
	return s
}
