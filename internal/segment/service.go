package segment

import (
	"context"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/version"
)

// Codes of what can be wrong with a segment as a whole.
const (
	CodeNameTaken   = "segments.problem.name_taken"
	CodeInUse       = "segments.problem.in_use"      // names Count
	CodeNoProfiles  = "segments.problem.no_profiles" // nothing was uploaded yet
	CodeTooSlow     = "segments.problem.too_slow"
	CodeCalculation = "segments.problem.calculation" // the program failed; the log says why
	CodeNotActive   = "segments.problem.not_active"  // names Name
	CodeCycle       = "segments.problem.cycle"       // names Chain
	CodeInExports   = "segments.problem.in_exports"  // names Count: exports would stop
)

// Topic is the event topic of all segments; TopicOf that of one is in event form "segment/12".
const Topic = "segments"

const (
	maxName        = 100
	maxDescription = 500
)

// Snapshots is what segments need of the profiles. Current answers NotFound while there are none.
type Snapshots interface {
	Current(ctx context.Context) (profile.Snapshot, error)
	Snapshot(ctx context.Context, id int64) (profile.Snapshot, error)
}

// Uses tells which exports a segment is part of.
type Uses interface {
	OfSegment(ctx context.Context, q database.Querier, segmentID int64) ([]Use, error)
}

// Service keeps the segments.
type Service struct {
	db        *database.DB
	snapshots Snapshots
	uses      Uses
	bases     Bases
	events    *event.Hub
	queue     Queue
	now       func() time.Time
	changed   func(id int64)
}

// NewService makes the service.
func NewService(db *database.DB, snapshots Snapshots, events *event.Hub, now func() time.Time) *Service {
	return &Service{db: db, snapshots: snapshots, events: events, now: now, uses: unused{}, changed: func(int64) {}}
}

// SetUses says who knows the exports. Exports are built on segments, so they come later. Call it before the service is used.
func (s *Service) SetUses(uses Uses) { s.uses = uses }

// OnChange has somebody hear of a segment whose definition changed, before anything else is done with it. Call it before the
// service is used.
func (s *Service) OnChange(hear func(id int64)) { s.changed = hear }

type unused struct{}

func (unused) OfSegment(context.Context, database.Querier, int64) ([]Use, error) { return nil, nil }

// Get reads one segment.
func (s *Service) Get(ctx context.Context, actor access.Actor, id int64) (Segment, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return Segment{}, err
	}
	found, err := get(ctx, s.db.Reader(), id)
	if err != nil {
		return Segment{}, err
	}
	return found, s.nameParts(ctx, &found)
}

// Present gives those of the ids that are there.
func (s *Service) Present(ctx context.Context, actor access.Actor, ids []int64) ([]int64, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	return database.Among(ctx, s.db.Reader(), `SELECT id FROM segments`, ids)
}

// List reads a part of the list.
func (s *Service) List(ctx context.Context, actor access.Actor, query Query) (Page, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return Page{}, err
	}
	page, err := list(ctx, s.db.Reader(), query)
	for i := range page.Segments {
		if err == nil {
			err = s.nameParts(ctx, &page.Segments[i])
		}
	}
	return page, err
}

// UsedBy lists what the segment is part of: exports, other segments, the list of exclusions.
func (s *Service) UsedBy(ctx context.Context, actor access.Actor, id int64) ([]Use, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	return s.usesOf(ctx, s.db.Reader(), id)
}

func (s *Service) usesOf(ctx context.Context, q database.Querier, id int64) ([]Use, error) {
	found, err := s.uses.OfSegment(ctx, q, id)
	if err != nil {
		return nil, err
	}
	outers, err := namedBy(ctx, q, id)
	for _, outer := range outers {
		found = append(found, useOf(outer))
	}
	return found, err
}

func useOf(outer Segment) Use {
	return Use{SegmentID: outer.ID, Name: outer.Name, Path: fmt.Sprintf("/segments/%d", outer.ID)}
}

// Profiles describes the profiles that segments are made from now. It is a Conflict problem while there are none.
func (s *Service) Profiles(ctx context.Context, actor access.Actor) (profile.Snapshot, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return profile.Snapshot{}, err
	}
	return s.current(ctx)
}

