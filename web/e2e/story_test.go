package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
)

// TestARejectedPersonIsLookedIntoAndSentAgain follows one person who was rejected: from the run to request and answer, to the story,
// and into a retry that succeeds.
func TestARejectedPersonIsLookedIntoAndSentAgain(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := start(t, 300)
			e := s.Export()
			who := customersOf(t, 3)[1]
			s.Sandbox.SetFaults(sandbox.Faults{RejectEmail: strings.ToLower(who["email"])})
			first := s.Run(e, run.Options{})
			at := fmt.Sprintf("/runs/%d", first.ID)
			p := s.open(t, language)
			p.signIn(access.Contributor)
			p.visit(at + "?outcome=refused")
			p.sees(words{"Omnisend said", "Omnisend svarede"})
			p.inspect("run-rejected")
			p.press(words{"Request and answer of C0000002", "Forespørgsel og svar for C0000002"})
			p.heading(words{"Request and answer: C0000002", "Forespørgsel og svar: C0000002"})
			p.sees(same("sendWelcomeMessage"), same("responseCode"), words{"Kept until", "Gemmes til"})
			p.inspect("evidence")
			p.press(same("C0000002"))
			p.heading(words{"The story of C0000002", "Historien om C0000002"})
			p.sees(words{"Omnisend rejected it as it is", "Omnisend afviste den, som den er"}, words{"Rejected by Omnisend", "Afvist af Omnisend"})
			p.inspect("story-rejected")

			s.Sandbox.SetFaults(sandbox.Faults{})
			p.visit(at)
			p.press(words{"Send the rejected ones again", "Send de afviste igen"})
			p.sees(words{"retry of run 1", "nyt forsøg efter kørsel 1"})
			retried := s.Wait(2)
			if retried.Counts.Accepted != 1 {
				t.Errorf("%+v", retried.Counts)
			}
			p.visit("/runs/2")
			p.sees(words{"Only those whom run 1 rejected", "Kun dem, som kørsel 1 afviste"})
			p.inspect("run-retried")

			p.visit("/profiles")
			p.press(words{"A person’s story", "En persons historie"})
			p.inspect("story-search")
			p.fill(words{"Email address or profile id", "Mailadresse eller profil-id"}, " "+strings.ToUpper(who["email"])+" ")
			p.press(words{"Search", "Søg"})
			p.heading(words{"The story of C0000002", "Historien om C0000002"})
			p.sees(words{"Up to date", "Ajour"}, words{"Accepted by Omnisend", "Accepteret af Omnisend"}, words{"Rejected by Omnisend", "Afvist af Omnisend"})
			if address := p.path(); strings.Contains(address, "@") || strings.Contains(address, "%40") {
				t.Errorf("the address of the page is %s", address)
			}
			p.inspect("story")

			p.press(words{"Search for another", "Søg efter en anden"})
			p.fill(words{"Email address or profile id", "Mailadresse eller profil-id"}, "C00001")
			p.press(words{"Search", "Søg"})
			p.sees(words{"Profiles found", "Fundne profiler"}, same("C0000100"))
			p.inspect("story-hits")
		})
	}
}
