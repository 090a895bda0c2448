package e2e

import (
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/run"
)

// TestAViewerLooksAtEverythingButPeople follows every link that a viewer is offered.
func TestAViewerLooksAtEverythingButPeople(t *testing.T) {
	t.Parallel()
	const customers = 60
	s := start(t, customers)
	s.Run(s.Export(), run.Options{})
	var personal []string
	for _, c := range customersOf(t, customers) {
		for _, value := range []string{c["email"], c["phone"]} {
			if value != "" {
				personal = append(personal, value)
			}
		}
	}
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			p := s.open(t, language).signIn(access.Viewer)
			p.mayNotSee(personal)
			p.cannotPress(words{"Connections", "Forbindelser"}, words{"Users", "Brugere"}, words{"Schedule", "Tidsplan"})
			seen, waiting := map[string]bool{}, []string{"/"}
			for len(waiting) > 0 {
				path := waiting[0]
				waiting = waiting[1:]
				path, _, _ = strings.Cut(path, "?")                                                    // the same list in another order
				if seen[path] || strings.HasSuffix(path, ".csv") || strings.HasSuffix(path, ".json") { // no pages
					continue
				}
				seen[path] = true
				if len(seen) > 60 {
					t.Fatalf("the links do not come to an end: %v", waiting)
				}
				p.visit(path)
				if status := p.watch.shown(); status != 200 {
					t.Errorf("a viewer is offered %s, and gets %d: %.300s", path, status, p.text())
					continue
				}
				if language == "en" {
					p.axe("viewer")
				}
				waiting = append(waiting, p.links()...)
				if path == "/account" {
					continue // what is one's own may be changed
				}
				p.cannotPress(words{"Edit", "Rediger"}, words{"Run", "Kør"}, words{"Save", "Gem"}, words{"Delete", "Slet"}, words{"Remove", "Fjern"},
					words{"Refresh", "Opdater"}, words{"Add segment", "Tilføj segment"}, words{"Add destination", "Tilføj destination"},
					words{"Upload profiles", "Overfør profiler"}, words{"Cancel job", "Annuller job"})
			}
			if len(seen) < 8 {
				t.Errorf("a viewer gets to see only %v", seen)
			}
			for _, path := range []string{"/connections", "/connections/1", "/users", "/profiles/id/C0000001", "/profiles/upload", "/segments/new", "/exports/new"} {
				p.visit(path)
				if status := p.watch.shown(); status != 403 {
					t.Errorf("a viewer gets %d at %s", status, path)
				}
			}
		})
	}
}
