package stop

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
)

const columns = `id, stopped_at, stopped_by, reason, lifted_at, lifted_by`

func scan(row interface{ Scan(...any) error }) (Order, error) {
	var o Order
	var at int64
	var lifted sql.NullInt64
	if err := row.Scan(&o.ID, &at, &o.By, &o.Reason, &lifted, &o.LiftedBy); err != nil {
		return Order{}, err
	}
	o.At, o.LiftedAt = database.Time(at), database.NullTime(lifted)
	return o, nil
}

func standing(ctx context.Context, q database.Querier) (Order, bool, error) {
	order, err := scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM stops WHERE lifted_at IS NULL`))
	if errors.Is(err, sql.ErrNoRows) {
		return Order{}, false, nil
	}
	if err != nil {
		return Order{}, false, fmt.Errorf("look for an emergency stop: %w", err)
	}
	return order, true, nil
}

func impose(ctx context.Context, tx database.Tx, o Order) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO stops (stopped_at, stopped_by, reason) VALUES (?, ?, ?)`, database.Millis(o.At), o.By, o.Reason); err != nil {
		return fmt.Errorf("impose an emergency stop: %w", err)
	}
	return nil
}

func lift(ctx context.Context, tx database.Tx, id int64, by string, at time.Time) error {
	if _, err := tx.ExecContext(ctx, `UPDATE stops SET lifted_at = ?, lifted_by = ? WHERE id = ?`, database.Millis(at), by, id); err != nil {
		return fmt.Errorf("lift the emergency stop: %w", err)
	}
	return nil
}

func past(ctx context.Context, q database.Querier, limit int) (found []Order, err error) {
	rows, err := q.QueryContext(ctx, `SELECT `+columns+` FROM stops WHERE lifted_at IS NOT NULL ORDER BY id DESC LIMIT ?`, limit)
	if err != nil {
		return nil, fmt.Errorf("list emergency stops: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		order, err := scan(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, order)
	}
	return found, rows.Err()
}
