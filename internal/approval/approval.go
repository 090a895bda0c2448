// Package approval owns that a second person looks at exports before they run, where administrators want it: the setting, what waits
// for whom, and who approved or refused what. What is approved is a version of an export, by somebody who made nothing of what changed
// since the last approval. Until then the export waits: nothing of it is sent, not by its schedule, on demand, or as a test of one
// profile. Runs that began keep the plan that they began with.
//
// What an export is, and which of its changes count, is package export's (see Definition there): all but its name, its schedule and
// whether it is paused. What it was approved as last needs no approval again, whoever brings it back. A change by the program itself, as
// by the command line on the machine, is the operator's, who is somebody else than every person: one person's approval is enough,
// and none less.
package approval

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
)

// Codes of what can be wrong.
const (
	CodeNothing  = "approval.problem.nothing"  // it does not wait
	CodeOwn      = "approval.problem.own"      // the actor made some of what waits
	CodeChanged  = "approval.problem.changed"  // since it was looked at
	CodeRedacted = "approval.problem.redacted" // values of it were erased with a person

	CodeRedactedSegment = "approval.problem.redacted.segment" // of a segment in it
	CodeNoConnection    = "approval.problem.connection"       // exports on some need approval, and there is none of them
)

// Names of form fields.
const (
	ReasonField     = "reason"     // why an export is refused
	ConnectionField = "connection" // exports on which need approval
)

const longestReason = 500 // characters

// Exports is what approvals need of the export package.
type Exports interface {
	Find(ctx context.Context, q database.Querier, id int64) (export.Export, error)
}

// People is what approvals need of the account package.
type People interface {
	Users(ctx context.Context, actor access.Actor) ([]account.User, error)
}

// Dependencies are all that the service needs.
type Dependencies struct {
	DB      *database.DB
	Exports Exports
	People  People
	Events  *event.Hub
	Clock   func() time.Time
}

// Service keeps approvals.
type Service struct {
	db      *database.DB
	exports Exports
	people  People
	events  *event.Hub
	clock   func() time.Time
}

// NewService makes the service.
func NewService(d Dependencies) *Service {
	return &Service{db: d.DB, exports: d.Exports, people: d.People, events: d.Events, clock: d.Clock}
}

// Decision is what somebody said of a version.
type Decision struct {
	Number int    // of the version; 0 of a refusal
	Reason string // of a refusal
	UserID int64
	Name   string // of the person, as it was then
	At     time.Time
}

// Maker is somebody who made a part of what waits.
type Maker struct {
	UserID int64 // 0: the program itself
	Name   string
}

// Standing is how an export stands.
type Standing struct {
	Needed     bool // exports on its connection need a second person
	Waits      bool
	Mark       string    // of what is to be looked at
	Approved   *Decision // the last; nil: never
	Refused    *Decision // of what waits; nil: nobody did
	Makers     []Maker   // of what waits
	Own        bool      // the actor is one of them
	MayApprove bool      // the actor may, and is none of them
	Approvers  int       // how many people could
	OfRules    bool      // changes of its segments count
	Segments   []Segment // as they are, and as they were approved; when changes of them count
}

// Segment is a segment in an export, or in a rule of one.
type Segment struct {
	ID       int64
	Number   int // of its version now
	Approved int // of the version that was approved; 0: none was
	Changed  bool
}

// Of says how an export stands, to whoever may look at it.
func (s *Service) Of(ctx context.Context, actor access.Actor, id int64) (Standing, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return Standing{}, err
	}
	e, err := s.exports.Find(ctx, s.db.Reader(), id)
	if err != nil {
		return Standing{}, err
	}
	standing, r, err := s.standing(ctx, s.db.Reader(), actor, e)
	if err != nil || !standing.Waits {
		return standing, err
	}
	standing.Approvers, err = s.approvers(ctx, r.settings, e, standing.Makers)
	return standing, err
}

// reading is of what a standing is made.
type reading struct {
	settings Settings
	now      state
}

// standing reads how an export stands for the actor, but for how many could approve it.
func (s *Service) standing(ctx context.Context, q database.Querier, actor access.Actor, e export.Export) (standing Standing, r reading, err error) {
	if r.settings, err = readSettings(ctx, q); err != nil || !r.settings.covers(e.ConnectionID) {
		return standing, r, err
	}
	if r.now, err = readState(ctx, q, e.ID); err != nil {
		return standing, r, err
	}
	ofRules := r.settings.OfRules
	standing = Standing{Needed: true, Mark: r.now.mark(ofRules), Waits: r.now.waits(ofRules), OfRules: ofRules, Approved: r.now.approved}
	if ofRules {
		standing.Segments = r.now.parts()
	}
	if !standing.Waits {
		return standing, r, nil
	}
	if standing.Refused, err = refusal(ctx, q, e.ID, standing.Mark); err != nil {
		return standing, r, err
	}
	if standing.Makers, err = makers(ctx, q, e.ID, ofRules); err != nil {
		return standing, r, err
	}
	standing.Own = slices.ContainsFunc(standing.Makers, func(m Maker) bool { return m.UserID == actor.UserID })
	standing.MayApprove = !standing.Own && r.settings.lets(actor, e)
	return standing, r, nil
}

