package run

import (
	"context"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/budget"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/views/component"
	"github.com/segue-app/segue/views/layout"
)

func reading(language string) context.Context {
	return i18n.With(context.Background(), i18n.For(language, time.UTC))
}

func watched(pace run.Pace) Detail {
	return Detail{Run: run.Run{State: run.Running, Counts: run.Counts{Profiles: 1000, Accepted: 420}}, Pace: pace, DestinationName: "Omnisend", Limit: 400}
}

func TestTheTimeLeftIsToldRoughlyAndWithWhatItGoesBy(t *testing.T) {
	full := budget.Usage{Used: 400, Limit: 400}
	for name, test := range map[string]struct {
		pace run.Pace
		en   string
		da   string
	}{
		"the limit":            {run.Pace{Left: 3*time.Minute + 2*time.Second, By: run.ByLimit, Usage: full}, "About 4 min, at Omnisend’s limit of 400 requests a minute", "Omkring 4 min. ved Omnisends grænse på 400 forespørgsler i minuttet"},
		"what others leave":    {run.Pace{Left: time.Hour + time.Minute, By: run.ByLimit, Usage: budget.Usage{Limit: 90}}, "About 1 h 10 min, at the 90 requests a minute that others leave free of Omnisend’s limit", "Omkring 1 t. 10 min. ved de 90 forespørgsler i minuttet, som andre levner af Omnisends grænse"},
		"the rate":             {run.Pace{Left: 31 * time.Second, By: run.ByRate}, "About 40 s, at the rate of the last minute", "Omkring 40 sek. med det seneste minuts hastighed"},
		"nothing yet":          {run.Pace{}, "Not known yet", "Kendes ikke endnu"},
		"nothing at the end":   {run.Pace{Waits: run.ForOutcome}, "Not known: the last answers are awaited", "Kendes ikke: De sidste svar afventes"},
		"nothing in a trouble": {run.Pace{Left: time.Minute, By: run.ByRate, Waits: run.ForDestination}, "Not known while it waits", "Kendes ikke, så længe den venter"},
	} {
		t.Run(name, func(t *testing.T) {
			for language, want := range map[string]string{"en": test.en, "da": test.da} {
				if got := watched(test.pace).left(reading(language)); got != want {
					t.Errorf("%s: %q", language, got)
				}
			}
		})
	}
}

func TestAWaitForTheDestinationSaysForHowLong(t *testing.T) {
	for name, test := range map[string]struct {
		usage budget.Usage
		want  string
	}{
		"for a place":        {budget.Usage{Used: 400, Limit: 400, Next: 11100 * time.Millisecond}, "Waiting for Omnisend, 12 s more: the 400 requests of this minute are used. Sending then goes on by itself."},
		"for a moment":       {budget.Usage{Used: 400, Limit: 400, Next: 150 * time.Millisecond}, "Waiting: the 400 requests that Omnisend allows in a minute are used. Sending goes on as places become free."},
		"because it said so": {budget.Usage{Used: 3, Limit: 400, Blocked: 7 * time.Second, Next: 7 * time.Second}, "Waiting for Omnisend, 7 s more: it asked for a pause. Sending then goes on by itself."},
	} {
		t.Run(name, func(t *testing.T) {
			alert := watched(run.Pace{Usage: test.usage, Waits: run.ForBudget}).waits(reading("en"))
			if alert.Text != test.want || alert.Tone != component.Info {
				t.Errorf("%q (%s)", alert.Text, alert.Tone)
			}
		})
	}
}

func TestTheTabIsMarkedByWhatTheRunDoes(t *testing.T) {
	trouble := watched(run.Pace{Waits: run.ForDestination})
	for name, test := range map[string]struct {
		detail Detail
		want   layout.Mark
	}{
		"under way":                  {watched(run.Pace{}), layout.MarkRunning},
		"held up by the limit alone": {watched(run.Pace{Waits: run.ForBudget}), layout.MarkRunning},
		"in trouble":                 {trouble, layout.MarkWaiting},
		"queued":                     {Detail{Run: run.Run{State: run.Queued}}, layout.MarkWaiting},
		"paused":                     {Detail{Run: run.Run{State: run.Paused}}, layout.MarkWaiting},
		"with warnings":              {Detail{Run: run.Run{State: run.Warnings}}, layout.MarkDone},
		"failed":                     {Detail{Run: run.Run{State: run.Failed}}, layout.MarkFailed},
		"cancelled":                  {Detail{Run: run.Run{State: run.Cancelled}}, ""},
	} {
		if got := test.detail.Mark(); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestWhatIsReadOutChangesWithEveryTenthAndNotWithEveryProfile(t *testing.T) {
	ctx := reading("en")
	said := func(accepted int) string {
		d := watched(run.Pace{})
		d.Counts.Accepted = accepted
		return d.Summary(ctx)
	}
	if said(420) != said(499) || said(499) == said(500) {
		t.Errorf("%q, %q, %q", said(420), said(499), said(500))
	}
	if trouble := watched(run.Pace{Waits: run.ForDestination}).Summary(ctx); trouble == said(420) {
		t.Errorf("that it is in trouble is not read out: %q", trouble)
	}
}
