package status

import (
	"context"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/chain"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/component"
)

// Picture is a chain drawn over time: one line for each task, or, where there are many, one for each kind with some of its tasks
// below. Bars are set in percent of the width, so that they fit any screen; texts stand beside them in HTML.
type Picture struct {
	ID      string // of the chain
	Bands   []Band
	Grouped bool
	From    time.Time // the left edge
	To      time.Time // the right edge: the end, or now
}

// Band is all tasks of a kind.
type Band struct {
	Kind   chain.Kind
	Whole  Line // all of them as one
	Lines  []Line
	Counts string // how many there are, and how they stand
	More   component.Link
	Open   bool // its lines are shown from the first
}

// Line is what is drawn of a task.
type Line struct {
	ID      string
	Name    string
	Href    string
	Kind    string
	Chain   chain.State
	State   component.Badge
	Lasted  string
	Queued  time.Time
	Started time.Time // zero: not yet, or never
	Ended   time.Time // zero: not yet
}

// span is a piece of a line, in percent of the width.
type span struct{ x, width float64 }

// least is how wide the shortest piece is drawn, in percent: narrower ones are not seen.
const least = 0.5

func (p Picture) at(t time.Time) float64 {
	whole := p.To.Sub(p.From)
	if whole <= 0 || t.Before(p.From) {
		return 0
	}
	return min(100*float64(t.Sub(p.From))/float64(whole), 100)
}

func (p Picture) between(from, to time.Time) span {
	x, end := p.at(from), p.at(to)
	s := span{x, max(end-x, least)}
	s.x = min(s.x, 100-s.width)
	return s
}

// end is when the line ends: now, when its task has not.
func (p Picture) end(l Line) time.Time {
	if l.Ended.IsZero() {
		return p.To
	}
	return l.Ended
}

// waited is the time before the task began, or was passed over.
func (p Picture) waited(l Line) span {
	if l.Started.IsZero() {
		return p.between(l.Queued, p.end(l))
	}
	return p.between(l.Queued, l.Started)
}

func (p Picture) worked(l Line) span { return p.between(l.Started, p.end(l)) }

func percent(p float64) string { return fmt.Sprintf("%.2f%%", p) }

func (s span) end() string { return percent(s.x + s.width) }

// tick is a moment on the axis.
type tick struct {
	at     float64
	text   string
	anchor string
}

// steps are the distances between two ticks to choose from.
var steps = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute,
	10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// mostTicks is how many find room on a phone.
const mostTicks = 4

// ticks are round times of the reader's clock. A chain of days gets one for each day, or for each second one, and so on.
func (p Picture) ticks(ctx context.Context) (ticks []tick) {
	whole := p.To.Sub(p.From)
	if whole <= 0 {
		return nil
	}
	step := steps[len(steps)-1]
	for _, s := range steps {
		if whole/s <= mostTicks-1 {
			step = s
			break
		}
	}
	for whole/step > mostTicks-1 {
		step *= 2
	}
	locale := i18n.From(ctx)
	_, offset := p.From.In(locale.Zone()).Zone()
	local := p.From.Add(time.Duration(offset) * time.Second)
	first := local.Truncate(step).Add(-time.Duration(offset) * time.Second)
	for at := first; !at.After(p.To); at = at.Add(step) {
		if at.Before(p.From) {
			continue
		}
		text := locale.Clock(at)
		switch {
		case step < time.Minute:
			text = locale.ClockSeconds(at)
		case step >= 24*time.Hour:
			text = locale.Date(at)
		}
		ticks = append(ticks, tick{p.at(at), text, anchor(p.at(at))})
	}
	return ticks
}

// anchor keeps the text of a tick inside the picture.
func anchor(at float64) string {
	switch {
	case at < 8:
		return "start"
	case at > 92:
		return "end"
	}
	return "middle"
}

// legend are the kinds of bars that the picture has.
func (p Picture) legend() (states []chain.State) {
	seen := map[chain.State]bool{}
	for _, band := range p.Bands {
		for _, line := range append([]Line{band.Whole}, band.Lines...) {
			seen[line.Chain] = true
		}
	}
	for _, state := range chain.States {
		if seen[state] && state != chain.Queued {
			states = append(states, state)
		}
	}
	return states
}

func tone(state chain.State) string { return "tone-" + string(tones[state]) }
