package e2e

import (
	"context"
	"database/sql"
	"testing"

	"github.com/segue-app/segue/internal/access"
)

// TestAnAlertOpensIsLookedAtAndCloses watches the page of alerts while the run of an export fails and the next one does not.
func TestAnAlertOpensIsLookedAtAndCloses(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := start(t, 20)
			e := s.Export()
			write := func(query string, args ...any) {
				t.Helper()
				err := s.DB.InTx(t.Context(), func(tx *sql.Tx) error {
					_, err := tx.ExecContext(t.Context(), query, args...)
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Alerts.Look(context.WithoutCancel(t.Context())); err != nil {
					t.Fatal(err)
				}
			}
			p := s.open(t, language).signIn(access.Administrator)
			p.press(words{"Alerts", "Alarmer"})
			p.heading(words{"Alerts", "Alarmer"})
			p.sees(words{"There is no open alert", "Der er ingen åben alarm"}, words{"No alert has closed yet", "Ingen alarm er lukket endnu"})
			p.inspect("alerts-none")
			write(`INSERT INTO runs (id, export_id, cause, requested_by_name, state, error_code, queued_at, ended_at) VALUES (900, ?, 'schedule', '', 'failed', 'destination_unavailable', 1, 1)`, e.ID)
			p.sees(words{"Run failed: " + e.Name, "Kørsel mislykket: " + e.Name}) // by itself, without a reload
			p.press(words{"I’ll look at it: Run failed: " + e.Name, "Jeg ser på det: Kørsel mislykket: " + e.Name})
			p.sees(words{"looks at it", "ser på det"}, words{"The others see on this page", "De andre kan se på denne side"})
			p.inspect("alerts-open")
			p.visit("/")
			p.sees(words{"1 open alert", "1 åben alarm"})
			p.inspect("home-alert")
			p.press(words{"1 open alert", "1 åben alarm"})
			p.fill(words{"Rejected profiles", "Afviste profiler"}, "200")
			p.press(words{"Save", "Gem"})
			p.sees(words{"Enter a share from 0.1 to 100", "Angiv en andel fra 0,1 til 100"})
			p.inspect("alerts-refused")
			p.fill(words{"Rejected profiles", "Afviste profiler"}, "2,5")
			p.press(words{"Save", "Gem"})
			p.sees(words{"Saved.", "Gemt."})
			write(`UPDATE runs SET state = 'succeeded', error_code = '' WHERE id = 900`)
			p.sees(words{"There is no open alert", "Der er ingen åben alarm"})
			p.visit("/system/alerts")
			p.sees(words{"All well again", "Alt i orden igen"})
			p.inspect("alerts-earlier")
			p.visit("/account")
			p.tick(words{"Run of unusual size", "Kørsel af usædvanlig størrelse"})
			p.choose(words{"Language of the messages", "Beskedernes sprog"}, same("Dansk"))
			p.inspect("account-alerts")
		})
	}
}
