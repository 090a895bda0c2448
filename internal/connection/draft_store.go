package connection

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// draft reads a person's draft, the zero Draft when there is none.
func draft(ctx context.Context, q database.Querier, userID int64) (Draft, error) {
	var d Draft
	var agreed, verified, confirmed sql.NullInt64
	var updated int64
	err := q.QueryRowContext(ctx, `SELECT id, type, name, access, sealed_key, key_store, key_name, terms_version, agreed_at, brand_id, brand_name,
		brand_website, verified_at, export_user_at, revision, updated_at FROM connection_drafts WHERE user_id = ?`, userID).
		Scan(&d.ID, &d.Type, &d.Name, &d.Grant, &d.key.sealed, &d.KeyFrom.Store, &d.KeyFrom.Name, &d.TermsVersion, &agreed, &d.Brand.ID, &d.Brand.Name,
			&d.Brand.Website, &verified, &confirmed, &d.revision, &updated)
	if errors.Is(err, sql.ErrNoRows) {
		return Draft{}, nil
	}
	if err != nil {
		return Draft{}, fmt.Errorf("read draft of a connection: %w", err)
	}
	d.key.from = d.KeyFrom
	d.HasKey = d.key.is()
	d.AgreedAt, d.VerifiedAt = database.NullTime(agreed), database.NullTime(verified)
	d.ExportUserAt, d.UpdatedAt = database.NullTime(confirmed), database.Time(updated)
	return d, nil
}

func addDraft(ctx context.Context, tx database.Tx, userID int64, kind string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO connection_drafts (user_id, type, updated_at) VALUES (?, ?, ?)`, userID, kind, database.Millis(now))
	if err != nil {
		return fmt.Errorf("begin draft of a connection: %w", err)
	}
	return nil
}

func storeDraft(ctx context.Context, tx database.Tx, d Draft) error {
	_, err := tx.ExecContext(ctx, `UPDATE connection_drafts SET name = ?, access = ?, sealed_key = ?, key_store = ?, key_name = ?, terms_version = ?, agreed_at = ?,
		brand_id = ?, brand_name = ?, brand_website = ?, verified_at = ?, export_user_at = ?, revision = revision + 1, updated_at = ? WHERE id = ?`,
		d.Name, d.Grant.String(), d.key.sealed, d.KeyFrom.Store, d.KeyFrom.Name, d.TermsVersion, database.NullMillis(d.AgreedAt),
		d.Brand.ID, d.Brand.Name, d.Brand.Website, database.NullMillis(d.VerifiedAt), database.NullMillis(d.ExportUserAt),
		database.Millis(d.UpdatedAt), d.ID)
	if err != nil {
		return fmt.Errorf("store draft of a connection: %w", err)
	}
	return nil
}

func dropDraft(ctx context.Context, tx database.Tx, userID int64) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM connection_drafts WHERE user_id = ?`, userID); err != nil {
		return fmt.Errorf("drop draft of a connection: %w", err)
	}
	return nil
}