// Create keeps a new segment and, when it is active, calculates its size: here when that is quick, otherwise in the
// background. A calculation that fails does not undo the segment: it is noted on it.
func (s *Service) Create(ctx context.Context, actor access.Actor, draft Draft) (Segment, error) {
	if err := actor.Require(access.EditSegments); err != nil {
		return Segment{}, err
	}
	if draft.State == "" {
		draft.State = Active
	}
	draft, err := s.checkNow(ctx, draft)
	if err != nil {
		return Segment{}, err
	}
	var id int64
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		id, err = s.keep(ctx, tx, actor, draft)
		return err
	})
	if err != nil {
		return Segment{}, err
	}
	return s.soon(ctx, id)
}

// keep keeps a new segment that was checked.
func (s *Service) keep(ctx context.Context, tx database.Tx, actor access.Actor, draft Draft) (int64, error) {
	if err := s.checkKept(ctx, tx, 0, draft); err != nil {
		return 0, err
	}
	id, err := insert(ctx, tx, draft, actor.UserID, s.now())
	if err != nil {
		return 0, err
	}
	if err := keepParts(ctx, tx, id, draft.Definition.Rule.Segments()); err != nil {
		return 0, err
	}
	kept := Segment{ID: id, Name: draft.Name}
	if err := s.note(ctx, tx, actor, audit.SegmentCreated, kept, audit.Change{Field: "state", After: string(draft.State)}, audit.Change{Field: "kind", After: string(draft.Definition.Kind)}); err != nil {
		return 0, err
	}
	if err := s.keepVersion(ctx, tx, actor, id, version.Made, 0); err != nil {
		return 0, err
	}
	return id, markWaiting(ctx, tx, []int64{id}, s.now())
}

// Update changes a segment that nobody changed since the draft's version was read, and has its size calculated again, and that of
// the segments whose rules name it.
func (s *Service) Update(ctx context.Context, actor access.Actor, id int64, draft Draft) (Segment, error) {
	if err := actor.Require(access.EditSegments); err != nil {
		return Segment{}, err
	}
	if draft.State == "" {
		before, err := get(ctx, s.db.Reader(), id)
		if err != nil {
			return Segment{}, err
		}
		draft.State = before.State
	}
	draft, err := s.checkNow(ctx, draft)
	if err != nil {
		return Segment{}, err
	}
	var outers []int64
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		before, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		if before.Version != draft.Version {
			return problem.New(problem.Conflict, "problem.changed")
		}
		if before.Definition.SourceID != draft.Definition.SourceID {
			return problem.New(problem.Conflict, CodeBaseFixed)
		}
		if before.State == Active && draft.State != Active {
			return problem.New(problem.Conflict, "problem.changed") // Deactivate asks what uses it
		}
		if err := s.checkKept(ctx, tx, id, draft); err != nil {
			return err
		}
		if err := update(ctx, tx, id, draft, s.now()); err != nil {
			return err
		}
		if err := keepParts(ctx, tx, id, draft.Definition.Rule.Segments()); err != nil {
			return err
		}
		if draft.backTo == 0 {
			if err := s.noteSaved(ctx, tx, actor, before, draft); err != nil {
				return err
			}
		}
		act := version.Changed
		if draft.backTo != 0 {
			act = version.WentBack
		}
		if err := s.keepVersion(ctx, tx, actor, id, act, draft.backTo); err != nil {
			return err
		}
		if outers, err = outersOf(ctx, tx, id); err != nil {
			return err
		}
		return markWaiting(ctx, tx, append([]int64{id}, outers...), s.now())
	})
	if err != nil {
		return Segment{}, err
	}
	s.changed(id)
	for _, outer := range outers {
		s.changed(outer)
	}
	return s.soon(ctx, id)
}

// Delete removes a segment that nothing uses.
func (s *Service) Delete(ctx context.Context, actor access.Actor, id int64) error {
	if err := actor.Require(access.EditSegments); err != nil {
		return err
	}
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		found, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		uses, err := s.usesOf(ctx, tx, id)
		if err != nil {
			return err
		}
		if len(uses) > 0 {
			return problem.New(problem.Conflict, CodeInUse, "Count", len(uses))
		}
		if err := version.Drop(ctx, tx, thing(id)); err != nil {
			return err
		}
		if err := remove(ctx, tx, id); err != nil {
			return err
		}
		return s.note(ctx, tx, actor, audit.SegmentDeleted, found)
	})
	if err == nil {
		s.publish(id)
	}
	return err
}

func (s *Service) current(ctx context.Context) (profile.Snapshot, error) {
	snapshot, err := s.snapshots.Current(ctx)
	if problem.Is(err, problem.NotFound) {
		return snapshot, problem.New(problem.Conflict, CodeNoProfiles).Because(err)
	}
	return snapshot, err
}

func (s *Service) publish(id int64) { s.events.Publish(Topic, TopicOf(id)) }
