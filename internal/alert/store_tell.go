package alert

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// telling is that a recipient is to hear of an alert, or has.
type telling struct {
	address
	alertID int64
}

// turn is what one recipient is to hear: that alerts opened, or that they closed.
type turn struct {
	address
	opening bool
}

func (t turn) compare(other turn) int {
	number := func(t turn) int64 {
		n := t.id * 4
		if t.hook {
			n += 2
		}
		if !t.opening {
			n++
		}
		return n
	}
	return cmp.Compare(number(t), number(other))
}

func (a address) kind() string {
	if a.hook {
		return "hook"
	}
	return "person"
}

// toTell lists the alerts whose opening is to be told of now.
func toTell(ctx context.Context, q database.Querier, now time.Time) ([]Alert, error) {
	return list(ctx, q, `WHERE a.closed_at IS NULL AND a.tell_at <= ? ORDER BY a.id`, database.Millis(now))
}

// told notes that everybody who is to hear of them was put down.
func told(ctx context.Context, tx database.Tx, now time.Time) error {
	if _, err := tx.ExecContext(ctx, `UPDATE alerts SET tell_at = NULL WHERE closed_at IS NULL AND tell_at <= ?`, database.Millis(now)); err != nil {
		return fmt.Errorf("note of which alerts was told: %w", err)
	}
	return nil
}

