package export

import (
	"context"
	"errors"
	"fmt"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/version"
)

// Dependents answers the connection package: which exports use a connection, and what becomes of them when it goes.
type Dependents struct{ service *Service }

// Dependents gives the answers for the connection package.
func (s *Service) Dependents() Dependents { return Dependents{s} }

// OnConnection lists the exports that use a connection.
func (d Dependents) OnConnection(ctx context.Context, q database.Querier, id int64) (found []connection.Dependent, err error) {
	rows, err := q.QueryContext(ctx, `SELECT id, name, paused_at IS NOT NULL FROM exports WHERE connection_id = ? AND removed_at IS NULL ORDER BY name COLLATE NOCASE`, id)
	if err != nil {
		return nil, fmt.Errorf("list exports of connection %d: %w", id, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var e connection.Dependent
		if err := rows.Scan(&e.ID, &e.Name, &e.Paused); err != nil {
			return nil, err
		}
		found = append(found, e)
	}
	return found, rows.Err()
}

// Makers are those who had a hand in an export. Who made it is kept with it, also when its first version is gone.
func (d Dependents) Makers(ctx context.Context, q database.Querier, id int64) ([]int64, error) {
	var first int64
	if err := q.QueryRowContext(ctx, `SELECT coalesce(created_by, 0) FROM exports WHERE id = ?`, id).Scan(&first); err != nil {
		return nil, fmt.Errorf("find who made export %d: %w", id, err)
	}
	authors, err := version.Authors(ctx, q, thing(id))
	return append(authors, first), err
}

// Detach keeps the exports, inactive, without their connection.
func (d Dependents) Detach(ctx context.Context, tx database.Tx, actor access.Actor, ids []int64) error {
	return d.each(actor, ids, func(id int64) error { return d.service.detach(ctx, tx, actor, id) })
}

// Remove takes the exports away; their history stays.
func (d Dependents) Remove(ctx context.Context, tx database.Tx, actor access.Actor, ids []int64) error {
	return d.each(actor, ids, func(id int64) error { return d.service.remove(ctx, tx, actor, id) })
}

// Pause stops the exports for the time being because contributors were withdrawn the connection.
func (d Dependents) Pause(ctx context.Context, tx database.Tx, actor access.Actor, ids []int64) error {
	return d.each(actor, ids, func(id int64) error { return d.service.withdraw(ctx, tx, actor, id) })
}

func (d Dependents) each(actor access.Actor, ids []int64, change func(id int64) error) error {
	if err := actor.Require(access.ManageConnections); err != nil {
		return err
	}
	for _, id := range ids {
		if err := change(id); err != nil {
			return err
		}
	}
	return nil
}

// OfSegment answers the segment package: which exports use a segment.
func (d Dependents) OfSegment(ctx context.Context, q database.Querier, segmentID int64) (found []segment.Use, err error) {
	rows, err := q.QueryContext(ctx, `SELECT e.id, e.name FROM exports e JOIN export_segments x ON x.export_id = e.id
		WHERE x.segment_id = ? AND e.removed_at IS NULL ORDER BY e.name COLLATE NOCASE`, segmentID)
	if err != nil {
		return nil, fmt.Errorf("list exports of segment %d: %w", segmentID, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var u segment.Use
		if err := rows.Scan(&u.ExportID, &u.Name); err != nil {
			return nil, err
		}
		u.Path = fmt.Sprintf("/exports/%d", u.ExportID)
		found = append(found, u)
	}
	return found, rows.Err()
}
