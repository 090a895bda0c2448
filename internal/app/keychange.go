package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/secret"
)

// noteKey remembers where the sealing key comes from and which one it is. That either is another than at the last start, by
// whatever way that came about, is an entry of the audit log.
func (a *App) noteKey(ctx context.Context, now time.Time, source secret.Kind, keyID string) error {
	var before, beforeID string
	err := a.DB.Reader().QueryRowContext(ctx, `SELECT source, key_id FROM sealing`).Scan(&before, &beforeID)
	first := errors.Is(err, sql.ErrNoRows)
	if err != nil && !first {
		return fmt.Errorf("read where the sealing key came from: %w", err)
	}
	if before == string(source) && beforeID == keyID {
		return nil
	}
	return a.DB.InTx(ctx, func(tx database.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO sealing (id, source, key_id, since) VALUES (1, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET source = excluded.source, key_id = excluded.key_id, since = excluded.since`, source, keyID, database.Millis(now))
		if err != nil {
			return fmt.Errorf("note where the sealing key comes from: %w", err)
		}
		if first {
			return nil
		}
		return audit.Write(ctx, tx, now, access.System, audit.Entry{Action: audit.SealingKeyChanged, Subject: audit.Subject{Kind: "sealing_key"},
			Changes: audit.Changed(audit.Change{Field: "source", Before: before, After: string(source)}, audit.Change{Field: "key", Before: beforeID, After: keyID})})
	})
}
