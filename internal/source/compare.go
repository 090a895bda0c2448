package source

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/segue-app/segue/internal/profile"
)

// compare counts what a filled snapshot adds, changes and removes against what the source has, by id. It only reads, beside
// whoever writes.
func (s *Service) compare(ctx context.Context, i *Import, of Source, filled profile.Snapshot) error {
	i.Before, i.Added, i.Changed, i.Removed, i.Compared = of.Rows, filled.Rows, 0, 0, true
	if of.SnapshotID == 0 {
		return nil
	}
	before, err := s.profiles.Snapshot(ctx, of.SnapshotID)
	if err != nil {
		return err
	}
	same, changed, err := s.store.compare(ctx, before, filled)
	if err != nil {
		return err
	}
	i.Added, i.Changed, i.Removed = filled.Rows-same, changed, before.Rows-same
	return nil
}

// compare counts the profiles that two snapshots share, and those of them with any other value.
func (s store) compare(ctx context.Context, before, now profile.Snapshot) (same, changed int, err error) {
	var differences []string
	for _, a := range now.Attributes {
		if old, ok := before.Attribute(a.Key); ok {
			differences = append(differences, fmt.Sprintf("b.%s IS NOT a.%s", old.Column, a.Column))
		} else {
			differences = append(differences, fmt.Sprintf("a.%s IS NOT NULL", a.Column))
		}
	}
	for _, old := range before.Attributes {
		if _, ok := now.Attribute(old.Key); !ok {
			differences = append(differences, fmt.Sprintf("b.%s IS NOT NULL", old.Column))
		}
	}
	if len(differences) == 0 {
		differences = []string{"0"}
	}
	var sum sql.NullInt64
	// A table of 500 columns against another of as many: a chain of ORs would be deeper than SQLite parses.
	const depth = 100
	var parts []string
	for len(differences) > 0 {
		n := min(depth, len(differences))
		parts = append(parts, "("+strings.Join(differences[:n], " OR ")+")")
		differences = differences[n:]
	}
	err = s.db.Reader().QueryRowContext(ctx, fmt.Sprintf(`SELECT count(*), sum(%s) FROM %s a JOIN %s b ON b.id = a.id`,
		"("+strings.Join(parts, " OR ")+")", now.Table(), before.Table())).Scan(&same, &sum)
	if err != nil {
		return 0, 0, fmt.Errorf("compare snapshots: %w", err)
	}
	return same, int(sum.Int64), nil
}
