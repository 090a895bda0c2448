package segment

import (
	"context"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/version"
)

// State says whether a segment counts.
type State string

// The states. A draft may be incomplete. An inactive segment keeps its rule and its last size. Neither is calculated, and
// an export with one of them does not run.
const (
	InDraft  State = "draft"
	Active   State = "active"
	Inactive State = "inactive"
)

// States lists them as they are offered.
var States = []State{Active, InDraft, Inactive}

// Activate has a segment count from now on. A rule or list with faults is an Invalid problem whose fields are those of the form.
func (s *Service) Activate(ctx context.Context, actor access.Actor, id int64) (Segment, error) {
	if err := actor.Require(access.EditSegments); err != nil {
		return Segment{}, err
	}
	found, err := get(ctx, s.db.Reader(), id)
	if err != nil {
		return Segment{}, err
	}
	draft, err := s.checkNow(ctx, Draft{Name: found.Name, Description: found.Description, Definition: found.Definition, State: Active})
	if err != nil {
		return Segment{}, err
	}
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		now, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		if now.Version != found.Version {
			return problem.New(problem.Conflict, "problem.changed")
		}
		if err := s.checkKept(ctx, tx, id, draft); err != nil {
			return err
		}
		if err := setState(ctx, tx, id, Active, s.now()); err != nil {
			return err
		}
		if err := s.note(ctx, tx, actor, audit.SegmentActivated, now, audit.Change{Field: "state", Before: string(now.State), After: string(Active)}); err != nil {
			return err
		}
		if err := s.keepVersion(ctx, tx, actor, id, version.Activated, 0); err != nil {
			return err
		}
		return markWaiting(ctx, tx, []int64{id}, s.now())
	})
	if err != nil {
		return Segment{}, err
	}
	s.changed(id)
	return s.soon(ctx, id)
}

// Deactivate has a segment count no more; its rule and last size stay. One that an active segment's rule names, or that is on
// the list of exclusions, cannot be. Exports that contain it do not run then: somebody must know that.
func (s *Service) Deactivate(ctx context.Context, actor access.Actor, id int64, knowing bool) error {
	if err := actor.Require(access.EditSegments); err != nil {
		return err
	}
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		found, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		if found.State != Active {
			return problem.New(problem.Conflict, CodeNotActive, "Name", found.Name)
		}
		holding, exports, err := s.hold(ctx, tx, id)
		if err != nil {
			return err
		}
		if len(holding) > 0 {
			return problem.New(problem.Conflict, CodeInUse, "Count", len(holding))
		}
		if len(exports) > 0 && !knowing {
			return problem.New(problem.Conflict, CodeInExports, "Count", len(exports))
		}
		if err := setState(ctx, tx, id, Inactive, s.now()); err != nil {
			return err
		}
		if err := s.note(ctx, tx, actor, audit.SegmentDeactivated, found, audit.Change{Field: "state", Before: string(found.State), After: string(Inactive)}); err != nil {
			return err
		}
		return s.keepVersion(ctx, tx, actor, id, version.Deactivated, 0)
	})
	if err == nil {
		s.changed(id)
		s.publish(id)
	}
	return err
}

// hold parts what keeps a segment from being deactivated from the exports that would stop with it.
func (s *Service) hold(ctx context.Context, q database.Querier, id int64) (holding, exports []Use, err error) {
	uses, err := s.uses.OfSegment(ctx, q, id)
	if err != nil {
		return nil, nil, err
	}
	for _, use := range uses {
		if use.ExportID != 0 {
			exports = append(exports, use)
		} else {
			holding = append(holding, use)
		}
	}
	outers, err := namedBy(ctx, q, id)
	for _, outer := range outers {
		if outer.State == Active {
			holding = append(holding, useOf(outer))
		}
	}
	return holding, exports, err
}

// Hold lists what keeps a segment from being deactivated, and the exports that would not run without it.
func (s *Service) Hold(ctx context.Context, actor access.Actor, id int64) (holding, exports []Use, err error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, nil, err
	}
	return s.hold(ctx, s.db.Reader(), id)
}
