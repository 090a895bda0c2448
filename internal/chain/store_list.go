package chain

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

const chainColumns = `c.id, c.cause, c.requested_by_name, coalesce(c.of_chain, 0), c.due_at, c.queued_at, c.started_at, c.ended_at, c.state, c.cancel_asked_by, c.reason_code`

func scanChain(row interface{ Scan(...any) error }) (Chain, error) {
	c := Chain{Tasks: map[State]int{}}
	var due, queued int64
	var started, ended sql.NullInt64
	err := row.Scan(&c.ID, &c.Cause, &c.RequestedBy, &c.OfChain, &due, &queued, &started, &ended, &c.State, &c.CancelledBy, &c.ReasonCode)
	c.DueAt, c.QueuedAt, c.StartedAt, c.EndedAt = database.Time(due), database.Time(queued), database.NullTime(started), database.NullTime(ended)
	return c, err
}

func getChain(ctx context.Context, q database.Querier, id int64) (Chain, error) {
	return oneChain(ctx, q, `WHERE c.id = ?`, id)
}

func lastChain(ctx context.Context, q database.Querier) (Chain, error) {
	return oneChain(ctx, q, `WHERE c.state <> 'skipped' ORDER BY c.cause <> 'export_schedule' DESC, c.state IN ('queued', 'running') DESC, c.id DESC LIMIT 1`)
}

