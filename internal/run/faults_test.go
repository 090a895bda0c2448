package run_test

import (
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
)

func TestFaultsThatPassCostTimeAndNothingElse(t *testing.T) {
	for name, faults := range map[string]sandbox.Faults{
		"too many requests, with a hint":              {ThrottleShare: 0.2},
		"too many requests, without a hint":           {ThrottleShare: 0.2, NoRetryAfter: true},
		"server errors":                               {ServerErrorShare: 0.2},
		"connections cut before the work":             {DropBeforeShare: 0.2},
		"connections cut after the work":              {DropAfterShare: 0.2},
		"answers cut in the middle":                   {HalfAnswerShare: 0.2},
		"answers that are no JSON":                    {BrokenJSONShare: 0.2},
		"a little of everything":                      {ThrottleShare: 0.05, ServerErrorShare: 0.05, DropAfterShare: 0.05, HalfAnswerShare: 0.05, BrokenJSONShare: 0.05, JitterMillis: 5},
		"results that disagree with what was sent":    {LoseItemShare: 0.5, Seed: 3},
		"other apps that spend the same budget":       {OthersPerMinute: 300},
		"an old shape of errors, and tags kept apart": {OldErrorShape: true, ReplaceTags: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := apptest.Start(t, 1500)
			e := k.Export()
			k.Sandbox.SetFaults(faults)
			r := k.Run(e, run.Options{})
			if r.State != run.Warnings || r.Counts.Open() != 0 || r.Counts.Refused != 0 {
				t.Fatalf("ended as %s (%s %s) %+v", r.State, r.ErrorCode, r.ErrorDetail, r.Counts)
			}
			k.Matches()
		})
	}
}

