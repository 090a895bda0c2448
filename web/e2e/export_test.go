package e2e

import (
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
)

// Words of the form of an export, which several tests fill in.
var (
	addDestination = words{"Add destination", "Tilføj destination"}
	exportName     = words{"Name", "Navn"}
	forExport      = words{"Connection for export", "Forbindelse til eksport"}
	save           = words{"Save", "Gem"}
	runIt          = words{"Run", "Kør"}
)

// meant is the tick that an attribute is meant to be sent although it is personal.
func meant(attribute string) words {
	return words{"I mean to send " + attribute + " to Omnisend", "Jeg vil sende " + attribute + " til Omnisend"}
}

// saved is what is said when an export was saved.
func saved(name string) words {
	return words{"The export " + name + " is saved. Saving does not start a run.", "Eksporten " + name + " er gemt. Eksporten køres ikke, når du gemmer den."}
}

func TestAnExportFromItsFormToTheLastContact(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := startSlow(t, 700)
			s.Connect()
			p := s.open(t, language).signIn(access.Administrator)
			p.press(words{"Exports", "Eksport"})
			p.sees(words{"No exports yet", "Ingen eksporter endnu"})
			p.inspect("exports-empty")
			fillExport(p)

			if n := s.contacts(); n != 0 {
				t.Fatalf("saving an export sent %d contacts", n)
			}
			p.sees(words{"This export has not been run yet.", "Denne eksport er ikke kørt endnu."})
			p.inspect("export")

			// The stand-in holds the batches back until the page has been looked at.
			s.Sandbox.SetFaults(sandbox.Faults{StallShare: 1, RejectEmail: "holm"})
			p.press(runIt)
			p.sees(words{"Processing", "Behandler"}, words{"Requests in the last minute", "Forespørgsler det seneste minut"})
			p.inspect("run-live")
			p.evaluate("window.sameDocument = true", nil)
			s.Sandbox.SetFaults(sandbox.Faults{RejectEmail: "holm"})
			p.sees(words{"Completed, but not everybody was accepted", "Gennemført, men ikke alle blev accepteret"},
				words{"Rejected by Omnisend", "Afvist af Omnisend"}, words{"There is no email address", "Der er ingen mailadresse"})
			var same bool
			p.evaluate("window.sameDocument === true", &same)
			if !same {
				t.Error("the page was loaded again, instead of being told by its stream")
			}
			p.inspect("run-warnings")
			p.canPress(words{"Download CSV", "Hent CSV"})
			var file string
			p.evaluate(`fetch(location.pathname + "/rejections.csv").then(r => r.text())`, &file)
			if !strings.Contains(file, "C0000165") {
				t.Errorf("the file of rejections lacks the customer without an address:\n%.500s", file)
			}
			p.menu(words{"Exports", "Eksport"})
			p.sees(words{"Completed with warnings", "Gennemført med advarsler"}, words{"System refresh", "Systemopdatering"},
				words{"Your permissions", "Dine tilladelser"})
			p.tablesFit()
			p.inspect("exports")
			p.visit("/")
			p.inspect("home-filled")
			p.visit("/runs")
			p.tablesFit()
			p.inspect("runs")
		})
	}
}

// fillExport adds a destination, with a wrong turn on the way.
func fillExport(p *page) {
	p.t.Helper()
	p.press(addDestination)
	p.heading(addDestination)
	p.press(save)
	p.sees(words{"Choose a connection", "Vælg en forbindelse"}, words{"Choose at least one segment", "Vælg mindst ét segment"})
	p.inspect("export-refused")
	p.fill(exportName, "Spring newsletter")
	p.choose(forExport, same("Nordlys newsletter"))
	p.tick(same("All customers"))
	p.sees(words{"Tag for All customers", "Tag for All customers"})

	if got := p.chosen(words{"Email", "Mail"}); got != "Email" {
		p.t.Errorf("the attribute suggested for the address is %q", got)
	}
	p.sees(words{"Suggested, because the attribute is called Email.", "Foreslået, fordi attributten hedder Email."})
	p.press(words{"First name ← First name", "Fornavn ← First name"})
	p.press(words{"Add attribute", "Tilføj attribut"})
	p.choose(words{"Attribute 2: field at the destination", "Attribut 2: felt hos destinationen"}, words{"City", "By"})
	p.choose(words{"Attribute 2: attribute of the profiles", "Attribut 2: profilernes attribut"}, same("City"))
	p.sees(words{"Could be sent", "Kan sendes"}, words{"Would be rejected", "Ville blive afvist"},
		words{"1 profile has no value", "1 profil har ingen værdi"})
	p.tick(meant("Email"))
	p.press(save)
	p.sees(words{"First name is personal data. Tick that it is meant to be sent", "First name er personlige data. Markér, at den skal sendes"})
	p.tick(meant("First name"))
	p.inspect("export-form")
	p.press(save)
	p.sees(saved("Spring newsletter"))
}

func TestALongRunIsCancelled(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := startSlow(t, 100)
			s.Export()
			s.Sandbox.SetFaults(sandbox.Faults{StallShare: 1})
			p := s.open(t, language).signIn(access.Contributor)
			p.press(words{"Exports", "Eksport"})
			p.press(same("Everybody to Nordlys"))
			p.press(runIt)
			p.sees(words{"Processing", "Behandler"})
			p.press(words{"Cancel run", "Annuller kørsel"})
			p.sees(words{"What was sent already stays at the destination", "Det, der allerede er sendt, bliver hos destinationen"})
			p.inspect("run-cancel")
			p.press(words{"Cancel run", "Annuller kørsel"})
			p.sees(words{"The run was canceled", "Kørslen blev annulleret"})
			p.inspect("run-cancelled")
		})
	}
}

func TestALivePageCatchesUpAfterALostConnection(t *testing.T) {
	t.Parallel()
	s := startSlow(t, 100)
	s.Export()
	s.Sandbox.SetFaults(sandbox.Faults{StallShare: 1})
	p := s.open(t, "en").signIn(access.Administrator)
	p.visit("/exports/1")
	p.press(runIt)
	p.sees(same("Processing"))
	p.offline(true)
	s.server.CloseClientConnections()
	s.Sandbox.SetFaults(sandbox.Faults{})
	s.Wait(1)
	p.lacks(same("Successful"), same("Completed with warnings"))
	p.offline(false)
	p.sees(same("Successful"))
}

func TestAddDestinationNeedsNoMouse(t *testing.T) {
	t.Parallel()
	s := start(t, 50)
	s.Connect()
	p := s.open(t, "en").signIn(access.Contributor)
	p.visit("/exports")
	p.tabTo(addDestination)
	p.key("Enter")
	p.heading(addDestination)
	p.tabTo(exportName)
	p.write("By keyboard")
	p.tabTo(forExport)
	p.key("Down")
	p.tabTo(same("All customers"))
	p.key("Space")
	p.tabTo(same("Add attribute"))
	p.key("Enter")
	p.tabTo(same("Attribute 1: field at the destination"))
	p.key("Down")
	p.tabTo(same("Attribute 1: attribute of the profiles"))
	p.key("Down", "Down", "Down", "Down") // the form is read again at each, and the focus stays
	for _, attribute := range []string{"Email", "Phone"} {
		p.tabTo(meant(attribute))
		p.key("Space")
	}
	p.tabTo(save)
	p.key("Enter")
	p.sees(saved("By keyboard"), same("Phone ← Phone"))
}
