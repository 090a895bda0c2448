package api_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/web/api"
)

func TestAnIdempotencyKeyStartsOneRunHoweverOftenItIsSent(t *testing.T) {
	s := start(t, 10)
	e := s.Export()
	key := s.key(s.Actor(access.Administrator), access.Run)
	path := "/exports/" + id(e.ID) + "/runs"
	first := s.post(key, path, "", "Idempotency-Key", "night-1").wants(201)
	again := s.post(key, path, `{}`, "Idempotency-Key", "night-1").wants(201)
	if a, b := as[api.Run](first), as[api.Run](again); a.ID != b.ID {
		t.Errorf("two runs: %d and %d", a.ID, b.ID)
	}
	if first.Header.Get("Idempotent-Replayed") != "" || again.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("replayed: %q, then %q", first.Header.Get("Idempotent-Replayed"), again.Header.Get("Idempotent-Replayed"))
	}
	if got := first.Header.Get("Location"); got != "/api/v1/runs/"+id(as[api.Run](first).ID) {
		t.Errorf("Location %q", got)
	}
	s.Wait(as[api.Run](first).ID)
	if ended := s.post(key, path, "", "Idempotency-Key", "night-1").wants(201); as[api.Run](ended).ID != as[api.Run](first).ID {
		t.Error("after its end the key started another run")
	}
	s.post(key, path, `{"complete": true}`, "Idempotency-Key", "night-1").problem(422, "token.problem.key_reused")
	s.post(key, path, "", "Idempotency-Key", strings.Repeat("k", 201)).problem(400, "api.problem.key")
	other := s.post(s.key(s.Actor(access.Administrator), access.Run), path, "", "Idempotency-Key", "night-1").wants(201)
	if as[api.Run](other).ID == as[api.Run](first).ID {
		t.Error("the key of one token counted for another")
	}
	s.Wait(as[api.Run](other).ID)
	s.post(s.key(s.Actor(access.Viewer), access.Run), path, "", "Idempotency-Key", "night-1").problem(403, "problem.not_permitted")
}

func TestTheSameRequestSentManyTimesAtOnceStartsOneRun(t *testing.T) {
	s := start(t, 10)
	e := s.Export()
	key := s.key(s.Actor(access.Administrator), access.Run)
	runs := make(chan int64, 8)
	for range cap(runs) {
		go func() {
			request, _ := http.NewRequestWithContext(context.WithoutCancel(t.Context()), "POST", s.url+api.Prefix+"/exports/"+id(e.ID)+"/runs", nil)
			request.Header.Set("Authorization", "Bearer "+key)
			request.Header.Set("Idempotency-Key", "at once")
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				runs <- -1
				return
			}
			_ = response.Body.Close()
			if response.StatusCode != 201 {
				runs <- -int64(response.StatusCode)
				return
			}
			number, _ := strconv.ParseInt(response.Header.Get("Location")[len("/api/v1/runs/"):], 10, 64)
			runs <- number
		}()
	}
	first := <-runs
	for range cap(runs) - 1 {
		if other := <-runs; other != first || other <= 0 {
			t.Errorf("run %d, and run %d", first, other)
		}
	}
	s.Wait(first)
}

func TestARunThatIsInTheWayIsNamed(t *testing.T) {
	s := start(t, 1)
	e := s.Export()
	key := s.key(s.Actor(access.Administrator), access.Run, access.Edit, access.Read)
	if err := s.Exports.Pause(t.Context(), s.Actor(access.Administrator), e.ID); err != nil {
		t.Fatal(err)
	}
	s.post(key, "/exports/"+id(e.ID)+"/runs", "").problem(409, "obstacle.paused")
	if ready := as[api.Readiness](s.get(key, "/exports/"+id(e.ID)+"/readiness").wants(200)); ready.Ready || ready.Obstacle.Code != "paused" || ready.Obstacle.Text == "" {
		t.Errorf("readiness: %+v", ready)
	}
	s.post(key, "/exports/"+id(e.ID)+"/resume", "").wants(204)
	if ready := as[api.Readiness](s.get(key, "/exports/"+id(e.ID)+"/readiness").wants(200)); !ready.Ready {
		t.Errorf("readiness: %+v", ready)
	}
	s.post(key, "/exports/999/runs", "").wants(404)
	s.post(key, "/exports/999/pause", "").wants(404)
}
