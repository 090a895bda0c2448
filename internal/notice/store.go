package notice

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/segue-app/segue/internal/database"
)

// insertNotice puts a notice in, unless its recipient has one of its key.
func insertNotice(ctx context.Context, tx database.Tx, n Notice) (id int64, isNew bool, err error) {
	message, err := json.Marshal(n.Message)
	if err != nil {
		return 0, false, fmt.Errorf("write a notice: %w", err)
	}
	err = tx.QueryRowContext(ctx, `INSERT INTO notices (mark, key, user_id, hook_id, message, state, created_at, next_at)
		VALUES (?, ?, nullif(?, 0), nullif(?, 0), ?, 'waiting', ?, ?) ON CONFLICT DO NOTHING RETURNING id`,
		n.Mark, n.Key, n.UserID, n.HookID, string(message), database.Millis(n.Created), database.Millis(n.Created)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("put a notice in: %w", err)
	}
	return id, true, nil
}

func hookIsOn(ctx context.Context, q database.Querier, hookID int64) (on bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM hooks WHERE id = ? AND off_at IS NULL)`, hookID).Scan(&on)
	if err != nil {
		return false, fmt.Errorf("look for a hook: %w", err)
	}
	return on, nil
}

const hookColumns = `id, name, host, kinds, language, format, template, off_at, off_because, earlier_until, version, created_by, created_at, updated_at`

func scanHook(row interface{ Scan(...any) error }) (h Hook, err error) {
	var kinds []byte
	var off, earlier sql.NullInt64
	var created, updated int64
	if err := row.Scan(&h.ID, &h.Name, &h.Host, &kinds, &h.Language, &h.Format, &h.Template, &off, &h.OffBecause, &earlier, &h.Version, &h.CreatedBy, &created, &updated); err != nil {
		return Hook{}, err
	}
	h.Off, h.Earlier, h.Created, h.Updated = database.NullTime(off), database.NullTime(earlier), database.Time(created), database.Time(updated)
	return h, json.Unmarshal(kinds, &h.Kinds)
}

func hooks(ctx context.Context, q database.Querier, where string, args ...any) (found []Hook, err error) {
	rows, err := q.QueryContext(ctx, `SELECT `+hookColumns+` FROM hooks `+where+` ORDER BY name_key`, args...)
	if err != nil {
		return nil, fmt.Errorf("read hooks: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		h, err := scanHook(rows)
		if err != nil {
			return nil, fmt.Errorf("read hooks: %w", err)
		}
		found = append(found, h)
	}
	return found, rows.Err()
}
