package notice

import (
	"context"
	"strings"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
)

// note writes to the audit log what was done to a hook.
func (s *Service) note(ctx context.Context, tx database.Tx, actor access.Actor, what audit.Action, h Hook, changes ...audit.Change) error {
	return audit.Write(ctx, tx, s.clock(), actor, audit.Entry{Action: what, Subject: audit.Of("hook", h.ID, h.Name), Changes: changes})
}

// differences are the fields of a hook before and after. Its address is as good as a secret, so only the host is told.
func differences(before, after Hook) []audit.Change {
	changes := audit.Changed(audit.Change{Field: "name", Before: before.Name, After: after.Name}, audit.Change{Field: "host", Before: before.Host, After: after.Host},
		audit.Change{Field: "kinds", Before: strings.Join(before.Kinds, ", "), After: strings.Join(after.Kinds, ", ")},
		audit.Change{Field: "language", Before: before.Language, After: after.Language}, audit.Change{Field: "format", Before: string(before.Format), After: string(after.Format)})
	if before.Template != after.Template {
		changes = append(changes, audit.Change{Field: "template"})
	}
	return changes
}
