package erasure_test

import (
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/erasure"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
)

func TestARunThatAsksAQuestionGoesOnWithoutWhomItHadNotPlannedYet(t *testing.T) {
	k := kit(t)
	e := exporting(t, k, "All", k.Connect().ID, export.Untag)
	k.Run(e, run.Options{})
	bringIn(t, k, strings.NewReplacer("c0", "n0", "z0", "y0").Replace(file(2)))
	asks := k.Run(e, run.Options{})
	if !asks.Asks() || asks.Counts.Profiles != all+1 {
		t.Fatalf("%s %+v", asks.State, asks.Counts)
	}
	id := erase(t, k, key)
	if r := k.Resume(asks.ID, run.GoOn); r.Counts.Erased != 1 || r.Counts.Open() != 0 || r.State != run.Succeeded {
		t.Errorf("ended as %s (%s) %+v", r.State, r.ErrorCode, r.Counts)
	}
	followed(t, k, id)
	k.Sandbox.Settle()
	if held, _ := k.Sandbox.Contact(address); len(held.Tags) != 0 {
		t.Errorf("the tag stayed: %+v", held)
	}
}

func TestTheTagsWaitWhileTheKeyIsRefusedAndGoWhenItIsMended(t *testing.T) {
	k := kit(t)
	e := exporting(t, k, "All", k.Connect().ID, export.Untag)
	k.Run(e, run.Options{})
	k.Sandbox.SetFaults(sandbox.Faults{KeysRevoked: true})
	id := erase(t, k, address)
	if again, err := k.Erasures.Follow(t.Context(), id); err != nil || again == 0 {
		t.Fatalf("%v, %v", again, err)
	}
	waiting, err := k.Erasures.Get(t.Context(), k.Actor(access.Administrator), id)
	if err != nil || waiting.Waiting() != 1 || waiting.Tags[0].Code != "key_refused" || waiting.Tags[0].Tries == 0 {
		t.Fatalf("%+v, %v", waiting, err)
	}
	wantNothing(t, k) // the address waits sealed
	k.Sandbox.SetFaults(sandbox.Faults{})
	if e := followed(t, k, id); e.Tags[0].State != erasure.TagsRemoved {
		t.Errorf("%+v", e.Tags)
	}
}

func TestWhoHasTheAddressByRightKeepsTheTagAndIsNotKeptOut(t *testing.T) {
	k := kit(t)
	e := exporting(t, k, "All", k.Connect().ID, export.Untag)
	k.Run(e, run.Options{})
	twin := strings.Replace(file(2), "c0001@example.com", address, 1) // c0001 has the person's address now, and comes first
	bringIn(t, k, twin)
	k.Run(e, run.Options{})
	admin := k.Actor(access.Administrator)
	found, err := k.Erasures.Find(t.Context(), admin, erasure.Query{Text: key})
	if err != nil || len(found.Profiles) != 2 || len(found.Chosen()) != 1 || len(found.Shared) == 0 {
		t.Fatalf("%+v, %v", found.Profiles, err)
	}
	erasedID := erase(t, k, key)
	followed(t, k, erasedID)
	k.Sandbox.Settle()
	if held, _ := k.Sandbox.Contact(address); len(held.Tags) != 1 {
		t.Errorf("the other one lost the tag: %+v", held)
	}
	bringIn(t, k, twin)
	imports, err := k.Sources.Imports(t.Context(), admin, 1)
	if err != nil || imports[0].Erased != 1 || imports[0].Good != 2*others {
		t.Errorf("%+v, %v", imports, err)
	}
}

func TestOnlyAdministratorsFindAndErasePersons(t *testing.T) {
	k := kit(t)
	for _, role := range []access.Role{access.Contributor, access.Viewer} {
		actor := k.Actor(role)
		_, found := k.Erasures.Find(t.Context(), actor, erasure.Query{Text: key})
		_, erased := k.Erasures.Erase(t.Context(), actor, erasure.Order{Query: erasure.Query{Text: key}, Confirm: key, Reason: erasure.Asked})
		_, allowed := k.Erasures.Allow(t.Context(), actor, key)
		_, _, listed := k.Erasures.List(t.Context(), actor, 0, 1)
		_, kept := k.Erasures.Retention(t.Context(), actor)
		for _, err := range []error{found, erased, allowed, listed, kept, k.Erasures.Keep(t.Context(), actor, nil, ""), k.Erasures.TryAgain(t.Context(), actor, 1)} {
			if !problem.Is(err, problem.NotPermitted) {
				t.Errorf("a %s: %v", role, err)
			}
		}
	}
}
