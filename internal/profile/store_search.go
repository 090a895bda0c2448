package profile

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/segue-app/segue/internal/database"
)

// records reads whole rows. where is a condition and what may follow it, written by this package only.
func (s store) records(ctx context.Context, snapshot Snapshot, where string, args ...any) ([]Record, error) {
	return recordsOf(ctx, s.db.Reader(), snapshot, where, args...)
}

func recordsOf(ctx context.Context, q database.Querier, snapshot Snapshot, where string, args ...any) (records []Record, err error) {
	rows, err := q.QueryContext(ctx, fmt.Sprintf(`SELECT * FROM %s WHERE %s`, snapshot.Table(), where), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		r := Record{Values: make([]any, len(snapshot.Attributes))}
		targets := []any{&r.N, &r.ID}
		for i := range r.Values {
			targets = append(targets, &r.Values[i])
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, rows.Err()
}

// beginningWith finds profiles by the indexes: id or an indexed attribute begins with the text.
func (s store) beginningWith(ctx context.Context, snapshot Snapshot, text string, limit int) (found []Record, err error) {
	const beyond = "\U0010FFFF" // sorts after every text that goes on
	add := func(where string, args ...any) error {
		more, err := s.records(ctx, snapshot, where, append(args, limit)...)
		for _, r := range more {
			if len(found) < limit && !slices.ContainsFunc(found, func(f Record) bool { return f.N == r.N }) {
				found = append(found, r)
			}
		}
		return err
	}
	if err := add(`id >= ? AND id < ? ORDER BY id LIMIT ?`, text, text+beyond); err != nil {
		return nil, err
	}
	for _, a := range snapshot.Attributes {
		if a.Indexed && a.Kind == Text {
			where := fmt.Sprintf(`%[1]s(%[2]s) >= ? AND %[1]s(%[2]s) < ? ORDER BY %[1]s(%[2]s) LIMIT ?`, database.FoldFunction, a.Column)
			folded := database.Fold(text)
			if err := add(where, folded, folded+beyond); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// containing finds rows with after < n <= to that contain one of the texts, without those in except.
func (s store) containing(ctx context.Context, snapshot Snapshot, texts []string, after, to, limit int, except []Record) ([]Record, error) {
	condition, args := containsSQL(searched(snapshot), texts)
	args = append([]any{after, to}, args...)
	for _, r := range except {
		args = append(args, r.N)
	}
	condition += ` AND n NOT IN (` + strings.TrimSuffix(strings.Repeat("?,", len(except)), ",") + `)`
	return s.records(ctx, snapshot, `n > ? AND n <= ? AND `+condition+` ORDER BY n LIMIT ?`, append(args, limit)...)
}

func (s store) lastNumber(ctx context.Context, snapshot Snapshot) (last int, err error) {
	err = s.db.Reader().QueryRowContext(ctx, fmt.Sprintf(`SELECT coalesce(max(n), 0) FROM %s`, snapshot.Table())).Scan(&last)
	return last, err
}

func (s store) samples(ctx context.Context, snapshot Snapshot, a Attribute, n int) ([]string, error) {
	// The first filled rows are enough for variety, and bound the work.
	query := fmt.Sprintf(`SELECT DISTINCT %[1]s FROM (SELECT %[1]s FROM %[2]s WHERE %[1]s IS NOT NULL ORDER BY n LIMIT 1000) LIMIT ?`,
		a.Column, snapshot.Table())
	values, err := database.Column[any](s.db.Reader().QueryContext(ctx, query, n))
	if err != nil {
		return nil, gone(err)
	}
	samples := make([]string, len(values))
	for i, v := range values {
		samples[i] = a.Format(v)
	}
	return samples, nil
}
