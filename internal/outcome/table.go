package outcome

import (
	"context"
	"errors"
	"strings"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/warehouse"
)

// Tables is a database that outcomes may be written to.
type Tables interface {
	Rewrite(ctx context.Context, r warehouse.Rewriting, tell func(visit func(row []any) error) error) (rows int, err error)
}

// types are those of Columns in a table.
var types = []string{"bigint", "text", "text", "text", "text", "text", "timestamptz"}

// writeRows writes lines as the rows of a run in a table, in the place of those that it has there.
func writeRows(ctx context.Context, to Tables, table string, runID int64, tell func(visit func(Line) error) error) (int, error) {
	r := warehouse.Rewriting{Table: table, Key: runID}
	for i, name := range Columns {
		r.Columns = append(r.Columns, warehouse.Written{Name: name, Type: types[i]})
	}
	rows, err := to.Rewrite(ctx, r, func(visit func(row []any) error) error {
		return tell(func(l Line) error {
			return visit([]any{l.RunID, l.Export, l.ProfileID, string(l.Outcome), l.ReasonCode, l.Reason, l.At.UTC()})
		})
	})
	return rows, ofDatabase(err)
}

// ofDatabase says what is wrong with the database or the table.
func ofDatabase(err error) error {
	var failed *failure
	p := problem.Of(err)
	if p == nil || errors.As(err, &failed) {
		return err
	}
	reason := DatabaseFailed
	switch strings.TrimPrefix(p.Code, "warehouse.problem.") {
	case "unreachable", "cut", "busy", "too_long":
		reason = DatabaseAway
	case "login_refused", "certificate", "no_tls", "no_database", "no_table": // of tables there is one by then: it is the schema
		reason = DatabaseRefuses
	case "rights":
		reason = TableRights
	case "no_column", "statement", "value":
		reason = TableDiffers
	}
	return &failure{reason, err}
}
