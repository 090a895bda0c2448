package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/problem"
)

// Rewriting is what is written to a table: all rows whose key is Key are replaced.
type Rewriting struct {
	Table   string    // in the schema of the address; made if it is missing
	Columns []Written // the first one holds the key
	Key     int64
}

// Written is a column of a table that is written to.
type Written struct {
	Name string
	Type string // in the database's words; when it is made
}

const (
	rowsAtOnce  = 500             // in one statement
	insertLimit = 5 * time.Minute // for one statement, and for the lock on the table
)

// Rewrite replaces the rows of a key in one transaction: done again, it leaves the same. It is the one thing that writes, for
// databases that the operator named for it; nothing that a person configures leads here. PostgreSQL only.
func (d *Database) Rewrite(ctx context.Context, r Rewriting, tell func(visit func(row []any) error) error) (rows int, err error) {
	if d.address.Kind != PostgreSQL {
		return 0, problem.New(problem.Invalid, "warehouse.problem.kind")
	}
	ctx, cancel := context.WithTimeout(ctx, d.limits.Stream)
	defer cancel()
	conn, err := d.pool.Conn(ctx)
	if err != nil {
		return 0, d.failed(ctx, err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return 0, d.failed(ctx, err)
	}
	rows, err = d.rewrite(ctx, tx, r, tell)
	if err != nil {
		_ = tx.Rollback() // the session ends in any case
		return 0, err
	}
	return rows, d.failed(ctx, tx.Commit())
}

func (d *Database) rewrite(ctx context.Context, tx *sql.Tx, r Rewriting, tell func(visit func(row []any) error) error) (rows int, err error) {
	table := quote(PostgreSQL, r.Table)
	names := make([]string, len(r.Columns))
	made := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		names[i] = quote(PostgreSQL, c.Name)
		made[i] = names[i] + " " + c.Type + " NOT NULL"
	}
	run := func(statement string, args ...any) error {
		_, err := tx.ExecContext(ctx, statement, args...)
		return d.failed(ctx, err)
	}
	// One at a time writes to a table: a process that was killed may be about to commit still.
	err = run(`SET TRANSACTION READ WRITE`)
	if err == nil {
		err = run(`SET LOCAL statement_timeout = ` + strconv.FormatInt(insertLimit.Milliseconds(), 10))
	}
	if err == nil {
		err = run(`SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))`, "segue "+r.Table)
	}
	if err != nil {
		return 0, err
	}
	var there bool
	if err := tx.QueryRowContext(ctx, `SELECT to_regclass($1::text) IS NOT NULL`, table).Scan(&there); err != nil {
		return 0, d.failed(ctx, err)
	}
	if !there {
		if err := run(`CREATE TABLE ` + table + ` (` + strings.Join(made, ", ") + `)`); err != nil {
			return 0, err
		}
		if err := run(`CREATE INDEX ON ` + table + ` (` + names[0] + `)`); err != nil {
			return 0, err
		}
	}
	if err := run(`DELETE FROM `+table+` WHERE `+names[0]+` = $1`, r.Key); err != nil {
		return 0, err
	}
	insert := `INSERT INTO ` + table + ` (` + strings.Join(names, ", ") + `) VALUES `
	var values []any
	flush := func() error {
		if len(values) == 0 {
			return nil
		}
		err := run(insert+places(len(values)/len(names), len(names)), values...)
		rows += len(values) / len(names)
		values = values[:0]
		return err
	}
	err = tell(func(row []any) error {
		if len(row) != len(names) {
			return fmt.Errorf("%d values for %d columns", len(row), len(names))
		}
		for _, v := range row {
			if text, ok := v.(string); ok { // NUL is no text there
				v = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
			}
			values = append(values, v)
		}
		if len(values) < rowsAtOnce*len(names) {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	return rows, err
}

// places are the parameters of so many rows.
func places(rows, columns int) string {
	var text strings.Builder
	for n := range rows * columns {
		switch {
		case n == 0:
			text.WriteString("(")
		case n%columns == 0:
			text.WriteString("), (")
		default:
			text.WriteString(", ")
		}
		text.WriteString("$" + strconv.Itoa(n+1))
	}
	text.WriteString(")")
	return text.String()
}
