package segment

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
)

// Codes of what can be wrong with a segment as a whole.
const (
	CodeNameTaken   = "segments.problem.name_taken"
	CodeInUse       = "segments.problem.in_use"      // names Count
	CodeNoProfiles  = "segments.problem.no_profiles" // nothing was uploaded yet
	CodeTooSlow     = "segments.problem.too_slow"
	CodeCalculation = "segments.problem.calculation" // the program failed; the log says why
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
	events    *event.Hub
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
	return get(ctx, s.db.Reader(), id)
}

// List reads a part of the list.
func (s *Service) List(ctx context.Context, actor access.Actor, query Query) (Page, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return Page{}, err
	}
	return list(ctx, s.db.Reader(), query)
}

// UsedBy lists the exports that the segment is part of.
func (s *Service) UsedBy(ctx context.Context, actor access.Actor, id int64) ([]Use, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	return s.uses.OfSegment(ctx, s.db.Reader(), id)
}

// Definitions reads the definitions of the segments, in the order of the ids. One that is gone is NotFound.
func (s *Service) Definitions(ctx context.Context, ids []int64) ([]Definition, error) {
	definitions := make([]Definition, len(ids))
	for i, id := range ids {
		segment, err := get(ctx, s.db.Reader(), id)
		if err != nil {
			return nil, err
		}
		definitions[i] = segment.Definition
	}
	return definitions, nil
}

// Profiles describes the profiles that segments are made from now. It is a Conflict problem while there are none.
func (s *Service) Profiles(ctx context.Context, actor access.Actor) (profile.Snapshot, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return profile.Snapshot{}, err
	}
	return s.current(ctx)
}

// Create keeps a new segment and calculates its size. A calculation that fails does not undo the segment: it is noted on it.
func (s *Service) Create(ctx context.Context, actor access.Actor, draft Draft) (Segment, error) {
	if err := actor.Require(access.EditSegments); err != nil {
		return Segment{}, err
	}
	draft, err := s.check(ctx, draft)
	if err != nil {
		return Segment{}, err
	}
	var id int64
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		if err := s.checkKept(ctx, tx, 0, draft); err != nil {
			return err
		}
		id, err = insert(ctx, tx, draft, actor.UserID, s.now())
		return err
	})
	if err != nil {
		return Segment{}, err
	}
	return s.calculated(ctx, id)
}

// Update changes a segment that nobody changed since the draft's version was read, and calculates its size again.
func (s *Service) Update(ctx context.Context, actor access.Actor, id int64, draft Draft) (Segment, error) {
	if err := actor.Require(access.EditSegments); err != nil {
		return Segment{}, err
	}
	draft, err := s.check(ctx, draft)
	if err != nil {
		return Segment{}, err
	}
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		before, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		if before.Version != draft.Version {
			return problem.New(problem.Conflict, "problem.changed")
		}
		if err := s.checkKept(ctx, tx, id, draft); err != nil {
			return err
		}
		return update(ctx, tx, id, draft, s.now())
	})
	if err != nil {
		return Segment{}, err
	}
	s.changed(id)
	return s.calculated(ctx, id)
}

// Delete removes a segment that no export uses.
func (s *Service) Delete(ctx context.Context, actor access.Actor, id int64) error {
	if err := actor.Require(access.EditSegments); err != nil {
		return err
	}
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		if _, err := get(ctx, tx, id); err != nil {
			return err
		}
		uses, err := s.uses.OfSegment(ctx, tx, id)
		if err != nil {
			return err
		}
		if len(uses) > 0 {
			return problem.New(problem.Conflict, CodeInUse, "Count", len(uses))
		}
		return remove(ctx, tx, id)
	})
	if err == nil {
		s.publish(id)
	}
	return err
}

// check reads the draft as a person wrote it; the draft that comes back is as it is kept.
func (s *Service) check(ctx context.Context, draft Draft) (Draft, error) {
	var check problem.Check
	draft.Name = strings.Join(strings.Fields(draft.Name), " ")
	draft.Description = strings.TrimSpace(draft.Description)
	check.Require(draft.Name != "", "name", "problem.required")
	check.Require(utf8.RuneCountInString(draft.Name) <= maxName, "name", "problem.too_long", "Most", maxName)
	check.Require(utf8.RuneCountInString(draft.Description) <= maxDescription, "description", "problem.too_long", "Most", maxDescription)
	snapshot, err := s.current(ctx)
	if err != nil {
		return draft, err
	}
	if _, err := Compile(draft.Definition, snapshot, s.now()); err != nil {
		fault := problem.Of(err)
		if fault == nil {
			return draft, err
		}
		for _, field := range fault.Fields {
			check.Add(field.Name, field.Code, field.Args...)
		}
		check.Require(len(fault.Fields) > 0, "list", fault.Code, fault.Args...)
	}
	if draft.Definition.Kind == ByRule {
		draft.Definition.ListID = 0
		draft.Definition.Rule = labelled(draft.Definition.Rule, snapshot)
	} else {
		draft.Definition.Rule = Group{Match: All}
	}
	return draft, check.Err()
}

// checkKept checks what only the database knows.
func (s *Service) checkKept(ctx context.Context, tx database.Tx, id int64, draft Draft) error {
	var check problem.Check
	taken, err := nameTaken(ctx, tx, draft.Name, id)
	if err != nil {
		return err
	}
	check.Require(!taken, "name", CodeNameTaken)
	if draft.Definition.Kind == ByList {
		complete, err := listComplete(ctx, tx, draft.Definition.ListID)
		if err != nil {
			return err
		}
		check.Require(complete, "list", CodeListMissing)
	}
	return check.Err()
}

// labelled notes what each attribute is called now.
func labelled(g Group, snapshot profile.Snapshot) Group {
	named := Group{Match: g.Match}
	for _, condition := range g.Conditions {
		if attribute, ok := snapshot.Attribute(condition.Attribute); ok {
			condition.Label = attribute.Label
		}
		named.Conditions = append(named.Conditions, condition)
	}
	for _, inner := range g.Groups {
		named.Groups = append(named.Groups, labelled(inner, snapshot))
	}
	return named
}

func (s *Service) current(ctx context.Context) (profile.Snapshot, error) {
	snapshot, err := s.snapshots.Current(ctx)
	if problem.Is(err, problem.NotFound) {
		return snapshot, problem.New(problem.Conflict, CodeNoProfiles).Because(err)
	}
	return snapshot, err
}

func (s *Service) publish(id int64) { s.events.Publish(Topic, TopicOf(id)) }