func TestRefusedProfilesAreRecordedWithTheDestinationsReason(t *testing.T) {
	k := apptest.Start(t, 600)
	e := k.Export()
	k.Sandbox.SetFaults(sandbox.Faults{RejectShare: 0.1})
	r := k.Run(e, run.Options{})
	if r.State != run.Warnings || r.Counts.Open() != 0 || r.Counts.Refused < 20 {
		t.Fatalf("ended as %s %+v", r.State, r.Counts)
	}
	rejections, err := k.Runs.Rejections(t.Context(), k.Actor(access.Contributor), r.ID, run.Refused, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	profiles := map[string]bool{}
	for _, rejection := range rejections {
		profiles[rejection.ProfileID] = true
		if rejection.Code == "" || rejection.Message == "" {
			t.Errorf("no reason: %+v", rejection)
		}
	}
	if len(profiles) != r.Counts.Refused {
		t.Errorf("%d profiles with a reason, %d refused", len(profiles), r.Counts.Refused)
	}
	if _, err := k.Runs.Rejections(t.Context(), k.Actor(access.Viewer), r.ID, run.Refused, 0, 1000); !problem.Is(err, problem.NotPermitted) {
		t.Errorf("a viewer reads rejections: %v", err)
	}
}

func TestWhoWasCreatedIsKnownWhereABatchIsLookedIntoAnywayAndCostsNothing(t *testing.T) {
	k := apptest.Start(t, 300)
	e := k.Export()
	k.Sandbox.SetFaults(sandbox.Faults{RejectEmail: "holm"})
	first := k.Run(e, run.Options{})
	if c := first.Counts; c.Created == 0 || c.Created > c.Accepted || c.Updated != 0 {
		t.Errorf("first %+v", c)
	}
	again := k.Run(e, run.Options{Complete: true})
	if c := again.Counts; c.Updated == 0 || c.Updated > c.Accepted || c.Created != 0 {
		t.Errorf("again %+v", c)
	}
	k.Sandbox.SetFaults(sandbox.Faults{})
	quiet := k.Run(e, run.Options{Complete: true})
	if c := quiet.Counts; c.Refused != 0 || c.Created+c.Updated != 0 { // known only by a request for the items
		t.Errorf("a batch in which nobody is refused was looked into: %+v", c)
	}
}

func TestABatchThatIsRefusedWholeIsHalvedUntilTheOneToBlameStandsAlone(t *testing.T) {
	k := apptest.Start(t, 300)
	e := k.Export()
	snapshot, err := k.Profiles.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, record, err := k.Profiles.Profile(t.Context(), k.Actor(access.Administrator), snapshot.ID, "C0000042")
	if err != nil {
		t.Fatal(err)
	}
	k.Sandbox.SetFaults(sandbox.Faults{RefuseBatchesWith: record.Values[0].(string)}) // the sample's first attribute is the email
	r := k.Run(e, run.Options{})
	if r.State != run.Warnings || r.Counts.Open() != 0 || r.Counts.Refused != 1 {
		t.Fatalf("ended as %s (%s) %+v", r.State, r.ErrorCode, r.Counts)
	}
}

func TestBatchesThatAreGivenUpAreSentAgainWithoutTheBadOnes(t *testing.T) {
	k := apptest.Start(t, 400)
	e := k.Export()
	k.Sandbox.SetFaults(sandbox.Faults{RejectShare: 0.02, StopAfterErrors: 1})
	r := k.Run(e, run.Options{})
	if r.State != run.Warnings || r.Counts.Open() != 0 || r.Counts.Accepted < 300 {
		t.Fatalf("ended as %s (%s) %+v", r.State, r.ErrorCode, r.Counts)
	}
}

func TestBatchesThatNeverEndPauseTheRunAndAreSentAgainWhenItIsResumed(t *testing.T) {
	k := apptest.Start(t, 300)
	e := k.Export()
	k.Sandbox.SetFaults(sandbox.Faults{StallShare: 1})
	r := k.Run(e, run.Options{})
	if r.State != run.Paused || r.PauseCode != "batches_stalled" || r.BatchesSent == 0 {
		t.Fatalf("came to %s (%s) %+v", r.State, r.PauseCode, r)
	}
	k.Sandbox.SetFaults(sandbox.Faults{})
	if r = k.Resume(r.ID, run.NoReply); r.State != run.Warnings || r.Counts.Open() != 0 || r.BatchesSent != r.BatchesSettled {
		t.Fatalf("then ended as %s (%s) %+v", r.State, r.ErrorCode, r)
	}
	k.Matches()
}

func TestADestinationThatIsOutOfOrderForLongPausesTheRun(t *testing.T) {
	k := apptest.Start(t, 300)
	e := k.Export()
	k.Sandbox.SetFaults(sandbox.Faults{ServerErrorShare: 1, Path: "/batches"})
	r := k.Run(e, run.Options{})
	if r.State != run.Paused || r.PauseCode != "destination_unavailable" || r.Counts.Accepted != 0 {
		t.Fatalf("came to %s (%s) %+v", r.State, r.PauseCode, r.Counts)
	}
	k.Sandbox.SetFaults(sandbox.Faults{})
	if r = k.Resume(r.ID, run.NoReply); r.State != run.Warnings || r.Counts.Open() != 0 {
		t.Fatalf("then ended as %s (%s) %+v", r.State, r.ErrorCode, r.Counts)
	}
	k.Matches()
}

func TestAFaultOfTheKeyStopsTheRunAndMarksTheConnection(t *testing.T) {
	for name, test := range map[string]struct {
		faults  sandbox.Faults
		state   run.State
		failure connection.Failure
	}{
		"key withdrawn":           {sandbox.Faults{KeysRevoked: true}, run.Paused, connection.KeyRefused},
		"permission taken away":   {sandbox.Faults{DeniedScopes: "contacts.write"}, run.Paused, connection.ScopeMissing},
		"key of another brand":    {sandbox.Faults{OtherBrandID: "another"}, run.Failed, connection.BrandChanged},
		"version no longer there": {sandbox.Faults{VersionRetired: true}, run.Failed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := apptest.Start(t, 300)
			e := k.Export()
			k.Sandbox.SetFaults(test.faults)
			r := k.Run(e, run.Options{})
			want := string(test.failure)
			if want == "" {
				want = "api_retired"
			}
			if r.State != test.state || r.ErrorCode+r.PauseCode != want || r.Counts.Accepted != 0 {
				t.Fatalf("came to %s (%s %s) %+v", r.State, r.ErrorCode, r.PauseCode, r.Counts)
			}
			c, err := k.Connections.Find(t.Context(), k.DB.Reader(), e.ConnectionID)
			if err != nil || c.Failure != test.failure {
				t.Fatalf("the connection is marked %q, %v", c.Failure, err)
			}
			if test.failure == "" {
				return
			}
			if _, err := k.Runs.Start(t.Context(), k.Actor(access.Administrator), e.ID, run.Options{}); !problem.Is(err, problem.Conflict) {
				t.Fatalf("a run on a broken connection was started: %v", err)
			}
		})
	}
}

