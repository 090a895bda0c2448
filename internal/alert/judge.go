package alert

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/segue-app/segue/internal/chain"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/schedule"
	"github.com/segue-app/segue/internal/source"
)

// What is usual is said by so many runs at least; and a run of fewer profiles than leastSize is never of unusual size.
const (
	leastEarlier = 5
	leastSize    = 100
)

// health is how everything stands at one moment.
type health struct {
	exports     []export.Health
	runs        map[int64]run.Health // by export
	connections []connection.Connection
	agreeBy     map[int64]time.Time // by connection whose consent is to older terms: until when it holds
	sources     []source.Health
	chains      chain.Health
	schedule    schedule.Health
	stopped     bool // the emergency stop stands
}

// look reads how runs, connections, sources, chains and the schedule stand.
func (s *Service) look(ctx context.Context, q database.Querier, h *health) error {
	runs, err := s.runs.Health(ctx, q)
	if err != nil {
		return err
	}
	h.runs = make(map[int64]run.Health, len(runs))
	for _, r := range runs {
		h.runs[r.ExportID] = r
	}
	if h.connections, err = s.connections.All(ctx, q); err != nil {
		return err
	}
	h.agreeBy = map[int64]time.Time{}
	for _, c := range h.connections {
		until, err := s.connections.AgreeBy(ctx, q, c)
		if err != nil {
			return err
		}
		if !until.IsZero() {
			h.agreeBy[c.ID] = until
		}
	}
	if h.sources, err = s.sources.Health(ctx, q); err != nil {
		return err
	}
	if h.chains, err = chain.HealthOf(ctx, q); err != nil {
		return err
	}
	h.schedule, err = s.schedule.Health(ctx, q)
	return err
}

// judge says which conditions hold, and of what it is known at all whether they do: what was removed or switched off, or waits for
// the end of the emergency stop, is neither well nor wrong.
func (s *Service) judge(h health, settings Settings, now time.Time) (holding []Condition, known map[key]bool) {
	j := judgement{settings: settings, now: now, known: map[key]bool{}, name: s.connections.DestinationName}
	j.crowded = s.runsAtOnce > 0 && going(h.runs) >= s.runsAtOnce
	j.stopped = h.stopped
	for _, e := range h.exports {
		if !e.Paused {
			j.export(e, h.runs[e.ID], h.schedule.Exports[e.ID])
		}
	}
	for _, c := range h.connections {
		j.say(c.Failure != "", Condition{Kind: KeyRefused, Thing: Connection, ThingID: c.ID, Name: c.Name, Code: string(c.Failure), Facts: Facts{Destination: j.name(c.Type)}})
		j.newTerms(c, h.agreeBy[c.ID])
	}
	for _, one := range h.sources {
		j.source(one, h.chains.Sources[one.SourceID])
	}
	if h.schedule.On {
		j.system(h)
	}
	return j.holding, j.known
}

// going counts the runs that are under way.
func going(runs map[int64]run.Health) (n int) {
	for _, r := range runs {
		if r.Open.State == run.Running || r.Open.Begun {
			n++
		}
	}
	return n
}

type judgement struct {
	settings Settings
	now      time.Time
	name     func(destinationType string) string
	crowded  bool // no more runs than are under way can be
	stopped  bool
	holding  []Condition
	known    map[key]bool
}

// say notes whether a condition holds.
func (j *judgement) say(holds bool, c Condition) {
	j.known[c.key()] = true
	if holds {
		j.holding = append(j.holding, c)
	}
}

// wanting are the obstacles of an export that somebody must do something about. What a key's failure keeps from running is told
// by the alert about the connection, once for all its exports.
var wanting = []string{
	string(export.NoConnection), string(export.NoSegments), string(export.SegmentInactive), string(export.AttributeMissing), string(export.Unconfirmed),
	string(export.MixedBases), string(export.SourceGone), string(export.AwaitsApproval), string(connection.NotVerified), string(connection.NoConsent),
	string(connection.NoExportUser), string(connection.ExportUserUnable),
}

