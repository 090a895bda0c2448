package warehouse

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
)

// Narrowed says which rows of What are read, by conditions that Segue compiled for the table or query under the alias p.
type Narrowed struct {
	Where string   // which rows
	Flags []string // further conditions, each told for every row
	Args  []any    // of Flags, in their order, then of Where
	First string   // only rows whose first column reads so; "": all
	Most  int      // no more than so many rows; 0: all
}

// Bind turns a statement's question marks into the database's own placeholders.
type Bind func(statement string) string

// Select reads the rows that conditions hold for, as Stream reads all: the columns wanted, and whether each of the flags holds.
func (d *Database) Select(ctx context.Context, w What, columns []Column, n Narrowed, bind Bind, visit func(row []any, flags []bool) error) error {
	from, err := w.From(d.address.Kind)
	if err != nil {
		return err
	}
	if len(columns) == 0 {
		return problem.New(problem.Invalid, "warehouse.problem.no_columns")
	}
	return d.read(ctx, d.limits.Stream, func(ctx context.Context, s session) error {
		read, err := d.wanted(ctx, s, from, w, columns)
		if err != nil {
			return err
		}
		query := strings.Replace(bind(d.narrowed(read, columns, n)), fromHere, from, 1)
		args := n.Args
		if n.First != "" {
			args = append(slices.Clip(args), n.First)
		}
		for i := range read {
			read[i].Kind = columns[i].Kind
		}
		for range n.Flags {
			read = append(read, Column{Kind: profile.Number})
		}
		flags := make([]bool, len(n.Flags))
		_, err = d.stream(ctx, s, query, args, read, func(row []any) error {
			for i, v := range row[len(columns):] {
				flags[i] = v == int64(1)
			}
			return visit(row[:len(columns)], flags)
		})
		return err
	})
}

// fromHere is the place of the FROM item until the placeholders are bound: what a person wrote may have question marks that
// are none. No name holds such a sign.
const fromHere = "\x00"

// narrowed writes the statement. Columns have names of their own in it, since one may be read twice.
func (d *Database) narrowed(read, columns []Column, n Narrowed) string {
	var list []string
	for i, c := range read {
		list = append(list, d.engine.expression(quote(d.address.Kind, c.Name), c, columns[i].Kind)+" AS "+quote(d.address.Kind, "c"+strconv.Itoa(i)))
	}
	for i, flag := range n.Flags {
		list = append(list, "CASE WHEN "+flag+" THEN 1 ELSE 0 END AS "+quote(d.address.Kind, "f"+strconv.Itoa(i)))
	}
	query := "SELECT " + strings.Join(list, ", ") + " FROM " + fromHere + " p WHERE " + n.Where
	if n.First != "" {
		query += " AND " + d.engine.expression(quote(d.address.Kind, read[0].Name), read[0], profile.Text) + " = ?"
	}
	if n.Most > 0 {
		query = d.engine.limited("*", "("+query+")", n.Most)
	}
	return query
}

// wanted finds the columns in what there is to read. One that is gone or is of another kind now is a problem.
func (d *Database) wanted(ctx context.Context, s session, from string, w What, columns []Column) ([]Column, error) {
	described, err := d.describe(ctx, s, from, w)
	if err != nil {
		return nil, err
	}
	source := make([]Column, len(columns))
	for i, wanted := range columns {
		at := slices.IndexFunc(described, func(c Column) bool { return c.Name == wanted.Name })
		if at < 0 {
			return nil, problem.New(problem.Conflict, "warehouse.problem.column_gone", "Column", wanted.Name)
		}
		source[i] = described[at]
		if source[i].LeftOut != "" || !becomes(source[i].Kind, wanted.Kind) {
			return nil, problem.New(problem.Conflict, "warehouse.problem.column_changed", "Column", wanted.Name, "Type", source[i].Native)
		}
	}
	return source, nil
}
