package demo

import (
	"testing"
	"time"
)

func TestTheLeastIsWhatFullBatchesAndTheLimitAllow(t *testing.T) {
	for _, c := range []struct {
		name        string
		sent, limit int
		window      time.Duration
		requests    int
		seconds     float64
	}{
		{"nobody is sent", 0, 400, time.Minute, 0, 0},
		{"one profile is a batch", 1, 400, time.Minute, 1, 0},
		{"a batch that is not full counts as one", 101, 400, time.Minute, 2, 0},
		{"the first window's requests go at once", 40_000, 400, time.Minute, 400, 0},
		{"the next one waits for a place", 40_001, 400, time.Minute, 401, 60},
		{"a million", 1_000_000, 400, time.Minute, 10_000, 24 * 60},
		{"a million, with time sped up", 1_000_000, 400, time.Second, 10_000, 24},
		{"another limit", 1_000_000, 1000, time.Minute, 10_000, 9 * 60},
		{"no limit", 1_000_000, 0, time.Minute, 10_000, 0},
	} {
		r := Result{Sent: c.sent}
		if r.Least(c.limit, c.window); r.RequestsMinimum != c.requests || r.SecondsLimit != c.seconds {
			t.Errorf("%s: %d requests, %v s; want %d, %v", c.name, r.RequestsMinimum, r.SecondsLimit, c.requests, c.seconds)
		}
	}
}
