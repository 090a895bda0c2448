package notice

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
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

const noticeColumns = `id, mark, key, ifnull(user_id, 0), ifnull(hook_id, 0), message, state, turn, tries, created_at, next_at, claimed_until, tried_at, ended_at, reason_code, reason_status`

func scanNotice(row interface{ Scan(...any) error }) (n Notice, claimedUntil time.Time, err error) {
	var message []byte
	var created, next int64
	var claimed, tried, ended sql.NullInt64
	if err := row.Scan(&n.ID, &n.Mark, &n.Key, &n.UserID, &n.HookID, &message, &n.State, &n.turn, &n.Tries, &created, &next, &claimed, &tried, &ended, &n.Reason, &n.Status); err != nil {
		return Notice{}, time.Time{}, err
	}
	n.Created, n.Next, n.Tried, n.Ended = database.Time(created), database.Time(next), database.NullTime(tried), database.NullTime(ended)
	return n, database.NullTime(claimed), json.Unmarshal(message, &n.Message)
}

// noticeByID reads a notice, and until when somebody is sending it. One that is gone has no ID.
func noticeByID(ctx context.Context, q database.Querier, id int64) (Notice, time.Time, error) {
	n, until, err := scanNotice(q.QueryRowContext(ctx, `SELECT `+noticeColumns+` FROM notices WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Notice{}, time.Time{}, nil
	}
	if err != nil {
		return Notice{}, time.Time{}, fmt.Errorf("read a notice: %w", err)
	}
	return n, until, nil
}

func notices(ctx context.Context, q database.Querier, rest string, args ...any) (found []Notice, err error) {
	rows, err := q.QueryContext(ctx, `SELECT `+noticeColumns+` FROM notices `+rest, args...)
	if err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		n, _, err := scanNotice(rows)
		if err != nil {
			return nil, fmt.Errorf("read notices: %w", err)
		}
		found = append(found, n)
	}
	return found, rows.Err()
}

// exec runs a statement of which only the failure is of interest.
func exec(ctx context.Context, tx database.Tx, what, statement string, args ...any) error {
	if _, err := tx.ExecContext(ctx, statement, args...); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func claim(ctx context.Context, tx database.Tx, id int64, now, until time.Time) error {
	return exec(ctx, tx, "claim a notice", `UPDATE notices SET tries = tries + 1, tried_at = ?, claimed_until = ? WHERE id = ?`, database.Millis(now), database.Millis(until), id)
}

// release gives a notice back that was not sent, as if it had not been claimed.
func release(ctx context.Context, tx database.Tx, id int64) error {
	return exec(ctx, tx, "release a notice", `UPDATE notices SET tries = tries - 1, claimed_until = NULL WHERE id = ?`, id)
}

// saveNotice writes what became of a try. What was given up meanwhile, because its hook was switched off, stays so.
func saveNotice(ctx context.Context, tx database.Tx, n Notice) error {
	return exec(ctx, tx, "write what became of a notice", `UPDATE notices SET state = ?, next_at = ?, claimed_until = NULL, ended_at = ?, reason_code = ?, reason_status = ?
		WHERE id = ? AND (state = 'waiting' OR ? = 'sent')`, n.State, database.Millis(n.Next), database.NullMillis(n.Ended), n.Reason, n.Status, n.ID, n.State)
}

// nextTurn begins a new turn of all that waits, and lists it.
func nextTurn(ctx context.Context, tx database.Tx) ([]Notice, error) {
	if err := exec(ctx, tx, "take up notices", `UPDATE notices SET turn = turn + 1, claimed_until = NULL WHERE state = 'waiting'`); err != nil {
		return nil, err
	}
	return notices(ctx, tx, `WHERE state = 'waiting' ORDER BY id`)
}

func dropOld(ctx context.Context, tx database.Tx, before time.Time) error {
	return exec(ctx, tx, "drop old notices", `DELETE FROM notices WHERE created_at < ?`, database.Millis(before))
}

func dropEarlier(ctx context.Context, tx database.Tx, now time.Time) error {
	return exec(ctx, tx, "drop earlier secrets", `UPDATE hooks SET sealed_earlier = NULL, earlier_until = NULL WHERE earlier_until <= ?`, database.Millis(now))
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

func hookByID(ctx context.Context, q database.Querier, id int64) (Hook, error) {
	h, err := scanHook(q.QueryRowContext(ctx, `SELECT `+hookColumns+` FROM hooks WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Hook{}, problem.New(problem.NotFound, "problem.not_found")
	}
	if err != nil {
		return Hook{}, fmt.Errorf("read a hook: %w", err)
	}
	return h, nil
}

// nameTaken says of a failure that another hook has the name.
func nameTaken(err error) error {
	if err != nil && strings.Contains(err.Error(), "UNIQUE constraint failed: hooks.name_key") {
		var check problem.Check
		check.Add("name", "notice.problem.name_taken")
		return check.Err()
	}
	return err
}

func insertHook(ctx context.Context, tx database.Tx, h Hook) (id int64, err error) {
	kinds, err := json.Marshal(append([]string{}, h.Kinds...))
	if err != nil {
		return 0, fmt.Errorf("add a hook: %w", err)
	}
	err = tx.QueryRowContext(ctx, `INSERT INTO hooks (name, name_key, sealed_address, host, kinds, language, format, template, sealed_secret, created_by, created_at, updated_at)
		VALUES (?, ?, x'', ?, ?, ?, ?, ?, x'', ?, ?, ?) RETURNING id`,
		h.Name, strings.ToLower(h.Name), h.Host, string(kinds), h.Language, h.Format, h.Template, h.CreatedBy, database.Millis(h.Created), database.Millis(h.Created)).Scan(&id)
	if err != nil {
		return 0, nameTaken(fmt.Errorf("add a hook: %w", err))
	}
	return id, nil
}

func updateHook(ctx context.Context, tx database.Tx, h Hook) error {
	kinds, err := json.Marshal(append([]string{}, h.Kinds...))
	if err != nil {
		return fmt.Errorf("change a hook: %w", err)
	}
	return nameTaken(exec(ctx, tx, "change a hook", `UPDATE hooks SET name = ?, name_key = ?, host = ?, kinds = ?, language = ?, format = ?, template = ? WHERE id = ?`,
		h.Name, strings.ToLower(h.Name), h.Host, string(kinds), h.Language, h.Format, h.Template, h.ID))
}

// touch counts a change. What changes nothing of the hook itself does not.
func touch(ctx context.Context, tx database.Tx, id int64, changed bool, now time.Time) error {
	return exec(ctx, tx, "change a hook", `UPDATE hooks SET version = version + ?, updated_at = iif(?, ?, updated_at) WHERE id = ?`, changed, changed, database.Millis(now), id)
}

func switchOn(ctx context.Context, tx database.Tx, id int64) error {
	return exec(ctx, tx, "switch a hook on", `UPDATE hooks SET off_at = NULL, off_because = '' WHERE id = ?`, id)
}

// switchOff sends nothing more to a hook, and gives up what waits for it.
func switchOff(ctx context.Context, tx database.Tx, id int64, because string, now time.Time) error {
	return errors.Join(
		exec(ctx, tx, "switch a hook off", `UPDATE hooks SET off_at = ?, off_because = ?, version = version + 1 WHERE id = ? AND off_at IS NULL`, database.Millis(now), because, id),
		exec(ctx, tx, "switch a hook off", `UPDATE notices SET state = 'given_up', reason_code = 'notice.reason.hook_off', reason_status = 0, ended_at = ?, claimed_until = NULL
			WHERE hook_id = ? AND state = 'waiting'`, database.Millis(now), id))
}

func deleteHook(ctx context.Context, tx database.Tx, id int64) error {
	return exec(ctx, tx, "remove a hook", `DELETE FROM hooks WHERE id = ?`, id)
}

func setEarlier(ctx context.Context, tx database.Tx, id int64, until time.Time) error {
	return exec(ctx, tx, "give a hook another secret", `UPDATE hooks SET earlier_until = ? WHERE id = ?`, database.Millis(until), id)
}

// sealedColumns are the columns of what is sealed.
var sealedColumns = map[string]string{"address": "sealed_address", "secret": "sealed_secret", "earlier": "sealed_earlier"}

func setSealed(ctx context.Context, tx database.Tx, id int64, what string, sealed []byte) error {
	return exec(ctx, tx, "seal a hook's "+what, `UPDATE hooks SET `+sealedColumns[what]+` = ? WHERE id = ?`, sealed, id)
}

func getSealed(ctx context.Context, q database.Querier, id int64, what string) (sealed []byte, err error) {
	if err := q.QueryRowContext(ctx, `SELECT `+sealedColumns[what]+` FROM hooks WHERE id = ?`, id).Scan(&sealed); err != nil {
		return nil, fmt.Errorf("read a hook's %s: %w", what, err)
	}
	return sealed, nil
}
