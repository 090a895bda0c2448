package alert_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/segue-app/segue/internal/alert"
	"github.com/segue-app/segue/internal/run"
)

// TestMain lets the property be tried with fewer histories than usual, unless somebody asks for a number: each of their steps
// writes to a database.
func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked {
		if err := flag.Set("rapid.checks", "30"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// TestEveryoneHearsByTurnsThatAnAlertOpensAndThatAllIsWell lets exports fail, recover, be paused, taken away from contributors and
// given back, with restarts, failures of the outbox and time passing in between. Of an alert nobody may hear the same thing twice
// in a row. In the end, when all is quiet, those who might
// hear of them all the time know of each alert that is open.
func TestEveryoneHearsByTurnsThatAnAlertOpensAndThatAllIsWell(t *testing.T) {
	k := newKit(t)
	for id := range int64(8) {
		k.export(id+1, 1, fmt.Sprintf("Export %02d", id+1))
	}
	if err := k.SaveChoices(t.Context(), k.Viewer, alert.Choices{Wanted: map[alert.Kind]bool{alert.RunFailed: true}}); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(r *rapid.T) {
		k.exec(`DELETE FROM alerts`)
		k.exec(`DELETE FROM runs`)
		k.exec(`UPDATE exports SET paused_at = NULL`)
		k.exec(`UPDATE connections SET open_to_contributors = 1`)
		clear(k.sent.messages)
		last := map[string]string{} // by recipient and alert
		hear := func() {
			for to, messages := range k.sent.messages {
				for _, m := range messages {
					for _, line := range m.Lines {
						about := fmt.Sprint(to, " ", line.Values["alert"])
						if last[about] == line.State || last[about] == "" && line.State == "closed" {
							r.Fatalf("%s heard %q after %q: %s", about, line.State, last[about], line.Text)
						}
						last[about] = line.State
					}
				}
				delete(k.sent.messages, to)
			}
		}
		export := rapid.Int64Range(1, 8)
		act := func(name string, act func()) func(*rapid.T) {
			return func(r *rapid.T) { act(); r.Log(name) }
		}
		look := func() {
			k.sent.fails = false
			if err := k.Look(t.Context()); err != nil {
				r.Fatal(err)
			}
			hear()
		}
		r.Repeat(map[string]func(*rapid.T){
			"fail":    func(r *rapid.T) { k.ran(export.Draw(r, "export"), run.Failed, 0, 0) },
			"recover": func(r *rapid.T) { k.ran(export.Draw(r, "export"), run.Succeeded, 10, 0) },
			"storm": act("storm", func() {
				for id := range int64(8) {
					k.ran(id+1, run.Failed, 0, 0)
				}
			}),
			"calm": act("calm", func() {
				for id := range int64(7) {
					k.ran(id+1, run.Succeeded, 10, 0)
				}
				look()
			}),
			"flap": func(r *rapid.T) { // while a message about a storm went out just now, its end is held back
				id := export.Draw(r, "export")
				for _, state := range []run.State{run.Failed, run.Succeeded, run.Failed}[rapid.IntRange(0, 2).Draw(r, "from"):] {
					k.ran(id, state, 10, 0)
					look()
				}
			},
			"pause":  func(r *rapid.T) { k.exec(`UPDATE exports SET paused_at = 1 WHERE id = ?`, export.Draw(r, "export")) },
			"resume": func(r *rapid.T) { k.exec(`UPDATE exports SET paused_at = NULL WHERE id = ?`, export.Draw(r, "export")) },
			"close":  act("close", func() { k.exec(`UPDATE connections SET open_to_contributors = 0`) }),
			"open":   act("open", func() { k.exec(`UPDATE connections SET open_to_contributors = 1`) }),
			"look":   func(*rapid.T) { look() },
			"break": act("break", func() {
				k.sent.fails = true
				held := k.sent.messages
				if k.Look(t.Context()) != nil {
					k.sent.messages = held
				}
				k.sent.fails = false
			}),
			"restart": act("restart", func() { k.Service = k.start() }),
			"wait": func(r *rapid.T) {
				k.clock.Advance(time.Duration(rapid.IntRange(1, 2400).Draw(r, "seconds")) * time.Second)
			},
		})
		k.exec(`UPDATE connections SET open_to_contributors = 1`)
		look()
		for range 3 { // until held back messages and quiet times are over
			k.clock.Advance(time.Hour)
			look()
		}
		open, err := k.Open(t.Context(), k.Viewer, 1000)
		if err != nil {
			r.Fatal(err)
		}
		for _, a := range open {
			for _, to := range []string{"person/1", "person/3"} {
				if about := fmt.Sprint(to, " ", a.ID); last[about] != "open" {
					r.Fatalf("%s last heard %q, and it is open", strings.TrimSpace(about), last[about])
				}
			}
		}
	})
}