// export judges an export. Overdue is a time of its own schedule that nobody has dealt with; zero: none.
func (j *judgement) export(e export.Health, r run.Health, overdue time.Time) {
	about := func(kind Kind, code string, facts Facts) Condition {
		facts.Destination = j.name(e.DestinationType)
		return Condition{Kind: kind, Thing: Export, ThingID: e.ID, Name: e.Name, Code: code, Facts: facts}
	}
	j.say(r.Last.State == run.Failed, about(RunFailed, r.Last.Code, Facts{RunID: r.Last.RunID, Profiles: r.Last.Profiles}))
	j.say(!r.Open.StuckAt.IsZero() && r.Open.State == run.Running, about(RunStuck, r.Open.StuckFor, Facts{RunID: r.Open.RunID}))
	j.say(j.settings.tooMany(r.Full.Rejected, r.Full.Profiles), about(RejectedShare, "", Facts{RunID: r.Full.RunID, Profiles: r.Full.Profiles, Rejected: r.Full.Rejected}))
	usual, enough := median(r.Earlier)
	j.say(enough && j.settings.unusual(r.Full.Profiles, usual), about(RunSize, "", Facts{RunID: r.Full.RunID, Profiles: r.Full.Profiles, Usual: usual}))
	if !j.stopped {
		waits := r.Open.State == run.Queued && !r.Open.Begun && !j.crowded && j.settings.late(r.Open.QueuedAt, j.now)
		c := about(RunNotStarted, "", Facts{RunID: r.Open.RunID, Minutes: j.settings.StartMinutes})
		if !overdue.IsZero() && j.settings.late(overdue, j.now) {
			waits, c.Code, c.Facts.RunID = true, "overdue", 0
		}
		j.say(waits, c)
	}
	switch {
	case r.Open.State == run.Paused && r.Open.Code != run.ByPerson && r.Open.Code != run.ByStop:
		j.say(true, about(ExportPaused, r.Open.Code, Facts{RunID: r.Open.RunID}))
	case e.Scheduled || e.Obstacle == string(export.AwaitsApproval): // who may approve is to hear of any
		j.say(slices.Contains(wanting, e.Obstacle), about(ExportPaused, e.Obstacle, Facts{}))
	case e.Obstacle == "": // it was paused, and could run now
		j.say(false, about(ExportPaused, "", Facts{}))
	}
}

// newTerms judges a connection by its consent: until is zero when it is to the terms of now, or there is none.
func (j *judgement) newTerms(c connection.Connection, until time.Time) {
	terms := Condition{Kind: NewTerms, Thing: Connection, ThingID: c.ID, Name: c.Name}
	if !until.IsZero() {
		terms.Facts.Until = until.UnixMilli()
		if !j.now.Before(until) {
			terms.Code = "over"
		}
	}
	j.say(!until.IsZero(), terms)
}

func (j *judgement) source(one source.Health, read chain.Reading) {
	c := Condition{Kind: RefreshRefused, Thing: Source, ThingID: one.SourceID, Name: one.Name, Code: string(one.State), Facts: Facts{ImportID: one.ImportID}}
	bySelf := one.Cause == source.BySchedule || one.Cause == source.ByChange
	refused := one.State == source.Failed || one.State == source.Asking || one.State == source.Waiting && bySelf
	if !refused && read.State == chain.Failed && read.ImportID == 0 && read.EndedAt.After(one.EndedAt) { // it never came to an import
		c.Code, refused = "unread", true
	}
	j.say(refused, c)
}

// system judges what the system's schedule began, or should have.
func (j *judgement) system(h health) {
	about := func(kind Kind, code string, facts Facts) Condition {
		return Condition{Kind: kind, Thing: Schedule, Code: code, Facts: facts}
	}
	last := h.chains.Last
	failed := h.chains.Failed[chain.Profiles] + h.chains.Failed[chain.Segment]
	switch {
	case last.State == chain.Failed && last.ReasonCode != "":
		j.say(true, about(RefreshRefused, "whole", Facts{}))
	case last.State != chain.Skipped:
		j.say(failed > 0, about(RefreshRefused, "tasks", Facts{Tasks: failed}))
	}
	if j.stopped {
		return
	}
	code := ""
	for _, c := range h.chains.Waiting {
		if j.settings.late(c.QueuedAt, j.now) {
			code = "waits"
		}
	}
	if last.State == chain.Skipped {
		code = "skipped"
	}
	if due := h.schedule.Overdue; !due.IsZero() && j.settings.late(due, j.now) {
		code = "overdue"
	}
	j.say(code != "", about(RunNotStarted, code, Facts{Minutes: j.settings.StartMinutes}))
}

// median is what is usual; false when too few say so.
func median(profiles []int) (int, bool) {
	if len(profiles) < leastEarlier {
		return 0, false
	}
	sorted := slices.SortedFunc(slices.Values(profiles), cmp.Compare)
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle], true
	}
	return (sorted[middle-1] + sorted[middle]) / 2, true
}