func oneChain(ctx context.Context, q database.Querier, which string, args ...any) (Chain, error) {
	c, err := scanChain(q.QueryRowContext(ctx, `SELECT `+chainColumns+` FROM chains c `+which, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return c, problem.New(problem.NotFound, "problem.not_found")
	}
	if err != nil {
		return c, fmt.Errorf("read chain: %w", err)
	}
	return c, countTasks(ctx, q, []Chain{c})
}

func listChains(ctx context.Context, q database.Querier, limit, offset int) (page Chains, err error) {
	if err := q.QueryRowContext(ctx, `SELECT count(*) FROM chains`).Scan(&page.Total); err != nil {
		return page, fmt.Errorf("count chains: %w", err)
	}
	page.Chains, err = readChains(ctx, q, `ORDER BY c.id DESC LIMIT ? OFFSET ?`, limit, max(offset, 0))
	return page, err
}

func chainsBefore(ctx context.Context, q database.Querier, id int64, limit int) ([]Chain, error) {
	return readChains(ctx, q, `WHERE ?1 = 0 OR c.id < ?1 ORDER BY c.id DESC LIMIT ?2`, id, limit)
}

func readChains(ctx context.Context, q database.Querier, which string, args ...any) (chains []Chain, err error) {
	rows, err := q.QueryContext(ctx, `SELECT `+chainColumns+` FROM chains c `+which, args...)
	if err != nil {
		return nil, fmt.Errorf("list chains: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		c, err := scanChain(rows)
		if err != nil {
			return nil, fmt.Errorf("list chains: %w", err)
		}
		chains = append(chains, c)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return chains, countTasks(ctx, q, chains)
}

// countTasks fills in how many tasks of the chains are in which state.
func countTasks(ctx context.Context, q database.Querier, chains []Chain) (err error) {
	if len(chains) == 0 {
		return nil
	}
	of, ids := map[int64]map[State]int{}, []any{}
	for _, c := range chains {
		of[c.ID], ids = c.Tasks, append(ids, c.ID)
	}
	rows, err := q.QueryContext(ctx, `SELECT chain_id, state, count(*) FROM chain_tasks WHERE chain_id IN (`+places(len(ids))+`) GROUP BY chain_id, state`, ids...)
	if err != nil {
		return fmt.Errorf("count tasks: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id int64
		var state State
		var count int
		if err := rows.Scan(&id, &state, &count); err != nil {
			return fmt.Errorf("count tasks: %w", err)
		}
		of[id][state] = count
	}
	return rows.Err()
}

func places(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// allWork are the tasks of chains, and the runs and imports that are in none. What a run or an import is called in its own states is
// said in ours: one that is paused or asks has begun and has not ended; a file that was sent and that nobody has looked at waits.
const allWork = `(SELECT 'task' AS origin, t.id AS id, t.chain_id AS chain_id, t.kind AS kind, t.target_id AS target_id, t.name AS name, t.state AS state,
		t.queued_at AS queued_at, t.started_at AS started_at, t.ended_at AS ended_at, t.waited_for AS waited_for, t.profiles AS profiles, t.rejected AS rejected,
		t.reason_code AS reason_code, t.reason_detail AS reason_detail, t.because_of AS because_of, t.import_id AS import_id, t.run_id AS run_id, '' AS requested_by
	FROM chain_tasks t
	UNION ALL
	SELECT 'run', r.id, 0, 'export', r.export_id, e.name, CASE r.state WHEN 'paused' THEN 'running' ELSE r.state END,
		r.queued_at, r.started_at, r.ended_at, r.waits_for, r.profiles, r.invalid + r.refused, r.error_code, r.error_detail, NULL, NULL, r.id, CASE WHEN r.requested_by IS NULL THEN '' ELSE r.requested_by_name END
	FROM runs r JOIN exports e ON e.id = r.export_id WHERE NOT EXISTS (SELECT 1 FROM chain_tasks o WHERE o.run_id = r.id)
	UNION ALL
	SELECT 'import', i.id, 0, 'source', i.source_id, s.name,
		CASE i.state WHEN 'waiting' THEN 'queued' WHEN 'receiving' THEN 'running' WHEN 'asking' THEN 'running'
			WHEN 'done' THEN CASE WHEN i.refused_count > 0 THEN 'warnings' ELSE 'succeeded' END ELSE i.state END,
		i.created_at, i.started_at, i.ended_at, '', i.good_count, i.refused_count, i.code, i.detail, NULL, i.id, NULL, CASE WHEN i.created_by IS NULL THEN '' ELSE i.created_by_name END
	FROM imports i JOIN sources s ON s.id = i.source_id WHERE NOT EXISTS (SELECT 1 FROM chain_tasks o WHERE o.import_id = i.id)) w`

// workColumns are what is read of some of them, with what run, import and target say now.
const (
	workColumns = `w.origin, w.id, w.chain_id, w.kind, w.target_id, w.name, w.state, w.queued_at, w.started_at, w.ended_at, w.waited_for, w.profiles, w.rejected,
		w.reason_code, w.reason_detail, coalesce(w.because_of, 0), coalesce(w.import_id, 0), coalesce(w.run_id, 0), w.requested_by,
		coalesce(ru.state, im.state, ''), CASE ru.state WHEN 'paused' THEN ru.pause_code ELSE '' END, coalesce(ru.profiles, 0),
		coalesce(ru.accepted + ru.unchanged + ru.invalid + ru.refused + ru.duplicates + ru.excluded + ru.erased, 0),
		coalesce(ex.destination_type, ''), CASE w.kind WHEN 'export' THEN ex.removed_at IS NOT NULL WHEN 'source' THEN so.removed_at IS NOT NULL
			WHEN 'segment' THEN se.id IS NULL ELSE 0 END,
		coalesce(b.kind, ''), coalesce(b.name, ''), coalesce(b.target_id, 0), coalesce(b.state, '')`
	workTables = ` LEFT JOIN runs ru ON ru.id = w.run_id LEFT JOIN imports im ON im.id = w.import_id
		LEFT JOIN exports ex ON w.kind = 'export' AND ex.id = w.target_id LEFT JOIN sources so ON w.kind = 'source' AND so.id = w.target_id
		LEFT JOIN segments se ON w.kind = 'segment' AND se.id = w.target_id LEFT JOIN chain_tasks b ON b.id = w.because_of `
)

// The orders of a list; none of them comes from a request.
const (
	newestFirst = `w.queued_at DESC, w.origin, w.id DESC`
	inOrder     = `w.id`
)

// conditions narrow all work to what is asked for.
func conditions(query Query) (where string, args []any) {
	where = ` WHERE true`
	add := func(condition string, values ...any) { where, args = where+` AND `+condition, append(args, values...) }
	switch query.Standing {
	case "":
	case UnderWay:
		add(`w.state IN ('queued', 'running')`)
	case Troubled:
		add(`w.state IN ('warnings', 'failed', 'cancelled', 'skipped')`)
	default:
		add(`w.state = ?`, query.Standing)
	}
	if query.Kind != "" {
		add(`w.kind = ?`, query.Kind)
	}
	if query.ChainID != 0 {
		add(`w.chain_id = ?`, query.ChainID)
	}
	if !query.Since.IsZero() {
		since := database.Millis(query.Since)
		add(`(w.queued_at >= ? OR w.ended_at >= ? OR w.state IN ('queued', 'running'))`, since, since)
	}
	if search := database.Fold(strings.TrimSpace(query.Search)); search != "" {
		add(`instr(`+database.FoldFunction+`(w.name), ?) > 0`, search)
	}
	return where, args
}

func countWork(ctx context.Context, q database.Querier, query Query) (total int, err error) {
	where, args := conditions(query)
	if err := q.QueryRowContext(ctx, `SELECT count(*) FROM `+allWork+where, args...).Scan(&total); err != nil {
		return 0, fmt.Errorf("count work: %w", err)
	}
	return total, nil
}

func readWork(ctx context.Context, q database.Querier, query Query, order string) ([]Work, error) {
	where, args := conditions(query)
	return scanWork(ctx, q, `SELECT `+workColumns+` FROM (SELECT w.* FROM `+allWork+where+` ORDER BY `+order+` LIMIT ? OFFSET ?) w`+workTables+`ORDER BY `+order,
		append(args, query.Limit, max(query.Offset, 0))...)
}

func recallWork(ctx context.Context, q database.Querier, keys []Key) ([]Work, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	var either []string
	var args, all []any
	for _, origin := range []Origin{OfChain, OfRun, OfImport} {
		var ids []any
		for _, key := range keys {
			if key.Origin == origin {
				ids = append(ids, key.ID)
			}
		}
		if len(ids) > 0 {
			either = append(either, `w.origin = '`+string(origin)+`' AND w.id IN (`+places(len(ids))+`)`)
			args, all = append(args, ids...), append(all, ids...)
		}
	}
	return scanWork(ctx, q, `SELECT `+workColumns+` FROM `+allWork+workTables+`WHERE w.id IN (`+places(len(all))+`) AND (`+strings.Join(either, ` OR `)+`) ORDER BY `+newestFirst,
		append(all, args...)...)
}

// drawnWork reads tasks of a chain, of each kind so many at most: those that are to blame for others first, then what went wrong or is
// under way, then what took longest. If that is not all of them, they come in this order too.
func drawnWork(ctx context.Context, q database.Querier, chainID int64, each int, all bool) ([]Work, error) {
	order := inOrder
	if !all {
		order = `p.place`
	}
	return scanWork(ctx, q, `SELECT `+workColumns+` FROM (SELECT t.id, row_number() OVER (PARTITION BY t.kind ORDER BY EXISTS (SELECT 1 FROM chain_tasks o WHERE o.because_of = t.id) DESC,
			CASE t.state WHEN 'failed' THEN 0 WHEN 'running' THEN 1 WHEN 'warnings' THEN 2 WHEN 'cancelled' THEN 3 WHEN 'skipped' THEN 4 WHEN 'succeeded' THEN 5 ELSE 6 END,
			t.started_at - t.ended_at, t.id) AS place
		FROM chain_tasks t WHERE t.chain_id = ?) p JOIN `+allWork+` ON w.id = p.id `+workTables+`WHERE w.chain_id = ? AND p.place <= ? ORDER BY `+order, chainID, chainID, each)
}

func scanWork(ctx context.Context, q database.Querier, query string, args ...any) (found []Work, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read work: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var w Work
		var because Task
		var queued int64
		var started, ended sql.NullInt64
		var runProfiles int
		err := rows.Scan(&w.Origin, &w.ID, &w.ChainID, &w.Kind, &w.TargetID, &w.Name, &w.State, &queued, &started, &ended, &w.WaitedFor, &w.Count, &w.Rejected,
			&w.ReasonCode, &w.ReasonDetail, &w.BecauseOf, &w.ImportID, &w.RunID, &w.RequestedBy,
			&w.RunState, &w.PauseCode, &runProfiles, &w.Settled, &w.Destination, &w.Gone, &because.Kind, &because.Name, &because.TargetID, &because.State)
		if err != nil {
			return nil, fmt.Errorf("read work: %w", err)
		}
		w.QueuedAt, w.StartedAt, w.EndedAt = database.Time(queued), database.NullTime(started), database.NullTime(ended)
		if w.State.Active() && runProfiles > 0 {
			w.Count = runProfiles // the task is told at the end
		}
		if w.BecauseOf != 0 {
			because.ID, because.ChainID = w.BecauseOf, w.ChainID
			w.Because = &because
		}
		found = append(found, w)
	}
	return found, rows.Err()
}

// groupTasks sums up the tasks of a chain by kind, in the order in which they are done.
func groupTasks(ctx context.Context, q database.Querier, chainID int64) (groups []Group, err error) {
	rows, err := q.QueryContext(ctx, `SELECT kind, state, count(*), min(queued_at), coalesce(min(started_at), 0), coalesce(max(ended_at), 0)
		FROM chain_tasks WHERE chain_id = ? GROUP BY kind, state
		ORDER BY CASE kind WHEN 'source' THEN 0 WHEN 'profiles' THEN 1 WHEN 'segment' THEN 2 ELSE 3 END`, chainID)
	if err != nil {
		return nil, fmt.Errorf("sum up tasks: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	open := false // one of the group's tasks has not ended
	for rows.Next() {
		var kind Kind
		var state State
		var count int
		var queued, started, ended int64
		if err := rows.Scan(&kind, &state, &count, &queued, &started, &ended); err != nil {
			return nil, fmt.Errorf("sum up tasks: %w", err)
		}
		if len(groups) == 0 || groups[len(groups)-1].Kind != kind {
			groups, open = append(groups, Group{Kind: kind, States: map[State]int{}, QueuedAt: database.Time(queued)}), false
		}
		g := &groups[len(groups)-1]
		g.States[state], g.Total = count, g.Total+count
		if at := database.Time(queued); at.Before(g.QueuedAt) {
			g.QueuedAt = at
		}
		if at := database.Time(started); started != 0 && (g.StartedAt.IsZero() || at.Before(g.StartedAt)) {
			g.StartedAt = at
		}
		open = open || state.Active()
		if at := database.Time(ended); ended != 0 && at.After(g.EndedAt) {
			g.EndedAt = at
		}
		if open {
			g.EndedAt = time.Time{}
		}
	}
	return groups, rows.Err()
}
