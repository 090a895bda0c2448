package approval

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
)

// Settings say which exports need a second person, and who that may be. The zero value: none.
type Settings struct {
	Everywhere   bool    // all exports; else those on the connections
	Connections  []int64 // in order; kept also while it is everywhere
	OfRules      bool    // a change of a segment that an approved export uses asks anew
	Contributors bool    // contributors who may use the connection may approve, too; else administrators alone

	Version   int // for optimistic locking
	ChangedAt time.Time
	ChangedBy string
}

// Off reports whether no export needs a second person.
func (s Settings) Off() bool { return !s.Everywhere && len(s.Connections) == 0 }

// covers reports whether exports on a connection need a second person. A detached one cannot run at all.
func (s Settings) covers(connectionID int64) bool {
	return s.Everywhere || slices.Contains(s.Connections, connectionID)
}

// Settings reads them. Everybody may know: the pages say why an export waits.
func (s *Service) Settings(ctx context.Context, actor access.Actor) (Settings, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return Settings{}, err
	}
	return readSettings(ctx, s.db.Reader())
}

// Save changes the settings. It fails with a Conflict when somebody else changed them since the version. What runs goes on; what is
// not approved by then waits from now on, until somebody looked at it.
func (s *Service) Save(ctx context.Context, actor access.Actor, settings Settings) error {
	if err := actor.Require(access.ManageApprovals); err != nil {
		return err
	}
	if err := actor.RequireFresh(s.clock()); err != nil { // a session that was left open must not take the second person away
		return err
	}
	settings.Connections = slices.Compact(slices.Sorted(slices.Values(settings.Connections)))
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		before, err := readSettings(ctx, tx)
		if err != nil {
			return err
		}
		if before.Version != settings.Version {
			return problem.New(problem.Conflict, "problem.changed")
		}
		if err := writeSettings(ctx, tx, settings, actor.Name, s.clock()); err != nil {
			return err
		}
		kept, err := readSettings(ctx, tx) // less the connections that were removed meanwhile
		if err != nil {
			return err
		}
		if kept.Off() && !settings.Off() {
			var check problem.Check
			check.Add(ConnectionField, CodeNoConnection)
			return check.Err()
		}
		changes := audit.Changed(
			audit.Change{Field: "everywhere", Before: audit.YesNo(before.Everywhere), After: audit.YesNo(kept.Everywhere)},
			audit.Change{Field: "connections", Before: written(before.Connections), After: written(kept.Connections)},
			audit.Change{Field: "of_rules", Before: audit.YesNo(before.OfRules), After: audit.YesNo(kept.OfRules)},
			audit.Change{Field: "contributors", Before: audit.YesNo(before.Contributors), After: audit.YesNo(kept.Contributors)},
		)
		if len(changes) == 0 {
			return nil
		}
		return audit.Write(ctx, tx, s.clock(), actor, audit.Entry{Action: audit.ApprovalSettingsSet, Changes: changes})
	})
	if err == nil {
		s.events.Publish(export.Topic)
	}
	return err
}

func written(ids []int64) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.FormatInt(id, 10)
	}
	return strings.Join(texts, ", ")
}

// Approvers counts the people who could approve something: administrators, and contributors where they may. With one alone, nobody
// can approve what she makes.
func (s *Service) Approvers(ctx context.Context, actor access.Actor) (administrators, contributors int, err error) {
	if err := actor.Require(access.ManageApprovals); err != nil {
		return 0, 0, err
	}
	people, err := s.people.Users(ctx, access.System)
	for _, person := range people {
		switch {
		case person.State() != account.Active:
		case person.Role == access.Administrator:
			administrators++
		case person.Role == access.Contributor:
			contributors++
		}
	}
	return administrators, contributors, err
}
