package profile

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// columnTypes are the declared types. NUMERIC keeps whole numbers whole.
var columnTypes = map[Kind]string{Text: "TEXT", Number: "NUMERIC", Boolean: "INTEGER", Date: "TEXT", DateTime: "TEXT", List: "TEXT"}

func (s store) snapshot(ctx context.Context, where string, args ...any) (Snapshot, error) {
	var snapshot Snapshot
	var created int64
	err := s.db.Reader().QueryRowContext(ctx, `SELECT id, row_count, file_name, id_label, coalesce(source_id, 0), created_at FROM snapshots WHERE `+where, args...).
		Scan(&snapshot.ID, &snapshot.Rows, &snapshot.FileName, &snapshot.IDLabel, &snapshot.SourceID, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return Snapshot{}, errNoProfiles()
	}
	if err != nil {
		return Snapshot{}, fmt.Errorf("read snapshot: %w", err)
	}
	snapshot.CreatedAt = database.Time(created)
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT s.attribute_key, a.label, s.column_name, s.kind, a.mark, a.address, s.indexed, s.filled
		FROM snapshot_attributes s JOIN attributes a ON a.key = s.attribute_key WHERE s.snapshot_id = ? ORDER BY s.position`, snapshot.ID)
	if err != nil {
		return Snapshot{}, fmt.Errorf("read attributes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var a Attribute
		if err := rows.Scan(&a.Key, &a.Label, &a.Column, &a.Kind, &a.Mark, &a.Address, &a.Indexed, &a.Filled); err != nil {
			return Snapshot{}, fmt.Errorf("read attributes: %w", err)
		}
		snapshot.Attributes = append(snapshot.Attributes, a)
	}
	return snapshot, rows.Err()
}

// insertSnapshot makes the table of a new snapshot and gives it its id.
func (s store) insertSnapshot(ctx context.Context, tx database.Tx, snapshot *Snapshot, now time.Time) error {
	result, err := tx.ExecContext(ctx, `INSERT INTO snapshots (state, file_name, id_label, source_id, created_at) VALUES ('loading', ?, ?, nullif(?, 0), ?)`,
		snapshot.FileName, snapshot.IDLabel, snapshot.SourceID, database.Millis(now))
	if err != nil {
		return fmt.Errorf("note snapshot: %w", err)
	}
	if snapshot.ID, err = result.LastInsertId(); err != nil {
		return err
	}
	var columns strings.Builder
	for _, a := range snapshot.Attributes {
		fmt.Fprintf(&columns, ", %s %s", a.Column, columnTypes[a.Kind])
	}
	_, err = tx.ExecContext(ctx, fmt.Sprintf(`CREATE TABLE %s (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE%s)`, snapshot.Table(), columns.String()))
	if err != nil {
		return fmt.Errorf("make snapshot's table: %w", err)
	}
	return nil
}

// insertRows adds rows, numbered from first. It returns the indexes of the rows that were left out because an earlier
// row has their id.
func (s store) insertRows(ctx context.Context, tx database.Tx, snapshot Snapshot, first int, values []any) (duplicates []int, err error) {
	width := len(snapshot.Attributes) + 1
	count := len(values) / width
	// 32,766 is SQLite's bound for parameters; beyond some dozens of rows a longer statement gains nothing.
	block := max(1, min(count, 50, 32_000/(width+1)))
	args := make([]any, 0, block*(width+1))
	for begin := 0; begin < count; {
		size := min(block, count-begin)
		statement, err := tx.PrepareContext(ctx, insertSQL(snapshot, width, size))
		if err != nil {
			return nil, fmt.Errorf("prepare rows: %w", err)
		}
		for ; count-begin >= size && size > 0; begin += size {
			args = args[:0]
			for row := begin; row < begin+size; row++ {
				args = append(args, first+row)
				args = append(args, values[row*width:(row+1)*width]...)
			}
			result, err := statement.ExecContext(ctx, args...)
			if err != nil {
				return nil, errors.Join(fmt.Errorf("insert rows: %w", err), statement.Close())
			}
			inserted, err := result.RowsAffected()
			if err != nil {
				return nil, errors.Join(err, statement.Close())
			}
			if int(inserted) == size {
				continue
			}
			missing, err := s.missing(ctx, tx, snapshot, first+begin, size)
			if err != nil {
				return nil, errors.Join(err, statement.Close())
			}
			for _, n := range missing {
				duplicates = append(duplicates, n-first)
			}
		}
		if err := statement.Close(); err != nil {
			return nil, fmt.Errorf("close statement: %w", err)
		}
	}
	return duplicates, nil
}

func insertSQL(snapshot Snapshot, width, rows int) string {
	var sql strings.Builder
	fmt.Fprintf(&sql, "INSERT INTO %s VALUES ", snapshot.Table())
	one := "(?" + strings.Repeat(",?", width) + ")"
	sql.WriteString(one + strings.Repeat(","+one, rows-1))
	sql.WriteString(" ON CONFLICT (id) DO NOTHING")
	return sql.String()
}

// missing lists which of the numbers from first on have no row.
func (s store) missing(ctx context.Context, tx database.Tx, snapshot Snapshot, first, count int) (numbers []int, err error) {
	there, err := database.Column[int](tx.QueryContext(ctx, fmt.Sprintf(`SELECT n FROM %s WHERE n >= ? AND n < ? ORDER BY n`, snapshot.Table()), first, first+count))
	if err != nil {
		return nil, fmt.Errorf("find duplicates: %w", err)
	}
	for n := first; n < first+count; n++ {
		if len(there) > 0 && there[0] == n {
			there = there[1:]
		} else {
			numbers = append(numbers, n)
		}
	}
	return numbers, nil
}

// complete ends the filling of a snapshot: its columns become known, and nothing more is added.
func (s store) complete(ctx context.Context, tx database.Tx, snapshot Snapshot, now time.Time) error {
	for position, a := range snapshot.Attributes {
		// An import says what a person chose with it, but takes no mark down: that is done on the page of attributes, and an import of
		// the same file by itself would undo it. Unified profiles leave all as it has become meanwhile.
		update := `label = excluded.label, kind = excluded.kind, mark = max(mark, excluded.mark), position = excluded.position`
		if snapshot.SourceID == 0 {
			update = `position = excluded.position`
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO attributes (key, label, kind, mark, address, position) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (key) DO UPDATE SET `+update, a.Key, a.Label, a.Kind, a.Mark, a.Address, position)
		if err != nil {
			return fmt.Errorf("keep attribute: %w", err)
		}
		if err := tx.QueryRowContext(ctx, `SELECT indexed OR address FROM attributes WHERE key = ?`, a.Key).Scan(&a.Indexed); err != nil {
			return fmt.Errorf("read attribute: %w", err)
		}
		if a.Indexed = a.Indexed && a.Kind != List; a.Indexed {
			if err := s.index(ctx, tx, snapshot, a); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO snapshot_attributes (snapshot_id, position, attribute_key, column_name, kind, indexed, filled)
			VALUES (?, ?, ?, ?, ?, ?, ?)`, snapshot.ID, position, a.Key, a.Column, a.Kind, a.Indexed, a.Filled)
		if err != nil {
			return fmt.Errorf("keep snapshot's attribute: %w", err)
		}
	}
	_, err := tx.ExecContext(ctx, `UPDATE snapshots SET state = 'kept', row_count = ?, created_at = ? WHERE id = ? AND state = 'loading'`,
		snapshot.Rows, database.Millis(now), snapshot.ID)
	if err != nil {
		return fmt.Errorf("complete snapshot: %w", err)
	}
	return nil
}

// index makes the index of an attribute, unless it is there: on the text as rules compare it and as people search for it. Only
// programs that know the function can write to the table.
func (s store) index(ctx context.Context, tx database.Tx, snapshot Snapshot, a Attribute) error {
	expression := a.Column // numbers, days and times are compared as they are
	if a.Kind == Text {
		expression = fmt.Sprintf("%s(%s)", database.FoldFunction, a.Column)
	}
	_, err := tx.ExecContext(ctx, fmt.Sprintf(`CREATE INDEX IF NOT EXISTS %[1]s_%[2]s ON %[1]s (%[3]s)`, snapshot.Table(), a.Column, expression))
	if err != nil {
		return fmt.Errorf("index snapshot: %w", err)
	}
	return nil
}

// unindex drops the index of an attribute.
func (s store) unindex(ctx context.Context, tx database.Tx, snapshot Snapshot, a Attribute) error {
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`DROP INDEX IF EXISTS %s_%s`, snapshot.Table(), a.Column)); err != nil {
		return fmt.Errorf("drop index of snapshot: %w", err)
	}
	return nil
}

// noteIndex says whether an attribute of a snapshot has an index.
func (s store) noteIndex(ctx context.Context, tx database.Tx, snapshot Snapshot, a Attribute, indexed bool) error {
	_, err := tx.ExecContext(ctx, `UPDATE snapshot_attributes SET indexed = ? WHERE snapshot_id = ? AND attribute_key = ?`, indexed, snapshot.ID, a.Key)
	if err != nil {
		return fmt.Errorf("note index: %w", err)
	}
	return nil
}

// swap makes a complete snapshot the current one.
func (s store) swap(ctx context.Context, tx database.Tx, snapshotID int64) error {
	if _, err := tx.ExecContext(ctx, `UPDATE snapshots SET state = 'kept' WHERE state = 'current' AND id <> ?`, snapshotID); err != nil {
		return fmt.Errorf("replace snapshot: %w", err)
	}
	result, err := tx.ExecContext(ctx, `UPDATE snapshots SET state = 'current' WHERE id = ? AND state IN ('kept', 'current')`, snapshotID)
	return changedOne(result, err, errNoProfiles())
}

func (s store) loadingSnapshots(ctx context.Context) ([]int64, error) {
	return database.Column[int64](s.db.Reader().QueryContext(ctx, `SELECT id FROM snapshots WHERE state = 'loading'`))
}

func (s store) unheldSnapshots(ctx context.Context) ([]int64, error) {
	return database.Column[int64](s.db.Reader().QueryContext(ctx, `SELECT id FROM snapshots WHERE state = 'kept'
		AND id NOT IN (SELECT snapshot_id FROM snapshot_holds)`))
}

// drop removes a snapshot's table, unless it is the current one or held.
func (s store) drop(ctx context.Context, id int64, now time.Time) error {
	return s.db.InTx(ctx, func(tx database.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE snapshots SET state = 'dropped', dropped_at = ? WHERE id = ? AND state IN ('loading', 'kept')
			AND id NOT IN (SELECT snapshot_id FROM snapshot_holds)`, database.Millis(now), id)
		if err != nil {
			return fmt.Errorf("drop snapshot: %w", err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		for _, table := range []string{Snapshot{ID: id}.Table(), peopleTable(id)} {
			if _, err := tx.ExecContext(ctx, `DROP TABLE IF EXISTS `+table); err != nil {
				return fmt.Errorf("drop snapshot's table: %w", err)
			}
		}
		return s.letGo(ctx, tx, unifiedHolder(id))
	})
}

func (s store) hold(ctx context.Context, tx database.Tx, snapshotID int64, holder string) error {
	result, err := tx.ExecContext(ctx, `INSERT INTO snapshot_holds (snapshot_id, holder) SELECT id, ? FROM snapshots
		WHERE id = ? AND state IN ('current', 'kept') ON CONFLICT DO UPDATE SET holder = excluded.holder`, holder, snapshotID)
	return changedOne(result, err, errNoProfiles())
}

func (s store) release(ctx context.Context, holder string) error {
	return s.db.InTx(ctx, func(tx database.Tx) error { return s.letGo(ctx, tx, holder) })
}

func (s store) letGo(ctx context.Context, tx database.Tx, holder string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM snapshot_holds WHERE holder = ?`, holder); err != nil {
		return fmt.Errorf("release snapshots: %w", err)
	}
	return nil
}

func (s store) holders(ctx context.Context) ([]string, error) {
	return database.Column[string](s.db.Reader().QueryContext(ctx, `SELECT DISTINCT holder FROM snapshot_holds ORDER BY holder`))
}
