package source

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/profile"
)

// subject is the source as what something is done to.
func (s Source) subject() audit.Subject { return audit.Of("source", s.ID, s.Name) }

// note writes to the audit log what was done to a source.
func (s *Service) note(ctx context.Context, tx database.Tx, actor access.Actor, what audit.Action, of Source, changes ...audit.Change) error {
	return audit.Write(ctx, tx, s.now(), actor, audit.Entry{Action: what, Subject: of.subject(), Changes: changes})
}

// noteImport writes what was done about an import of a source.
func (s *Service) noteImport(ctx context.Context, tx database.Tx, actor access.Actor, what audit.Action, i Import, changes ...audit.Change) error {
	of, err := s.store.source(ctx, tx, i.SourceID)
	if err != nil {
		return err
	}
	return s.note(ctx, tx, actor, what, of, append([]audit.Change{{Field: "import", After: strconv.FormatInt(i.ID, 10)}}, changes...)...)
}

// noteBegun writes that an import began, by whom and because of what.
func (s *Service) noteBegun(ctx context.Context, tx database.Tx, i Import) error {
	return s.noteImport(ctx, tx, i.by, audit.ImportBegun, i, audit.Change{Field: "cause", After: string(i.Cause)})
}

// noteColumns writes how a person has the columns of a source read: which are personal data, and what changed against before.
func (s *Service) noteColumns(ctx context.Context, tx database.Tx, actor access.Actor, i Import) error {
	of, err := s.store.source(ctx, tx, i.SourceID)
	if err != nil {
		return err
	}
	before, after := of.Reading.told(), i.Settings.told()
	var keys []string
	for key := range after {
		keys = append(keys, key)
	}
	for key := range before {
		if _, ok := after[key]; !ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	changes := []audit.Change{{Field: "import", After: strconv.FormatInt(i.ID, 10)}}
	for _, key := range keys {
		changes = append(changes, audit.Changed(audit.Change{Field: "column." + key, Before: before[key], After: after[key]})...)
	}
	return s.note(ctx, tx, actor, audit.ImportConfirmed, of, changes...)
}

// told says of each column that is read how.
func (s Settings) told() map[string]string {
	columns := map[string]string{}
	for _, c := range s.Columns {
		if !c.Include {
			continue
		}
		text := string(c.Kind)
		if c.Mark != profile.NotPersonal {
			text += ", " + c.Mark.String()
		}
		if c.attribute() != c.Key {
			text += " → " + c.attribute()
		}
		columns[c.Key] = text
	}
	return columns
}

// differences are the fields of a source before and after.
func differences(before, after Source) []audit.Change {
	changes := audit.Changed(
		audit.Change{Field: "name", Before: before.Name, After: after.Name},
		audit.Change{Field: "with_schedule", Before: audit.YesNo(before.WithSchedule), After: audit.YesNo(after.WithSchedule)},
		audit.Change{Field: "on_change", Before: audit.YesNo(before.OnChange), After: audit.YesNo(after.OnChange)},
		audit.Change{Field: "shrink_share", Before: strconv.Itoa(before.ShrinkShare), After: strconv.Itoa(after.ShrinkShare)},
		audit.Change{Field: "folder", Before: before.Watched.told(), After: after.Watched.told()},
		audit.Change{Field: "database", Before: before.Remote.told(), After: after.Remote.told()},
		audit.Change{Field: "table", Before: before.Remote.title(), After: after.Remote.title()},
	)
	if before.Remote.What.Query != after.Remote.What.Query { // it may name people
		changes = append(changes, audit.Change{Field: "query"})
	}
	if before.Remote.Address.Authority != after.Remote.Address.Authority {
		changes = append(changes, audit.Change{Field: "authority"})
	}
	return changes
}

func (f Folders) told() string {
	if f.Folder == "" {
		return ""
	}
	return f.Folder + "/" + f.Pattern
}

func (r Remote) told() string {
	a := r.Address
	if a.Host == "" {
		return ""
	}
	return fmt.Sprintf("%s %s@%s:%d/%s %s", a.Kind, a.User, a.Host, a.Port, strings.TrimSuffix(a.Database+"."+a.Schema, "."), a.TLS)
}

// toldCounts says what an import brought.
func toldCounts(i Import) []audit.Change {
	return []audit.Change{{Field: "profiles", Before: strconv.Itoa(i.Before), After: strconv.Itoa(i.Good)}, {Field: "refused", After: strconv.Itoa(i.Refused)}}
}

// toldRule says how a source's persons are recognised.
func toldRule(ownKeys, matchEmail bool) string {
	return profile.Rule{OwnKeys: ownKeys, MatchEmail: matchEmail}.Told()
}
