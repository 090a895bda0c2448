package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
)

// Tested is what a test of the connection found.
type Tested struct {
	Version  string
	ReadOnly bool          // the database itself refuses to write in our sessions; false: only the login's rights do
	Latency  time.Duration // of one statement to and fro, without connecting
}

// Table is one that can be read.
type Table struct{ Schema, Name string }

// Sample is the beginning of what there is to read.
type Sample struct {
	Columns []Column
	Rows    [][]any // a value for each column, in stored form; nil where the column is left out
}

// Reading says what a whole reading came to.
type Reading struct {
	Rows    int
	Emptied map[string]int // values of a column that the stored form has no room for, and that came as nil
	Mended  map[string]int // texts of a column in which bytes were no UTF-8 or NUL, and came as U+FFFD
}

// Test signs in and asks a question.
func (d *Database) Test(ctx context.Context) (found Tested, err error) {
	err = d.read(ctx, d.limits.Statement, func(ctx context.Context, s session) error {
		if found.Version, found.ReadOnly, err = d.engine.test(ctx, s); err != nil {
			return err
		}
		found.Version = d.scrubber.clean(found.Version)
		began := time.Now()
		var one int
		err := s.QueryRowContext(ctx, "SELECT 1").Scan(&one)
		found.Latency = time.Since(began)
		return err
	})
	return found, err
}

// MaxTables is how many tables are listed at most.
const MaxTables = 1000

// Tables lists tables and views that the login can see, by name; more reports that there are others beyond MaxTables.
func (d *Database) Tables(ctx context.Context) (tables []Table, more bool, err error) {
	err = d.read(ctx, d.limits.Statement, func(ctx context.Context, s session) error {
		query, args := d.engine.tables(d.address, MaxTables+1)
		rows, err := s.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var t Table
			if err := rows.Scan(&t.Schema, &t.Name); err != nil {
				return err
			}
			tables = append(tables, t)
		}
		return rows.Err()
	})
	if len(tables) > MaxTables {
		tables, more = tables[:MaxTables], true
	}
	return tables, more, err
}

// Columns describes what there is to read, without reading rows.
func (d *Database) Columns(ctx context.Context, w What) (columns []Column, err error) {
	from, err := w.From(d.address.Kind)
	if err != nil {
		return nil, err
	}
	err = d.read(ctx, d.limits.Statement, func(ctx context.Context, s session) error {
		columns, err = d.describe(ctx, s, from, w)
		return err
	})
	return columns, err
}

func (d *Database) describe(ctx context.Context, q querier, from string, w What) ([]Column, error) {
	columns, err := d.engine.describe(ctx, q, from, w)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, c := range columns {
		if c.Name == "" {
			return nil, problem.New(problem.Invalid, "warehouse.problem.column_unnamed")
		}
		if seen[c.Name] {
			return nil, problem.New(problem.Invalid, "warehouse.problem.column_twice", "Column", c.Name)
		}
		seen[c.Name] = true
	}
	return columns, nil
}

// describeResult describes the columns of a query that gives no rows.
func describeResult(ctx context.Context, q querier, e engine, query string) (columns []Column, err error) {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if columns, err = columnsOf(rows, e); err != nil {
		return nil, err
	}
	for rows.Next() { // none; but an error may come this late
	}
	return columns, rows.Err()
}

// columnsOf takes the panic of a driver for an error: SQL Server's panics on a type that it does not know, and which types
// there are is the server's to say.
func columnsOf(rows *sql.Rows, e engine) (columns []Column, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errUnknownType
		}
	}()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	columns = make([]Column, len(types))
	for i, t := range types {
		nullable, known := t.Nullable()
		columns[i] = Column{Name: t.Name(), Nullable: nullable || !known}
		columns[i].Kind, columns[i].Native, columns[i].LeftOut = e.kind(t)
	}
	return columns, nil
}

// MaxPreview is how many rows a preview has at most.
const MaxPreview = 100

// Preview reads the first n rows.
func (d *Database) Preview(ctx context.Context, w What, n int) (sample Sample, err error) {
	from, err := w.From(d.address.Kind)
	if err != nil {
		return Sample{}, err
	}
	n = min(max(n, 1), MaxPreview)
	err = d.read(ctx, d.limits.Statement, func(ctx context.Context, s session) error {
		if sample.Columns, err = d.describe(ctx, s, from, w); err != nil {
			return err
		}
		var read []Column
		var at []int
		for i, c := range sample.Columns {
			if c.LeftOut == "" {
				read, at = append(read, c), append(at, i)
			}
		}
		if len(read) == 0 {
			return nil
		}
		_, err := d.stream(ctx, s, d.engine.limited(d.selection(read, read), from, n), nil, read, func(row []any) error {
			whole := make([]any, len(sample.Columns))
			for i, v := range row {
				whole[at[i]] = v
			}
			sample.Rows = append(sample.Rows, whole)
			return nil
		})
		return err
	})
	return sample, err
}

