package export

import (
	"context"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/pushdown"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/version"
)

// Profiles is what exports need of the profile package.
type Profiles interface {
	Current(ctx context.Context) (profile.Snapshot, error)
	Samples(ctx context.Context, actor access.Actor, snapshot profile.Snapshot, key string, n int) ([]string, error)
}

// Segments is what exports need of the segment package.
type Segments interface {
	Get(ctx context.Context, actor access.Actor, id int64) (segment.Segment, error)
	Definitions(ctx context.Context, ids []int64) ([]segment.Definition, error)
}

// Remote is what exports need of profiles that stay where they are.
type Remote interface {
	Schema(ctx context.Context, sourceID int64) (profile.Snapshot, error)
	Stream(ctx context.Context, reading pushdown.Reading, visit func(pushdown.Member) error) (withoutID int, err error)
}

// Connections is what exports need of the connection package.
type Connections interface {
	Choose(ctx context.Context, actor access.Actor, id int64) (connection.Choice, error)
	Find(ctx context.Context, q database.Querier, id int64) (connection.Connection, error)
	Obstacle(ctx context.Context, c connection.Connection) (connection.Obstacle, error)
}

// Dependencies are all that the service needs.
type Dependencies struct {
	DB          *database.DB
	Profiles    Profiles
	Remote      Remote
	Segments    Segments
	Connections Connections
	Drivers     map[string]destination.Driver
	Places      OutcomePlaces
	Events      *event.Hub
	Clock       func() time.Time
}

// Service makes, changes and tells about exports.
type Service struct {
	db          *database.DB
	profiles    Profiles
	remote      Remote
	segments    Segments
	connections Connections
	drivers     map[string]destination.Driver
	places      OutcomePlaces
	approvals   Approvals
	events      *event.Hub
	clock       func() time.Time
}

// NewService makes the service.
func NewService(d Dependencies) *Service {
	return &Service{db: d.DB, profiles: d.Profiles, remote: d.Remote, segments: d.Segments, connections: d.Connections, drivers: d.Drivers, places: d.Places, approvals: nobodyAsked{}, events: d.Events, clock: d.Clock}
}

// base describes the profiles that segments of a base are made from.
func (s *Service) base(ctx context.Context, sourceID int64) (profile.Snapshot, error) {
	if sourceID == 0 {
		return s.profiles.Current(ctx)
	}
	return s.remote.Schema(ctx, sourceID)
}

// Topic is the event topic of the list of exports.
const Topic = "exports"

// Get reads an export.
func (s *Service) Get(ctx context.Context, actor access.Actor, id int64) (Export, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return Export{}, err
	}
	return s.present(ctx, s.db.Reader(), id)
}

// Present gives those of the ids that are there.
func (s *Service) Present(ctx context.Context, actor access.Actor, ids []int64) ([]int64, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	return database.Among(ctx, s.db.Reader(), `SELECT id FROM exports WHERE removed_at IS NULL`, ids)
}

// Recall reads an export for the history of its runs: also one that was removed.
func (s *Service) Recall(ctx context.Context, actor access.Actor, id int64) (Export, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return Export{}, err
	}
	return get(ctx, s.db.Reader(), id)
}

// Find reads an export for the program itself, also one that was removed.
func (s *Service) Find(ctx context.Context, q database.Querier, id int64) (Export, error) {
	return get(ctx, q, id)
}

func (s *Service) present(ctx context.Context, q database.Querier, id int64) (Export, error) {
	e, err := get(ctx, q, id)
	if err == nil && e.Removed {
		return Export{}, problem.New(problem.NotFound, "problem.export.not_found")
	}
	return e, err
}

// List reads a page of exports and how many there are in all.
func (s *Service) List(ctx context.Context, actor access.Actor, query Query) ([]Row, int, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, 0, err
	}
	return list(ctx, s.db.Reader(), query)
}

