package api_test

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/token"
	"github.com/segue-app/segue/web/api"
)

func lines(t *testing.T, body []byte) (told []api.Outcome) {
	t.Helper()
	for line := range strings.Lines(string(body)) {
		var one api.Outcome
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("%v\n%s", err, line)
		}
		told = append(told, one)
	}
	return told
}

func TestOutcomesComeAsLinesOrAsCSVAndGoOnBehindACursor(t *testing.T) {
	s := start(t, 300)
	s.Sandbox.SetFaults(sandbox.Faults{RejectShare: 0.05})
	r := s.Run(s.Export(), run.Options{})
	key := s.key(s.Actor(access.Contributor), access.Results)
	path := "/runs/" + id(r.ID) + "/outcomes"
	a := s.get(key, path).wants(200)
	if got := a.Header.Get("Content-Type"); got != "application/x-ndjson" {
		t.Errorf("Content-Type %q", got)
	}
	all := lines(t, a.body)
	counts := map[run.ChapterKind]int{}
	for _, one := range all {
		counts[one.Outcome]++
	}
	if counts[run.ChapterAccepted] != r.Counts.Accepted || counts[run.ChapterRefused] == 0 || counts[run.ChapterInvalid] == 0 {
		t.Errorf("told %v, counted %+v", counts, r.Counts)
	}
	for _, i := range []int{0, 5, len(all) / 2, len(all) - 1} {
		rest := lines(t, s.get(key, path+"?cursor="+all[i].Cursor).wants(200).body)
		if len(rest) != len(all)-i-1 {
			t.Errorf("behind %d there are %d", i, len(rest))
		}
	}
	if refused := lines(t, s.get(key, path+"?outcome=refused").wants(200).body); len(refused) != counts[run.ChapterRefused] {
		t.Errorf("%d refused, want %d", len(refused), counts[run.ChapterRefused])
	}
	sheet := s.ask(key, "GET", path, "", "Accept", "text/csv").wants(200)
	rows, err := csv.NewReader(strings.NewReader(string(sheet.body))).ReadAll()
	if err != nil || len(rows) != len(all)+1 || rows[0][0] != "profile" || rows[1][0] != all[0].Profile {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	s.ask(key, "GET", path, "", "Accept", "application/xml").problem(406, "api.problem.accept")
	s.get(key, path+"?outcome=lost").problem(400, "api.problem.outcome")
	s.get(key, "/runs/999/outcomes").wants(404)
	for _, cursor := range []string{"x", "b3V0Y29tZXM6MS4yLjM", "b3V0Y29tZXM6LTEuMC4w", "!!"} {
		if a := s.get(key, path+"?cursor="+cursor); a.StatusCode != 400 && cursor != "b3V0Y29tZXM6MS4yLjM" {
			t.Errorf("%q: status %d", cursor, a.StatusCode)
		}
	}
}

func TestAReaderThatTakesItsTimeGetsAllOfTheOutcomes(t *testing.T) {
	s := start(t, 800)
	r := s.Run(s.Export(), run.Options{})
	key := s.key(s.Actor(access.Contributor), access.Results)
	// A proxy that reads little at a time: its windows are small, and it waits between them.
	c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.(*net.TCPConn).SetReadBuffer(8 << 10); err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest("GET", s.url+api.Prefix+"/runs/"+id(r.ID)+"/outcomes", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	if err := request.Write(c); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReaderSize(c, 512), request)
	if err != nil {
		t.Fatal(err)
	}
	accepted, some := 0, bufio.NewScanner(response.Body)
	for n := 0; some.Scan(); n++ {
		if strings.Contains(some.Text(), `"outcome":"accepted"`) {
			accepted++
		}
		if n%100 == 0 { // meanwhile others write, and are not kept from it
			if err := s.Exports.Pause(t.Context(), s.Actor(access.Administrator), r.ExportID); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := some.Err(); err != nil || accepted != r.Counts.Accepted {
		t.Errorf("%d of %d accepted were told, %v", accepted, r.Counts.Accepted, err)
	}
}

// reader is one that does something before it takes a piece of an answer.
type reader struct {
	*httptest.ResponseRecorder
	before func(piece int)
	pieces int
}

// Write takes a piece.
func (r *reader) Write(p []byte) (int, error) {
	r.pieces++
	r.before(r.pieces)
	return r.ResponseRecorder.Write(p)
}

func TestWhoLosesTheRightToOutcomesInTheMiddleOfThemGetsNoMore(t *testing.T) {
	s := start(t, 2000)
	r := s.Run(s.Export(), run.Options{})
	administrator := s.Actor(access.Administrator)
	for name, lose := range map[string]func(of token.Token) error{
		"revoked": func(of token.Token) error { return s.Tokens.Revoke(t.Context(), administrator, of.ID) },
		"a viewer from now on": func(of token.Token) error {
			_, err := s.DB.Writer().ExecContext(t.Context(), `UPDATE users SET role = 'viewer' WHERE id = ?`, of.UserID)
			return err // put right below, for the other case
		},
	} {
		t.Run(name, func(t *testing.T) {
			contributor := s.Actor(access.Contributor)
			t.Cleanup(func() {
				if _, err := s.DB.Writer().Exec(`UPDATE users SET role = 'contributor' WHERE id = ?`, contributor.UserID); err != nil {
					t.Error(err)
				}
			})
			made, key, err := s.Tokens.Create(t.Context(), contributor, token.Draft{Name: "test", Scopes: access.ScopesOf(access.Results), Days: 1})
			if err != nil {
				t.Fatal(err)
			}
			ask := func(before func(piece int)) (got *reader, broken any) {
				request := httptest.NewRequest("GET", api.Prefix+"/runs/"+id(r.ID)+"/outcomes", nil)
				request.Header.Set("Authorization", "Bearer "+key.Reveal())
				got = &reader{ResponseRecorder: httptest.NewRecorder(), before: before}
				defer func() { broken = recover() }()
				s.handler.ServeHTTP(got, request)
				return got, nil
			}
			if all, broken := ask(func(int) {}); all.Code != 200 || broken != nil || all.pieces < 4 {
				t.Fatalf("status %d, %d pieces, %v", all.Code, all.pieces, broken)
			}
			got, broken := ask(func(piece int) {
				if piece == 2 {
					if err := lose(made); err != nil {
						t.Fatal(err)
					}
				}
			})
			if got.pieces != 2 || broken != http.ErrAbortHandler {
				t.Errorf("%d pieces were given, broken off with %v", got.pieces, broken)
			}
		})
	}
}

func TestOneTokenFetchesSoManyOutcomesAtOnceAndNoMore(t *testing.T) {
	s := start(t, 50)
	r := s.Run(s.Export(), run.Options{})
	key := s.key(s.Actor(access.Contributor), access.Results)
	path := "/runs/" + id(r.ID) + "/outcomes"
	within, depth := func() {}, 0
	within = func() {
		if depth++; depth == 4 {
			s.get(key, path).problem(429, "api.problem.too_many")
			return
		}
		request := httptest.NewRequest("GET", api.Prefix+path, nil)
		request.Header.Set("Authorization", "Bearer "+key)
		got := &reader{ResponseRecorder: httptest.NewRecorder(), before: func(piece int) {
			if piece == 1 {
				within()
			}
		}}
		s.handler.ServeHTTP(got, request)
		if got.Code != 200 {
			t.Errorf("status %d", got.Code)
		}
	}
	within()
	if depth != 4 {
		t.Errorf("%d were asked for at once", depth)
	}
	s.get(key, path).wants(200)
}

// heard is one event of a stream.
type heard struct {
	name string
	run  api.Run
}

// watch asks for the stream of a run and hands over what it says, until it ends.
func (s *site) watch(key string, runID int64, headers ...string) <-chan heard {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), "GET", s.url+api.Prefix+"/runs/"+id(runID)+"/watch", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" {
		s.t.Fatalf("status %d, %s", response.StatusCode, response.Header.Get("Content-Type"))
	}
	events := make(chan heard, 1000)
	go func() {
		defer close(events)
		defer func() { _ = response.Body.Close() }()
		name, text := "", bufio.NewScanner(response.Body)
		for text.Scan() {
			if event, ok := strings.CutPrefix(text.Text(), "event: "); ok {
				name = event
			}
			if data, ok := strings.CutPrefix(text.Text(), "data: "); ok {
				one := heard{name: name}
				if json.Unmarshal([]byte(data), &one.run) == nil {
					events <- one
				}
			}
		}
	}()
	return events
}

func (s *site) hears(events <-chan heard) heard {
	s.t.Helper()
	select {
	case one, ok := <-events:
		if !ok {
			s.t.Fatal("the stream has ended")
		}
		return one
	case <-time.After(20 * time.Second):
		s.t.Fatal("the stream says nothing")
	}
	return heard{}
}

func TestARunIsWatchedToItsEndHoweverOftenTheConnectionBreaks(t *testing.T) {
	s := start(t, 2000)
	s.Sandbox.SetFaults(sandbox.Faults{LatencyMillis: 50})
	e := s.Export()
	key := s.key(s.Actor(access.Viewer), access.Read)
	started, err := s.Runs.Start(t.Context(), s.Actor(access.Administrator), e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if first := s.hears(s.watch(key, started.ID)); first.name != "run" || !first.run.State.Going() || first.run.ID != started.ID {
		t.Errorf("first: %+v", first)
	}
	var last heard
	for one := range s.watch(key, started.ID, "Last-Event-ID", "41; run/9") {
		if one.run.Counts.Accepted < last.run.Counts.Accepted {
			t.Errorf("%d accepted, and before %d", one.run.Counts.Accepted, last.run.Counts.Accepted)
		}
		last = one
	}
	if ended := s.Wait(started.ID); last.name != "end" || last.run.State != ended.State || last.run.Counts.Accepted != ended.Counts.Accepted {
		t.Errorf("last: %+v, ended as %+v", last, ended)
	}
	again := s.get(key, "/runs/"+id(started.ID)+"/watch").wants(200) // of a run that has ended: its state, and the end
	if !strings.Contains(string(again.body), "event: end") {
		t.Errorf("again: %s", again.body)
	}
}

func TestOneTokenWatchesSoManyRunsAtOnceAndNoMore(t *testing.T) {
	s := start(t, 1)
	e := s.Export()
	if _, err := s.Stops.Impose(t.Context(), s.Actor(access.Administrator), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := s.DB.Writer().ExecContext(t.Context(), `INSERT INTO runs (id, export_id, cause, requested_by_name, state, queued_at) VALUES (77, ?, 'demand', 'x', 'paused', 1)`, e.ID); err != nil {
		t.Fatal(err)
	}
	key := s.key(s.Actor(access.Viewer), access.Read)
	for range 10 {
		s.hears(s.watch(key, 77))
	}
	s.get(key, "/runs/77/watch").problem(429, "api.problem.too_many")
}
