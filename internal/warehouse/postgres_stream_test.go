package warehouse_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/testkit/postgres"
	"github.com/segue-app/segue/internal/warehouse"
)

func TestAColumnThatChangedStopsTheReadingBeforeTheFirstRow(t *testing.T) {
	s := postgres.Open(t)
	database := s.Database(t, `CREATE TABLE people (id int, born date)`, `INSERT INTO people VALUES (1, '2000-01-01')`)
	d := open(t, reader(t, database), planted, warehouse.Limits{})
	visit := func([]any) error { t.Error("a row came"); return nil }
	_, err := d.Stream(t.Context(), warehouse.What{Table: "people"}, []warehouse.Column{{Name: "email", Kind: profile.Text}}, visit)
	wantProblem(t, err, "column_gone")
	_, err = d.Stream(t.Context(), warehouse.What{Table: "people"}, []warehouse.Column{{Name: "born", Kind: profile.Number}}, visit)
	wantProblem(t, err, "column_changed")
}

func TestAStatementThatTakesTooLongIsStoppedThereToo(t *testing.T) {
	s := postgres.Open(t)
	database := s.Database(t)
	d := open(t, reader(t, database), planted, warehouse.Limits{Statement: 100 * time.Millisecond, Silence: 100 * time.Millisecond})
	_, err := d.Count(t.Context(), `SELECT count(*) FROM (SELECT pg_sleep(60)) q`, nil)
	wantProblem(t, err, "too_long")
	_, err = d.Query(t.Context(), `SELECT pg_sleep(60)`, nil, func([]any) error { return nil })
	wantProblem(t, err, "too_long")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err = open(t, reader(t, database), planted, warehouse.Limits{}).Count(ctx, `SELECT count(*) FROM (SELECT pg_sleep(60)) q`, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	deadline := time.Now().Add(5 * time.Second)
	for n := 1; n > 0; {
		if err := s.DB(t, database).QueryRow(`SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND state = 'active' AND pid <> pg_backend_pid()`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d statements still run", n)
		}
	}
}

func TestManyRowsAreStreamedInFlatMemory(t *testing.T) {
	s := postgres.Open(t)
	const rows = 200_000
	database := s.Database(t, fmt.Sprintf(`CREATE TABLE people AS SELECT n AS id, 'somebody' || n || '@example.com' AS email, repeat('x', 200) AS note FROM generate_series(1, %d) n`, rows))
	d := open(t, reader(t, database), planted, warehouse.Limits{})
	columns, err := d.Columns(t.Context(), warehouse.What{Table: "people"})
	if err != nil {
		t.Fatal(err)
	}
	seen, sum, peak := 0, int64(0), uint64(0)
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	before := memory.HeapAlloc
	_, err = d.Stream(t.Context(), warehouse.What{Table: "people"}, columns, func(row []any) error {
		sum += row[0].(int64)
		if seen++; seen%40_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&memory)
			peak = max(peak, memory.HeapAlloc)
		}
		return nil
	})
	if err != nil || seen != rows || sum != rows*(rows+1)/2 {
		t.Fatalf("%d rows with sum %d: %v", seen, sum, err)
	}
	if grown := int64(peak) - int64(before); grown > 8<<20 { // the rows are 45 MB
		t.Errorf("memory grew by %d bytes", grown)
	}
}

func TestWhatTheVisitorSaysEndsTheReadingAndComesBackAsItIs(t *testing.T) {
	s := postgres.Open(t)
	d := open(t, reader(t, s.Database(t)), planted, warehouse.Limits{})
	enough := errors.New("enough")
	seen := 0
	_, err := d.Query(t.Context(), `SELECT generate_series(1, 1000000)`, nil, func([]any) error {
		seen++
		return enough
	})
	if err != enough || seen != 1 {
		t.Errorf("got %v after %d rows", err, seen)
	}
	if n, err := d.Count(t.Context(), `SELECT 5`, nil); n != 5 || err != nil {
		t.Errorf("afterwards got %d, %v", n, err)
	}
}
