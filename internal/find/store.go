package find

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
)

// named reads things by their names: folded once for each, and held against the words one after the other.
type named struct {
	from  string // a query of id, name, about, state and folded: what is searched
	order string // after how well the name fits
}

// find reads the hits. most below 0 is all of them.
func (n named) find(ctx context.Context, q database.Querier, asked question, most int) (found []Hit, err error) {
	query := `WITH named AS MATERIALIZED (` + n.from + `) SELECT id, name, about, state FROM named
		WHERE ` + strings.Repeat(`instr(folded, ?) > 0 AND `, len(asked.words)) + `true
		ORDER BY CASE WHEN folded = ? THEN 0 WHEN instr(folded, ?) = 1 THEN 1 WHEN instr(' ' || folded, ?) > 0 THEN 2 ELSE 3 END, ` + n.order + ` LIMIT ?`
	var args []any
	for _, word := range asked.words {
		args = append(args, word)
	}
	rows, err := q.QueryContext(ctx, query, append(args, asked.text, asked.text, " "+asked.text, most)...)
	if err != nil {
		return nil, fmt.Errorf("find by name: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var hit Hit
		if err := rows.Scan(&hit.ID, &hit.Name, &hit.About, &hit.State); err != nil {
			return nil, fmt.Errorf("find by name: %w", err)
		}
		found = append(found, hit)
	}
	return found, rows.Err()
}

const fold = database.FoldFunction

func segments(ctx context.Context, q database.Querier, asked question, most int) ([]Hit, error) {
	return named{`SELECT id, name, '' AS about, state, name_key AS folded FROM segments`, `folded, id`}.find(ctx, q, asked, most)
}

func exports(ctx context.Context, q database.Querier, asked question, most int) ([]Hit, error) {
	return named{`SELECT e.id, e.name, coalesce(c.name, '') AS about, iif(e.paused_at IS NULL, '', 'paused') AS state, ` + fold + `(e.name) AS folded
		FROM exports e LEFT JOIN connections c ON c.id = e.connection_id WHERE e.removed_at IS NULL`, `folded, id`}.find(ctx, q, asked, most)
}

func sources(ctx context.Context, q database.Querier, asked question, most int) ([]Hit, error) {
	return named{`SELECT id, name, kind AS about, '' AS state, ` + fold + `(name) AS folded FROM sources WHERE removed_at IS NULL`, `folded, id`}.find(ctx, q, asked, most)
}

func people(ctx context.Context, q database.Querier, asked question, most int) ([]Hit, error) {
	return named{`SELECT id, coalesce(nullif(name, ''), email) AS name, email AS about, iif(disabled_at IS NULL, '', 'disabled') AS state,
		` + fold + `(name || ' ' || email) AS folded FROM users`, `state, folded, id`}.find(ctx, q, asked, most)
}

// connectionsOf finds connections that the actor may be told of; to whom only their names are told, only those are searched. There are
// few: the grants are looked at here and not in SQL, which would have to know whom they reach.
func connectionsOf(actor access.Actor) func(context.Context, database.Querier, question, int) ([]Hit, error) {
	about := `''`
	if actor.Can(access.ManageConnections) {
		about = `c.brand_name`
	}
	return func(ctx context.Context, q database.Querier, asked question, most int) (found []Hit, err error) {
		hits, err := named{`SELECT c.id, c.name, ` + about + ` AS about, coalesce(` + connection.GrantColumn + `, '') AS state, ` + fold + `(c.name || ' ' || ` + about + `) AS folded
			FROM connections c WHERE c.removed_at IS NULL`, `folded, id`}.find(ctx, q, asked, -1)
		if err != nil {
			return nil, err
		}
		for _, hit := range hits {
			grant, err := access.ParseGrant(hit.State)
			if err != nil {
				return nil, err
			}
			if hit.State = ""; actor.MaySee(grant) && len(found) < most {
				found = append(found, hit)
			}
		}
		return found, nil
	}
}

// Of how many exports with the words, and how many of each, runs are found.
const (
	runsOfExports = 20
	runsOfEach    = 3
)

// runs finds the one with the number, and the last ones of exports whose names have the words, the newest first.
func runs(ctx context.Context, q database.Querier, asked question, most int) (found []Hit, err error) {
	const columns = `SELECT r.id, e.name, r.state, coalesce(r.ended_at, r.started_at, r.queued_at) FROM `
	if asked.number != 0 {
		if found, err = scanRuns(q.QueryContext(ctx, columns+`runs r JOIN exports e ON e.id = r.export_id WHERE r.id = ?`, asked.number)); err != nil {
			return nil, err
		}
	}
	of, err := named{`SELECT id, name, '' AS about, '' AS state, ` + fold + `(name) AS folded FROM exports`, `id DESC`}.find(ctx, q, asked, runsOfExports)
	if err != nil || len(of) == 0 {
		return found, err
	}
	args := make([]any, 0, len(of)+2)
	for _, e := range of {
		args = append(args, e.ID)
	}
	last, err := scanRuns(q.QueryContext(ctx, columns+`exports e JOIN runs r ON r.id IN (SELECT id FROM runs WHERE export_id = e.id ORDER BY id DESC LIMIT ?)
		WHERE e.id IN (?`+strings.Repeat(`, ?`, len(of)-1)+`) AND r.id <> ? ORDER BY r.id DESC LIMIT ?`,
		append(append([]any{runsOfEach}, args...), asked.number, most-len(found))...))
	return append(found, last...), err
}

func scanRuns(rows *sql.Rows, failure error) (found []Hit, err error) {
	if failure != nil {
		return nil, fmt.Errorf("find runs: %w", failure)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var hit Hit
		var at int64
		if err := rows.Scan(&hit.ID, &hit.Name, &hit.State, &at); err != nil {
			return nil, fmt.Errorf("find runs: %w", err)
		}
		hit.At = database.Time(at)
		found = append(found, hit)
	}
	return found, rows.Err()
}
