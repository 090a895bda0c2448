package run

import (
	"testing"
	"time"
)

func TestAForecastCountsTheRequestsAndTheWindowsTheyNeed(t *testing.T) {
	for _, c := range []struct {
		name     string
		f        Forecast
		requests int
		least    time.Duration
	}{
		{"nothing to send: the key is proved", Forecast{Unchanged: 5}, 1, 0},
		{"one batch, and its outcome", Forecast{New: 100}, 3, 0},
		{"one profile more is one batch more", Forecast{New: 60, Changed: 30, Again: 11}, 4, 0},
		{"just as many as one window admits", Forecast{New: 79_800}, 800, 0},
		{"one more waits for the next window", Forecast{New: 79_801}, 801, time.Minute},
		{"a million", Forecast{New: 1_000_000}, 10_002, 12 * time.Minute},
		{"removals of tags have a budget of their own", Forecast{Withdrawn: 10_001}, 12, time.Minute},
	} {
		c.f.MaxBatch, c.f.Limit, c.f.Window = 100, 800, time.Minute
		c.f.cost(1000, 10)
		if c.f.Requests != c.requests || c.f.Least != c.least {
			t.Errorf("%s: %d requests, %s; want %d, %s", c.name, c.f.Requests, c.f.Least, c.requests, c.least)
		}
		c.f.Limit = 0
		if c.f.cost(1000, 10); c.f.Least != 0 || c.f.Requests != c.requests {
			t.Errorf("%s, without a limit: %d requests, %s", c.name, c.f.Requests, c.f.Least)
		}
	}
}