// Stream reads all rows of the columns wanted, in no particular order, in one consistent reading and constant memory.
// Of a column Name and Kind count: its values come in the stored form of Kind, which may be the column's own kind, text,
// list for a text or JSON that holds an array, or boolean for a number that is 0 or 1. A column that is gone or is of
// another kind now is a problem before the first row. The row belongs to visit until it returns; its error ends the
// reading and is returned as it is.
func (d *Database) Stream(ctx context.Context, w What, columns []Column, visit func(row []any) error) (reading Reading, err error) {
	from, err := w.From(d.address.Kind)
	if err != nil {
		return Reading{}, err
	}
	if len(columns) == 0 {
		return Reading{}, problem.New(problem.Invalid, "warehouse.problem.no_columns")
	}
	err = d.read(ctx, d.limits.Stream, func(ctx context.Context, s session) error {
		source, err := d.wanted(ctx, s, from, w, columns)
		if err != nil {
			return err
		}
		query := "SELECT " + d.selection(source, columns) + " FROM " + from + " q"
		for i := range source {
			source[i].Kind = columns[i].Kind
		}
		reading, err = d.stream(ctx, s, query, nil, source, visit)
		return err
	})
	return reading, err
}

// becomes reports whether values of one kind can be read as another.
func becomes(is, wanted profile.Kind) bool {
	return is == wanted || wanted == profile.Text || is == profile.Text && wanted == profile.List || is == profile.Number && wanted == profile.Boolean
}

// selection is a list for SELECT that reads columns as the kinds wanted.
func (d *Database) selection(columns, wanted []Column) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		quoted := quote(d.address.Kind, c.Name)
		parts[i] = d.engine.expression(quoted, c, wanted[i].Kind) + " AS " + quoted
	}
	return strings.Join(parts, ", ")
}

// Query runs one SELECT that Segue compiled, with the database's own placeholders, in one consistent reading, and visits
// its rows in their order. Values come in the stored form of the kind of their type.
func (d *Database) Query(ctx context.Context, query string, args []any, visit func(row []any) error) (reading Reading, err error) {
	if query, err = single(d.address.Kind, query); err != nil {
		return Reading{}, err
	}
	err = d.read(ctx, d.limits.Stream, func(ctx context.Context, s session) error {
		reading, err = d.stream(ctx, s, query, args, nil, visit)
		return err
	})
	return reading, err
}

// Count runs one SELECT that Segue compiled, which gives one number, within the time for a statement that somebody waits for.
func (d *Database) Count(ctx context.Context, query string, args []any) (n int64, err error) {
	if query, err = single(d.address.Kind, query); err != nil {
		return 0, err
	}
	err = d.read(ctx, d.limits.Statement, func(ctx context.Context, s session) error {
		return s.QueryRowContext(ctx, query, args...).Scan(&n)
	})
	return n, err
}

// stopGrace is what the database has, beyond the limit that it was told, to end a statement by itself.
const stopGrace = 2 * time.Second

// read runs a reading of its own: one session, nothing written, rolled back at the end whatever happened.
func (d *Database) read(ctx context.Context, limit time.Duration, do func(ctx context.Context, s session) error) (err error) {
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline))
	}
	limit = max(limit, time.Millisecond)
	ctx, cancel := context.WithTimeoutCause(ctx, limit+stopGrace, errTooLong)
	defer cancel()
	var own *ownError
	defer func() {
		if errors.As(err, &own) {
			err = own.err
			return
		}
		err = d.failed(ctx, err)
	}()
	conn, err := d.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() // gives it back to the pool; a broken one is dropped there
	s, err := d.engine.begin(ctx, conn, limit)
	if err != nil {
		return err
	}
	err = do(ctx, s)
	if end := s.end(); err == nil && !errors.Is(end, sql.ErrTxDone) {
		err = end
	}
	return err
}

// ownError is an error of whoever visits the rows, which is no fault of the database.
type ownError struct{ err error }

// Error gives the visitor's error.
func (e *ownError) Error() string { return e.err.Error() }

// stream visits the rows of a query. Without columns it describes them itself. It waits for each row no longer than Silence.
func (d *Database) stream(ctx context.Context, s session, query string, args []any, columns []Column, visit func(row []any) error) (reading Reading, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	silence := time.AfterFunc(d.limits.Silence, func() { cancel(errSilence) })
	defer func() {
		silence.Stop()
		if cause := context.Cause(ctx); errors.Is(cause, errSilence) {
			err = d.problem(faultTooLong, said{}).Because(cause)
		}
		cancel(nil)
	}()
	rows, err := s.QueryContext(ctx, query, args...)
	if err != nil {
		return reading, err
	}
	defer rows.Close() // its error is that of rows.Err
	if columns == nil {
		if columns, err = columnsOf(rows, d.engine); err != nil {
			return reading, err
		}
	}
	raw, target, row := make([]any, len(columns)), make([]any, len(columns)), make([]any, len(columns))
	for i := range raw {
		target[i] = &raw[i]
	}
	reading.Emptied, reading.Mended = map[string]int{}, map[string]int{}
	for rows.Next() {
		silence.Stop() // what the visitor takes is the visitor's affair
		if err := rows.Scan(target...); err != nil {
			return reading, err
		}
		for i, c := range columns {
			var became outcome
			row[i], became = convert(d.engine.value(raw[i], c), c.Kind)
			switch became {
			case emptied:
				reading.Emptied[c.Name]++
			case mended:
				reading.Mended[c.Name]++
			}
		}
		if err := visit(row); err != nil {
			return reading, &ownError{err}
		}
		reading.Rows++
		silence.Reset(d.limits.Silence)
	}
	if err := rows.Err(); err != nil {
		return reading, err
	}
	return reading, nil
}

// limitedByLast writes LIMIT as most databases do.
func limitedByLast(list, from string, n int) string {
	return fmt.Sprintf("SELECT %s FROM %s q LIMIT %d", list, from, n)
}
