package status

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/chain"
	"github.com/segue-app/segue/internal/i18n"
)

var copenhagen = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		panic(err)
	}
	return zone
}()

func reader(t *testing.T, language string, zone *time.Location) context.Context {
	t.Helper()
	return i18n.With(t.Context(), i18n.For(language, zone))
}

func TestTheAxisHasRoundTimesOfTheReadersClock(t *testing.T) {
	from := time.Date(2026, 6, 1, 3, 58, 20, 0, time.UTC) // 05:58:20 in Copenhagen
	for name, test := range map[string]struct {
		lasts time.Duration
		zone  *time.Location
		want  string
	}{
		"of some seconds, to the second":              {7 * time.Second, copenhagen, "05.58.20 05.58.22 05.58.24 05.58.26"},
		"of some minutes":                             {9 * time.Minute, copenhagen, "06.00 06.05"},
		"of an hour":                                  {59 * time.Minute, copenhagen, "06.00 06.15 06.30 06.45"},
		"of a night, in whole hours":                  {8 * time.Hour, copenhagen, "06.00 09.00 12.00"},
		"where clocks are a quarter of an hour apart": {8 * time.Hour, time.FixedZone("Kathmandu", 5*3600+45*60), "12.00 15.00"},
		"of days, one for each":                       {60 * time.Hour, copenhagen, "2. juni 2026 3. juni 2026"},
		"of no time at all":                           {0, copenhagen, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var texts []string
			p := Picture{From: from, To: from.Add(test.lasts)}
			for _, tick := range p.ticks(reader(t, "da", test.zone)) {
				texts = append(texts, tick.text)
				if tick.at < 0 || tick.at > 100 {
					t.Errorf("%s is at %v %%", tick.text, tick.at)
				}
			}
			if got := strings.Join(texts, " "); got != test.want {
				t.Errorf("%s; want %s", got, test.want)
			}
		})
	}
}

func TestHoweverLongAChainLastsTheAxisHasRoomForItsTimes(t *testing.T) {
	from := time.Date(2026, 6, 1, 3, 58, 20, 0, time.UTC)
	for lasts := time.Second; lasts < 90*24*time.Hour; lasts += lasts/3 + time.Second {
		p := Picture{From: from, To: from.Add(lasts)}
		if ticks := p.ticks(reader(t, "en", copenhagen)); len(ticks) > mostTicks {
			t.Errorf("%v: %d times", lasts, len(ticks))
		}
	}
}

func TestBarsAreSetFromTheBeginningToTheEndOfTheChain(t *testing.T) {
	from := time.Date(2026, 6, 1, 4, 0, 0, 0, time.UTC)
	at := func(seconds int) time.Time { return from.Add(time.Duration(seconds) * time.Second) }
	p := Picture{From: from, To: at(200)}
	for name, test := range map[string]struct {
		line           Line
		waited, worked span
	}{
		"waits, then works":                    {Line{Queued: at(0), Started: at(50), Ended: at(150)}, span{0, 25}, span{25, 50}},
		"still at work, until now":             {Line{Queued: at(0), Started: at(100)}, span{0, 50}, span{50, 50}},
		"still waiting, until now":             {Line{Queued: at(0)}, span{0, 100}, span{}},
		"passed over":                          {Line{Queued: at(0), Ended: at(20)}, span{0, 10}, span{}},
		"too short to be seen, at the end":     {Line{Queued: at(0), Started: at(200), Ended: at(200)}, span{0, 100}, span{100 - least, least}},
		"queued before the chain, by a clock":  {Line{Queued: at(-9), Started: at(20), Ended: at(40)}, span{0, 10}, span{10, 10}},
		"ended after the picture was finished": {Line{Queued: at(0), Started: at(100), Ended: at(900)}, span{0, 50}, span{50, 50}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := p.waited(test.line); got != test.waited {
				t.Errorf("waited %v, want %v", got, test.waited)
			}
			if test.line.Started.IsZero() {
				return
			}
			if got := p.worked(test.line); got != test.worked {
				t.Errorf("worked %v, want %v", got, test.worked)
			}
		})
	}
}

func TestEveryStateIsDrawnInAFormOfItsOwn(t *testing.T) {
	from := time.Date(2026, 6, 1, 4, 0, 0, 0, time.UTC)
	seen := map[string]chain.State{}
	for _, state := range chain.States {
		line := Line{Chain: state, Queued: from, Started: from.Add(time.Minute), Ended: from.Add(2 * time.Minute)}
		if state == chain.Queued || state == chain.Skipped {
			line.Started = time.Time{}
		}
		var drawn strings.Builder
		p := Picture{From: from, To: from.Add(time.Hour)}
		if err := p.plot(line).Render(reader(t, "en", time.UTC), &drawn); err != nil {
			t.Fatal(err)
		}
		_, form, _ := strings.Cut(drawn.String(), `focusable="false">`) // what stands before names the colour
		if other, ok := seen[form]; ok {
			t.Errorf("%s looks as %s does", state, other)
		}
		seen[form] = state
		if strings.Contains(drawn.String(), "style=") {
			t.Errorf("%s has a style, which no page may have: %s", state, drawn.String())
		}
	}
}
