package api

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/calendar"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/transform"
	views "github.com/segue-app/segue/views/run"
)

// Named is a thing by id and name.
type Named struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// Reason is why something is as it is. Code is for programs, Text for people.
type Reason struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// Run is one execution of an export.
type Run struct {
	ID          int64      `json:"id"`
	Export      Named      `json:"export"`
	State       run.State  `json:"state"`
	Cause       run.Cause  `json:"cause"`
	RequestedBy string     `json:"requested_by"`
	Complete    bool       `json:"complete"`
	RetryOf     int64      `json:"retry_of,omitempty"`
	Counts      Counts     `json:"counts"`
	Batches     Batches    `json:"batches"`
	Requests    int        `json:"requests"`
	Error       *Reason    `json:"error,omitempty"`
	Pause       *Pause     `json:"pause,omitempty"`
	Pausing     bool       `json:"pausing"`
	Cancelling  bool       `json:"cancelling"`
	QueuedAt    *time.Time `json:"queued_at"`
	StartedAt   *time.Time `json:"started_at,omitempty"`
	EndedAt     *time.Time `json:"ended_at,omitempty"`
	ProgressAt  *time.Time `json:"progress_at,omitempty"`
	StuckSince  *time.Time `json:"stuck_since,omitempty"`
}

// Counts say what became of the profiles of a run.
type Counts struct {
	Profiles   int `json:"profiles"`
	Accepted   int `json:"accepted"`
	Unchanged  int `json:"unchanged"`
	Invalid    int `json:"invalid"`
	Refused    int `json:"refused"`
	Known      int `json:"known"`
	Duplicates int `json:"duplicates"`
	Excluded   int `json:"excluded"`
	Erased     int `json:"erased"`
	Open       int `json:"open"`
	Withdrawn  int `json:"withdrawn"`
	Held       int `json:"held"`
}

// Batches of a run.
type Batches struct {
	Sent    int `json:"sent"`
	Settled int `json:"settled"`
}

// Pause is why a run is paused, and what it asks.
type Pause struct {
	Reason
	At       *time.Time    `json:"at,omitempty"`
	By       string        `json:"by,omitempty"`
	Question *run.Question `json:"question,omitempty"`
	Replies  []run.Reply   `json:"replies"` // with which it can be resumed; "" is none
}

// NewRun writes a run in the reader's language.
func NewRun(ctx context.Context, r run.Run, destinationName string) Run {
	c := r.Counts
	written := Run{
		ID: r.ID, Export: Named{r.ExportID, r.ExportName}, State: r.State, Cause: r.Cause, RequestedBy: r.RequestedBy, Complete: r.Complete, RetryOf: r.OfRun,
		Counts: Counts{Profiles: c.Profiles, Accepted: c.Accepted, Unchanged: c.Unchanged, Invalid: c.Invalid, Refused: c.Refused, Known: c.Known,
			Duplicates: c.Duplicates, Excluded: c.Excluded, Erased: c.Erased, Open: max(c.Open(), 0), Withdrawn: c.Withdrawn, Held: c.Held},
		Batches: Batches{r.BatchesSent, r.BatchesSettled}, Requests: r.Requests, Pausing: r.Pausing(), Cancelling: r.State.Active() && !r.CancelAskedAt.IsZero(),
		QueuedAt: moment(r.QueuedAt), StartedAt: moment(r.StartedAt), EndedAt: moment(r.EndedAt), ProgressAt: moment(r.ProgressAt), StuckSince: moment(r.StuckAt),
	}
	if r.ErrorCode != "" {
		written.Error = &Reason{r.ErrorCode, views.ErrorText(ctx, r.ErrorCode, r.ErrorDetail, destinationName)}
	}
	if r.State == run.Paused {
		written.Pause = &Pause{Reason: Reason{r.PauseCode, views.PauseText(ctx, r, destinationName)}, At: moment(r.PausedAt), By: r.PausedBy, Replies: replies(r)}
		if r.Asks() {
			question := r.Question()
			written.Pause.Question = &question
		}
	}
	return written
}

func replies(r run.Run) []run.Reply {
	switch {
	case r.Asks() && r.PauseCode == run.ManyLeave:
		return []run.Reply{run.GoOn, run.LeaveTags}
	case r.Asks():
		return []run.Reply{run.GoOn}
	}
	return []run.Reply{run.NoReply}
}

// RunDetail is a run with all that is known of how it goes.
type RunDetail struct {
	Run
	Connection string        `json:"connection,omitempty"` // as it was called when the run began
	Segments   []TaggedPart  `json:"segments"`             // as they were when it began
	Waits      *Reason       `json:"waits,omitempty"`
	SecondsTo  int           `json:"seconds_left,omitempty"` // an estimate
	Budget     *Budget       `json:"budget,omitempty"`
	Reasons    []ReasonCount `json:"reasons"`
	Timeline   []RunEvent    `json:"timeline"`
}

// TaggedPart is a segment of a run.
type TaggedPart struct {
	Named
	Tag string `json:"tag"`
}

// Budget is the requests of the brand in the window of its rate limit.
type Budget struct {
	Limit         int `json:"limit"`
	Used          int `json:"used"`
	WindowSeconds int `json:"window_seconds"`
}

// ReasonCount says of how many profiles something was the reason not to be accepted.
type ReasonCount struct {
	Reason
	Outcome run.Outcome `json:"outcome"`
	Field   string      `json:"field,omitempty"`
	Count   int         `json:"count"`
}

