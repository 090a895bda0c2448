package e2e

import (
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/chain"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
)

var (
	failed     = words{"Failed", "Mislykket"}
	successful = words{"Successful", "Gennemført"}
	asTable    = words{"The steps as a table", "Trinene som tabel"}
)

// write changes the database as the work of a chain would, and tells of it.
func (s *site) write(t *testing.T, statement string, args ...any) {
	t.Helper()
	if _, err := s.DB.Writer().ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
	s.Events.Publish(chain.Topic, chain.TopicOf(1))
}

// begunChain is one whose source has failed and whose segment is being calculated.
func (s *site) begunChain(t *testing.T) {
	t.Helper()
	at := time.Now().Add(-time.Minute).UnixMilli()
	s.write(t, `INSERT INTO chains (id, cause, requested_by_name, due_at, queued_at, started_at, state) VALUES (1, 'demand', 'Ada Lund', ?, ?, ?, 'running')`, at, at, at)
	s.write(t, `INSERT INTO chain_tasks (id, chain_id, kind, target_id, name, state, queued_at, started_at, ended_at, reason_code, because_of) VALUES
		(1, 1, 'source', 0, 'Loyalty club', 'failed', ?, ?, ?, 'sources.file.broken_off', NULL), (2, 1, 'export', 0, 'Club letter', 'skipped', ?, NULL, ?, '', 1),
		(3, 1, 'segment', 1, 'All customers', 'running', ?, ?, NULL, '', NULL)`, at, at+1000, at+20_000, at, at+20_000, at, at+20_000)
}

func TestAChainIsWatchedAndNothingMovesThatIsRead(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := start(t, 20)
			s.begunChain(t)
			p := s.open(t, language).signIn(access.Viewer)
			p.press(same("Status"))
			p.sees(words{"2 of 3 steps done: 1 failed, 1 skipped", "2 af 3 trin udført: 1 mislykket, 1 sprunget over"}, processing)
			p.cannotPress(words{"Refresh now", "Opdater nu"}, words{"Cancel chain", "Annuller kæden"}, stopAll)
			p.press(asTable)
			p.sees(words{"Because of: Loyalty club", "På grund af: Loyalty club"})
			p.inspect("status-running")
			p.tabTo(words{"See all of it", "Se det hele"})
			s.write(t, `UPDATE chain_tasks SET state = 'succeeded', ended_at = started_at + 5000 WHERE id = 3`)
			s.write(t, `UPDATE chains SET state = 'failed', ended_at = started_at + 30000`)
			p.sees(words{"3 of 3 steps done: 1 successful, 1 failed, 1 skipped", "3 af 3 trin udført: 1 gennemført, 1 mislykket, 1 sprunget over"},
				words{"Because of: Loyalty club", "På grund af: Loyalty club"}) // by itself, and what was opened is open
			if name, _ := p.focused(); name != p.say(words{"See all of it", "Se det hele"}) {
				t.Errorf("the focus went to %q", name)
			}
			p.key("Enter")
			p.heading(words{"Chain 1", "Kæde 1"})
			p.sees(failed, successful)
			p.inspect("status-chain")
			p.press(words{"Chains", "Kæder"})
			p.sees(words{"Ada Lund refreshed", "Ada Lund opdaterede"})
			p.inspect("status-chains")
		})
	}
}

func TestAllWorkIsFoundAndItsRowsChangeByThemselves(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := start(t, 20)
			s.begunChain(t)
			p := s.open(t, language).signIn(access.Administrator)
			p.visit("/system/status/work")
			p.choose(words{"Kind of work", "Slags opgave"}, words{"Segments", "Segmenter"}) // sends the form
			p.gone(same("Loyalty club"))
			p.sees(same("All customers"), processing)
			p.fill(words{"Search by name", "Søg efter navn"}, "custom")
			s.write(t, `UPDATE chain_tasks SET state = 'succeeded', ended_at = started_at + 5000, profiles = 20 WHERE id = 3`)
			p.sees(successful)
			if got := p.value(words{"Search by name", "Søg efter navn"}); got != "custom" {
				t.Errorf("what was typed became %q", got)
			}
			p.press(words{"Search", "Søg"})
			p.sees(same("All customers"))
			p.inspect("status-work")
			p.press(words{"Clear filters", "Ryd filtre"})
			p.sees(same("Loyalty club"), same("Club letter"))
		})
	}
}

func TestTheStatusIsReadWithoutScripts(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := start(t, 20)
			s.begunChain(t)
			p := s.open(t, language).withoutScripts().signIn(access.Viewer)
			p.visit("/system/status")
			p.press(words{"See all of it", "Se det hele"})
			p.heading(words{"Chain 1", "Kæde 1"})
			p.choose(words{"Status", "Status"}, words{"Skipped", "Sprunget over"})
			p.press(words{"Search", "Søg"})
			p.sees(words{"1–1 of 1", "1–1 af 1"})
			p.press(words{"Because of: Loyalty club", "På grund af: Loyalty club"})
			p.sees(same("Loyalty club"), failed)
			p.visit("/system/status/work")
			p.fill(words{"Search by name", "Søg efter navn"}, "CLUB")
			p.choose(words{"When", "Hvornår"}, words{"The last 7 days", "De seneste 7 dage"})
			p.press(words{"Search", "Søg"})
			p.sees(same("Loyalty club"), same("Club letter"))
			p.lacks(same("All customers"))
		})
	}
}

func TestARefreshIsWatchedToItsLastContactAndRunAgainFromWhatFailed(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := startSlow(t, 300)
			e := s.Export()
			p := s.open(t, language).signIn(access.Administrator)
			s.Sandbox.SetFaults(sandbox.Faults{KeysRevoked: true})
			p.press(same("Status"))
			p.press(words{"Refresh now", "Opdater nu"})
			p.sees(failed, same(e.Name))
			p.inspect("status-failed")

			s.Sandbox.SetFaults(sandbox.Faults{})
			if err := s.Connections.Verify(t.Context(), s.Actor(access.Administrator), e.ConnectionID); err != nil {
				t.Fatal(err)
			}
			p.visit("/system/status")
			p.press(words{"Run again from the failed step", "Kør igen fra det mislykkede trin"})
			p.sees(words{"Ada Lund ran chain 1 again", "Ada Lund kørte kæde 1 igen"}, words{"1 step: 1 with warnings", "1 trin: 1 med advarsler"})
			p.inspect("status-again")
			if n := s.contacts(); n == 0 {
				t.Error("nobody was sent")
			}
		})
	}
}
