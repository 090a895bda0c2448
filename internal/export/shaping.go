package export

import (
	"strings"
	"time"

	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/transform"
)

// layout says how contacts are written of the values of the lines. Dates are judged by the moment.
func (m Mapping) layout(consent destination.Consent, at time.Time) destination.Layout {
	layout := destination.Layout{Fields: make([]destination.Mapped, len(m)), Consent: consent, At: at}
	for i, pair := range m {
		layout.Fields[i] = destination.Mapped{Field: pair.Field, Clear: pair.Clear}
	}
	return layout
}

// NewEncoder prepares the writing of contacts of the values of Attributes. It is the one place where values are changed as the
// lines say: what contacts are remembered by is made of the changed ones, so who is written otherwise by another change is sent
// again. Where no line changes anything it is the destination's own encoder.
func (m Mapping) NewEncoder(driver destination.Driver, consent destination.Consent, at time.Time) (destination.Encoder, error) {
	encoder, err := driver.NewEncoder(m.layout(consent, at))
	if err != nil || !m.changes() {
		return encoder, err
	}
	return &shapingEncoder{encoder, m.newShaper()}, nil
}

// changes reports whether values are anything else than sent as they are.
func (m Mapping) changes() bool {
	for _, pair := range m {
		if !pair.Change.None() {
			return true
		}
	}
	return false
}

// shaper turns the values of Attributes into those of the lines. It is used by one goroutine at a time.
type shaper struct {
	lines   []shapedLine
	email   int      // the line with the address
	values  []string // reused
	misread []bool   // by line: its change did not understand the last value
}

type shapedLine struct {
	place, other int // of the values among those of Attributes; -1: none
	change       transform.Change
	known        map[string]shapedValue // what became of the values met first: names, towns and countries come again and again
}

type shapedValue struct {
	value      string
	understood bool
}

// How many values of a line are kept with what became of them, and how long they may be, in bytes.
const (
	mostKnown    = 1024
	longestKnown = 256
)

// of is what becomes of a value.
func (l *shapedLine) of(value, other string) (string, bool) {
	if l.known == nil {
		return l.change.Of(value, other)
	}
	if known, ok := l.known[value]; ok {
		return known.value, known.understood
	}
	changed, understood := l.change.Of(value, other)
	if len(l.known) < mostKnown && len(value) <= longestKnown {
		l.known[strings.Clone(value)] = shapedValue{strings.Clone(changed), understood} // clones, since values may be parts of a whole page
	}
	return changed, understood
}

func (m Mapping) newShaper() *shaper {
	s := &shaper{lines: make([]shapedLine, len(m)), email: -1, values: make([]string, len(m)), misread: make([]bool, len(m))}
	next := 0
	place := func(attribute string) int {
		if attribute == "" {
			return -1
		}
		next++
		return next - 1
	}
	for i, pair := range m {
		s.lines[i].place, s.lines[i].change = place(pair.Attribute), pair.Change
		if !pair.Change.None() && !pair.Change.Joins() && pair.Change.Way != transform.Constant {
			s.lines[i].known = map[string]shapedValue{}
		}
		if pair.Field == destination.Email {
			s.email = i
		}
	}
	for i, pair := range m {
		s.lines[i].other = place(pair.With.Attribute)
	}
	return s
}

// shape gives the values of the lines, which hold until the next ones are asked for.
func (s *shaper) shape(values []string) []string {
	for i := range s.lines {
		s.line(i, values)
	}
	return s.values
}

func (s *shaper) line(i int, values []string) {
	line := &s.lines[i]
	var value, other string
	if line.place >= 0 {
		value = values[line.place]
	}
	if line.other >= 0 {
		other = values[line.other]
	}
	var understood bool
	s.values[i], understood = line.of(value, other)
	s.misread[i] = !understood
}

type shapingEncoder struct {
	destination.Encoder
	shaper *shaper
}

// Encode writes the changed values.
func (e *shapingEncoder) Encode(dst []byte, values []string, tags []string) ([]byte, []destination.Reason) {
	return e.Encoder.Encode(dst, e.shaper.shape(values), tags)
}

// Identity needs the address alone.
func (e *shapingEncoder) Identity(values []string) (string, bool) {
	e.shaper.line(e.shaper.email, values)
	return e.Encoder.Identity(e.shaper.values)
}
