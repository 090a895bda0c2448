package pace

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/budget"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/testkit"
)

// counted hands out what it holds, once.
type counted struct{ parts []budget.Minute }

func (c *counted) Collect() []budget.Minute {
	parts := c.parts
	c.parts = nil
	return parts
}

var viewer = access.Actor{UserID: 3, Role: access.Viewer}

func newService(t *testing.T) (*Service, *counted, *testkit.Clock) {
	t.Helper()
	clock, counts := testkit.NewClock(), &counted{}
	return NewService(Dependencies{DB: testkit.Database(t), Counts: counts, Clock: clock.Now, Log: slog.New(slog.DiscardHandler)}), counts, clock
}

func hour(t *testing.T, s *Service, brandID string) []budget.Minute {
	t.Helper()
	minutes, err := s.Hour(t.Context(), viewer, brandID)
	if err != nil {
		t.Fatal(err)
	}
	if len(minutes) != 60 {
		t.Fatalf("an hour of %d minutes", len(minutes))
	}
	return minutes
}

func TestPartsOfAMinuteAddUpAndBrandsStayApart(t *testing.T) {
	s, counts, clock := newService(t)
	now := clock.Now().Truncate(time.Minute)
	for _, part := range []budget.Minute{
		{BrandID: "a", Start: now, Requests: 300, Waiting: 8, Limit: 400},
		{BrandID: "a", Start: now, Requests: 50, Refused: 1, Waiting: 2, Limit: 360},
		{BrandID: "b", Start: now, Requests: 7, Limit: 400},
		{BrandID: "a", Start: now.Add(-59 * time.Minute), Requests: 1, Limit: 400},
		{BrandID: "a", Start: now.Add(-60 * time.Minute), Requests: 99, Limit: 400},
	} {
		counts.parts = append(counts.parts, part)
		if err := s.Write(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	minutes := hour(t, s, "a")
	want := budget.Minute{BrandID: "a", Start: now, Requests: 350, Refused: 1, Waiting: 8, Limit: 360}
	if minutes[59] != want || minutes[0].Requests != 1 || minutes[30] != (budget.Minute{BrandID: "a", Start: now.Add(-29 * time.Minute)}) {
		t.Errorf("the hour is %+v", minutes)
	}
	if got := hour(t, s, "b")[59].Requests; got != 7 {
		t.Errorf("the other brand has %d requests", got)
	}
}

func TestWhatCannotBeWrittenWaitsForTheNextTime(t *testing.T) {
	s, counts, clock := newService(t)
	counts.parts = []budget.Minute{{BrandID: "a", Start: clock.Now().Truncate(time.Minute), Requests: 5, Limit: 400}}
	broken, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Write(broken); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if err := s.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := hour(t, s, "a")[59].Requests; got != 5 {
		t.Errorf("%d requests are kept", got)
	}
}

func TestMinutesGoAfterEightDays(t *testing.T) {
	s, counts, clock := newService(t)
	now := clock.Now().Truncate(time.Minute)
	counts.parts = []budget.Minute{{BrandID: "a", Start: now, Requests: 5}, {BrandID: "a", Start: now.Add(-KeptFor - time.Minute), Requests: 5}}
	if err := errors.Join(s.Write(t.Context()), s.Tidy(t.Context())); err != nil {
		t.Fatal(err)
	}
	found, err := list(t.Context(), s.db.Reader(), "a", time.Time{}, now)
	if err != nil || len(found) != 1 || !found[0].Start.Equal(now) {
		t.Errorf("kept %+v, %v", found, err)
	}
}

func TestWhatIsLeftIsWrittenAtTheEnd(t *testing.T) {
	s, counts, clock := newService(t)
	counts.parts = []budget.Minute{{BrandID: "a", Start: clock.Now().Truncate(time.Minute), Requests: 5}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.Keep(ctx)
	if got := hour(t, s, "a")[59].Requests; got != 5 {
		t.Errorf("%d requests are kept", got)
	}
}

func TestOnlyThoseWhoMayLookAroundSeeAnHour(t *testing.T) {
	s, _, _ := newService(t)
	if _, err := s.Hour(t.Context(), access.Actor{}, "a"); !problem.Is(err, problem.SignedOut) {
		t.Errorf("got %v", err)
	}
}
