package e2e

import (
	"slices"
	"strconv"
	"testing"

	"github.com/segue-app/segue/internal/access"
)

func TestASegmentIsBuiltByRule(t *testing.T) {
	t.Parallel()
	s := start(t, 200)
	danes := strconv.Itoa(len(slices.DeleteFunc(customersOf(t, 200), func(c customer) bool { return c["country"] != "Denmark" })))
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			p := s.open(t, language).signIn(access.Contributor)
			p.press(words{"Segments", "Segmenter"})
			p.heading(words{"Segments", "Segmenter"})
			p.inspect("segments")
			p.press(words{"Add segment", "Tilføj segment"})
			p.inspect("segment-choose")
			p.press(words{"Build your own", "Byg dit eget"})
			p.choose(words{"Condition 1: attribute", "Betingelse 1: attribut"}, same("Country"))
			p.choose(words{"Condition 1: operator", "Betingelse 1: operator"}, words{"is", "er"})
			p.fill(words{"Condition 1: value", "Betingelse 1: værdi"}, "Denmark")
			p.sees(words{danes + " profiles", danes + " profiler"}) // counted while it is typed
			p.inspect("segment-rule")
			p.press(words{"Add condition", "Tilføj betingelse"})
			p.press(words{"Save", "Gem"})
			p.sees(words{"Choose an attribute, or remove the condition", "Vælg en attribut, eller fjern betingelsen"})
			p.inspect("segment-rule-refused")
			p.press(words{"Remove condition 2", "Fjern betingelse 2"})
			p.fill(words{"Name", "Navn"}, "Danes "+language)
			p.press(words{"Save", "Gem"})
			p.sees(words{"The segment Danes en is saved.", "Segmentet Danes da er gemt."},
				words{"Country is Denmark", "Country er Denmark"})
			p.inspect("segment")
		})
	}
}

func TestASegmentIsUploadedAsAList(t *testing.T) {
	t.Parallel()
	s := start(t, 20)
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			p := s.open(t, language).signIn(access.Contributor)
			p.visit("/segments/new")
			p.press(words{"Upload a list", "Overfør en liste"})
			p.fill(words{"Name", "Navn"}, "Guests "+language)
			p.press(words{"Save", "Gem"})
			p.sees(words{"Choose a file with profile ids", "Vælg en fil med profil-id’er"})
			p.inspect("segment-list-refused")
			p.attach(words{"File of profile ids", "Fil med profil-id’er"}, file(t, "guests.txt", "id\nC0000003\nC0000007\nC0000008\nX1\n"))
			p.press(words{"Save", "Gem"})
			p.sees(words{"The segment Guests en is saved.", "Segmentet Guests da er gemt."},
				words{"1 id belongs to no current profile.", "1 id hører ikke til nogen aktuel profil."})
			p.inspect("segment-list")
			p.press(words{"Delete", "Slet"})
			p.sees(words{"Delete Guests en?", "Vil du slette Guests da?"})
			p.inspect("segment-delete")
			p.press(words{"Delete", "Slet"})
			p.sees(words{"The segment Guests en is deleted.", "Segmentet Guests da er slettet."})
		})
	}
}