// lets reports whether the actor may approve what others made: a person, by herself.
func (s Settings) lets(actor access.Actor, e export.Export) bool {
	if actor.IsSystem() || !actor.Can(access.ApproveExports) || !e.MayEdit(actor) {
		return false
	}
	return s.Contributors || actor.Can(access.ManageConnections)
}

func (s *Service) approvers(ctx context.Context, settings Settings, e export.Export, made []Maker) (n int, err error) {
	people, err := s.people.Users(ctx, access.System)
	if err != nil {
		return 0, err
	}
	for _, person := range people {
		if person.State() != account.Active || slices.ContainsFunc(made, func(m Maker) bool { return m.UserID == person.ID }) {
			continue
		}
		if settings.lets(person.Actor(), e) {
			n++
		}
	}
	return n, nil
}

// Approve has an export run as it is. The mark is that of what the actor looked at: when it is another by now, nothing is approved.
func (s *Service) Approve(ctx context.Context, actor access.Actor, id int64, mark string) error {
	if err := actor.Require(access.ApproveExports); err != nil {
		return err
	}
	if err := actor.RequireFresh(s.clock()); err != nil { // a session that was left open must not stand in for the second person
		return err
	}
	return s.decide(ctx, actor, id, mark, func(tx database.Tx, e export.Export, r reading) error {
		if code := r.now.redacted(r.settings.OfRules); code != "" {
			return problem.New(problem.Conflict, code)
		}
		if err := approve(ctx, tx, e.ID, r.now, Decision{Number: r.now.export.number, UserID: actor.UserID, Name: actor.Name, At: s.clock()}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.clock(), actor, audit.Entry{Action: audit.ApprovalGiven, Subject: e.Subject(),
			Changes: []audit.Change{{Field: "version", After: fmt.Sprint(r.now.export.number)}}})
	})
}

// Refuse says why an export must not run as it is. It waits on, and its makers see the reason; it can be approved all the same later.
func (s *Service) Refuse(ctx context.Context, actor access.Actor, id int64, mark, reason string) error {
	reason = strings.TrimSpace(reason)
	var check problem.Check
	check.Require(reason != "", ReasonField, "problem.required")
	check.Require(utf8.RuneCountInString(reason) <= longestReason, ReasonField, "problem.too_long", "Most", longestReason)
	return s.decide(ctx, actor, id, mark, func(tx database.Tx, e export.Export, r reading) error {
		if err := check.Err(); err != nil {
			return err
		}
		if err := refuse(ctx, tx, e.ID, mark, Decision{Reason: reason, UserID: actor.UserID, Name: actor.Name, At: s.clock()}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.clock(), actor, audit.Entry{Action: audit.ApprovalRefused, Subject: e.Subject(),
			Changes: []audit.Change{{Field: "version", After: fmt.Sprint(r.now.export.number)}}})
	})
}

// decide does what a person who may approve decided on what she looked at, in one transaction with looking once more.
func (s *Service) decide(ctx context.Context, actor access.Actor, id int64, mark string, work func(tx database.Tx, e export.Export, r reading) error) error {
	if err := actor.Require(access.ApproveExports); err != nil {
		return err
	}
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		e, err := s.exports.Find(ctx, tx, id)
		if err != nil {
			return err
		}
		if e.Removed {
			return problem.New(problem.NotFound, "problem.export.not_found")
		}
		if !e.MayEdit(actor) {
			return actor.RequireUse(e.Grant)
		}
		standing, r, err := s.standing(ctx, tx, actor, e)
		switch {
		case err != nil:
			return err
		case actor.IsSystem():
			return problem.New(problem.NotPermitted, "problem.not_permitted")
		case !standing.Waits:
			return problem.New(problem.Conflict, CodeNothing)
		case !r.settings.lets(actor, e):
			return problem.New(problem.NotPermitted, "problem.not_permitted")
		case standing.Own:
			return problem.New(problem.NotPermitted, CodeOwn)
		case standing.Mark != mark:
			return problem.New(problem.Conflict, CodeChanged)
		}
		return work(tx, e, r)
	})
	if err == nil {
		s.events.Publish(export.Topic)
	}
	return err
}

// Clearance says whether an export may run as it is now. It is for the export package.
func (s *Service) Clearance(ctx context.Context, q database.Querier, id int64) (export.Clearance, error) {
	settings, err := readSettings(ctx, q)
	if err != nil || settings.Off() {
		return export.Clearance{}, err
	}
	now, err := readState(ctx, q, id)
	if err != nil || !settings.covers(now.connectionID) {
		return export.Clearance{}, err
	}
	return export.Clearance{Waits: now.waits(settings.OfRules), Mark: now.mark(settings.OfRules)}, nil
}

// Waiting lists the exports that wait. It is for the export package.
func (s *Service) Waiting(ctx context.Context, q database.Querier) (map[int64]bool, error) {
	settings, err := readSettings(ctx, q)
	if err != nil || settings.Off() {
		return nil, err
	}
	return waiting(ctx, q, settings)
}
