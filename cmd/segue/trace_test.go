package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/process"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/trace/tracetest"
)

func TestRequestsAndRunsAreTracedAndTracesTellOfNobody(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	receiver := tracetest.Receive(t)
	t.Setenv(asSegue, "1")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.URL)
	k := apptest.Start(t, 1000)
	e := k.Export()
	secrets := append(valuesOfProfiles(t, k), plantedName, plantedAddress, plantedPassword, demo.APIKey)
	k.Stop()
	a, err := app.Open(t.Context(), k.Config)
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.Runs.Start(t.Context(), access.Actor{UserID: 1, Name: demo.People[0].Name, Role: access.Administrator}, e.ID, run.Options{})
	if err := errors.Join(err, a.Close()); err != nil {
		t.Fatal(err)
	}
	p, err := process.Start(program, k.Config.Folder, k.Config.OmnisendURL, k.Config.Window)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Kill() }) // it is gone already when all went well
	if err := p.Await(); err != nil {
		t.Fatalf("%v\n%s", err, p.Output())
	}
	v := signedIn(t, "http://"+p.Address(), demo.People[0])
	v.get("/runs/1?search=" + plantedAddress)
	v.get("/exports/" + url.PathEscape(plantedAddress))
	v.get("/healthz")
	events, err := v.client.Do(v.request(http.MethodGet, "/events?topic=runs", nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := events.Body.Close(); err != nil {
		t.Fatal(err)
	}
	v.post("/story", url.Values{"address": {plantedAddress}, "q": {plantedName}})
	v.post("/sign-in", url.Values{"email": {plantedAddress}, "password": {plantedPassword}})
	for deadline := time.Now().Add(30 * time.Second); look(t, k, r.ID).State.Going() && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status, err := p.Wait(); err != nil || status != 0 {
		t.Fatalf("ended with %d, %v\n%s", status, err, p.Output())
	}

	spans, requests, carriedOut := map[string]int{}, 0, 0
	for _, s := range receiver.Spans() {
		spans[s.GetName()]++
		switch s.GetName() {
		case "run":
			if len(s.GetEvents()) == 0 { // a job that the start queued once more, in case the first was lost
				continue
			}
			carriedOut++
			var phases []string
			for _, event := range s.GetEvents() {
				phases = append(phases, event.GetName())
			}
			if got := strings.Join(phases, " "); got != "run.started run.sending run.planned run.settled run.warnings" {
				t.Errorf("the phases of the run are %s", got)
			}
			if tracetest.Attribute(s, "segue.run") != r.ID || tracetest.Attribute(s, "segue.state") != "warnings" || tracetest.Attribute(s, "segue.profiles") != int64(1000) {
				t.Errorf("the run is %v", s.GetAttributes())
			}
			if id := fmt.Sprintf("trace_id=%x", s.GetTraceId()); !strings.Contains(p.Output(), id) {
				t.Errorf("the log does not have %s", id)
			}
		case "POST /batches", "GET /batches", "GET /brands/current":
			requests++
		}
	}
	for _, name := range []string{"run", "GET /runs/:id", "GET /exports/:id", "POST /sign-in"} {
		if spans[name] == 0 {
			t.Errorf("there is no span %s: %v", name, spans)
		}
	}
	if carriedOut != 1 || requests == 0 || requests > 6 || spans["GET /healthz"]+spans["GET /events"] != 0 {
		t.Errorf("of %d requests to the destination: %v", requests, spans)
	}
	text := receiver.Text()
	if at := anyAddress.FindString(text); at != "" {
		t.Errorf("an address: %s", at)
	}
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("traces tell of %q", secret)
		}
	}
}
