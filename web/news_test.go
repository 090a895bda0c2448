package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/run"
)

func TestTheRunsThatEndedLastAreTheLatestFirstAndNoOthers(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	vera := s.as(t, "vera@example.com")
	vera.get("/news").wants(t, http.StatusOK).has(t, "No run has ended yet.")
	first := s.ended(t, e, run.Failed)
	second := s.ended(t, s.like(t, s.Administrator, e, "Second"), run.Warnings)
	third := s.ended(t, s.like(t, s.Administrator, e, "Tried alone"), run.Succeeded)
	if _, err := s.db.Writer().ExecContext(t.Context(), `UPDATE runs SET ended_at = ended_at + CASE id WHEN ? THEN 5000 ELSE 0 END, cause = CASE id WHEN ? THEN 'try' ELSE cause END`, first.ID, third.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Runs.Start(t.Context(), s.Administrator, s.like(t, s.Administrator, e, "Under way").ID, run.Options{}); err != nil {
		t.Fatal(err)
	}
	page := vera.get("/news").wants(t, http.StatusOK).has(t, "Recently ended runs</h1>", "Newsletter", "Second", "Completed with warnings").lacks(t, "Tried alone", "Under way")
	if strings.Index(page.body, "news-1") > strings.Index(page.body, "news-2") {
		t.Errorf("run %d ended after run %d", first.ID, second.ID)
	}
	vera.header.Set("HX-Request", "true")
	vera.get("/news").wants(t, http.StatusOK).has(t, `data-run="1"`, `href="/runs/1"`, "data-ended", "data-now").lacks(t, "<html")
}

func TestAPageThatAsksForNewsByItselfDoesNotProlongASession(t *testing.T) {
	s := newSite(t)
	vera := s.as(t, "vera@example.com")
	const seen = `SELECT max(seen_at) FROM sessions`
	before := s.number(t, seen)
	s.clock.Advance(10 * time.Minute)
	vera.get("/news").wants(t, http.StatusOK)
	if after := s.number(t, seen); after != before {
		t.Errorf("seen at %d, before at %d", after, before)
	}
	vera.get("/help").wants(t, http.StatusOK)
	if after := s.number(t, seen); after == before {
		t.Error("somebody who looks around is not seen")
	}
}

func TestEveryStreamTellsThatRunsBeganOrEnded(t *testing.T) {
	s := newSite(t)
	for _, test := range []struct{ topics, first, want string }{
		{"topic=run/12", "run/12", "news"},
		{"topic=news", "news", "news"},
		{"topic=runs", "runs", "runs news"},
	} {
		t.Run(test.topics, func(t *testing.T) {
			events := s.as(t, "vera@example.com").listen("/events?" + test.topics)
			if got := next(t, events); got != test.first {
				t.Fatalf("heard %q", got)
			}
			s.Events.Publish(run.ListTopic)
			for _, want := range strings.Fields(test.want) {
				if got := next(t, events); got != want {
					t.Errorf("heard %q, want %q", got, want)
				}
			}
		})
	}
}