// slow makes a run last, so that something can be done in its middle.
var slow = sandbox.Faults{LatencyMillis: 300}

func TestWhatTakesThePermissionAwayStopsARunInItsMiddle(t *testing.T) {
	for name, test := range map[string]struct {
		do    func(k *apptest.Kit, exportID, connectionID int64) error
		state run.State
		code  string
	}{
		"paused": {func(k *apptest.Kit, id, _ int64) error {
			return k.Exports.Pause(t.Context(), k.Actor(access.Contributor), id)
		}, run.Paused, "paused"},
		"removed": {func(k *apptest.Kit, id, _ int64) error {
			return k.Exports.RemoveExport(t.Context(), k.Actor(access.Administrator), id)
		}, run.Failed, "export_removed"},
		"detached": {func(k *apptest.Kit, id, _ int64) error {
			return k.Exports.DetachConnection(t.Context(), k.Actor(access.Administrator), id)
		}, run.Failed, "no_connection"},
		"consent withdrawn": {func(k *apptest.Kit, _, id int64) error {
			c, err := k.Connections.Find(t.Context(), k.DB.Reader(), id)
			if err != nil {
				return err
			}
			_, err = k.Connections.WithdrawConsent(t.Context(), k.Actor(access.Administrator), id, c.Version)
			return err
		}, run.Paused, "no_consent"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := apptest.Start(t, 6000)
			e := k.Export()
			k.Sandbox.SetFaults(slow)
			started, err := k.Runs.Start(t.Context(), k.Actor(access.Administrator), e.ID, run.Options{})
			if err != nil {
				t.Fatal(err)
			}
			k.Until(started.ID, func(r run.Run) bool { return r.BatchesSent > 0 })
			if err := test.do(k, e.ID, e.ConnectionID); err != nil {
				t.Fatal(err)
			}
			r := k.Wait(started.ID)
			if r.State != test.state || r.ErrorCode+r.PauseCode != test.code || r.Counts.Open() == 0 {
				t.Fatalf("came to %s (%s %s) %+v", r.State, r.ErrorCode, r.PauseCode, r.Counts)
			}
			var kept int
			if err := k.DB.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM deliveries`).Scan(&kept); err != nil {
				t.Fatal(err)
			}
			if r.Counts.Accepted == 0 || (kept == 0) != (name == "removed") {
				t.Errorf("%d deliveries are remembered, %d were accepted", kept, r.Counts.Accepted)
			}
		})
	}
}

func TestAfterConsentIsWithdrawnNotOneBatchGoesOutBesideThoseUnderWay(t *testing.T) {
	const atOnce = 8 // batches that a run sends at a time
	k := apptest.Start(t, 6000)
	e := k.Export()
	k.Sandbox.SetFaults(slow)
	started, err := k.Runs.Start(t.Context(), k.Actor(access.Administrator), e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k.Until(started.ID, func(r run.Run) bool { return r.BatchesSent > 0 })
	c, err := k.Connections.Find(t.Context(), k.DB.Reader(), e.ConnectionID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Connections.WithdrawConsent(t.Context(), k.Actor(access.Administrator), c.ID, c.Version); err != nil {
		t.Fatal(err)
	}
	before := k.Sandbox.Stats().Batches
	r := k.Wait(started.ID)
	if r.State != run.Paused || r.PauseCode != string(connection.NoConsent) {
		t.Fatalf("came to %s (%s)", r.State, r.PauseCode)
	}
	after := k.Sandbox.Stats()
	if came := after.Batches - before; came > atOnce {
		t.Errorf("%d batches came after the withdrawal, at most %d were under way", came, atOnce)
	}
	if r.Counts.Open() == 0 {
		t.Fatal("the run had nothing left to send")
	}
	if _, err := k.Runs.Start(t.Context(), k.Actor(access.Administrator), e.ID, run.Options{}); !problem.Is(err, problem.Conflict) {
		t.Errorf("another run was started: %v", err)
	}
	if now := k.Sandbox.Stats(); now.Batches != after.Batches || now.Requests != after.Requests {
		t.Errorf("requests after the end: %d batches, %d in all", now.Batches-after.Batches, now.Requests-after.Requests)
	}
}

func TestCancelStopsWithinABatchAndTheNextRunSendsTheRest(t *testing.T) {
	k := apptest.Start(t, 6000)
	e := k.Export()
	k.Sandbox.SetFaults(slow)
	actor := k.Actor(access.Contributor)
	started, err := k.Runs.Start(t.Context(), actor, e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Runs.Start(t.Context(), actor, e.ID, run.Options{}); !problem.Is(err, problem.Conflict) {
		t.Fatalf("a second run at once: %v", err)
	}
	k.Until(started.ID, func(r run.Run) bool { return r.BatchesSent > 0 })
	if err := k.Runs.Cancel(t.Context(), k.Actor(access.Viewer), started.ID); !problem.Is(err, problem.NotPermitted) {
		t.Fatalf("a viewer cancels: %v", err)
	}
	if err := k.Runs.Cancel(t.Context(), actor, started.ID); err != nil {
		t.Fatal(err)
	}
	sent := k.Sandbox.Stats().Batches
	r := k.Wait(started.ID)
	if r.State != run.Cancelled || r.CancelAskedBy != actor.Name {
		t.Fatalf("ended as %s (%s), asked by %q", r.State, r.ErrorCode, r.CancelAskedBy)
	}
	if after := k.Sandbox.Stats().Batches; after > sent+8 { // each of eight senders may have a request under way
		t.Errorf("%d batches sent when asked, %d in the end", sent, after)
	}
	if r.Counts.Open() == 0 || r.Counts.Accepted == 0 {
		t.Errorf("counts %+v", r.Counts)
	}
	k.Sandbox.SetFaults(sandbox.Faults{})
	rest := k.Run(e, run.Options{})
	if rest.Counts.Unchanged != r.Counts.Accepted || rest.Counts.Open() != 0 {
		t.Errorf("after %+v the next run had %+v", r.Counts, rest.Counts)
	}
	k.Matches()
}

func TestAProgramThatStopsGoesOnWithItsRunsWhenItStartsAgain(t *testing.T) {
	k := apptest.Start(t, 6000)
	e := k.Export()
	k.Sandbox.SetFaults(slow)
	started, err := k.Runs.Start(t.Context(), k.Actor(access.Administrator), e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k.Until(started.ID, func(r run.Run) bool { return r.BatchesSent > 0 })
	begin := time.Now()
	k.Stop()
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("stopping took %v", took)
	}
	k.Sandbox.SetFaults(sandbox.Faults{})
	k.Open()
	r := k.Wait(started.ID)
	if r.State != run.Warnings || r.Counts.Open() != 0 {
		t.Fatalf("ended as %s (%s) %+v", r.State, r.ErrorCode, r.Counts)
	}
	k.Matches()
}

func TestMoreThanTheDestinationTakesIsRefusedBeforeAnythingIsSent(t *testing.T) {
	k := apptest.Start(t, 300)
	e := k.Export()
	k.Stop()
	k.Config.MaxProfiles = 299
	k.Open()
	before := k.Sandbox.Stats().Requests
	r := k.Run(e, run.Options{})
	if r.State != run.Failed || r.ErrorCode != "too_many_profiles" || r.ErrorDetail != "300" {
		t.Fatalf("ended as %s (%s %s)", r.State, r.ErrorCode, r.ErrorDetail)
	}
	if after := k.Sandbox.Stats().Requests; after != before {
		t.Errorf("%d requests were made", after-before)
	}
}

func TestRunAllTakesThoseWithAnActiveScheduleThatThePersonMayRun(t *testing.T) {
	k := apptest.Start(t, 100)
	scheduled := k.Export()
	onDemand, err := demo.Export(t.Context(), k.App, "On demand only", scheduled.ConnectionID, demo.Readers)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Exports.SetSchedule(t.Context(), k.Actor(access.Contributor), onDemand.ID, export.Schedule{When: export.Off}, 0); err != nil {
		t.Fatal(err)
	}
	if _, _, err := k.Runs.StartAll(t.Context(), k.Actor(access.Viewer), run.OnDemand); !problem.Is(err, problem.NotPermitted) {
		t.Fatalf("a viewer runs all: %v", err)
	}
	started, passedOver, err := k.Runs.StartAll(t.Context(), k.Actor(access.Contributor), run.OnDemand)
	if err != nil || len(started) != 1 || started[0].ExportID != scheduled.ID || passedOver != 0 {
		t.Fatalf("started %+v, passed over %d, %v", started, passedOver, err)
	}
	k.Wait(started[0].ID)
}
