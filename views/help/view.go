// Package help holds the guide to Segue, what it decides where there was a choice, and the glossary. All of its text is in
// the message files; other pages link to its parts: /help#exports, /help#decision-tag, /help#term-brand.
package help

import (
	"context"
	"fmt"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/i18n"
)

// Section is a part of the guide: its steps are numbered, its notes are not.
type Section struct {
	ID           string
	Steps, Notes int
	page         string        // where it leads; "" for nowhere
	label        string        // key of that page's name
	action       access.Action // needed to open it
}

// Guide follows the pages in the order in which one needs them.
var Guide = []Section{
	{"overview", 5, 1, "/", "layout.nav.home", access.LookAround},
	{"roles", 0, 4, "/users", "layout.nav.users", access.ManageUsers},
	{"profiles", 4, 2, "/profiles", "layout.nav.profiles", access.LookAround},
	{"segments", 3, 2, "/segments", "layout.nav.segments", access.LookAround},
	{"exclusions", 3, 3, "/exclusions", "layout.nav.exclusions", access.LookAround},
	{"connections", 6, 1, "/connections", "layout.nav.connections", access.ManageConnections},
	{"exports", 5, 6, "/exports", "layout.nav.exports", access.LookAround},
	{"runs", 4, 5, "", "", ""},
	{"schedule", 2, 3, "/system/schedule", "layout.nav.schedule", access.ManageSchedule},
	{"alerts", 3, 4, "/system/alerts", "layout.nav.alerts", access.LookAround},
}

// Decisions are what Segue decides where there was a choice, by theme.
var Decisions = []Theme{
	{"sent", []string{"tag", "subscription", "welcome", "leavers", "empty", "country", "changed"}},
	{"who", []string{"once", "email", "duplicates", "excluded", "million"}},
	{"course", []string{"time", "retries", "warnings", "overlap", "cancel", "zone", "history", "inactive"}},
	{"power", []string{"delete", "export_user", "key", "access", "removal", "cost"}},
}

// Theme is a group of decisions.
type Theme struct {
	ID        string
	Decisions []string
}

// Terms are the words of the glossary.
var Terms = []string{
	"profile", "attribute", "segment", "connection", "brand", "consent", "export", "matching", "run", "batch", "rejection",
	"refresh", "contact", "tag",
}

// steps gives the texts of the numbered steps.
func (s Section) steps(ctx context.Context) []string { return s.texts(ctx, "step", s.Steps) }

func (s Section) notes(ctx context.Context) []string { return s.texts(ctx, "note", s.Notes) }

func (s Section) texts(ctx context.Context, kind string, count int) (texts []string) {
	for n := range count {
		texts = append(texts, i18n.T(ctx, fmt.Sprintf("help.%s.%s.%d", s.ID, kind, n+1)))
	}
	return texts
}

// leads reports whether the section has a page that this person may open.
func (s Section) leads(reader access.Actor) bool { return s.page != "" && reader.Can(s.action) }

// Entry is a part of the page under its title.
type Entry struct{ Label, Href string }

// Index lists the parts by their titles, then the decisions, then the words of the glossary.
func Index(ctx context.Context) (entries []Entry) {
	add := func(key, anchor string) {
		entries = append(entries, Entry{i18n.T(ctx, key), "/help#" + anchor})
	}
	for _, section := range Guide {
		add("help."+section.ID, section.ID)
	}
	for _, theme := range Decisions {
		for _, decision := range theme.Decisions {
			add("help.decision."+decision, "decision-"+decision)
		}
	}
	for _, term := range Terms {
		add("help.term."+term, "term-"+term)
	}
	return entries
}
