package exclusion

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/reseal"
)

// readOrMakeSalt gives the sealed key of the hashes.
func readOrMakeSalt(ctx context.Context, tx database.Tx, make func() []byte) (sealed []byte, err error) {
	err = tx.QueryRowContext(ctx, `SELECT sealed FROM exclusion_salt WHERE id = 1`).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		sealed = make()
		_, err = tx.ExecContext(ctx, `INSERT INTO exclusion_salt (id, sealed) VALUES (1, ?)`, sealed)
	}
	if err != nil {
		return nil, fmt.Errorf("read the key of the exclusion list: %w", err)
	}
	return sealed, nil
}

// each runs a query and scans row by row.
func each(ctx context.Context, q database.Querier, what, query string, args []any, scan func(*sql.Rows) error) (err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("read %s: %w", what, err)
		}
	}
	return rows.Err()
}

// readList fills in what a matcher needs.
func readList(ctx context.Context, q database.Querier, list *listed) error {
	err := each(ctx, q, "excluded addresses", `SELECT hash FROM excluded_emails ORDER BY hash`, nil, func(rows *sql.Rows) error {
		var raw sql.RawBytes
		if err := rows.Scan(&raw); err != nil {
			return err
		}
		var f fingerprint
		copy(f[:], raw)
		list.emails = append(list.emails, f)
		return nil
	})
	if err != nil {
		return err
	}
	list.domains = map[string]struct{}{}
	err = each(ctx, q, "excluded domains", `SELECT domain FROM excluded_domains`, nil, func(rows *sql.Rows) error {
		var domain string
		if err := rows.Scan(&domain); err != nil {
			return err
		}
		list.domains[domain] = struct{}{}
		return nil
	})
	if err != nil {
		return err
	}
	return each(ctx, q, "excluded segments", `SELECT segment_id FROM excluded_segments ORDER BY segment_id`, nil, func(rows *sql.Rows) error {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return err
		}
		list.segments = append(list.segments, id)
		return nil
	})
}

func insertAddition(ctx context.Context, tx database.Tx, a Addition) (int64, error) {
	result, err := tx.ExecContext(ctx, `INSERT INTO exclusion_additions (added_at, added_by, reason) VALUES (?, ?, ?)`, database.Millis(a.At), a.By, a.Reason)
	if err != nil {
		return 0, fmt.Errorf("add to the exclusion list: %w", err)
	}
	return result.LastInsertId()
}

// addEntries returns how many were not on the list before.
func addEntries(ctx context.Context, tx database.Tx, additionID int64, some fingerprints, names []string) (emails, domains int, err error) {
	insert := func(query string, value any) (added int, err error) {
		result, err := tx.ExecContext(ctx, query, value, additionID)
		if err != nil {
			return 0, fmt.Errorf("add to the exclusion list: %w", err)
		}
		n, err := result.RowsAffected()
		return int(n), err
	}
	for _, f := range some {
		n, err := insert(`INSERT INTO excluded_emails (hash, addition_id) VALUES (?, ?) ON CONFLICT DO NOTHING`, f[:])
		if err != nil {
			return 0, 0, err
		}
		emails += n
	}
	for _, name := range names {
		n, err := insert(`INSERT INTO excluded_domains (domain, addition_id) VALUES (?, ?) ON CONFLICT DO NOTHING`, name)
		if err != nil {
			return 0, 0, err
		}
		domains += n
	}
	return emails, domains, countAddition(ctx, tx, additionID, emails, domains, 0)
}

func addSegments(ctx context.Context, tx database.Tx, ids []int64, a Addition) (added int, err error) {
	id, err := insertAddition(ctx, tx, a)
	if err != nil {
		return 0, err
	}
	for _, segmentID := range ids {
		result, err := tx.ExecContext(ctx, `INSERT INTO excluded_segments (segment_id, addition_id) VALUES (?, ?) ON CONFLICT DO NOTHING`, segmentID, id)
		if err != nil {
			return 0, fmt.Errorf("add to the exclusion list: %w", err)
		}
		n, err := result.RowsAffected()
		if err != nil {
			return 0, err
		}
		added += int(n)
	}
	return added, countAddition(ctx, tx, id, 0, 0, added)
}

func countAddition(ctx context.Context, tx database.Tx, id int64, emails, domains, segments int) error {
	if _, err := tx.ExecContext(ctx, `UPDATE exclusion_additions SET emails = emails + ?, domains = domains + ?, segments = segments + ? WHERE id = ?`,
		emails, domains, segments, id); err != nil {
		return fmt.Errorf("count what was excluded: %w", err)
	}
	return nil
}

func removeEmail(ctx context.Context, tx database.Tx, own fingerprint) error {
	return removeRow(ctx, tx, `DELETE FROM excluded_emails WHERE hash = ?`, own[:])
}

