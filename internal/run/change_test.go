package run_test

import (
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/transform"
)

func TestWhoIsWrittenOtherwiseByAnotherChangeIsSentAgainAndNobodyElse(t *testing.T) {
	k, e := townKit(t, export.Untag)
	if r := k.Run(e, run.Options{}); r.Counts.Accepted != 3 {
		t.Fatalf("the first run: %+v", r)
	}
	change := func(change transform.Change, with string) {
		t.Helper()
		mapping := export.Mapping{{Field: destination.Email, Attribute: "email", Meant: true}, {Field: destination.City, Attribute: "city", Change: change, With: export.Sent{Attribute: with}}}
		var err error
		if e, err = k.Exports.Update(t.Context(), k.Actor(access.Administrator), e.ID, export.Draft{Name: e.Name, ConnectionID: e.ConnectionID, Parts: e.Segments, Mapping: mapping, Version: e.Version}); err != nil {
			t.Fatal(err)
		}
	}
	held := func(address string) string {
		k.Sandbox.Settle()
		found, _ := k.Sandbox.Contact(address)
		return found.City
	}
	change(transform.Change{Way: transform.Title}, "") // they are written so already
	if r := k.Run(e, run.Options{}); r.Counts.Accepted != 0 || r.Counts.Unchanged != 3 {
		t.Errorf("a change that changes nobody sent %d, and %d were the same", r.Counts.Accepted, r.Counts.Unchanged)
	}
	change(transform.Change{Way: transform.Upper}, "")
	if f, err := k.Runs.DryRun(t.Context(), k.Actor(access.Administrator), e.ID, run.Options{}); err != nil || f.Changed != 3 {
		t.Errorf("the dry run says %+v, %v", f, err)
	}
	if r := k.Run(e, run.Options{}); r.Counts.Accepted != 3 || held("a@example.com") != "AARHUS" {
		t.Errorf("another case sent %d, and the city is %q", r.Counts.Accepted, held("a@example.com"))
	}
	change(transform.Change{Way: transform.Join, Text: "/"}, "points")
	if r := k.Run(e, run.Options{}); r.Counts.Accepted != 3 || held("a@example.com") != "Aarhus/1" || held("b@example.com") != "Aarhus" {
		t.Errorf("a join sent %d: %q, %q", r.Counts.Accepted, held("a@example.com"), held("b@example.com"))
	}
	change(transform.Change{Way: transform.Constant, Text: "Jylland"}, "")
	if r := k.Run(e, run.Options{}); r.Counts.Accepted != 3 || held("c@example.com") != "Jylland" {
		t.Errorf("a constant sent %d: %q", r.Counts.Accepted, held("c@example.com"))
	}
}
