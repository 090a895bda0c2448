package run_test

import (
	"testing"
	"time"

	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
)

func TestARestartedProcessKnowsEveryRequestOfTheMinuteBefore(t *testing.T) {
	k := apptest.StartAt(t, 2000, 1) // a minute that does not pass during the test
	e := k.Export()
	k.Sandbox.SetFaults(sandbox.Faults{RejectShare: 0.05}) // so that batches are looked into
	r := k.Run(e, run.Options{})
	if r.Counts.Refused == 0 || r.Requests < 30 {
		t.Fatalf("%+v, %d requests", r.Counts, r.Requests)
	}
	if r.EndedAt.Sub(r.StartedAt) > 50*time.Second {
		t.Fatal("the run took so long that its first requests are out of the window")
	}
	k.Stop()
	again, err := app.Open(t.Context(), k.Config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	}()
	brand, err := again.Budgets.For(t.Context(), demo.BrandID)
	if err != nil {
		t.Fatal(err)
	}
	if used := brand.Usage().Used; used != r.Requests {
		t.Errorf("%d requests were made, %d are recalled", r.Requests, used)
	}
}
