package schedule

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/version"
)

// thing is the one schedule that there is.
var thing = version.Thing{Kind: version.OfSchedule, ID: 1}

// SettingsOf reads what a version keeps.
func SettingsOf(v version.Version) (s Settings, err error) {
	if err = json.Unmarshal(v.Definition, &s); err != nil {
		err = fmt.Errorf("version %d of the schedule: %w", v.Number, err)
	}
	return s, err
}

// keep writes the version that the schedule has become, and before the first change also what it came with.
func (s *Service) keep(ctx context.Context, tx database.Tx, actor access.Actor, before, saved Schedule, backTo int) error {
	last, err := version.Last(ctx, tx, thing)
	if err != nil {
		return err
	}
	if last == 0 {
		first := version.Draft{Of: thing, Number: before.Version, Act: version.Made, Definition: before.Settings}
		if err := version.Keep(ctx, tx, s.clock(), access.System, first); err != nil {
			return err
		}
	}
	draft := version.Draft{Of: thing, Number: saved.Version, Act: version.Changed, BackTo: backTo, Definition: saved.Settings}
	if backTo != 0 {
		draft.Act = version.WentBack
		err := audit.Write(ctx, tx, s.clock(), actor, audit.Entry{Action: audit.ScheduleWentBack, Subject: audit.Subject{Kind: "schedule"},
			Changes: []audit.Change{{Field: "version", Before: fmt.Sprint(before.Version), After: fmt.Sprint(backTo)}}})
		if err != nil {
			return err
		}
	}
	return version.Keep(ctx, tx, s.clock(), actor, draft)
}

// Versions reads the history of the schedule, the latest first: those before a number, all when it is 0.
func (s *Service) Versions(ctx context.Context, actor access.Actor, before, limit int) ([]version.Version, error) {
	if err := actor.Require(access.ManageSchedule); err != nil {
		return nil, err
	}
	return version.List(ctx, s.db.Reader(), thing, before, limit)
}

// Version reads one version of the schedule.
func (s *Service) Version(ctx context.Context, actor access.Actor, number int) (version.Version, error) {
	if err := actor.Require(access.ManageSchedule); err != nil {
		return version.Version{}, err
	}
	return version.Get(ctx, s.db.Reader(), thing, number)
}

// GoBack makes the schedule what it was in an earlier version, as a new version. It is held to all that a save is held to.
func (s *Service) GoBack(ctx context.Context, actor access.Actor, number, seen int) (Schedule, error) {
	v, err := s.Version(ctx, actor, number)
	if err != nil {
		return Schedule{}, err
	}
	settings, err := SettingsOf(v)
	if err != nil {
		return Schedule{}, err
	}
	return s.save(ctx, actor, settings, seen, number)
}
