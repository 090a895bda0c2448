package e2e

import (
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
)

// TestThePagesOfTheReadmeComeUp opens the pages that the README shows, and takes their pictures when they are wanted.
func TestThePagesOfTheReadmeComeUp(t *testing.T) {
	t.Parallel()
	s := startSlow(t, 3_000)
	e := s.Export()
	if _, err := demo.Export(t.Context(), s.App, "Newsletter, Denmark", e.ConnectionID, demo.Readers); err != nil {
		t.Fatal(err)
	}
	s.Run(e, run.Options{})
	open := func(language, theme string) *page {
		p := s.open(t, language).signIn(access.Administrator)
		p.window(1280, 820)
		p.theme(theme)
		return p
	}
	english, danish := open("en", "light"), open("da", "light")

	english.visit("/")
	english.sees(same("Everybody to Nordlys"))
	english.screenshot("home-en")
	danish.visit("/exports")
	danish.sees(same("Newsletter, Denmark"))
	danish.tablesFit()
	danish.screenshot("exports-da")

	english.visit("/segments")
	english.press(same(demo.Readers))
	english.press(same("Edit"))
	english.sees(same("Who this gives"))
	english.screenshot("segment-en")
	danish.visit("/connections/1")
	danish.sees(words{"Consent", "Samtykke"})
	danish.screenshot("connection-da")

	english.visit("/exports/1/edit")
	english.sees(same("Could be sent"))
	english.bring(same("Data matching"))
	english.screenshot("export-en")

	english.visit("/search?q=everybody")
	english.sees(same("Everybody to Nordlys"))
	english.screenshot("search-en")
	english.visit("/audit")
	english.sees(same("Is it unchanged?"))
	english.screenshot("audit-en")
	danish.visit("/help")
	danish.bring(words{"Your first export", "Din første eksport"})
	danish.screenshot("help-da")

	// A run that sends everything again: the stand-in holds back what comes after the first batches.
	s.Sandbox.SetFaults(sandbox.Faults{StallShare: 0.5, Seed: 7, RejectEmail: "skov"})
	english.visit("/exports/1")
	english.press(same("More"))
	english.press(same("Run, also for those unchanged"))
	english.sees(same("Processing"), same("Rejected by Omnisend"))
	english.theme("dark")
	english.screenshot("run-en-dark")
	danish.visit("/runs/2")
	danish.sees(words{"Rejected by Omnisend", "Afvist af Omnisend"})
	danish.screenshot("run-da")
}
