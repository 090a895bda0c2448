package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/erasure"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/notice"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/reach"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/token"
)

// lived is a site on which something of every kind has happened, and where to find what has no number of its own.
type lived struct {
	*site
	ada               access.Actor
	rejected          string // key of a profile that the destination rejected
	excluded          string // id of an address that is excluded
	invitation, reset string // tokens of links
}

func startLived(t *testing.T) *lived {
	t.Helper()
	s := startWith(t, 60, func(c *app.Config) {
		c.HookHosts = make(reach.Allowed, 1)
		if err := c.HookHosts[0].UnmarshalText([]byte("hooks.example.com")); err != nil {
			t.Fatal(err)
		}
	})
	l := &lived{site: s, ada: s.Actor(access.Administrator).Asked()}
	if err := demo.Customers(t.Context(), s.App, 61); err != nil { // a second import, which can be undone
		t.Fatal(err)
	}
	l.runs(t)
	l.exclusions(t)
	l.people(t)
	l.segmentsAndSources(t)
	l.erased(t)
	if _, _, err := s.Notices.Add(t.Context(), l.ada, notice.Draft{Name: "Chat", Address: "https://hooks.example.com/services/part", Kinds: []string{"run_failed"}, Language: "en", Format: notice.Slack}); err != nil {
		t.Fatal(err)
	}
	s.begunChain(t)
	at := time.Now().Add(-time.Hour).UnixMilli()
	s.write(t, `INSERT INTO alerts (id, kind, thing, thing_id, name, code, opened_at, since) VALUES (100, 'run_failed', 'export', 1, 'Everybody to Nordlys', 'runs.reason.key_refused', ?, ?)`, at, at)
	return l
}

// runs leaves a run with somebody rejected, one that is paused, and an export that was changed.
func (l *lived) runs(t *testing.T) {
	t.Helper()
	e := l.Export()
	who := customersOf(t, 3)[1]
	l.rejected = "C0000002"
	l.Sandbox.SetFaults(sandbox.Faults{RejectEmail: strings.ToLower(who["email"])})
	l.Run(e, run.Options{})
	d := export.Draft{Name: e.Name, ConnectionID: e.ConnectionID, Parts: []export.Part{{SegmentID: e.Segments[0].SegmentID, Tag: "ours"}}, Mapping: e.Mapping, Version: e.Version}
	if _, err := l.Exports.Update(t.Context(), l.ada, e.ID, d); err != nil {
		t.Fatal(err)
	}
	l.Sandbox.SetFaults(sandbox.Faults{StallShare: 1})
	started, err := l.Runs.Start(t.Context(), l.ada, e.ID, run.Options{})
	if err == nil {
		l.Until(started.ID, func(r run.Run) bool { return r.State == run.Running })
		err = l.Runs.Pause(t.Context(), l.ada, started.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	l.Wait(started.ID)
	l.Sandbox.SetFaults(sandbox.Faults{})
}

func (l *lived) exclusions(t *testing.T) {
	t.Helper()
	if _, err := l.Exclusions.Add(t.Context(), l.ada, strings.NewReader("somebody@elsewhere.example\nexample.net\n"), "asked by letter"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Exclusions.AddSegments(t.Context(), l.ada, []int64{2}, ""); err != nil {
		t.Fatal(err)
	}
	answer, err := l.Exclusions.Check(t.Context(), l.ada, "somebody@elsewhere.example")
	if err != nil {
		t.Fatal(err)
	}
	l.excluded = answer.ID
}

// people leaves somebody who is invited, somebody who lost the password, and a token.
func (l *lived) people(t *testing.T) {
	t.Helper()
	_, invitation, err := l.Accounts.Invite(t.Context(), l.ada, account.NewUser{Email: "nina@example.com", Name: "Nina Holm", Role: access.Viewer})
	if err != nil {
		t.Fatal(err)
	}
	reset, err := l.Accounts.NewReset(t.Context(), l.Actor(access.Viewer).UserID)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.Tokens.Create(t.Context(), l.ada, token.Draft{Name: "Nightly", Scopes: access.ScopesOf(access.Read), Days: 30}); err != nil {
		t.Fatal(err)
	}
	l.invitation, l.reset = invitation, reset
}

// segmentsAndSources leaves a list of which not everybody was found.
func (l *lived) segmentsAndSources(t *testing.T) {
	t.Helper()
	list, err := l.Segments.UploadList(t.Context(), l.ada, strings.NewReader("email\nnobody@example.org\nbroken@\n"), segment.Addresses)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Segments.Create(t.Context(), l.ada, segment.Draft{Name: "Invited guests", Definition: segment.Definition{Kind: segment.ByList, ListID: list.ID, ListBy: list.By}}); err != nil {
		t.Fatal(err)
	}
}

func (l *lived) erased(t *testing.T) {
	t.Helper()
	who := customersOf(t, 9)[8]["id"]
	if _, err := l.Erasures.Erase(t.Context(), l.ada, erasure.Order{Query: erasure.Query{Text: who}, Confirm: who, Reason: erasure.Asked, Reference: "GDPR-17"}); err != nil {
		t.Fatal(err)
	}
}
