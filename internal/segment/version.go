package segment

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/version"
)

// Defined is a segment as a version keeps it.
type Defined struct {
	Name        string     `json:"name"`
	Description string     `json:"description,omitempty"`
	State       State      `json:"state"`
	Definition  Definition `json:"definition"`
}

// Defined is the segment as a version keeps it.
func (s Segment) Defined() Defined {
	return Defined{Name: s.Name, Description: s.Description, State: s.State, Definition: s.Definition}
}

// substance is what decides who belongs: the definition without what its attributes and segments were called.
func (d Defined) substance() any {
	plain := d.Definition
	plain.Nested = nil
	plain.Rule = plain.Rule.each(func(c Condition) Condition {
		c.Label = ""
		return c
	})
	return plain
}

// DefinedBy reads what a version keeps.
func DefinedBy(v version.Version) (d Defined, err error) {
	if err = json.Unmarshal(v.Definition, &d); err != nil {
		err = fmt.Errorf("version %d of segment %d: %w", v.Number, v.Of.ID, err)
	}
	return d, err
}

func thing(id int64) version.Thing { return version.Thing{Kind: version.OfSegment, ID: id} }

// keepVersion writes the version that the segment has become.
func (s *Service) keepVersion(ctx context.Context, tx database.Tx, actor access.Actor, id int64, act version.Act, backTo int) error {
	now, err := get(ctx, tx, id)
	if err != nil {
		return err
	}
	d := now.Defined()
	err = version.Keep(ctx, tx, s.now(), actor, version.Draft{Of: thing(id), Number: now.Version, Act: act, BackTo: backTo, Definition: d, Substance: d.substance()})
	if err != nil || backTo == 0 {
		return err
	}
	return s.note(ctx, tx, actor, audit.SegmentWentBack, now, audit.Change{Field: "version", Before: fmt.Sprint(now.Version - 1), After: fmt.Sprint(backTo)})
}

// Versions reads the history of a segment, the latest first: those before a number, all when it is 0. Rules in it may name people:
// whoever shows them asks whether the reader may see that.
func (s *Service) Versions(ctx context.Context, actor access.Actor, id int64, before, limit int) ([]version.Version, error) {
	if _, err := s.Get(ctx, actor, id); err != nil {
		return nil, err
	}
	return version.List(ctx, s.db.Reader(), thing(id), before, limit)
}

// Version reads one version of a segment.
func (s *Service) Version(ctx context.Context, actor access.Actor, id int64, number int) (version.Version, error) {
	if _, err := s.Get(ctx, actor, id); err != nil {
		return version.Version{}, err
	}
	return version.Get(ctx, s.db.Reader(), thing(id), number)
}

// GoBack makes a segment what it was in an earlier version, as a new version: all of it but its state. It is held to all that a
// save is held to, and fails with a Conflict when somebody changed the segment since seen.
func (s *Service) GoBack(ctx context.Context, actor access.Actor, id int64, number, seen int) (Segment, error) {
	if err := actor.Require(access.EditSegments); err != nil {
		return Segment{}, err
	}
	v, err := version.Get(ctx, s.db.Reader(), thing(id), number)
	if err != nil {
		return Segment{}, err
	}
	d, err := DefinedBy(v)
	if err != nil {
		return Segment{}, err
	}
	return s.Update(ctx, actor, id, Draft{Name: d.Name, Description: d.Description, Definition: d.Definition, Version: seen, backTo: number})
}
