package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/process"
	"github.com/segue-app/segue/internal/run"
)

// How many people watch in how many tabs, and how many browsers guess passwords at once.
const (
	watchers      = 100
	tabs          = 20
	guessers      = 40
	floodProfiles = 20_000
)

// TestASignInFloodAndTwoThousandWatchersStopNeitherARunNorAPerson has passwords guessed from ever new addresses, for people that
// there are and that there are not, while two thousand live pages watch a run.
func TestASignInFloodAndTwoThousandWatchersStopNeitherARunNorAPerson(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	k := apptest.Start(t, floodProfiles)
	e := k.Export()
	cookies := make([]string, watchers)
	for i := range cookies {
		user, err := k.Accounts.Create(t.Context(), access.System, account.NewUser{Email: watcher(i), Name: "Watcher", Role: access.Viewer, Password: "a heron on the far shore"})
		if err != nil {
			t.Fatal(err)
		}
		if cookies[i], err = k.Accounts.StartSession(t.Context(), account.Begun{UserID: user.ID, Proof: account.ByPassword}); err != nil {
			t.Fatal(err)
		}
	}
	k.Stop()
	a, err := app.Open(t.Context(), k.Config)
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.Runs.Start(t.Context(), access.Actor{UserID: 1, Name: "Ada Lund", Role: access.Administrator}, e.ID, run.Options{})
	if err := errors.Join(err, a.Close()); err != nil {
		t.Fatal(err)
	}
	k.Sandbox.SetFaults(sandbox.Faults{LatencyMillis: 100, JitterMillis: 100})
	t.Setenv(asSegue, "1")
	t.Setenv("SEGUE_TRUSTED_PROXIES", "127.0.0.1/32")
	p, err := process.Start(program, k.Config.Folder, k.Config.OmnisendURL, k.Config.Window)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Kill() }) // it is gone already when all went well
	if err := p.Await(); err != nil {
		t.Fatalf("%v\n%s", err, p.Output())
	}

	under, end := context.WithCancel(t.Context())
	var group sync.WaitGroup
	defer group.Wait()
	defer end()
	var heard, lost atomic.Int64 // streams that were told something new, and that ended too soon
	for i := range watchers * tabs {
		group.Go(func() {
			if err := watchRun(under, p.Address(), cookies[i%watchers], r.ID, func() { heard.Add(1) }); under.Err() == nil {
				lost.Add(1)
				t.Logf("a page lost its stream: %v", err)
			}
		})
	}
	answers := &tally{counts: map[int]int{}}
	for i := range guessers {
		v := visit(t, "http://"+p.Address())
		form := url.Values{"csrf": {v.token()}, "password": {"not the password of anybody"}}
		group.Go(func() { guess(under, v, form, i, answers) })
	}

	// Somebody who has work to do signs in and looks, in the middle of it.
	v := visit(t, "http://"+p.Address())
	signedInAs := false
	for deadline := time.Now().Add(time.Minute); !signedInAs && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		status, _ := v.post("/sign-in", url.Values{"email": {demo.People[0].Email}, "password": {demo.People[0].Password}})
		signedInAs = status == http.StatusSeeOther
	}
	if !signedInAs {
		t.Error("nobody comes in while passwords are guessed")
	} else if status, _ := v.get(fmt.Sprintf("/runs/%d", r.ID)); status != http.StatusOK {
		t.Errorf("the run's page answers %d", status)
	}
	deadline := time.Now().Add(2 * time.Minute)
	now := look(t, k, r.ID)
	for ; now.State.Going() && time.Now().Before(deadline); now = look(t, k, r.ID) {
		time.Sleep(100 * time.Millisecond)
	}
	if now.State != run.Warnings || now.Counts.Profiles != floodProfiles || now.Counts.Open() != 0 {
		t.Errorf("%s (%s): %+v", now.State, now.ErrorCode, now.Counts)
	}
	for heard.Load() < watchers*tabs && time.Now().Before(deadline) {
		time.Sleep(50 * time.Millisecond)
	}
	if heard.Load() != watchers*tabs || lost.Load() > 0 {
		t.Errorf("%d of %d pages heard of the run, %d lost their stream", heard.Load(), watchers*tabs, lost.Load())
	}
	end()
	group.Wait()
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	t.Logf("answers to guesses: %v", answers.counts)
	for status, count := range answers.counts {
		if status == http.StatusSeeOther || status == http.StatusInternalServerError {
			t.Errorf("%d guesses were answered with %d", count, status)
		}
	}
	k.Sandbox.SetFaults(sandbox.Faults{})
	k.Open()
	if held := k.Matches().Held; held != now.Counts.Accepted {
		t.Errorf("%d accepted, %d held", now.Counts.Accepted, held)
	}
}

func watcher(i int) string { return fmt.Sprintf("watcher%d@example.com", i) }

// watchRun reads the stream of a live page until the context ends, and calls once what is to be done when it is told more than
// what every stream begins with.
func watchRun(ctx context.Context, address, cookie string, runID int64, told func()) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/events?topic=run/%d", address, runID), nil)
	if err != nil {
		return err
	}
	request.Header.Set("Cookie", "segue-session="+cookie)
	transport := &http.Transport{DialContext: (&net.Dialer{Timeout: time.Minute}).DialContext}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	events := 0
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "event: run/") { // every stream tells as well that runs began or ended
			if events++; events == 2 {
				told()
			}
		}
	}
	return errors.New("the stream ended")
}

// tally counts answers by status.
type tally struct {
	mutex  sync.Mutex
	counts map[int]int
}

func (t *tally) add(status int) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.counts[status]++
}

// guess tries one password after the other, each time as from somewhere else, at people that there are and that there are not.
func guess(ctx context.Context, v *visitor, form url.Values, number int, answers *tally) {
	for n := 0; ctx.Err() == nil; n++ {
		form.Set("email", watcher((number*31+n)%(2*watchers)))
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, v.address+"/sign-in", strings.NewReader(form.Encode()))
		if err != nil {
			return
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("X-Forwarded-For", fmt.Sprintf("198.51.%d.%d", number, n%256))
		response, err := v.client.Do(request)
		if err != nil {
			continue // the test has ended, or the answer says nothing
		}
		_ = response.Body.Close()
		answers.add(response.StatusCode)
	}
}
