package run_test

import (
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/testkit"
)

func TestARefreshThatAsksTwiceStartsEachExportOnce(t *testing.T) {
	k := apptest.Start(t, 100)
	e := k.Export()
	ask := func(since time.Time, wantStarted, wantPassedOver, wantRuns int) {
		t.Helper()
		started, passedOver, err := k.Runs.StartScheduled(t.Context(), since)
		if err != nil || started != wantStarted || passedOver != wantPassedOver {
			t.Fatalf("started %d, passed over %d, %v; want %d, %d", started, passedOver, err, wantStarted, wantPassedOver)
		}
		runs, err := k.Runs.List(t.Context(), access.System, e.ID, 10, 0)
		if err != nil || len(runs) != wantRuns {
			t.Fatalf("%d runs, %v; want %d", len(runs), err, wantRuns)
		}
		if len(runs) > 0 {
			if r := k.Wait(runs[0].ID); r.Cause != run.Scheduled {
				t.Errorf("cause %s", r.Cause)
			}
		}
	}
	began := time.Now()
	ask(began, 1, 0, 1)
	ask(began, 1, 0, 1)
	time.Sleep(2 * time.Millisecond) // times are kept in milliseconds
	ask(time.Now(), 1, 0, 2)
	ada := k.Actor(access.Administrator)
	other, err := k.Accounts.Create(t.Context(), access.System, account.NewUser{Email: "bo@example.com", Name: "Bo Lind", Role: access.Administrator, Password: testkit.Password})
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Accounts.Disable(t.Context(), access.System, ada.UserID); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Second)
	ask(later, 0, 1, 2) // its export user is disabled
	if err := k.Exports.SetSchedule(t.Context(), other.Actor(), e.ID, export.Off); err != nil {
		t.Fatal(err)
	}
	ask(later, 0, 0, 2)
}

func TestARefreshOnDemandCalculatesAndRunsInTheBackground(t *testing.T) {
	k := apptest.Start(t, 100)
	k.Export()
	if err := k.Schedule.RefreshNow(t.Context(), k.Actor(access.Administrator)); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		refreshes, err := k.Schedule.Refreshes(t.Context(), access.System, 1)
		if err != nil {
			t.Fatal(err)
		}
		if r := refreshes[0]; !r.State.Active() {
			if r.State != "succeeded" || r.Segments != 2 || r.RunsStarted != 1 || r.PassedOver != 0 {
				t.Errorf("ended as %+v", r)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the refresh does not get on")
		}
	}
}
