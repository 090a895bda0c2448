package run

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/segue-app/segue/internal/database"
)

// healthQuery answers from the index runs_ended alone: with thousands of exports, years of runs and a plan in each row, anything
// else would read the file from end to end. Fields of a line are parted by spaces; codes have none.
var healthQuery = fmt.Sprintf(`SELECT e.id,
	coalesce((SELECT r.id || ' ' || r.state || ' ' || r.profiles || ' ' || (r.invalid + r.refused) || ' ' || r.error_code FROM runs r INDEXED BY runs_ended
		WHERE r.export_id = e.id AND r.cause <> 'try' AND r.state IN ('succeeded', 'warnings', 'failed') ORDER BY r.id DESC LIMIT 1), ''),
	coalesce((SELECT group_concat(line, ';' ORDER BY id DESC) FROM (
		SELECT r.id, r.id || ' ' || r.state || ' ' || r.profiles || ' ' || (r.invalid + r.refused) || ' ' AS line FROM runs r INDEXED BY runs_ended
		WHERE r.export_id = e.id AND r.cause <> 'try' AND r.state IN ('succeeded', 'warnings', 'failed') AND r.state <> 'failed' AND r.of_run IS NULL
		ORDER BY r.id DESC LIMIT %d)), '')
	FROM exports e WHERE e.removed_at IS NULL ORDER BY e.id`, EarlierRuns+1)

func healths(ctx context.Context, q database.Querier) (found []Health, err error) {
	open, err := openRuns(ctx, q)
	if err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, healthQuery)
	if err != nil {
		return nil, fmt.Errorf("read how runs stand: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var h Health
		var last, full string
		if err := rows.Scan(&h.ExportID, &last, &full); err != nil {
			return nil, fmt.Errorf("read how runs stand: %w", err)
		}
		h.Open = open[h.ExportID]
		if h.Last, err = readEnding(last); err != nil {
			return nil, err
		}
		for i, line := range strings.Split(full, ";") {
			ending, err := readEnding(line)
			if err != nil {
				return nil, err
			}
			if i == 0 {
				h.Full = ending
			} else {
				h.Earlier = append(h.Earlier, ending.Profiles)
			}
		}
		found = append(found, h)
	}
	return found, rows.Err()
}

func readEnding(line string) (o Ending, err error) {
	if line == "" {
		return o, nil
	}
	fields := strings.SplitN(line, " ", 5)
	if len(fields) != 5 {
		return o, fmt.Errorf("read how a run ended from %q", line)
	}
	o.State, o.Code = State(fields[1]), fields[4]
	var errID, errProfiles, errRejected error
	o.RunID, errID = strconv.ParseInt(fields[0], 10, 64)
	o.Profiles, errProfiles = strconv.Atoi(fields[2])
	o.Rejected, errRejected = strconv.Atoi(fields[3])
	return o, errors.Join(errID, errProfiles, errRejected)
}

func openRuns(ctx context.Context, q database.Querier) (found map[int64]Open, err error) {
	rows, err := q.QueryContext(ctx, `SELECT export_id, id, state, pause_code, queued_at, paused_at, stuck_at, waits_for
		FROM runs INDEXED BY runs_one_at_a_time WHERE state IN ('queued', 'running', 'paused')`)
	if err != nil {
		return nil, fmt.Errorf("read the runs that have not ended: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	found = map[int64]Open{}
	for rows.Next() {
		var o Open
		var exportID, queued int64
		var paused, stuck sql.NullInt64
		if err := rows.Scan(&exportID, &o.RunID, &o.State, &o.Code, &queued, &paused, &stuck, &o.StuckFor); err != nil {
			return nil, fmt.Errorf("read the runs that have not ended: %w", err)
		}
		o.QueuedAt, o.PausedAt, o.StuckAt = database.Time(queued), database.NullTime(paused), database.NullTime(stuck)
		found[exportID] = o
	}
	return found, rows.Err()
}
