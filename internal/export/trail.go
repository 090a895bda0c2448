package export

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/calendar"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/profile"
)

// Subject is the export as what something is done to.
func (e Export) Subject() audit.Subject { return audit.Of("export", e.ID, e.Name) }

// note writes to the audit log what was done to an export.
func (s *Service) note(ctx context.Context, tx database.Tx, actor access.Actor, what audit.Action, e Export, changes ...audit.Change) error {
	return audit.Write(ctx, tx, s.clock(), actor, audit.Entry{Action: what, Subject: e.Subject(), Changes: changes})
}

// noteSaved writes what is different after an export was saved. What was saved as it was is nothing.
func (s *Service) noteSaved(ctx context.Context, tx database.Tx, actor access.Actor, old, saved Export) error {
	what := audit.ExportEdited
	if old.ID == 0 {
		what = audit.ExportCreated
	}
	changes := changed(old, saved)
	if old.ID != 0 && len(changes) == 0 {
		return nil
	}
	return s.note(ctx, tx, actor, what, saved, changes...)
}

// changed is what is different. That the reason why something sensitive is sent is another is told, and not what it says: it is a
// person's text.
func changed(old, saved Export) []audit.Change {
	changes := audit.Changed(differences(old, saved)...)
	for _, pair := range saved.Mapping {
		i := slices.IndexFunc(old.Mapping, func(was Pair) bool { return was.Field == pair.Field && was.Attribute == pair.Attribute })
		if i >= 0 && old.Mapping[i].Reason != pair.Reason {
			changes = append(changes, audit.Change{Field: "reason." + string(pair.Field)})
		}
	}
	return changes
}

// differences are the fields of an export before and after. A line of the mapping is a field of its own.
func differences(old, saved Export) []audit.Change {
	changes := []audit.Change{
		{Field: "name", Before: old.Name, After: saved.Name},
		{Field: "connection", Before: old.ConnectionName, After: saved.ConnectionName},
		{Field: "segments", Before: toldParts(old.Segments), After: toldParts(saved.Segments)},
	}
	seen := map[destination.Field]bool{}
	for _, mapping := range []Mapping{saved.Mapping, old.Mapping} {
		for _, pair := range mapping {
			if !seen[pair.Field] {
				seen[pair.Field] = true
				changes = append(changes, audit.Change{Field: "mapping." + string(pair.Field), Before: old.Mapping.told(pair.Field), After: saved.Mapping.told(pair.Field)})
			}
		}
	}
	return append(changes,
		audit.Change{Field: "consent", Before: strings.Join(old.Consent.Everyone, ", "), After: strings.Join(saved.Consent.Everyone, ", ")},
		audit.Change{Field: "consent_source", Before: old.Consent.Source, After: saved.Consent.Source},
		audit.Change{Field: "schedule", Before: old.Schedule.told(), After: saved.Schedule.told()},
		audit.Change{Field: "leavers", Before: string(old.Leavers), After: string(saved.Leavers)},
		audit.Change{Field: "ask_share", Before: toldShare(old), After: toldShare(saved)},
		audit.Change{Field: "outcomes", Before: old.Outcomes.told(), After: saved.Outcomes.told()},
	)
}

func toldParts(parts []Part) string {
	var told []string
	for _, p := range parts {
		text := p.Name
		if p.Tag != "" {
			text += " [" + p.Tag + "]"
		}
		told = append(told, text)
	}
	return strings.Join(told, ", ")
}

func (m Mapping) told(field destination.Field) string {
	var told []string
	for _, pair := range m {
		if pair.Field != field {
			continue
		}
		var parts []string
		for _, sent := range pair.Sends() {
			part := sent.Attribute
			if sent.Meant && sent.Tick.As > profile.NotPersonal {
				part += " (meant, " + sent.Tick.As.String() + ")"
			}
			parts = append(parts, part)
		}
		text := strings.Join(parts, " + ")
		if way := pair.Change.String(); way != "" {
			text = strings.TrimSpace(text + " [" + way + "]")
		}
		if pair.Clear {
			text += " (clear)"
		}
		told = append(told, text)
	}
	return strings.Join(told, ", ")
}

func (s Schedule) told() string {
	switch s.When {
	case Weekly:
		return fmt.Sprintf("%s %s %s", s.When, strings.Join(calendar.ShortDays(s.Weekdays), ","), s.Time)
	case Monthly:
		return fmt.Sprintf("%s %d %s", s.When, s.Day, s.Time)
	}
	return string(s.When)
}

func toldShare(e Export) string {
	switch {
	case e.ID == 0:
		return ""
	case e.AskShare == NeverAsk:
		return "never"
	}
	return strconv.Itoa(e.AskShare) + " %"
}

func (o Outcomes) told() string {
	switch o.Way {
	case AsFile:
		return fmt.Sprintf("%s %s %s", o.Way, o.Format, o.Folder)
	case AsRows:
		return fmt.Sprintf("%s %s", o.Way, o.Table)
	}
	return ""
}