// RunEvent is a line of a run's timeline.
type RunEvent struct {
	At     *time.Time `json:"at"`
	Code   string     `json:"code"`
	Text   string     `json:"text"`
	Detail string     `json:"detail,omitempty"`
}

// Export is an export as lists have it.
type Export struct {
	ID          int64          `json:"id"`
	Name        string         `json:"name"`
	Destination string         `json:"destination"`
	Connection  *Named         `json:"connection"` // null: it has none now
	Segments    []Part         `json:"segments"`
	Schedule    Schedule       `json:"schedule"`
	Leavers     export.Leavers `json:"leavers"`
	PausedAt    *time.Time     `json:"paused_at,omitempty"`
	PausedBy    string         `json:"paused_by,omitempty"`
	MayRun      bool           `json:"may_run"` // by this token
	LastRun     *LastRun       `json:"last_run,omitempty"`
	Refreshed   *time.Time     `json:"refreshed_at,omitempty"`
	CreatedAt   *time.Time     `json:"created_at"`
	UpdatedAt   *time.Time     `json:"updated_at"`
	Version     int            `json:"version"`
}

// Schedule is when an export runs by itself.
type Schedule struct {
	When     export.When `json:"when"`
	Weekdays []string    `json:"weekdays,omitempty"` // of a weekly one: monday, …
	Day      string      `json:"day,omitempty"`      // of a monthly one: 1 to 31, or last
	Time     string      `json:"time,omitempty"`     // of one of its own: 06:30, in the zone of the system's schedule
}

func newSchedule(s export.Schedule) Schedule {
	written := Schedule{When: s.When}
	if !s.Own() {
		return written
	}
	written.Time = s.Time.String()
	switch {
	case s.When == export.Weekly:
		for _, day := range s.Weekdays {
			written.Weekdays = append(written.Weekdays, strings.ToLower(day.String()))
		}
	case s.Day == calendar.LastDay:
		written.Day = "last"
	default:
		written.Day = strconv.Itoa(s.Day)
	}
	return written
}

// Part is a segment of an export.
type Part struct {
	Named
	State segment.State `json:"state"`
	Tag   string        `json:"tag"`
}

// LastRun is how the last run of an export went.
type LastRun struct {
	ID    int64     `json:"id"`
	State run.State `json:"state"`
}

// ExportDetail is an export with its data matching.
type ExportDetail struct {
	Export
	Mapping []Mapped `json:"mapping"`
}

// Mapped is one line of a data matching.
type Mapped struct {
	Field     string            `json:"field"`
	Attribute string            `json:"attribute"`        // "" when the same text is sent for everybody
	Change    *transform.Change `json:"change,omitempty"` // what is done to the values first
	With      *export.Sent      `json:"with,omitempty"`   // the second attribute, where the change joins two
	Clear     bool              `json:"clear"`
	Meant     bool              `json:"meant"`            // somebody ticked that it is sent although it is personal or sensitive
	Reason    string            `json:"reason,omitempty"` // why, of a sensitive one
}

func newMapped(pair export.Pair) Mapped {
	m := Mapped{Field: string(pair.Field), Attribute: pair.Attribute, Clear: pair.Clear, Meant: pair.Meant, Reason: pair.Reason}
	if !pair.Change.None() {
		m.Change = &pair.Change
	}
	if pair.Change.Joins() {
		m.With = &pair.With
	}
	return m
}

// Readiness says whether an export can run now.
type Readiness struct {
	Ready    bool    `json:"ready"`
	Obstacle *Reason `json:"obstacle,omitempty"`
}

// Segment is a named set of profiles. Its rule is not told: what it compares with may be personal data.
type Segment struct {
	ID           int64         `json:"id"`
	Name         string        `json:"name"`
	Description  string        `json:"description"`
	Kind         segment.Kind  `json:"kind"`
	State        segment.State `json:"state"`
	Source       int64         `json:"source,omitempty"` // whose profiles stay where they are, and it is made from
	Size         *int          `json:"size"`             // null: it was never calculated
	CalculatedAt *time.Time    `json:"calculated_at,omitempty"`
	Calculating  bool          `json:"calculating"`
	Failure      *Reason       `json:"failure,omitempty"` // of the last calculation
	UpdatedAt    *time.Time    `json:"updated_at"`
	Version      int           `json:"version"`
}

func newSegment(ctx context.Context, s segment.Segment) Segment {
	written := Segment{ID: s.ID, Name: s.Name, Description: s.Description, Kind: s.Definition.Kind, State: s.State, Source: s.Definition.SourceID,
		CalculatedAt: moment(s.CalculatedAt), Calculating: !s.WaitingSince.IsZero(), UpdatedAt: moment(s.UpdatedAt), Version: s.Version}
	if !s.CalculatedAt.IsZero() {
		written.Size = &s.Size
	}
	if s.Failure != "" {
		written.Failure = &Reason{s.Failure, i18n.T(ctx, s.Failure, "Attribute", s.FailureAbout)}
	}
	return written
}

// Size is how many members a segment had at a moment.
type Size struct {
	At   *time.Time `json:"at"`
	Size int        `json:"size"`
}

// Connection is what a person may know of a connection that she does not manage.
type Connection struct {
	Named
	Type string `json:"type"`
}

// Source is what everybody may know of a source.
type Source struct {
	Named
	Profiles int `json:"profiles"`
}

// Import is a reading of a source that was begun.
type Import struct {
	ID     int64  `json:"id"`
	Source int64  `json:"source"`
	State  string `json:"state"`
}
