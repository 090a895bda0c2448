package layout

// Of the search: the section of its page, and the elements that its fragments fill.
const (
	SearchSection = "search"
	FoundID       = "found"      // below the field in the header
	SaidID        = "found-said" // is read out
)

// helpPart is the part of the help that a page belongs to, and the words of the glossary that one meets on it.
type helpPart struct {
	part  string
	terms []string
}

// helpOf finds them by the page's section. Package help holds the parts and the glossary, and tests that each is there.
var helpOf = map[string]helpPart{
	"home":        {"overview", []string{"profile", "segment", "connection", "export"}},
	"profiles":    {"profiles", []string{"profile", "attribute"}},
	"sources":     {"sources", []string{"profile", "attribute", "refresh"}},
	"segments":    {"segments", []string{"segment", "attribute", "refresh"}},
	"exports":     {"exports", []string{"export", "matching", "tag", "contact"}},
	"runs":        {"runs", []string{"run", "batch", "rejection", "contact"}},
	"exclusions":  {"exclusions", []string{"profile", "contact"}},
	"connections": {"connections", []string{"connection", "brand", "consent"}},
	"users":       {"roles", nil},
	"account":     {"account", nil},
	"system":      {"schedule", []string{"refresh", "run"}},
	"status":      {"status", []string{"refresh", "run", "batch"}},
	"alerts":      {"alerts", []string{"run", "rejection", "refresh"}},
	"approvals":   {"approvals", []string{"export", "matching", "segment"}},
	"privacy":     {"privacy", []string{"profile", "consent", "contact"}},
	"audit":       {"audit", nil},
}

// HelpParts lists the parts of the help that pages lead to, and HelpTerms the words that they explain, for the test that they are there.
func HelpParts() (parts, terms []string) {
	for _, about := range helpOf {
		parts, terms = append(parts, about.part), append(terms, about.terms...)
	}
	return parts, terms
}
