package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/process"
	"github.com/segue-app/segue/internal/run"
)

// stoppable is a server with a run under way.
func stoppable(t *testing.T) (k *apptest.Kit, p *process.Process, runID int64) {
	t.Helper()
	binary, err := process.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	k = apptest.Start(t, 5000)
	e := k.Export()
	k.Stop()
	a, err := app.Open(t.Context(), k.Config)
	if err != nil {
		t.Fatal(err)
	}
	started, err := a.Runs.Start(t.Context(), access.Actor{UserID: 1, Name: "Ada Lund", Role: access.Administrator}, e.ID, run.Options{})
	if err := errors.Join(err, a.Close()); err != nil {
		t.Fatal(err)
	}
	k.Sandbox.SetFaults(sandbox.Faults{LatencyMillis: 300})
	p = start(t, binary, k)
	for wait := 0; wait < 1000 && look(t, k, started.ID).BatchesSent == 0; wait++ {
		time.Sleep(10 * time.Millisecond)
	}
	return k, p, started.ID
}

func TestAStopComesToAGoodEndWithinTenSecondsWhateverIsUnderWay(t *testing.T) {
	k, p, runID := stoppable(t)
	v := signedIn(t, "http://"+p.Address(), demo.People[0])

	events := v.request(http.MethodGet, "/events?topic=runs", nil)
	stream, err := v.client.Do(events)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	if _, err := bufio.NewReader(stream.Body).ReadString('\n'); err != nil { // the stream stands
		t.Fatal(err)
	}

	// An upload that has begun and does not end.
	pipe, feed := io.Pipe()
	parts := multipart.NewWriter(feed)
	upload := v.request(http.MethodPost, "/sources/new/upload", pipe)
	upload.Header.Set("Content-Type", parts.FormDataContentType())
	token := v.token()
	told := make(chan string, 1)
	go func() {
		response, err := v.client.Do(upload)
		if err != nil {
			told <- err.Error()
			return
		}
		body, err := io.ReadAll(response.Body)
		told <- fmt.Sprint(response.StatusCode, " ", string(body), errors.Join(err, response.Body.Close()))
	}()
	err = parts.WriteField("csrf", token)
	file, failed := parts.CreateFormFile("file", "people.csv")
	if failed == nil {
		_, failed = io.WriteString(file, "id;email\n1;one@example.com\n")
	}
	if err := errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}

	// A request that is never sent to its end.
	slow, err := net.Dial("tcp", p.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if _, err := io.WriteString(slow, "POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nemail=a"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond) // until both are with their handlers: what is only accepted is dropped at once

	began := time.Now()
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	status, err := p.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); status != 0 || took > 10*time.Second {
		t.Errorf("ended with status %d after %v\n%s", status, took, p.Output())
	}
	if answer := <-told; !strings.HasPrefix(answer, "503 ") || !strings.Contains(answer, "Segue is being stopped") {
		t.Errorf("the upload was told %.200s", answer)
	}
	if _, err := io.Copy(io.Discard, stream.Body); err != nil {
		t.Errorf("the stream broke off: %v", err)
	}
	r := look(t, k, runID)
	if r.State != run.Running || r.BatchesSent == 0 || r.Counts.Open() == 0 {
		t.Fatalf("the run stands as %s with %d batches sent and %d open", r.State, r.BatchesSent, r.Counts.Open())
	}
	for _, words := range []string{"panic", "level=ERROR", "database is closed"} {
		if strings.Contains(p.Output(), words) {
			t.Errorf("the log has %q:\n%s", words, p.Output())
		}
	}
	k.Sandbox.SetFaults(sandbox.Faults{})
	k.Open()
	if ended := k.Wait(runID); ended.State != run.Warnings || ended.Counts.Open() != 0 {
		t.Fatalf("the run ended as %s: %+v", ended.State, ended.Counts)
	}
	k.Matches()
}

func TestASecondSignalEndsTheProgramAtOnce(t *testing.T) {
	_, p, _ := stoppable(t)
	slow, err := net.Dial("tcp", p.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if _, err := io.WriteString(slow, "POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nemail=a"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond) // until its handler has it
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for wait := 0; wait < 500; wait++ { // until it has begun to stop: then nobody listens any more
		c, err := net.Dial("tcp", p.Address())
		if err != nil {
			break
		}
		_ = c.Close()
		time.Sleep(10 * time.Millisecond)
	}
	began := time.Now()
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestHealthTellsContainersHowTheServerIs(t *testing.T) {
	binary, err := process.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	k := apptest.Start(t, 10)
	k.Stop()
	p := start(t, binary, k)
	for _, arguments := range [][]string{{"--url", "http://" + p.Address()}, {"--listen", p.Address(), "--ready"}} {
		if out := ok(t, "", append([]string{"health"}, arguments...)...); out != "ok\n" {
			t.Errorf("%v: %q", arguments, out)
		}
	}
	kill(t, p)
	if o := segue(t, "", "health", "--url", "http://"+p.Address()); o.status != 1 || !strings.Contains(o.errors, "no answer") {
		t.Errorf("of a server that is gone: %+v", o)
	}
}
