package e2e

import (
	"fmt"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/run"
)

// Words of the form's part about consents.
var (
	emailStanding = words{"Email: where does the status come from?", "Mail: Hvor kommer status fra?"}
	smsStanding   = words{"SMS: where does the status come from?", "Sms: Hvor kommer status fra?"}
	leaveIt       = words{"Leave it as it is", "Lad den være, som den er"}
	fromProfile   = words{"From the profile", "Fra profilen"}
	everyone      = words{"Everyone consented", "Alle har givet samtykke"}
	emailConsent  = words{"Consent to email", "Samtykke til mail"}
	emailSince    = words{"Date of the consent to email", "Dato for samtykket til mail"}
	smsSince      = words{"Date of the consent to SMS", "Dato for samtykket til sms"}
	source        = words{"Source of the consents", "Kilde til samtykkerne"}
)

// TestConsentsAreMappedInTheForm says in the form of an export where consents come from, with scripts and without.
func TestConsentsAreMappedInTheForm(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
			if !scripts && language == "en" {
				continue // the words make no difference there
			}
			t.Run(language+" "+name, func(t *testing.T) {
				s := start(t, 60)
				e := s.Export()
				p := s.open(t, language)
				if !scripts {
					p = p.withoutScripts()
				}
				p.signIn(access.Contributor)
				at := fmt.Sprintf("/exports/%d", e.ID)
				p.visit(at)
				p.sees(words{"Email: left as it is at Omnisend", "Mail: forbliver, som den er hos Omnisend"})
				p.visit(at + "/edit")
				if !p.part(emailStanding).ticked(leaveIt) || !p.part(smsStanding).ticked(leaveIt) {
					t.Fatal("by default the form touches a status")
				}
				if len(p.candidates(p.say(emailSince), choosable)) != 0 {
					t.Error("what the choice does not need is shown")
				}

				p.part(emailStanding).tick(fromProfile)
				p.choose(emailConsent, same("Newsletter"))
				p.part(smsStanding).tick(everyone)
				p.press(save)
				p.sees(words{"Choose the attribute with the date. Without it no status is sent.", "Vælg attributten med datoen. Uden den sendes ingen status."})
				if got := p.chosen(emailConsent); got != "Newsletter" || !p.part(smsStanding).ticked(everyone) {
					t.Errorf("the form forgot what was chosen: %q", got)
				}
				p.choose(emailSince, same("Newsletter since"))
				p.choose(smsSince, same("Newsletter since"))
				p.fill(source, "Newsletter form")
				p.part(words{"Attribute 1", "Attribut 1"}).tick(words{"Empty the field when the profile has no value", "Tøm feltet, når profilen ingen værdi har"})
				if scripts {
					p.sees(words{"profiles have no value", "profiler har ingen værdi"})
					p.inspect("export-consent")
				}
				p.press(save)
				p.sees(saved(e.Name), words{"Email: from Newsletter, dated by Newsletter since", "Mail: fra Newsletter, dateret efter Newsletter since"},
					words{"SMS: everyone consented, dated by Newsletter since", "Sms: alle har givet samtykke, dateret efter Newsletter since"},
					words{"an empty value empties it", "en tom værdi tømmer det"})
				if scripts {
					p.inspect("export-consent-saved")
				}

				p.visit(at + "/duplicate")
				if p.chosen(emailSince) != "Newsletter since" || p.value(source) != "Newsletter form" || !p.part(smsStanding).ticked(everyone) {
					t.Error("a duplicate forgets what was said of consents")
				}
				r := s.Run(e, run.Options{})
				subscribed, unsubscribed := 0, 0
				s.Sandbox.Settle()
				for c := range s.Sandbox.Contacts() {
					switch c.Status {
					case "subscribed":
						subscribed++
					case "unsubscribed":
						unsubscribed++
					}
				}
				if subscribed == 0 || unsubscribed == 0 || subscribed+unsubscribed >= r.Counts.Accepted {
					t.Errorf("%d subscribed and %d unsubscribed of %d", subscribed, unsubscribed, r.Counts.Accepted)
				}
			})
		}
	}
}
