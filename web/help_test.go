package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/views/layout"
)

func TestEveryPageOfTheMenuLeadsToItsPartOfTheHelp(t *testing.T) {
	s := newSite(t)
	ada := s.as(t, "ada@example.com")
	guide := ada.get("/help").wants(t, http.StatusOK).body
	addresses := append(layout.Addresses(access.Administrator), "/account", "/account/factors", "/account/tokens", "/runs", "/exports/new",
		"/segments/new", "/connections/new", "/sources/new", "/system/hooks", "/system/status/work", "/system/status/chains", "/privacy/record",
		"/privacy/terms", "/privacy/retention", "/profiles/unification", "/story")
	if len(addresses) < 25 {
		t.Fatalf("%d pages", len(addresses))
	}
	link := regexp.MustCompile(`href="/help#([a-z-]+)"`)
	for _, address := range addresses {
		if address == "/help" {
			continue
		}
		found := link.FindStringSubmatch(ada.get(address).wants(t, http.StatusOK).body)
		if found == nil {
			t.Errorf("%s leads to no part of the help", address)
		} else if !strings.Contains(guide, ` id="`+found[1]+`"`) {
			t.Errorf("%s leads to #%s, which the help has not", address, found[1])
		}
	}
}

func TestTheHelpLeadsEverybodyToPagesThatAreThereAlsoBeforeAnythingElseIs(t *testing.T) {
	s := newSite(t)
	for email, least := range map[string]int{"ada@example.com": 25, "carl@example.com": 8, "vera@example.com": 8} {
		b := s.as(t, email)
		_, content, _ := strings.Cut(b.get("/help").body, "<main")
		seen := map[string]bool{}
		for _, link := range regexp.MustCompile(`href="(/[^"#]*)"`).FindAllStringSubmatch(content, -1) {
			if !seen[link[1]] {
				seen[link[1]] = true
				b.get(link[1]).wants(t, http.StatusOK)
			}
		}
		if len(seen) < least {
			t.Errorf("%s is led to %d pages only", email, len(seen))
		}
	}
}
