package export

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/profile"
)

func healths(ctx context.Context, q database.Querier) (found []Health, err error) {
	rows, err := q.QueryContext(ctx, `SELECT e.id, e.name, e.destination_type, coalesce(e.connection_id, 0),
		e.schedule <> 'off', e.paused_at IS NOT NULL
		FROM exports e WHERE e.removed_at IS NULL ORDER BY e.id`)
	if err != nil {
		return nil, fmt.Errorf("read how exports stand: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var e Health
		if err := rows.Scan(&e.ID, &e.Name, &e.DestinationType, &e.ConnectionID, &e.Scheduled, &e.Paused); err != nil {
			return nil, fmt.Errorf("read how exports stand: %w", err)
		}
		found = append(found, e)
	}
	return found, rows.Err()
}

// segmentsOf reads the segments of all exports, by export.
func segmentsOf(ctx context.Context, q database.Querier) (found map[int64][]Part, err error) {
	rows, err := q.QueryContext(ctx, `WITH used AS MATERIALIZED (SELECT id, state, coalesce(json_extract(definition, '$.source_id'), 0) AS source_id FROM segments)
		SELECT x.export_id, s.id, s.state, s.source_id FROM export_segments x JOIN used s ON s.id = x.segment_id ORDER BY x.export_id, x.position`)
	if err != nil {
		return nil, fmt.Errorf("read the segments of exports: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	found = map[int64][]Part{}
	for rows.Next() {
		var exportID int64
		var p Part
		if err := rows.Scan(&exportID, &p.SegmentID, &p.State, &p.SourceID); err != nil {
			return nil, fmt.Errorf("read the segments of exports: %w", err)
		}
		found[exportID] = append(found[exportID], p)
	}
	return found, rows.Err()
}

// exportsUsing finds which of the attributes each export uses, those alone that are meant to be sent as what is marked so at least.
func exportsUsing(ctx context.Context, q database.Querier, attributes []string, least profile.Mark) (found map[int64]map[string]bool, err error) {
	if len(attributes) == 0 {
		return nil, nil
	}
	list, err := json.Marshal(attributes)
	if err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, `SELECT export_id, attribute FROM export_sent WHERE attribute IN (SELECT value FROM json_each(?)) AND (? = 0 OR meant = 1 AND meant_as >= ?)`, string(list), least, least)
	if err != nil {
		return nil, fmt.Errorf("find the exports that use attributes: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	found = map[int64]map[string]bool{}
	for rows.Next() {
		var exportID int64
		var attribute string
		if err := rows.Scan(&exportID, &attribute); err != nil {
			return nil, fmt.Errorf("find the exports that use attributes: %w", err)
		}
		if found[exportID] == nil {
			found[exportID] = map[string]bool{}
		}
		found[exportID][attribute] = true
	}
	return found, rows.Err()
}
