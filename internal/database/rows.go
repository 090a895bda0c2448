package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// Rows reads the rows of a query one after the other into values, which has a place for each column, and calls visit after
// each. From the pool it reads as the driver gives them, without what database/sql does for each row and column; a transaction
// allows only the common way.
func Rows(ctx context.Context, q Querier, query string, args []any, values []driver.Value, visit func() error) error {
	pool, ok := q.(*sql.DB)
	if !ok {
		return commonRows(ctx, q, query, args, values, visit)
	}
	connection, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	err = connection.Raw(func(inner any) error {
		queryer, ok := inner.(driver.QueryerContext)
		if !ok {
			return fmt.Errorf("%T cannot be queried", inner)
		}
		named := make([]driver.NamedValue, len(args))
		for i, arg := range args {
			value, err := driver.DefaultParameterConverter.ConvertValue(arg)
			if err != nil {
				return err
			}
			named[i] = driver.NamedValue{Ordinal: i + 1, Value: value}
		}
		rows, err := queryer.QueryContext(ctx, query, named)
		if err != nil {
			return err
		}
		return errors.Join(each(rows, values, visit), rows.Close())
	})
	return errors.Join(err, connection.Close())
}

func each(rows driver.Rows, values []driver.Value, visit func() error) error {
	for {
		switch err := rows.Next(values); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := visit(); err != nil {
			return err
		}
	}
}

func commonRows(ctx context.Context, q Querier, query string, args []any, values []driver.Value, visit func() error) (err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row, into := make([]any, len(values)), make([]any, len(values))
	for i := range row {
		into[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, value := range row {
			values[i] = value
		}
		if err := visit(); err != nil {
			return err
		}
	}
	return rows.Err()
}
