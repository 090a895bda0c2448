// Package help holds the guide to Segue, what it decides where there was a choice, and the glossary. All of its text is in
// the message files; other pages link to its parts: /help#exports, /help#decision-tag, /help#term-brand.
package help

import (
	"context"
	"fmt"
	"strings"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/i18n"
)

// Section is a part of the guide: its steps are numbered, its notes are not. Its texts have keys that begin with its ID.
type Section struct {
	ID           string
	Steps, Notes int
	Parts        []Section // tasks within it, one level deep
	to           place     // where it is done; zero for nowhere in particular
}

// place is a page that a part of the guide leads to.
type place struct {
	address string
	label   string        // key of its name
	action  access.Action // needed to open it
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

func (s Section) title() string { return "help." + s.ID }

// Anchor is the section's place on the page.
func (s Section) Anchor() string { return anchor(s.title()) }

// anchor makes the place of a title's key on the page: help.account.codes is #account-codes.
func anchor(key string) string {
	return strings.ReplaceAll(strings.TrimPrefix(key, "help."), ".", "-")
}

// refers reports whether a label names another part of the guide, and not something on a page.
func refers(label string) bool { return strings.HasPrefix(label, "help.") }

// step and note are the keys of the section's texts, counted from 1.
func (s Section) step(n int) string { return fmt.Sprintf("%s.step.%d", s.title(), n) }

func (s Section) note(n int) string { return fmt.Sprintf("%s.note.%d", s.title(), n) }

// leads reports whether the section has a page that this person may open.
func (s Section) leads(reader access.Actor) bool {
	return s.to.address != "" && reader.Can(s.to.action)
}

// going is the text of the link to the section's page.
func (s Section) going(ctx context.Context) string {
	return i18n.T(ctx, "help.go", "Page", i18n.T(ctx, s.to.label))
}

// Entry is a part of the page under its title.
type Entry struct{ Label, Href string }

// Index lists the parts by their titles, then the decisions, then the words of the glossary.
func Index(ctx context.Context) (entries []Entry) {
	add := func(key, anchor string) {
		entries = append(entries, Entry{i18n.T(ctx, key), "/help#" + anchor})
	}
	for _, section := range Guide {
		add(section.title(), section.Anchor())
		for _, part := range section.Parts {
			add(part.title(), part.Anchor())
		}
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
