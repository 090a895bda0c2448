package run

import (
	"testing"
	"time"

	"github.com/segue-app/segue/internal/budget"
)

func TestTheRateOfTheLastMinuteForgetsWhatWasBeforeAndIsNotKnownSooner(t *testing.T) {
	begin := time.Now()
	at := func(seconds int) time.Time { return begin.Add(time.Duration(seconds) * time.Second) }
	var r recent
	for second := range 60 {
		r.tick(at(second))
		r.add(100)
	}
	if rate, known := r.perSecond(at(59)); known {
		t.Errorf("%v a second, before a minute was over", rate)
	}
	r.tick(at(60))
	if rate, known := r.perSecond(at(60)); !known || rate != 100 {
		t.Errorf("%v a second, %v", rate, known)
	}
	for second := 61; second <= 180; second++ {
		r.tick(at(second))
		r.add(10)
	}
	if rate, _ := r.perSecond(at(180)); rate < 9.5 || rate > 10.5 {
		t.Errorf("%v a second in the last minute", rate)
	}
	if len(r.marks) > 62 {
		t.Errorf("%d marks are kept", len(r.marks))
	}
}

func TestTheTimeLeftIsByWhateverHoldsTheRunUpMoreAndSaysWhich(t *testing.T) {
	limited := budget.Usage{Used: 400, Limit: 400}
	for name, test := range map[string]struct {
		batches float64
		usage   budget.Usage
		open    int
		rate    float64
		known   bool
		left    time.Duration
		by      Basis
	}{
		"the limit, as long as nothing else is known":          {1200, limited, 120_000, 0, false, 3 * time.Minute, ByLimit},
		"the limit, when the rate says about the same":         {1200, limited, 120_000, 640, true, 3 * time.Minute, ByLimit},
		"the rate, when the destination is slower than it":     {1200, limited, 120_000, 100, true, 20 * time.Minute, ByRate},
		"the rate, when everything is sent":                    {0, limited, 6_000, 100, true, time.Minute, ByRate},
		"the rate, when the limit does not hold it up":         {10, budget.Usage{Used: 1, Limit: 400}, 1_000, 100, true, 10 * time.Second, ByRate},
		"the rate, where there is no limit":                    {1200, budget.Usage{}, 120_000, 1000, true, 2 * time.Minute, ByRate},
		"nothing, in the first minute where it is not held up": {10, budget.Usage{Used: 1, Limit: 400}, 1_000, 0, false, 0, ""},
		"nothing, when nothing came in a whole minute":         {1200, limited, 120_000, 0, true, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			left, by := timeLeft(test.batches, test.usage, time.Minute, test.open, test.rate, test.known)
			if left != test.left || by != test.by {
				t.Errorf("%v by %q", left, by)
			}
		})
	}
}
