package web

import (
	"net/http"
	"net/url"
	"strings"
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

func TestAPersonIsSearchedByPostAndFoundWithTheStory(t *testing.T) {
	w := newWorking(t, 60)
	e := w.Export()
	_, record, err := w.Profiles.Profile(t.Context(), w.Actor(access.Administrator), 0, "C0000042")
	if err != nil {
		t.Fatal(err)
	}
	address := record.Values[0].(string) // the sample's first attribute is the email
	w.Sandbox.SetFaults(sandbox.Faults{RejectEmail: address})
	r := w.Run(e, run.Options{})
	carl := w.as(t, access.Contributor)
	carl.get("/profiles").has(t, "A person’s story")
	carl.get("/profiles/id/C0000042").has(t, "/story/C0000042")
	carl.get("/story").wants(t, http.StatusOK).has(t, "Email address or profile id")
	carl.post("/story", url.Values{"q": {" "}}).wants(t, http.StatusUnprocessableEntity).has(t, "Enter an email address or a profile id")
	carl.post("/story", url.Values{"q": {strings.ToUpper(address)}}).leads(t, "/story/C0000042")
	carl.post("/story", url.Values{"q": {"C00000"}}).wants(t, http.StatusOK).has(t, "C0000002", "The first 20 are shown")
	carl.post("/story", url.Values{"q": {"nobody-of-that-name"}}).wants(t, http.StatusOK).has(t, "Nobody found")
	carl.get("/story/C0000042").wants(t, http.StatusOK).has(t, "Everybody to Nordlys", "Rejected by Omnisend", "Omnisend said", "Request and answer", address)
	carl.get("/story/C9999999").wants(t, http.StatusNotFound)
	carl.get(runPath(r.ID)).has(t, "/runs/1/evidence/C0000042", "/story/C0000042", "for 30 days")
	carl.get("/runs/1/evidence/C0000042").wants(t, http.StatusOK).has(t, "sendWelcomeMessage", "responseCode", address, "Kept until")
	carl.get("/runs/1/evidence/C0000001").wants(t, http.StatusNotFound)
	carl.post("/language", url.Values{"language": {"da"}})
	carl.get("/story/C0000042").has(t, "Historien om C0000042", "Afvist af Omnisend")

	vera := w.as(t, access.Viewer)
	vera.get("/profiles").lacks(t, "A person’s story")
	vera.get("/story").wants(t, http.StatusForbidden)
	vera.post("/story", url.Values{"q": {address}}).wants(t, http.StatusForbidden)
	vera.get("/story/C0000042").wants(t, http.StatusForbidden)
	vera.get("/runs/1/evidence/C0000042").wants(t, http.StatusForbidden).lacks(t, address)
}

func TestEvidenceIsForWhoMayEditTheExport(t *testing.T) {
	w := newWorking(t, 60)
	e := w.Export()
	w.Sandbox.SetFaults(sandbox.Faults{RejectEmail: "@"})
	r := w.Run(e, run.Options{})
	list, err := w.Runs.Rejections(t.Context(), w.Actor(access.Administrator), r.ID, run.Refused, 0, 1)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	path := runPath(r.ID) + "/evidence/" + list[0].ProfileID
	carl := w.as(t, access.Contributor)
	carl.get(path).wants(t, http.StatusOK)
	if _, err := w.DB.Writer().ExecContext(t.Context(), `UPDATE connections SET open_to_contributors = 0`); err != nil {
		t.Fatal(err)
	}
	carl.get(path).wants(t, http.StatusForbidden)
	carl.get(runPath(r.ID)).lacks(t, path, "Send the rejected ones again")
	carl.get("/story/"+list[0].ProfileID).wants(t, http.StatusOK).lacks(t, path)
	w.as(t, access.Administrator).get(path).wants(t, http.StatusOK)
}