// anythingToSay reports whether somebody is to hear something, now or soon.
func anythingToSay(ctx context.Context, q database.Querier, now time.Time) (is bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM alerts WHERE closed_at IS NULL AND tell_at <= ?)
		OR EXISTS (SELECT 1 FROM alert_tellings WHERE state IN ('opening', 'closing'))`, database.Millis(now)).Scan(&is)
	if err != nil {
		return false, fmt.Errorf("look for what is to be said: %w", err)
	}
	return is, nil
}

// addTellings has recipients hear that alerts opened. Who knows it, since the alert came back before its end was told, does not.
func addTellings(ctx context.Context, tx database.Tx, tellings []telling, now time.Time) (err error) {
	statement, err := tx.PrepareContext(ctx, `INSERT INTO alert_tellings (recipient, recipient_id, alert_id, state, at) VALUES (?, ?, ?, 'opening', ?)
		ON CONFLICT DO UPDATE SET state = excluded.state, at = excluded.at WHERE state = 'closed'`)
	if err != nil {
		return fmt.Errorf("note who is to hear of alerts: %w", err)
	}
	defer func() { err = errors.Join(err, statement.Close()) }()
	for _, t := range tellings {
		if _, err := statement.ExecContext(ctx, t.kind(), t.id, t.alertID, database.Millis(now)); err != nil {
			return fmt.Errorf("note who is to hear of alerts: %w", err)
		}
	}
	return nil
}

// waitingTellings reads what is to be said: the alerts by recipient, and the alerts themselves.
func waitingTellings(ctx context.Context, q database.Querier) (waiting map[turn][]int64, alerts map[int64]Alert, err error) {
	about, err := list(ctx, q, `WHERE a.id IN (SELECT alert_id FROM alert_tellings WHERE state IN ('opening', 'closing'))`)
	if err != nil || len(about) == 0 {
		return nil, nil, err
	}
	alerts = map[int64]Alert{}
	for _, a := range about {
		alerts[a.ID] = a
	}
	rows, err := q.QueryContext(ctx, `SELECT recipient = 'hook', recipient_id, state = 'opening', alert_id FROM alert_tellings
		WHERE state IN ('opening', 'closing') ORDER BY alert_id`)
	if err != nil {
		return nil, nil, fmt.Errorf("read what is to be said: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	waiting = map[turn][]int64{}
	for rows.Next() {
		var t turn
		var id int64
		if err := rows.Scan(&t.hook, &t.id, &t.opening, &id); err != nil {
			return nil, nil, fmt.Errorf("read what is to be said: %w", err)
		}
		waiting[t] = append(waiting[t], id)
	}
	return waiting, alerts, rows.Err()
}

// recentTellings counts what each recipient heard after the time, by kind.
func recentTellings(ctx context.Context, q database.Querier, after time.Time) (found map[turn]map[Kind]int, err error) {
	rows, err := q.QueryContext(ctx, `SELECT t.recipient = 'hook', t.recipient_id, t.state = 'open', a.kind, count(*) FROM alert_tellings t JOIN alerts a ON a.id = t.alert_id
		WHERE t.state IN ('open', 'closed') AND t.at > ? GROUP BY 1, 2, 3, 4`, database.Millis(after))
	if err != nil {
		return nil, fmt.Errorf("count what was said: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	found = map[turn]map[Kind]int{}
	for rows.Next() {
		var t turn
		var kind Kind
		var n int
		if err := rows.Scan(&t.hook, &t.id, &t.opening, &kind, &n); err != nil {
			return nil, fmt.Errorf("count what was said: %w", err)
		}
		if found[t] == nil {
			found[t] = map[Kind]int{}
		}
		found[t][kind] = n
	}
	return found, rows.Err()
}

// settle notes that a recipient heard of the alerts; or that the recipient is not to hear of them any more, and so believes what
// was last said.
func settle(ctx context.Context, tx database.Tx, t turn, alerts []Alert, unwanted bool, now time.Time) error {
	if len(alerts) == 0 {
		return nil
	}
	ids := make([]int64, len(alerts))
	for i, a := range alerts {
		ids[i] = a.ID
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	change := `UPDATE alert_tellings SET state = CASE state WHEN 'opening' THEN 'open' ELSE 'closed' END, at = ?`
	switch {
	case unwanted && t.opening:
		change = `DELETE FROM alert_tellings`
	case unwanted:
		change = `UPDATE alert_tellings SET state = 'open'`
	}
	args := []any{t.kind(), t.id, string(list)}
	if !unwanted {
		args = append([]any{database.Millis(now)}, args...)
	}
	if _, err := tx.ExecContext(ctx, change+` WHERE recipient = ? AND recipient_id = ? AND alert_id IN (SELECT value FROM json_each(?))`, args...); err != nil {
		return fmt.Errorf("note what was said: %w", err)
	}
	return nil
}

// quieten has nothing more be said of the alerts until the time, should they come back before.
func quieten(ctx context.Context, tx database.Tx, ids []int64, until time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	list, err := json.Marshal(ids)
	if err == nil {
		_, err = tx.ExecContext(ctx, `UPDATE alerts SET quiet_until = ? WHERE id IN (SELECT value FROM json_each(?))`, database.Millis(until), string(list))
	}
	if err != nil {
		return fmt.Errorf("note until when it is quiet about alerts: %w", err)
	}
	return nil
}

// readChoices reads what people chose, by person; of everybody when userID is 0.
func readChoices(ctx context.Context, q database.Querier, userID int64) (found map[int64]Choices, err error) {
	rows, err := q.QueryContext(ctx, `SELECT user_id, kind, wanted, '' FROM alert_choices WHERE ? IN (0, user_id)
		UNION ALL SELECT user_id, '', 0, language FROM alert_languages WHERE ? IN (0, user_id)`, userID, userID)
	if err != nil {
		return nil, fmt.Errorf("read who wants to hear of which alerts: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	found = map[int64]Choices{}
	for rows.Next() {
		var id int64
		var kind Kind
		var wanted bool
		var language string
		if err := rows.Scan(&id, &kind, &wanted, &language); err != nil {
			return nil, fmt.Errorf("read who wants to hear of which alerts: %w", err)
		}
		c, known := found[id]
		if !known {
			c.Wanted = map[Kind]bool{}
		}
		if kind == "" {
			c.Language = language
		} else {
			c.Wanted[kind] = wanted
		}
		found[id] = c
	}
	return found, rows.Err()
}

func writeChoices(ctx context.Context, tx database.Tx, userID int64, c Choices) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM alert_languages WHERE user_id = ?`, userID)
	if err == nil && c.Language != "" {
		_, err = tx.ExecContext(ctx, `INSERT INTO alert_languages (user_id, language) VALUES (?, ?)`, userID, c.Language)
	}
	for kind, wanted := range c.Wanted {
		if err == nil {
			_, err = tx.ExecContext(ctx, `INSERT INTO alert_choices (user_id, kind, wanted) VALUES (?, ?, ?)
				ON CONFLICT DO UPDATE SET wanted = excluded.wanted`, userID, kind, wanted)
		}
	}
	if err != nil {
		return fmt.Errorf("save who wants to hear of which alerts: %w", err)
	}
	return nil
}
