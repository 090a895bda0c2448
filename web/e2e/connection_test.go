package e2e

import (
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
)

func TestAConnectionIsSetUpStepByStep(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := start(t, 20)
			p := s.open(t, language).signIn(access.Administrator)
			walkConnection(p, true)

			p.press(same("Tea shop newsletter"))
			p.heading(same("Tea shop newsletter"))
			p.inspect("connection")
			p.press(words{"Verify", "Bekræft"})
			p.sees(words{"The key works and belongs to Nordlys Living.", "Nøglen virker og hører til Nordlys Living."})
			s.Sandbox.SetFaults(sandbox.Faults{KeysRevoked: true})
			p.press(words{"Verify", "Bekræft"})
			p.sees(words{"refuses this key", "afviser nøglen"})
			p.inspect("connection-refused")
			p.visit("/connections")
			p.sees(words{"Key refused", "Nøgle afvist"})
			p.inspect("connections")
		})
	}
}

// walkConnection sets a connection up as the product describes it, with a wrong turn at each step.
func walkConnection(p *page, closely bool) {
	p.t.Helper()
	look := func(state string) {
		if closely {
			p.inspect(state)
		}
	}
	p.visit("/connections")
	p.heading(words{"Connections", "Forbindelser"})
	p.press(words{"Add connection", "Tilføj forbindelse"})
	p.heading(words{"Set up connection", "Konfigurer forbindelse"})
	look("connection-type")
	p.tick(same("Omnisend"))
	p.press(words{"Next", "Næste"})

	name, key := words{"Display name", "Vist navn"}, words{"Omnisend API key", "Omnisend-API-nøgle"}
	connect := words{"Connect", "Opret forbindelse"}
	p.sees(words{"Choose who can use this connection", "Vælg, hvem der kan bruge denne forbindelse"},
		words{"Data privacy and compliance", "Beskyttelse af personlige oplysninger og overholdelse af angivne standarder"})
	if !p.ticked(words{"Administrators only", "Kun administratorer"}) {
		p.t.Error("a new connection is not for administrators only at first")
	}
	look("connection-details")
	p.fill(name, "Tea shop newsletter")
	p.tick(words{"All contributors", "Alle bidragydere"})
	p.fill(key, demo.APIKey)
	p.press(connect)
	p.sees(words{"Read the terms and tick I agree.", "Læs vilkårene, og sæt kryds ved Jeg accepterer."})
	if got := p.value(name); got != "Tea shop newsletter" {
		p.t.Errorf("the name that was typed is not kept: %q", got)
	}
	look("connection-not-agreed")
	p.fill(key, "thiskeyisnotknownthere1234567890")
	p.tick(words{"I agree", "Jeg accepterer"})
	p.press(connect)
	p.sees(words{"Omnisend refuses this key.", "Omnisend afviser nøglen."})
	if got := p.value(key); got != "" {
		p.t.Error("the page shows a key again")
	}
	look("connection-key-refused")
	p.fill(key, demo.APIKey)
	if !p.ticked(words{"I agree", "Jeg accepterer"}) {
		p.tick(words{"I agree", "Jeg accepterer"})
	}
	p.press(connect)

	p.sees(words{"Connected to Nordlys Living", "Der er forbindelse til Nordlys Living"})
	look("connection-export-user")
	p.press(words{"Add yourself as export user", "Tilføj dig selv som eksportbruger"})
	p.heading(words{"Confirm that it is you", "Bekræft, at det er dig"})
	look("confirm")
	p.fill(words{"Password", "Adgangskode"}, "not my password")
	p.press(confirm)
	p.sees(words{"This is not your password", "Det er ikke din adgangskode"})
	look("confirm-wrong-password")
	p.fill(words{"Password", "Adgangskode"}, "heron-over-the-fjord")
	p.press(confirm)
	p.sees(words{"The connection exists once you save it.", "Forbindelsen findes, når du gemmer den."})
	look("connection-save")
	p.press(words{"Save", "Gem"})
	p.sees(words{"The connection Tea shop newsletter is saved.", "Forbindelsen Tea shop newsletter er gemt."})
	p.visit("/connections")
}

func TestRemovingAConnectionAsksWhatBecomesOfItsExports(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := start(t, 20)
			first := s.Export()
			if _, err := demo.Export(t.Context(), s.App, "Readers to Nordlys", first.ConnectionID, demo.Readers); err != nil {
				t.Fatal(err)
			}
			p := s.open(t, language).signIn(access.Administrator)
			p.press(words{"Connections", "Forbindelser"})
			p.press(same("Nordlys newsletter"))
			p.press(words{"Remove connection", "Fjern forbindelse"})
			p.heading(words{"Remove Nordlys newsletter", "Fjern Nordlys newsletter"})
			p.sees(words{"2 exports use this connection", "2 eksporter bruger denne forbindelse"})
			p.press(words{"Next", "Næste"})
			p.sees(words{"Choose what happens to it.", "Vælg, hvad der skal ske med den."})
			p.inspect("connection-remove")
			p.part(words{"Export Everybody to Nordlys", "Eksporten Everybody to Nordlys"}).tick(words{"Detach connection", "Frakobl forbindelse"})
			p.part(words{"Export Readers to Nordlys", "Eksporten Readers to Nordlys"}).tick(words{"Remove export", "Fjern eksport"})
			p.press(words{"Next", "Næste"})
			p.sees(words{"1 export is detached:", "1 eksport frakobles:"}, words{"1 export is removed:", "1 eksport fjernes:"})
			p.inspect("connection-remove-confirm")
			p.press(words{"Remove", "Fjern"})
			p.sees(words{"The connection Nordlys newsletter is removed.", "Forbindelsen Nordlys newsletter er fjernet."},
				words{"There is no connection yet", "Der er ingen forbindelse endnu"})
			p.press(words{"Exports", "Eksport"})
			p.sees(same("Everybody to Nordlys"), words{"No connection", "Ingen forbindelse"})
			p.lacks(same("Readers to Nordlys"))
		})
	}
}
