package version_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/testkit"
	"github.com/segue-app/segue/internal/version"
)

var ada = access.Actor{UserID: 7, Name: "Ada", Role: access.Administrator}

func keep(t *testing.T, db *database.DB, at time.Time, of version.Thing, number int, definition any) {
	t.Helper()
	keepBy(t, db, ada, at, of, number, definition)
}

func keepBy(t *testing.T, db *database.DB, actor access.Actor, at time.Time, of version.Thing, number int, definition any) {
	t.Helper()
	err := db.InTx(t.Context(), func(tx database.Tx) error {
		return version.Keep(t.Context(), tx, at, actor, version.Draft{Of: of, Number: number, Act: version.Changed, Definition: definition, Substance: definition})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func in(t *testing.T, db *database.DB, work func(ctx context.Context, tx database.Tx) (int, error)) (n int) {
	t.Helper()
	err := db.InTx(t.Context(), func(tx database.Tx) (err error) {
		n, err = work(t.Context(), tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOldVersionsGoButTheLastFiftyOfEachThingStay(t *testing.T) {
	db := testkit.Database(t)
	long := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	many, few := version.Thing{Kind: version.OfSegment, ID: 1}, version.Thing{Kind: version.OfSegment, ID: 2}
	for n := 1; n <= version.KeptLeast+20; n++ {
		keep(t, db, long.AddDate(0, 0, n), many, n, n)
	}
	keep(t, db, long, few, 1, 1)
	drop := func(before time.Time) int {
		return in(t, db, func(ctx context.Context, tx database.Tx) (int, error) { return version.DropOlder(ctx, tx, before) })
	}
	if n := drop(long.AddDate(0, 0, 11)); n != 10 {
		t.Errorf("%d went of the ten that are old enough", n)
	}
	if n := drop(long.AddDate(9, 0, 0)); n != 10 {
		t.Errorf("%d went of those before the last %d", n, version.KeptLeast)
	}
	left, err := version.List(t.Context(), db.Reader(), many, 0, 1000)
	if err != nil || len(left) != version.KeptLeast || left[0].Number != version.KeptLeast+20 {
		t.Errorf("%d are left, %v", len(left), err)
	}
	if _, err := version.Get(t.Context(), db.Reader(), few, 1); err != nil {
		t.Errorf("the only one: %v", err)
	}
	if _, err := version.Get(t.Context(), db.Reader(), many, 1); !problem.Is(err, problem.NotFound) {
		t.Errorf("one that went: %v", err)
	}
}

func TestTheLastChangeByEachPersonStaysOfWhatWasNeverApproved(t *testing.T) {
	bo, cy := access.Actor{UserID: 8, Name: "Bo", Role: access.Administrator}, access.Actor{UserID: 9, Name: "Cy", Role: access.Administrator}
	for name, of := range map[string]struct {
		kind version.Kind
		left []int // of those before the last fifty
	}{
		"an export":    {version.OfExport, []int{3, 2}},
		"a segment":    {version.OfSegment, []int{3, 2}},
		"the schedule": {version.OfSchedule, nil}, // nobody approves it
	} {
		t.Run(name, func(t *testing.T) {
			db, long, thing := testkit.Database(t), time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), version.Thing{Kind: of.kind, ID: 1}
			keepBy(t, db, bo, long, thing, 1, "first")
			keepBy(t, db, bo, long, thing, 2, "second")
			keepBy(t, db, ada, long, thing, 3, "third")
			for n := 4; n < 60; n++ { // Cy only paused it, again and again
				keepBy(t, db, cy, long, thing, n, "third")
			}
			in(t, db, func(ctx context.Context, tx database.Tx) (int, error) {
				return version.DropOlder(ctx, tx, long.AddDate(9, 0, 0))
			})
			left, err := version.List(t.Context(), db.Reader(), thing, 0, 1000)
			if err != nil || len(left) != version.KeptLeast+len(of.left) {
				t.Fatalf("%d are left, %v", len(left), err)
			}
			for i, v := range left[version.KeptLeast:] {
				if v.Number != of.left[i] {
					t.Errorf("version %d is left", v.Number)
				}
			}
		})
	}
}

func TestErasingTakesAddressesOutOfVersionsHoweverTheyAreWrittenAndLeavesTheRest(t *testing.T) {
	type rule struct {
		Name   string   `json:"name"`
		Values []string `json:"values"`
		Number int64    `json:"number"`
	}
	const big = 9007199254740993 // more than a float holds
	for name, of := range map[string]struct {
		before, after rule
		found         bool
	}{
		"a value":                     {rule{"A", []string{"ida@example.com"}, big}, rule{"A", []string{""}, big}, true},
		"in another case":             {rule{"A", []string{"IDA@Example.com"}, 1}, rule{"A", []string{""}, 1}, true},
		"one of several":              {rule{"A", []string{"bo@example.com", "ida@example.com"}, 1}, rule{"A", []string{"bo@example.com", ""}, 1}, true},
		"a word of a name":            {rule{"Only (ida@example.com)", nil, 1}, rule{"", nil, 1}, true},
		"another address that begins": {rule{"A", []string{"ida@example.com.au"}, 1}, rule{"A", []string{"ida@example.com.au"}, 1}, false},
		"another address that ends":   {rule{"A", []string{"frida@example.com"}, 1}, rule{"A", []string{"frida@example.com"}, 1}, false},
		"no address":                  {rule{"ida", []string{"ida"}, 1}, rule{"ida", []string{"ida"}, 1}, false},
	} {
		t.Run(name, func(t *testing.T) {
			db := testkit.Database(t)
			thing := version.Thing{Kind: version.OfSegment, ID: 1}
			keep(t, db, time.UnixMilli(1), thing, 1, of.before)
			addresses := []string{"ida@example.com", "no address"}
			n, err := version.Naming(t.Context(), db.Reader(), addresses)
			if err != nil || n == 1 != of.found {
				t.Errorf("found %d, %v", n, err)
			}
			if n := in(t, db, func(ctx context.Context, tx database.Tx) (int, error) { return version.Erase(ctx, tx, addresses) }); n == 1 != of.found {
				t.Errorf("erased from %d", n)
			}
			v, err := version.Get(t.Context(), db.Reader(), thing, 1)
			if err != nil || v.Redacted != of.found || (v.Substance == "") != of.found {
				t.Errorf("%+v, %v", v, err)
			}
			wanted := testkit.Database(t)
			keep(t, wanted, time.UnixMilli(1), thing, 1, of.after)
			same, err := version.Get(t.Context(), wanted.Reader(), thing, 1)
			if err != nil || sorted(string(same.Definition)) != sorted(string(v.Definition)) {
				t.Errorf("%s, want %s", v.Definition, same.Definition)
			}
		})
	}
}

// sorted is a definition whatever the order of its fields.
func sorted(definition string) string {
	parts := strings.Split(strings.Trim(definition, "{}"), `,"`)
	for i := range parts {
		parts[i] = strings.Trim(parts[i], `"`)
	}
	for i := range parts {
		for j := i + 1; j < len(parts); j++ {
			if parts[j] < parts[i] {
				parts[i], parts[j] = parts[j], parts[i]
			}
		}
	}
	return strings.Join(parts, "|")
}
