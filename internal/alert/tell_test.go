package alert_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/alert"
	"github.com/segue-app/segue/internal/notice"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
)

// all wants to hear of everything.
func all() alert.Choices {
	c := alert.Choices{Wanted: map[alert.Kind]bool{}}
	for _, kind := range alert.Kinds {
		c.Wanted[kind] = true
	}
	return c
}

func TestEachHearsByDefaultWhatTheRoleIsFor(t *testing.T) {
	k := newKit(t)
	k.connection(2, "Closed", false)
	k.export(1, 1, "Open to contributors")
	k.export(2, 2, "For administrators")
	for id := range int64(2) {
		for range 5 {
			k.ran(id+1, run.Succeeded, 1000, 0)
		}
		k.ran(id+1, run.Warnings, 100, 50) // of unusual size, with many rejected
		k.ran(id+1, run.Failed, 0, 0)
	}
	k.look()
	heard := k.heard(k.Administrator)
	slices.Sort(heard)
	if want := []string{"open rejected_share For administrators", "open rejected_share Open to contributors", "open run_failed For administrators", "open run_failed Open to contributors"}; !slices.Equal(heard, want) {
		t.Errorf("the administrator heard %q", heard)
	}
	k.wantHeard(k.Contributor, "open run_failed Open to contributors")
	k.wantHeard(k.Viewer)
}

