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
			p.sees(words{"Choose a file with profile ids or email addresses", "Vælg en fil med profil-id’er eller mailadresser"})
			p.inspect("segment-list-refused")
			p.attach(words{"File of ids or email addresses", "Fil med id’er eller mailadresser"}, file(t, "guests.txt", "id\nC0000003\nC0000007\nC0000008\nX1\n"))
			p.press(words{"Save", "Gem"})
			p.sees(words{"The segment Guests en is saved.", "Segmentet Guests da er gemt."},
				words{"1 id belongs to no current profile.", "1 id hører ikke til nogen aktuel profil."})
			p.inspect("segment-list")
			p.press(words{"More", "Mere"})
			p.press(words{"Delete", "Slet"})
			p.sees(words{"Delete Guests en?", "Vil du slette Guests da?"})
			p.inspect("segment-delete")
			p.press(words{"Delete", "Slet"})
			p.sees(words{"The segment Guests en is deleted.", "Segmentet Guests da er slettet."})
		})
	}
}

// A rule that names another segment goes from draft to active, is duplicated, compared, taken out as JSON and brought in again.
func TestASegmentLivesFromDraftToDuplicate(t *testing.T) {
	t.Parallel()
	s := start(t, 200)
	readers := same("Danish newsletter readers")
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			p := s.open(t, language).signIn(access.Contributor)
			p.visit("/segments/new?kind=rule")
			p.choose(words{"Condition 1: attribute", "Betingelse 1: attribut"}, words{"Another segment", "Et andet segment"})
			p.choose(words{"Condition 1: segment", "Betingelse 1: segment"}, readers)
			p.press(words{"Add group", "Tilføj gruppe"})
			p.fill(words{"Name", "Navn"}, "Nested "+language)
			p.press(words{"Save as draft", "Gem som kladde"})
			p.sees(words{"The draft Nested en is saved.", "Kladden Nested da er gemt."}, words{"This segment is a draft", "Dette segment er en kladde"})
			p.inspect("segment-draft")
			p.press(words{"Activate", "Aktivér"})
			p.sees(words{"Choose an attribute, or remove the condition", "Vælg en attribut, eller fjern betingelsen"})
			p.press(words{"Remove group", "Fjern gruppe"})
			p.press(words{"Save and activate", "Gem og aktivér"})
			p.sees(words{"The segment Nested en is saved.", "Segmentet Nested da er gemt."}, words{"In the segment Danish newsletter readers", "I segmentet Danish newsletter readers"})
			p.press(words{"More", "Mere"})
			p.press(words{"Compare with another", "Sammenlign med et andet"})
			p.choose(words{"Second segment", "Andet segment"}, same("All customers"))
			p.press(words{"Compare", "Sammenlign"})
			p.sees(words{"Only All customers", "Kun All customers"})
			p.inspect("segment-overlap")
			p.press(words{"Make a segment: Only All customers", "Opret et segment: Kun All customers"})
			p.sees(words{"New segment by rule", "Nyt segment ud fra en regel"})
			if got := p.chosen(words{"Condition 2: operator", "Betingelse 2: operator"}); got != p.say(words{"is not in the segment", "er ikke i segmentet"}) {
				t.Errorf("the second condition is %q", got)
			}
			p.visit("/segments?q=Nested+" + language)
			p.press(same("Nested " + language))
			p.press(words{"More", "Mere"})
			p.press(words{"Create duplicate", "Opret en dublet"})
			p.press(words{"Save", "Gem"})
			p.sees(words{"The segment Copy of Nested en is saved.", "Segmentet Kopi af Nested da er gemt."})
			p.press(words{"More", "Mere"})
			p.press(words{"Deactivate", "Deaktiver"})
			p.inspect("segment-deactivate")
			p.press(words{"Deactivate", "Deaktiver"})
			p.sees(words{"This segment is inactive", "Dette segment er inaktivt"})
			p.inspect("segment-inactive")
			p.visit("/segments/import")
			p.inspect("segment-import")
			p.fill(words{"Rule as JSON", "Regel som JSON"}, `{"format":"segue-segment","version":1,"name":"Brought `+language+`","rule":{"match":"all","conditions":[{"attribute":"shoe_size","label":"Shoe size","operator":"at_least","values":["44"]}]}}`)
			p.press(words{"Bring it in", "Hent ind"})
			p.sees(words{"The rule is here as the draft Brought en.", "Reglen er her som kladden Brought da."},
				words{"The profiles no longer have the attribute Shoe size", "Profilerne har ikke længere attributten Shoe size"})
			p.inspect("segment-brought")
		})
	}
}

func TestAListOfAddressesShowsWhatDidNotMatch(t *testing.T) {
	t.Parallel()
	s := start(t, 20)
	first := customersOf(t, 20)[0]["email"]
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			p := s.open(t, language).signIn(access.Contributor)
			p.visit("/segments/new?kind=list")
			p.fill(words{"Name", "Navn"}, "Invited "+language)
			p.attach(words{"File of ids or email addresses", "Fil med id’er eller mailadresser"}, file(t, "invited.csv", "email\n"+first+"\nnobody@example.org\nbroken@\n"))
			p.press(words{"Save", "Gem"})
			p.sees(words{"2 email addresses from an uploaded list", "2 mailadresser fra en overført liste"}, words{"1 line cannot be read.", "1 linje kan ikke læses."})
			p.press(words{"See what did not match", "Se, hvad der ikke passede"})
			p.sees(same("nobody@example.org"), words{"Lines that did not count", "Linjer, der ikke talte med"})
			p.inspect("segment-unmatched")
		})
	}
}
