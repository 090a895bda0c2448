package run_test

import (
	"errors"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
)

// outcomes are those of a run behind a place.
func outcomes(t *testing.T, k *apptest.Kit, runID int64, from run.Telling) (told []run.Told) {
	t.Helper()
	err := k.Runs.Outcomes(t.Context(), k.Actor(access.Contributor), runID, from, func(one run.Told) error {
		told = append(told, one)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return told
}

func TestTheOutcomesOfARunAddUpToItsCountsWhateverHappenedToItsBatches(t *testing.T) {
	for name, faults := range map[string]sandbox.Faults{
		"none":                        {},
		"some are refused":            {RejectShare: 0.05},
		"batches are given up":        {RejectShare: 0.02, StopAfterErrors: 1},
		"batches lose their last one": {LoseItemShare: 0.5},
		"batches are refused whole":   {RefuseBatchesWith: "holm"},
	} {
		t.Run(name, func(t *testing.T) {
			k := apptest.Start(t, 1200)
			k.Sandbox.SetFaults(faults)
			r := k.Run(k.Export(), run.Options{})
			count, kinds := map[run.ChapterKind]int{}, map[string]run.ChapterKind{}
			for _, one := range outcomes(t, k, r.ID, run.Telling{}) {
				if before, twice := kinds[one.ProfileID]; twice && (one.Code == "" || before != one.Kind) {
					t.Errorf("profile %s is told as %s, and as %s", one.ProfileID, before, one.Kind)
				} else if !twice {
					count[one.Kind]++
				}
				kinds[one.ProfileID] = one.Kind
				if (one.Kind == run.ChapterAccepted) != (one.Code == "") || one.Kind == run.ChapterAccepted && (one.Identity == "" || one.SentAt.IsZero()) {
					t.Errorf("profile %s: %+v", one.ProfileID, one)
				}
			}
			want := map[run.ChapterKind]int{run.ChapterAccepted: r.Counts.Accepted, run.ChapterInvalid: r.Counts.Invalid, run.ChapterRefused: r.Counts.Refused - r.Counts.Known,
				run.ChapterDuplicate: r.Counts.Duplicates}
			for kind, n := range want {
				if count[kind] != n {
					t.Errorf("%d are told as %s, %d were", count[kind], kind, n)
				}
			}
			if len(kinds) != r.Counts.Profiles {
				t.Errorf("%d profiles are told of %d", len(kinds), r.Counts.Profiles)
			}
		})
	}
}

func TestTheOutcomesGoOnBehindAnyOfThem(t *testing.T) {
	k := apptest.Start(t, 400)
	k.Sandbox.SetFaults(sandbox.Faults{RejectShare: 0.05})
	r := k.Run(k.Export(), run.Options{})
	all := outcomes(t, k, r.ID, run.Telling{})
	for i := 0; i < len(all); i += 7 {
		rest := outcomes(t, k, r.ID, all[i].Place)
		if len(rest) != len(all)-i-1 || len(rest) > 0 && rest[0].ProfileID != all[i+1].ProfileID {
			t.Fatalf("behind %d of %d there are %d", i, len(all), len(rest))
		}
	}
	if rest := outcomes(t, k, r.ID, all[len(all)-1].Place); len(rest) != 0 {
		t.Errorf("behind the last there are %d", len(rest))
	}
}

func TestOfARunWhoseBatchesAreForgottenThoseWhoWereRejectedAreTold(t *testing.T) {
	k := apptest.Start(t, 300)
	r := k.Run(k.Export(), run.Options{})
	if _, err := k.DB.Writer().ExecContext(t.Context(), `DELETE FROM batch_items WHERE run_id = ?`, r.ID); err != nil {
		t.Fatal(err)
	}
	for _, one := range outcomes(t, k, r.ID, run.Telling{}) {
		if one.Kind != run.ChapterInvalid {
			t.Errorf("told %+v", one)
		}
	}
}

func TestOutcomesAreForWhoMaySeePersonalData(t *testing.T) {
	k := apptest.Start(t, 10)
	r := k.Run(k.Export(), run.Options{})
	none := func(run.Told) error { return errors.New("told") }
	for name, actor := range map[string]access.Actor{"viewer": k.Actor(access.Viewer),
		"a token to read": k.Actor(access.Administrator).Within(access.ScopesOf(access.Read, access.Run, access.Edit))} {
		if err := k.Runs.Outcomes(t.Context(), actor, r.ID, run.Telling{}, none); !problem.Is(err, problem.NotPermitted) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := k.Runs.Outcomes(t.Context(), k.Actor(access.Contributor), 99, run.Telling{}, none); !problem.Is(err, problem.NotFound) {
		t.Errorf("no such run: %v", err)
	}
}
