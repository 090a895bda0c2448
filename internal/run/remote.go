package run

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/pushdown"
	"github.com/segue-app/segue/internal/segment"
)

// Remote is what runs need of profiles that stay where they are.
type Remote interface {
	Schema(ctx context.Context, sourceID int64) (profile.Snapshot, error)
	Count(ctx context.Context, sourceID int64, definitions []segment.Definition, at time.Time) (int, error)
	Stream(ctx context.Context, reading pushdown.Reading, visit func(pushdown.Member) error) (withoutID int, err error)
}

// The codes of why a run on profiles that stay where they are is paused: nobody can read them at the moment.
const (
	failSource        = "source_unavailable" // it does not answer, and was tried again for a while
	failSourceRefused = "source_refused"     // password, rights, host, table or column: somebody must mend it
)

// ForSource is what a run waits for while it reads profiles that stay where they are.
const ForSource = "source_read"

const (
	sourcePatience = 15 * 60 // seconds of the destination's time for which a source is tried again
	sourceFirst    = 1.0     // seconds until it is tried for the second time; each time twice as long
	sourceLongest  = 60.0
)

// Unreadable is why profiles that stay where they are could not be read, as a paused run keeps it.
type Unreadable struct {
	Source string `json:"source"`
	Code   string `json:"code"` // a translation key
	Host   string `json:"host,omitempty"`
	Column string `json:"column,omitempty"`
	Type   string `json:"type,omitempty"`
	Flag   string `json:"flag,omitempty"` // of the command line, which the operator sets
}

// Unreadable reads why profiles could not be read; the zero value when a run is paused for something else.
func (r Run) Unreadable() (u Unreadable) {
	if r.PauseCode == failSource || r.PauseCode == failSourceRefused {
		_ = json.Unmarshal([]byte(r.PauseDetail), &u) // we wrote it ourselves
	}
	return u
}

// haltOnFault pauses a run for a fault of a source, and passes any other error on.
func haltOnFault(err error) error {
	fault := pushdown.FaultOf(err)
	if fault == nil {
		return err
	}
	p := fault.Problem()
	why := Unreadable{Source: fault.Source, Code: p.Code}
	for i := 0; i+1 < len(p.Args); i += 2 {
		text, _ := p.Args[i+1].(string)
		switch p.Args[i] {
		case "Host":
			why.Host = text
		case "Column":
			why.Column = text
		case "Type":
			why.Type = text
		case "Flag":
			why.Flag = text
		}
	}
	detail, failed := json.Marshal(why)
	if failed != nil {
		return failed
	}
	if fault.Passing {
		return &halt{state: Paused, code: failSource, detail: string(detail)}
	}
	return &halt{state: Paused, code: failSourceRefused, detail: string(detail)}
}

// patiently reads a source, and tries again for a while when it does not answer. It ends as soon as the run must stop: a *halt
// says why, or errShutdown.
func (s *Service) patiently(ctx context.Context, u *underWay, read func(ctx context.Context) error) error {
	working, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(u.stopping, cancel)()
	second := float64(s.budgets.Window() / 60)
	defer u.troubles.over(failSource)
	for began, wait := time.Now(), sourceFirst; ; wait = min(2*wait, sourceLongest) {
		err := read(working)
		if u.stopping.Err() != nil {
			return context.Cause(u.stopping)
		}
		fault := pushdown.FaultOf(err)
		if fault == nil || !fault.Passing || time.Since(began) > time.Duration(sourcePatience*second) {
			return haltOnFault(err)
		}
		if u.troubles.add(failSource) {
			s.log.WarnContext(ctx, "a source does not answer, and is tried again", "error", err)
			s.events.Publish(ListTopic, Topic(u.runID))
		}
		select {
		case <-time.After(time.Duration(wait * second)):
		case <-working.Done():
		}
		if u.stopping.Err() != nil {
			return context.Cause(u.stopping)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// baseOf is what the segments are made from, 0 for the unified profiles. Segments of several bases cannot be run together.
func baseOf(definitions []segment.Definition) (int64, error) {
	for _, d := range definitions[min(1, len(definitions)):] {
		if d.SourceID != definitions[0].SourceID {
			return 0, problem.New(problem.Conflict, "obstacle.mixed_bases")
		}
	}
	if len(definitions) == 0 {
		return 0, nil
	}
	return definitions[0].SourceID, nil
}

// obstacleOf is the code of why an export cannot be looked into now; "" when the error is none of those.
func obstacleOf(err error) string {
	var halted *halt
	if errors.As(haltOnFault(err), &halted) {
		return halted.code
	}
	return ""
}
