package e2e

import (
	"context"
	"testing"

	"github.com/segue-app/segue/internal/access"
	store "github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/run"
)

// TestNewTermsAreAgreedToAndTheRecordIsKept walks from the notice of new terms to the consents given, states what an export is for,
// and has masked values shown.
func TestNewTermsAreAgreedToAndTheRecordIsKept(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := start(t, 20)
			s.Run(s.Export(), run.Options{})
			err := s.DB.InTx(context.Background(), func(tx store.Tx) error {
				_, err := tx.Exec(`UPDATE connection_consents SET terms_version = '1'`)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			p := s.open(t, language).signIn(access.Administrator)
			p.visit("/")
			p.sees(words{"New terms: agree until", "Nye vilkår: acceptér inden"})
			p.visit("/connections/1")
			p.inspect("connection-new-terms")
			p.press(words{"Read what changed, and agree", "Læs, hvad der er ændret, og acceptér"})
			p.sees(words{"What changed since the version before", "Hvad er ændret siden den forrige version"})
			p.inspect("terms-changed")
			p.tick(words{"I agree", "Jeg accepterer"})
			p.press(save)
			p.sees(words{"The consent is noted.", "Samtykket er noteret."})
			p.press(words{"Consents given", "Afgivne samtykker"})
			p.heading(words{"Consents given", "Afgivne samtykker"})
			p.inspect("consents-given")

			p.visit("/privacy/terms")
			p.fill(words{"Days of grace", "Frist i dage"}, "91")
			p.press(save)
			p.sees(words{"Enter whole days from 0 to 90", "Angiv hele dage fra 0 til 90"})
			p.inspect("privacy-terms")

			p.visit("/privacy/record")
			p.sees(words{"Not stated. State it below.", "Ikke angivet. Angiv det nedenfor."})
			p.inspect("privacy-record")
			p.press(words{"State purpose and legal basis of Everybody to Nordlys", "Angiv formål og retsgrundlag for Everybody to Nordlys"})
			p.fill(words{"Purpose", "Formål"}, "The weekly newsletter")
			p.inspect("privacy-purpose")
			p.press(save)
			p.sees(same("The weekly newsletter"))

			p.visit("/exports/1/test")
			p.sees(words{"Values of customers are masked", "Kundernes værdier er tilsløret"})
			p.press(words{"Show them", "Vis dem"})
			p.lacks(words{"Values of customers are masked", "Kundernes værdier er tilsløret"})
			p.visit("/profiles/attributes")
			p.inspect("attributes-marked")
		})
	}
}
