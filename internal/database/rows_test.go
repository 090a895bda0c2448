package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
)

func TestRowsReadsTheSameFromThePoolAndInATransaction(t *testing.T) {
	ctx := t.Context()
	db, err := Open(ctx, filepath.Join(t.TempDir(), "segue.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	const query = `SELECT column1, column2, column3, column4, column1 > ? FROM (VALUES (1, 'a', 1.5, x'00ff'), (2, NULL, 2, x''), (3, 'c', -1, NULL)) ORDER BY column1 LIMIT ?`
	tx, err := db.Reader().BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	read := func(ctx context.Context, q Querier, visit func(row string) error) error {
		values := make([]driver.Value, 5)
		return Rows(ctx, q, query, []any{1, 3}, values, func() error { return visit(fmt.Sprintf("%#v", values)) })
	}
	var seen [2][]string
	for i, q := range []Querier{db.Reader(), tx} {
		if err := read(ctx, q, func(row string) error { seen[i] = append(seen[i], row); return nil }); err != nil {
			t.Fatal(err)
		}
		own := errors.New("enough")
		if err := read(ctx, q, func(string) error { return own }); !errors.Is(err, own) {
			t.Errorf("the visitor's error came back as %v", err)
		}
		ended, end := context.WithCancel(ctx)
		end()
		if err := read(ended, q, func(string) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("when its context had ended the reading gave %v", err)
		}
		if err := Rows(ctx, q, "SELECT nothing", nil, nil, func() error { return nil }); err == nil {
			t.Error("a query that cannot be was read")
		}
	}
	if len(seen[0]) != 3 || fmt.Sprint(seen[0]) != fmt.Sprint(seen[1]) {
		t.Errorf("from the pool %v\nin a transaction %v", seen[0], seen[1])
	}
}
