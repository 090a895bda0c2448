package segment

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
)

// Subject is the segment as what something is done to.
func (s Segment) Subject() audit.Subject { return audit.Of("segment", s.ID, s.Name) }

// note writes to the audit log what was done to a segment.
func (s *Service) note(ctx context.Context, tx database.Tx, actor access.Actor, what audit.Action, on Segment, changes ...audit.Change) error {
	return audit.Write(ctx, tx, s.now(), actor, audit.Entry{Action: what, Subject: on.Subject(), Changes: changes})
}

// noteSaved writes what is different after a segment was saved. That the rule is, is told, and not how it reads: rules may name people.
func (s *Service) noteSaved(ctx context.Context, tx database.Tx, actor access.Actor, before Segment, draft Draft) error {
	changes := audit.Changed(audit.Change{Field: "name", Before: before.Name, After: draft.Name},
		audit.Change{Field: "state", Before: string(before.State), After: string(draft.State)})
	if before.Description != draft.Description {
		changes = append(changes, audit.Change{Field: "description"})
	}
	was, err := ruleText(before.Definition)
	if err != nil {
		return err
	}
	is, err := ruleText(draft.Definition)
	if err != nil {
		return err
	}
	if was != is {
		changes = append(changes, audit.Change{Field: "rule"})
	}
	if before.Definition.ListID != draft.Definition.ListID {
		changes = append(changes, audit.Change{Field: "list"})
	}
	if len(changes) == 0 {
		return nil
	}
	before.Name = draft.Name
	return s.note(ctx, tx, actor, audit.SegmentEdited, before, changes...)
}

// ruleText is what a definition says by itself: not what the segments mean that it names.
func ruleText(d Definition) (string, error) {
	d.Nested, d.ListID, d.ListBy = nil, 0, ""
	text, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("write a rule: %w", err)
	}
	return string(text), nil
}
