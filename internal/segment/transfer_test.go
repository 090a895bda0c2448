package segment_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/dialect"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
)

// warehouses are sources whose profiles stay where they are, by folded name. Each has the attributes of people.
type warehouses map[string]int64

func (w warehouses) Schema(_ context.Context, sourceID int64) (profile.Snapshot, error) {
	for name, id := range w {
		if id == sourceID {
			return profile.Snapshot{FileName: name, Attributes: people}, nil
		}
	}
	return profile.Snapshot{}, problem.New(problem.NotFound, "pushdown.gone")
}

func (w warehouses) Named(_ context.Context, name string) (int64, error) {
	if id, ok := w[database.Fold(name)]; ok {
		return id, nil
	}
	return 0, problem.New(problem.NotFound, "pushdown.gone")
}

func (w warehouses) Check(ctx context.Context, sourceID int64, definition segment.Definition, at time.Time) error {
	schema, err := w.Schema(ctx, sourceID)
	if err == nil {
		_, err = segment.CompileFor(dialect.PostgreSQL, definition, schema, at)
	}
	return err
}

func (w warehouses) Count(context.Context, int64, []segment.Definition, time.Time) (int, error) {
	return 12, nil
}

func (w warehouses) Sample(context.Context, int64, segment.Definition, []string, time.Time, int, func(string, []any) error) error {
	return nil
}

func TestARuleOnASourceFindsThatSourceAgainByItsName(t *testing.T) {
	there := peopled(t)
	there.SetBases(warehouses{"warehouse": 7})
	def := danes("").Definition
	def.SourceID = 7
	inner := create(t, there, segment.Draft{Name: "Danes there", Definition: def})
	outer := inside("Outer", inner.ID)
	outer.Definition.SourceID = 7
	p, err := there.Export(t.Context(), contributor, create(t, there, outer).ID)
	if err != nil || p.Base != "warehouse" {
		t.Fatalf("the base is %q, %v", p.Base, err)
	}
	written, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}

	here := peopled(t)
	here.SetBases(warehouses{"warehouse": 3})
	done, err := here.Import(t.Context(), contributor, bytes.NewReader(written))
	if err != nil || done.Segment.Definition.SourceID != 3 || fmt.Sprint(done.Made) != "[Danes there]" {
		t.Fatalf("became %+v, %v", done, err)
	}
	page, err := here.List(t.Context(), viewer, segment.Query{Search: "danes"})
	if err != nil || page.Total != 1 || page.Segments[0].State != segment.Active || page.Segments[0].Definition.SourceID != 3 || page.Segments[0].Size != 12 {
		t.Errorf("the inner one is %+v, %v", page, err)
	}
	if err := here.Faults(t.Context(), contributor, done.Segment.Definition); err != nil {
		t.Errorf("the rule has faults: %v", err)
	}

	here.SetBases(warehouses{"lake": 3})
	_, err = here.Import(t.Context(), contributor, bytes.NewReader(written))
	wantField(t, err, "file", segment.CodePortableBase)
	there.SetBases(warehouses{})
	_, err = there.Export(t.Context(), contributor, inner.ID)
	wantProblem(t, err, problem.Conflict, "pushdown.gone")
}

func TestARuleComesInWholeOrNotAtAll(t *testing.T) {
	w := peopled(t)
	const full = "CREATE TRIGGER full BEFORE INSERT ON segments WHEN new.name = 'Outer' BEGIN SELECT raise(ABORT, 'full'); END"
	if _, err := w.db.Writer().ExecContext(t.Context(), full); err != nil {
		t.Fatal(err)
	}
	_, err := w.Import(t.Context(), contributor, strings.NewReader(`{"format":"segue-segment","version":1,"name":"Outer",
		"rule":{"match":"all","conditions":[{"attribute":"","operator":"in_segment","values":["Inner"]}]},
		"segments":[{"name":"Inner","rule":{"match":"all"}}]}`))
	if err == nil {
		t.Fatal("the rule came in")
	}
	if page, err := w.List(t.Context(), viewer, segment.Query{}); err != nil || page.Total != 0 {
		t.Errorf("it left %+v, %v", page, err)
	}
}