func TestEachHearsWhatTheyChoseAndMaySee(t *testing.T) {
	k := newKit(t)
	k.connection(2, "Closed", false)
	k.export(1, 1, "Spring")
	k.export(2, 2, "Autumn")
	save := func(who access.Actor, kinds ...alert.Kind) error {
		c := alert.Choices{Wanted: map[alert.Kind]bool{}}
		for _, kind := range alert.Offered(who.Role) {
			c.Wanted[kind] = slices.Contains(kinds, kind)
		}
		for _, kind := range kinds {
			c.Wanted[kind] = true
		}
		return k.SaveChoices(context.Background(), who, c)
	}
	for _, err := range []error{save(k.Administrator, alert.KeyRefused), save(k.Contributor, alert.RejectedShare), save(k.Viewer, alert.RejectedShare)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := save(k.Viewer, alert.KeyRefused); !problem.Is(err, problem.Invalid) {
		t.Errorf("a viewer chose the keys of connections: %v", err)
	}
	k.ran(1, run.Failed, 0, 0)
	k.ran(1, run.Warnings, 100, 50)
	k.ran(2, run.Warnings, 100, 50)
	k.exec(`UPDATE connections SET failure = 'key_refused' WHERE id = 1`)
	k.look()
	k.wantHeard(k.Administrator, "open key_refused Nordic Tea")
	k.wantHeard(k.Contributor, "open rejected_share Spring")
	k.wantHeard(k.Viewer, "open rejected_share Spring", "open rejected_share Autumn")
}

func TestWhoLostThePermissionHearsNoMore(t *testing.T) {
	k := newKit(t)
	k.export(1, 1, "Spring")
	k.ran(1, run.Failed, 0, 0)
	k.look()
	k.wantHeard(k.Contributor, "open run_failed Spring")
	k.exec(`UPDATE connections SET open_to_contributors = 0`)
	k.ran(1, run.Succeeded, 10, 0)
	k.look()
	k.wantHeard(k.Contributor)
	k.wantHeard(k.Administrator, "open run_failed Spring", "closed run_failed Spring")
	k.exec(`UPDATE connections SET open_to_contributors = 1`)
	k.clock.Advance(time.Hour)
	k.ran(1, run.Failed, 0, 0)
	k.look()
	k.wantHeard(k.Contributor, "open run_failed Spring")
	if err := k.accounts.Disable(context.Background(), access.System, k.Contributor.UserID); err != nil {
		t.Fatal(err)
	}
	k.ran(1, run.Succeeded, 10, 0)
	k.look()
	k.wantHeard(k.Contributor)
}

func TestWhoLosesThePermissionWhileItIsJudgedHowThingsAreHearsNoMore(t *testing.T) {
	k := newKit(t)
	k.export(1, 1, "Spring")
	k.ran(1, run.Failed, 0, 0)
	k.look()
	k.wantHeard(k.Contributor, "open run_failed Spring")
	k.sent.asked = func() { k.exec(`UPDATE connections SET open_to_contributors = 0`) }
	k.ran(1, run.Succeeded, 10, 0)
	k.look()
	k.wantHeard(k.Contributor)
	k.wantHeard(k.Administrator, "open run_failed Spring", "closed run_failed Spring")
}

func TestHooksHearTheirKindsInTheirLanguage(t *testing.T) {
	k := newKit(t)
	k.sent.hooks = []notice.Hook{{ID: 1, Language: "da"}, {ID: 2, Kinds: []string{"key_refused"}, Language: "en"}}
	k.export(1, 1, "Spring")
	k.ran(1, run.Failed, 0, 0)
	k.look()
	messages := k.sent.messages["hook/1"]
	if len(messages) != 1 || messages[0].Language != "da" || messages[0].Subject != "Kørsel mislykket: Spring" || !strings.Contains(messages[0].Lines[0].Text, "Den seneste kørsel af »Spring« mislykkedes. Omnisend") {
		t.Errorf("the first hook got %+v", messages)
	}
	if values := messages[0].Lines[0].Values; values["run"] != 1 || values["code"] != "destination_unavailable" || messages[0].Lines[0].Link != "/runs/1" {
		t.Errorf("for programs it says %v", values)
	}
	if heard := k.heardAt("hook/2"); heard != nil {
		t.Errorf("the second hook got %q", heard)
	}
}

func TestTheLanguageIsThatOfTheAccountUnlessAnotherWasChosen(t *testing.T) {
	k := newKit(t)
	k.export(1, 1, "Spring")
	fail := func() string {
		t.Helper()
		k.clock.Advance(time.Hour)
		k.ran(1, run.Failed, 0, 0)
		k.look()
		messages := k.sent.messages["person/1"]
		k.ran(1, run.Succeeded, 10, 0)
		k.look()
		delete(k.sent.messages, "person/1")
		if len(messages) != 1 {
			t.Fatalf("%d messages", len(messages))
		}
		return messages[0].Language + " " + messages[0].Subject
	}
	if got := fail(); got != "en Run failed: Spring" {
		t.Errorf("without a language: %q", got)
	}
	if err := k.accounts.SetLanguage(t.Context(), k.Administrator, "da"); err != nil {
		t.Fatal(err)
	}
	if got := fail(); got != "da Kørsel mislykket: Spring" {
		t.Errorf("with that of the account: %q", got)
	}
	if err := k.SaveChoices(t.Context(), k.Administrator, alert.Choices{Language: "en"}); err != nil {
		t.Fatal(err)
	}
	if got := fail(); got != "en Run failed: Spring" {
		t.Errorf("with one that was chosen: %q", got)
	}
	if err := k.SaveChoices(t.Context(), k.Administrator, alert.Choices{Language: "tlh"}); !problem.Is(err, problem.Invalid) {
		t.Errorf("a language that is not there was taken: %v", err)
	}
}

func TestAStormIsOneMessage(t *testing.T) {
	k := newKit(t)
	for id := range int64(30) {
		k.export(id+1, 1, fmt.Sprintf("Export %02d", id+1))
		k.ran(id+1, run.Failed, 0, 0)
	}
	k.exec(`UPDATE connections SET failure = 'key_refused'`)
	k.look()
	k.wantHeard(k.Contributor, slices.Concat(lines("open run_failed", 1, 10), []string{"and 20 more"})...)
	if m := k.sent.messages["person/1"]; len(m) != 1 || m[0].Subject != "31 alerts at once" || m[0].Folded != 21 {
		t.Errorf("the administrator got %+v", m)
	}
	delete(k.sent.messages, "person/1")
	for id := range int64(30) {
		k.ran(id+1, run.Succeeded, 10, 0)
	}
	k.look()
	k.wantHeard(k.Contributor, slices.Concat(lines("closed run_failed", 1, 10), []string{"and 20 more"})...)
	k.wantHeard(k.Administrator, slices.Concat(lines("closed run_failed", 1, 10), []string{"and 20 more"})...)
}

func lines(what string, first, last int) (lines []string) {
	for id := first; id <= last; id++ {
		lines = append(lines, fmt.Sprintf("%s Export %02d", what, id))
	}
	return lines
}

func TestAStormThatComesPieceByPieceIsHeldBackAndToldInOne(t *testing.T) {
	k := newKit(t)
	for id := range int64(20) {
		k.export(id+1, 1, fmt.Sprintf("Export %02d", id+1))
	}
	look := func() {
		t.Helper()
		k.clock.Advance(5 * time.Second)
		if err := k.Look(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	for id := range int64(12) {
		k.ran(id+1, run.Failed, 0, 0)
		look()
	}
	k.wantHeard(k.Administrator, lines("open run_failed", 1, 5)...)
	k.exec(`UPDATE connections SET failure = 'key_refused'`)
	look()
	k.wantHeard(k.Administrator, "open key_refused Nordic Tea") // another kind is not held back
	k.ran(12, run.Succeeded, 10, 0)                             // before anybody heard of it
	look()
	k.clock.Advance(2 * time.Minute)
	k.Service = k.start() // what is held back survives a restart
	look()
	if m := k.sent.messages["person/1"]; len(m) != 1 || m[0].Subject != "Run failed: 6 alerts at once" {
		t.Errorf("afterwards came %+v", m)
	}
	k.wantHeard(k.Administrator, lines("open run_failed", 6, 11)...)
}

func TestOneThatComesBackInTheQuietTimeIsTheSameAndNotToldAgain(t *testing.T) {
	k := newKit(t)
	k.export(1, 1, "Spring")
	flap := func(state run.State) {
		k.ran(1, state, 10, 0)
		k.look()
	}
	flap(run.Failed)
	flap(run.Succeeded)
	k.wantHeard(k.Administrator, "open run_failed Spring", "closed run_failed Spring")
	for range 5 {
		flap(run.Failed)
		flap(run.Succeeded)
	}
	k.wantHeard(k.Administrator)
	flap(run.Failed)
	if open, err := k.Open(t.Context(), k.Viewer, 1000); err != nil || len(open) != 1 || open[0].Returns != 6 || !open[0].Since.After(open[0].OpenedAt) {
		t.Errorf("open is %+v: %v", open, err)
	}
	k.clock.Advance(10 * time.Minute)
	k.look()
	k.wantHeard(k.Administrator)
	k.clock.Advance(20 * time.Minute)
	k.look()
	k.look()
	k.wantHeard(k.Administrator, "open run_failed Spring") // it stayed
	k.clock.Advance(time.Hour)
	flap(run.Succeeded)
	k.wantHeard(k.Administrator, "closed run_failed Spring")
	k.clock.Advance(time.Hour)
	flap(run.Failed)
	k.wantHeard(k.Administrator, "open run_failed Spring")
	if open, err := k.Open(t.Context(), k.Viewer, 1000); err != nil || len(open) != 1 || open[0].Returns != 0 {
		t.Errorf("long after, another one is open: %+v: %v", open, err)
	}
}

func TestAnOutboxThatFailsLosesAndDoublesNothing(t *testing.T) {
	k := newKit(t)
	k.export(1, 1, "Spring")
	k.ran(1, run.Failed, 0, 0)
	k.sent.fails = true
	if err := k.Look(t.Context()); err == nil {
		t.Fatal("nobody noticed")
	}
	k.wantOpen()
	k.sent.fails = false
	k.look()
	k.look()
	k.wantHeard(k.Administrator, "open run_failed Spring")
}

func TestATestGoesToWhoAsksForIt(t *testing.T) {
	k := newKit(t)
	if err := k.SendTest(t.Context(), k.Viewer); err != nil {
		t.Fatal(err)
	}
	k.wantHeard(k.Viewer, "open test ")
	k.wantHeard(k.Administrator)
}

// TestATestIsOneMessageAMinute is for who presses the button again and again: a message is put in once under its key.
func TestATestIsOneMessageAMinute(t *testing.T) {
	k := newKit(t)
	keyOf := func() string {
		t.Helper()
		if err := k.SendTest(t.Context(), k.Viewer); err != nil {
			t.Fatal(err)
		}
		to := fmt.Sprintf("person/%d", k.Viewer.UserID)
		key := k.sent.messages[to][0].Key
		delete(k.sent.messages, to)
		return key
	}
	first := keyOf()
	k.clock.Advance(time.Second)
	if again := keyOf(); again != first {
		t.Errorf("a second later the key is %s, before %s", again, first)
	}
	k.clock.Advance(time.Minute)
	if later := keyOf(); later == first {
		t.Error("a minute later it is put in no more")
	}
}

func TestWhatOnlyAdministratorsMaySeeIsMarkedSo(t *testing.T) {
	k := newKit(t)
	k.export(1, 1, "Spring")
	k.ran(1, run.Failed, 0, 0)
	k.exec(`UPDATE connections SET failure = 'key_refused'`)
	k.look()
	marked := map[string]bool{}
	for _, m := range k.sent.messages[fmt.Sprintf("person/%d", k.Administrator.UserID)] {
		marked[m.Lines[0].Kind] = m.Confined
	}
	if confined, told := marked["key_refused"]; !confined || !told || marked["run_failed"] {
		t.Errorf("marked are %v", marked)
	}
}
