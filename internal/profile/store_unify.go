package profile

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// peopleTable says which rows made the profiles of a unified snapshot: n is the profile's, r0, r1, … are the rows of the
// parts, NULL where a part does not know the person. It comes and goes with the snapshot, and holds nothing personal.
func peopleTable(snapshotID int64) string { return fmt.Sprintf("people_%d", snapshotID) }

// unifiedHolder holds the parts of the unified snapshot that is current, or being made.
func unifiedHolder(snapshotID int64) string { return fmt.Sprintf("unified/%d", snapshotID) }

func (s store) makePeople(ctx context.Context, tx database.Tx, snapshotID int64, parts int) error {
	var columns strings.Builder
	for p := range parts {
		fmt.Fprintf(&columns, ", r%d INTEGER", p)
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`CREATE TABLE %s (n INTEGER PRIMARY KEY%s)`, peopleTable(snapshotID), columns.String())); err != nil {
		return fmt.Errorf("make the table of people: %w", err)
	}
	return nil
}

// insertPeople adds rows: n, then the row of each part or nil.
func (s store) insertPeople(ctx context.Context, tx database.Tx, snapshotID int64, parts int, values []any) error {
	width := parts + 1
	one := "(?" + strings.Repeat(",?", parts) + ")"
	for len(values) > 0 {
		rows := min(len(values)/width, max(1, 200/width))
		statement := fmt.Sprintf(`INSERT INTO %s VALUES %s%s`, peopleTable(snapshotID), one, strings.Repeat(","+one, rows-1))
		if _, err := tx.ExecContext(ctx, statement, values[:rows*width]...); err != nil {
			return fmt.Errorf("note people: %w", err)
		}
		values = values[rows*width:]
	}
	return nil
}

// fillUnified makes the profiles first to last of a unified snapshot, whose people are noted.
func (s store) fillUnified(ctx context.Context, tx database.Tx, u *unification, m *matches, first, last int) error {
	var args []any
	ids, joins, values := make([]string, len(u.parts)), "", ""
	for p, part := range u.parts {
		ids[p] = fmt.Sprintf("s%d.id", p)
		if m.prefixes[p] != "" {
			ids[p] = "? || " + ids[p]
			args = append(args, m.prefixes[p])
		}
		joins += fmt.Sprintf(" LEFT JOIN %[1]s s%[2]d ON s%[2]d.n = p.r%[2]d", part.Snapshot.Table(), p)
	}
	for _, c := range u.columns {
		values += ", " + firstOf(c.originColumns())
	}
	statement := fmt.Sprintf(`INSERT INTO %s SELECT p.n, %s%s FROM %s p%s WHERE p.n BETWEEN ? AND ? ORDER BY p.n`,
		u.snapshot.Table(), firstOf(ids), values, peopleTable(u.snapshot.ID), joins)
	if _, err := tx.ExecContext(ctx, statement, append(args, first, last)...); err != nil {
		return fmt.Errorf("fill unified profiles: %w", err)
	}
	return nil
}

func (c column) originColumns() (names []string) {
	for _, o := range c.from {
		names = append(names, fmt.Sprintf("s%d.%s", o.part, o.column))
	}
	return names
}

// firstOf is the first of some expressions that is not NULL.
func firstOf(expressions []string) string {
	if len(expressions) == 1 {
		return expressions[0]
	}
	return "coalesce(" + strings.Join(expressions, ", ") + ")"
}

// countFilled counts the values of each attribute.
func (s store) countFilled(ctx context.Context, snapshot *Snapshot) error {
	counts, targets := make([]string, len(snapshot.Attributes)), make([]any, len(snapshot.Attributes))
	for i, a := range snapshot.Attributes {
		counts[i], targets[i] = "count("+a.Column+")", &snapshot.Attributes[i].Filled
	}
	if len(counts) == 0 {
		return nil
	}
	query := fmt.Sprintf(`SELECT %s FROM %s`, strings.Join(counts, ", "), snapshot.Table())
	if err := s.db.Reader().QueryRowContext(ctx, query).Scan(targets...); err != nil {
		return fmt.Errorf("count values: %w", err)
	}
	return nil
}

// holdMore holds the parts of a unified snapshot that is being made.
func (s store) holdMore(ctx context.Context, tx database.Tx, snapshotID int64, parts []Part) error {
	for _, p := range parts {
		if err := s.hold(ctx, tx, p.Snapshot.ID, unifiedHolder(snapshotID)); err != nil {
			return err
		}
	}
	return nil
}

// holdParts holds the parts of the current snapshot, and no longer those of the ones before.
func (s store) holdParts(ctx context.Context, tx database.Tx, snapshotID int64, parts []Part) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM snapshot_holds WHERE holder GLOB 'unified/*' AND holder <> ?`, unifiedHolder(snapshotID)); err != nil {
		return fmt.Errorf("release parts: %w", err)
	}
	return s.holdMore(ctx, tx, snapshotID, parts)
}

func (s store) keepReport(ctx context.Context, tx database.Tx, snapshotID int64, inputs string, report Report, now time.Time) error {
	text, err := json.Marshal(report)
	if err != nil {
		return fmt.Errorf("encode report: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO unifications (snapshot_id, inputs, report, made_at) VALUES (?, ?, ?, ?)`,
		snapshotID, inputs, string(text), database.Millis(now))
	if err != nil {
		return fmt.Errorf("keep report: %w", err)
	}
	return nil
}
