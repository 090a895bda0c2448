package web

import (
	"net/http"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
)

func TestTheRejectedOnesOfARunAreSentAgainAlone(t *testing.T) {
	w := newWorking(t, 600)
	e := w.Export()
	w.Sandbox.SetFaults(sandbox.Faults{RejectShare: 0.1})
	first := w.Run(e, run.Options{})
	carl := w.as(t, access.Contributor)
	carl.get(runPath(first.ID)).wants(t, http.StatusOK).has(t, "Send the rejected ones again")
	w.as(t, access.Viewer).get(runPath(first.ID)).lacks(t, "Send the rejected ones again")
	known := w.Run(e, run.Options{})
	carl.get(runPath(known.ID)).has(t, "of them known before and not sent again", "Known since run 1, not sent again")
	w.Sandbox.SetFaults(sandbox.Faults{})
	carl.post(runPath(known.ID)+"/retry", nil).leads(t, runPath(3))
	r := w.Wait(3)
	if r.Counts.Accepted != first.Counts.Refused || r.OfRun != known.ID {
		t.Fatalf("%+v", r)
	}
	carl.get(runPath(3)).has(t, "Carl Berg, retry of run 2", "Only those whom run 2 rejected")
	carl.get("/runs").has(t, "retry of run 2")
	again := w.Run(e, run.Options{Complete: true})
	if again.Counts.Refused != 0 {
		t.Fatalf("%+v", again.Counts)
	}
}
