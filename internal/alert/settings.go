package alert

import (
	"context"
	"strconv"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// Settings say when something is an alert.
type Settings struct {
	RejectedShare int // thousandths of the profiles of a run: more are an alert
	StartMinutes  int // that a start may be late
	SizeFactor    int // tenths: so many times larger or smaller than usual is an alert
	QuietMinutes  int // in which an alert that comes back is the same one, and not told of again

	Version   int // for optimistic locking
	ChangedAt time.Time
	ChangedBy string
}

// Limits of the settings; the table holds the same.
const (
	mostShare   = 1000
	mostMinutes = 24 * 60
	leastFactor = 11
	mostFactor  = 1000
)

func (s Settings) check() error {
	var check problem.Check
	check.Require(s.RejectedShare >= 1 && s.RejectedShare <= mostShare, "rejected_share", "alert.problem.share")
	check.Require(s.StartMinutes >= 1 && s.StartMinutes <= mostMinutes, "start_minutes", "alert.problem.minutes", "Least", 1, "Most", mostMinutes)
	check.Require(s.SizeFactor >= leastFactor && s.SizeFactor <= mostFactor, "size_factor", "alert.problem.factor")
	check.Require(s.QuietMinutes >= 0 && s.QuietMinutes <= mostMinutes, "quiet_minutes", "alert.problem.minutes", "Least", 0, "Most", mostMinutes)
	return check.Err()
}

func (s Settings) late(since, now time.Time) bool {
	return now.Sub(since) > time.Duration(s.StartMinutes)*time.Minute
}

func (s Settings) quiet() time.Duration { return time.Duration(s.QuietMinutes) * time.Minute }

// unusual reports whether a run has so many more or fewer profiles than usual that somebody should look.
func (s Settings) unusual(profiles, usual int) bool {
	return max(profiles, usual) >= leastSize && (profiles*10 > usual*s.SizeFactor || profiles*s.SizeFactor < usual*10)
}

// tooMany reports whether more were rejected than the share.
func (s Settings) tooMany(rejected, profiles int) bool {
	return profiles > 0 && rejected*1000 > profiles*s.RejectedShare
}

// Settings reads when something is an alert.
func (s *Service) Settings(ctx context.Context, actor access.Actor) (Settings, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return Settings{}, err
	}
	return readSettings(ctx, s.db.Reader())
}

// SaveSettings changes them. It fails with a Conflict when somebody else did since the version.
func (s *Service) SaveSettings(ctx context.Context, actor access.Actor, settings Settings) error {
	if err := actor.Require(access.ManageSchedule); err != nil {
		return err
	}
	if err := settings.check(); err != nil {
		return err
	}
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		before, err := readSettings(ctx, tx)
		if err != nil {
			return err
		}
		if before.Version != settings.Version {
			return problem.New(problem.Conflict, "problem.changed")
		}
		settings.ChangedAt, settings.ChangedBy = s.clock(), actor.Name
		if err := writeSettings(ctx, tx, settings); err != nil {
			return err
		}
		changes := audit.Changed(
			audit.Change{Field: "rejected_share", Before: strconv.Itoa(before.RejectedShare) + " ‰", After: strconv.Itoa(settings.RejectedShare) + " ‰"},
			audit.Change{Field: "start_minutes", Before: strconv.Itoa(before.StartMinutes), After: strconv.Itoa(settings.StartMinutes)},
			audit.Change{Field: "size_factor", Before: strconv.Itoa(before.SizeFactor) + "/10", After: strconv.Itoa(settings.SizeFactor) + "/10"},
			audit.Change{Field: "quiet_minutes", Before: strconv.Itoa(before.QuietMinutes), After: strconv.Itoa(settings.QuietMinutes)})
		if len(changes) == 0 {
			return nil
		}
		return audit.Write(ctx, tx, settings.ChangedAt, actor, audit.Entry{Action: audit.AlertLimitsSaved, Changes: changes})
	})
	if err == nil {
		s.events.Publish(Topic)
	}
	return err
}