// Driver gives the destination of a type.
func (s *Service) Driver(destinationType string) (destination.Driver, error) {
	driver, ok := s.drivers[destinationType]
	if !ok {
		return nil, fmt.Errorf("no destination of type %q", destinationType)
	}
	return driver, nil
}

// Create makes an export. Nothing is sent until it runs.
func (s *Service) Create(ctx context.Context, actor access.Actor, draft Draft) (Export, error) {
	return s.save(ctx, actor, 0, draft)
}

// Update changes an export. It fails with a Conflict when somebody else changed it since draft.Version.
func (s *Service) Update(ctx context.Context, actor access.Actor, id int64, draft Draft) (Export, error) {
	return s.save(ctx, actor, id, draft)
}

func (s *Service) save(ctx context.Context, actor access.Actor, id int64, draft Draft) (saved Export, err error) {
	if err := actor.Require(access.UseSomeConnections); err != nil {
		return Export{}, err
	}
	if id != 0 {
		if err := s.requireEdit(ctx, actor, id); err != nil {
			return Export{}, err
		}
	}
	draft, kind, err := s.check(ctx, actor, id, draft)
	if err != nil {
		return Export{}, err
	}
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		var old Export
		if id != 0 {
			if old, err = s.present(ctx, tx, id); err != nil {
				return err
			}
			if err := actor.RequireUse(old.Grant); err != nil { // access may have been withdrawn meanwhile
				return err
			}
			if old.Version != draft.Version {
				return problem.New(problem.Conflict, "problem.changed")
			}
		}
		draft.Mapping.ticked(old.Mapping, actor, s.clock())
		savedID, err := save(ctx, tx, id, actor.UserID, kind, draft, s.clock())
		if err != nil {
			return err
		}
		if saved, err = s.keep(ctx, tx, actor, savedID, draft.act(id), draft.backTo); err != nil {
			return err
		}
		if draft.backTo != 0 {
			return s.noteGoingBack(ctx, tx, actor, old, saved, draft)
		}
		return s.noteSaved(ctx, tx, actor, old, saved)
	})
	if err == nil {
		s.events.Publish(Topic)
	}
	return saved, err
}

func (s *Service) requireEdit(ctx context.Context, actor access.Actor, id int64) error {
	e, err := s.present(ctx, s.db.Reader(), id)
	if err != nil {
		return err
	}
	return actor.RequireUse(e.Grant)
}

// change runs a change of one export that the actor may edit.
func (s *Service) change(ctx context.Context, actor access.Actor, id int64, change func(tx database.Tx, e Export) error) error {
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		e, err := s.present(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := actor.RequireUse(e.Grant); err != nil {
			return err
		}
		return change(tx, e)
	})
	if err == nil {
		s.events.Publish(Topic)
	}
	return err
}

// Pause stops an export for the time being: it does not run, and a run under way stops.
func (s *Service) Pause(ctx context.Context, actor access.Actor, id int64) error {
	return s.change(ctx, actor, id, func(tx database.Tx, _ Export) error {
		return s.pause(ctx, tx, actor, id, version.Paused)
	})
}

// Resume lets a paused export run again.
func (s *Service) Resume(ctx context.Context, actor access.Actor, id int64) error {
	return s.change(ctx, actor, id, func(tx database.Tx, _ Export) error {
		return s.pause(ctx, tx, actor, id, version.Resumed)
	})
}

// DetachConnection takes the connection away: the export stays, and does not run until another is chosen.
func (s *Service) DetachConnection(ctx context.Context, actor access.Actor, id int64) error {
	return s.change(ctx, actor, id, func(tx database.Tx, _ Export) error {
		return s.detach(ctx, tx, actor, id)
	})
}

// RemoveExport takes an export away. Its runs stay in the history; what it delivered stays at the destination.
func (s *Service) RemoveExport(ctx context.Context, actor access.Actor, id int64) error {
	return s.change(ctx, actor, id, func(tx database.Tx, _ Export) error {
		return s.remove(ctx, tx, actor, id)
	})
}
