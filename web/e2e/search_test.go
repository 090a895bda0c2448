package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/input"

	"github.com/segue-app/segue/internal/access"
)

var searchField = words{"Search by name", "Søg efter navn"}

// TestTheSearchIsWalkedThroughByKeyboard opens the search from another page by its shortcut, types, and goes to what was found.
func TestTheSearchIsWalkedThroughByKeyboard(t *testing.T) {
	t.Parallel()
	s := start(t, 20)
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			p := s.open(t, language).signIn(access.Administrator)
			p.visit("/exclusions")
			p.shortcut("k")
			if name, role := p.focused(); name != p.say(searchField) || role != "searchbox" {
				t.Fatalf("the shortcut leads to %s %q", role, name)
			}
			p.write("danish")
			p.sees(words{"1 result", "1 resultat"}, same("Danish newsletter readers"))
			p.inspect("search-field") // at widths at which the field is not there
			p.shortcut("k")
			p.key("Down")
			if name, role := p.focused(); !contains(name, "Danish newsletter readers") || role != "link" {
				t.Fatalf("the arrow leads to %s %q", role, name)
			}
			p.key("Up")
			if name, _ := p.focused(); name != p.say(searchField) {
				t.Fatalf("the arrow leads back to %q", name)
			}
			p.key("Down", "N")
			if got := p.value(searchField); got != "danishN" {
				t.Fatalf("the field holds %q after typing on", got)
			}
			p.sees(words{"Nothing that you may see is called “danishN”.", "Intet, som du må se, hedder »danishN«."})
			p.key("Escape")
			p.gone(same("danishN"))
			p.key("Down") // into what is not shown, the arrow does not lead
			if name, _ := p.focused(); name != p.say(searchField) {
				t.Fatalf("the arrow leads to %q", name)
			}
			p.fill(searchField, "audit")
			p.sees(words{"Pages and commands", "Sider og kommandoer"})
			p.key("Down", "Enter")
			p.heading(words{"Audit log", "Revisionslog"})

			p.shortcut("k")
			p.write("danish")
			p.key("Enter")
			p.heading(words{"Search", "Søg"})
			p.sees(words{"1 result", "1 resultat"})
			p.inspect("search-page")
			p.fill(searchField, "no such thing")
			p.sees(words{"Nothing that you may see is called “no such thing”.", "Intet, som du må se, hedder »no such thing«."})
			p.inspect("search-none")
			p.until("at an address that says what was asked for", func() bool { return p.path() == "/search?q=no+such+thing" || p.path() == "/search?q=no%20such%20thing" })
		})
	}
}

// TestTheSearchWorksWithoutScripts sends the field's form, and finds for each what she may see.
func TestTheSearchWorksWithoutScripts(t *testing.T) {
	t.Parallel()
	s := start(t, 20)
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			p := s.open(t, language).withoutScripts()
			p.signIn(access.Viewer)
			p.fill(searchField, "danish")
			p.key("Enter")
			p.heading(words{"Search", "Søg"})
			p.sees(words{"Segments", "Segmenter"}, words{"1 result", "1 resultat"})
			p.fill(searchField, "vera")
			p.press(words{"Search", "Søg"})
			p.sees(words{"Nothing that you may see is called “vera”.", "Intet, som du må se, hedder »vera«."})
			p.fill(searchField, "exports")
			p.press(words{"Search", "Søg"})
			p.visit("/search")
			p.lacks(words{"Audit log", "Revisionslog"})
			p.press(words{"Exports at a glance", "Eksporter i overblik"})
			p.heading(words{"Exports at a glance", "Eksporter i overblik"})
			p.press(words{"Exports", "Eksport"}) // by the path above the heading
			p.heading(words{"Exports", "Eksport"})
		})
	}
}

// shortcut presses a key together with Control.
func (p *page) shortcut(key string) {
	p.t.Helper()
	p.do(input.DispatchKeyEvent(input.KeyDown).WithKey(key).WithModifiers(input.ModifierCtrl),
		input.DispatchKeyEvent(input.KeyUp).WithKey(key).WithModifiers(input.ModifierCtrl))
	p.settle()
}