func removeRow(ctx context.Context, tx database.Tx, query string, id any) error {
	result, err := tx.ExecContext(ctx, query, id)
	if err != nil {
		return fmt.Errorf("take off the exclusion list: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil {
		return err
	} else if n == 0 {
		return problem.New(problem.NotFound, "problem.not_found")
	}
	return nil
}

const additionColumns = `a.added_at, a.added_by, a.reason`

func readEmail(ctx context.Context, q database.Querier, own fingerprint) (Answer, error) {
	a := Answer{Code: ByEmail, ID: hex.EncodeToString(own[:])}
	var at int64
	err := q.QueryRowContext(ctx, `SELECT `+additionColumns+` FROM excluded_emails e JOIN exclusion_additions a ON a.id = e.addition_id WHERE e.hash = ?`, own[:]).
		Scan(&at, &a.By, &a.Reason)
	a.At = database.Time(at)
	return a, absent(err)
}

const domainQuery = `SELECT d.id, d.domain, ` + additionColumns + ` FROM excluded_domains d JOIN exclusion_additions a ON a.id = d.addition_id `

func scanDomain(row interface{ Scan(...any) error }) (d Domain, err error) {
	var at int64
	err = row.Scan(&d.ID, &d.Name, &at, &d.By, &d.Reason)
	d.At = database.Time(at)
	return d, err
}

func readDomainByID(ctx context.Context, q database.Querier, id int64) (Domain, error) {
	d, err := scanDomain(q.QueryRowContext(ctx, domainQuery+`WHERE d.id = ?`, id))
	return d, absent(err)
}

func readDomainNamed(ctx context.Context, q database.Querier, name string) (Domain, error) {
	d, err := scanDomain(q.QueryRowContext(ctx, domainQuery+`WHERE d.domain = ?`, name))
	return d, absent(err)
}

const segmentQuery = `SELECT s.id, s.name, ` + additionColumns + ` FROM excluded_segments x
	JOIN segments s ON s.id = x.segment_id JOIN exclusion_additions a ON a.id = x.addition_id `

func scanSegment(row interface{ Scan(...any) error }) (s Segment, err error) {
	var at int64
	err = row.Scan(&s.ID, &s.Name, &at, &s.By, &s.Reason)
	s.At = database.Time(at)
	return s, err
}

func readSegment(ctx context.Context, q database.Querier, id int64) (Segment, error) {
	s, err := scanSegment(q.QueryRowContext(ctx, segmentQuery+`WHERE x.segment_id = ?`, id))
	return s, absent(err)
}

// absent makes a row that is not there NotFound.
func absent(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return problem.New(problem.NotFound, "problem.not_found")
	}
	if err != nil {
		return fmt.Errorf("read the exclusion list: %w", err)
	}
	return nil
}

// overview reads the counts, and with details what is on the list.
func overview(ctx context.Context, q database.Querier, query Query, details bool) (o Overview, err error) {
	err = q.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM excluded_emails), (SELECT count(*) FROM excluded_domains), (SELECT count(*) FROM excluded_segments)`).
		Scan(&o.Emails, &o.Domains, &o.Segments)
	if err != nil {
		return o, fmt.Errorf("count the exclusion list: %w", err)
	}
	if !details {
		return o, nil
	}
	err = each(ctx, q, "additions", `SELECT `+additionColumns+`, a.emails, a.domains, a.segments FROM exclusion_additions a
		WHERE a.emails + a.domains + a.segments > 0 ORDER BY a.id DESC LIMIT ?`, []any{additionsShown}, func(rows *sql.Rows) error {
		var a Addition
		var at int64
		err := rows.Scan(&at, &a.By, &a.Reason, &a.Emails, &a.Domains, &a.Segments)
		a.At = database.Time(at)
		o.Additions = append(o.Additions, a)
		return err
	})
	if err != nil {
		return o, err
	}
	err = each(ctx, q, "excluded segments", segmentQuery+`ORDER BY s.name_key`, nil, func(rows *sql.Rows) error {
		s, err := scanSegment(rows)
		o.SegmentList = append(o.SegmentList, s)
		return err
	})
	if err != nil {
		return o, err
	}
	if err := q.QueryRowContext(ctx, `SELECT count(*) FROM excluded_domains WHERE instr(domain, ?) > 0`, query.Search).Scan(&o.Matching); err != nil {
		return o, fmt.Errorf("count excluded domains: %w", err)
	}
	err = each(ctx, q, "excluded domains", domainQuery+`WHERE instr(d.domain, ?) > 0 ORDER BY d.domain LIMIT ? OFFSET ?`,
		[]any{query.Search, query.Limit, max(query.Offset, 0)}, func(rows *sql.Rows) error {
			d, err := scanDomain(rows)
			o.DomainList = append(o.DomainList, d)
			return err
		})
	return o, err
}

// Sealed tells where the key of the hashes is sealed, for the exchange of the sealing key. The hashes stay as they are.
func Sealed() []reseal.Place {
	return []reseal.Place{{Name: "exclusions", Table: "exclusion_salt", Column: "sealed", Key: []string{"id"}, Binding: func([]any) string { return saltBinding }}}
}
