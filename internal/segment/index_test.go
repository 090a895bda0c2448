package segment_test

import (
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/testkit"
)

// The index is made here as package profile makes it; its own test holds it to that.
func TestRulesFindByTheIndexOfAnAttribute(t *testing.T) {
	db := testkit.Database(t)
	attribute := profile.Attribute{Key: "email", Label: "Email", Column: "c1", Kind: profile.Text, Indexed: true}
	snapshot := fill(t, db, 1, []profile.Attribute{attribute}, [][]any{{"k1", "Åse@example.com"}, {"k2", "ÅSE@example.com"}, {"k3", "bo@example.com"}, {"k4", nil}})
	err := db.InTx(t.Context(), func(tx database.Tx) error {
		_, err := tx.ExecContext(t.Context(), "CREATE INDEX snapshot_1_c1 ON snapshot_1 (segue_fold(c1))")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		operator  segment.Operator
		values    []string
		matchCase bool
		covering  bool // the rows themselves are not read
		want      string
	}{
		{segment.Equals, []string{"åse@EXAMPLE.com"}, false, true, "k1 k2"},
		{segment.InList, []string{"åse@example.com", "BO@example.com"}, false, true, "k1 k2 k3"},
		{segment.BeginsWith, []string{"Å"}, false, true, "k1 k2"},
		{segment.Equals, []string{"Åse@example.com"}, true, false, "k1"},
		{segment.InList, []string{"Åse@example.com", "Bo@example.com"}, true, false, "k1"},
		{segment.BeginsWith, []string{"ÅS"}, true, false, "k2"},
	} {
		condition := segment.Condition{Attribute: "email", Operator: c.operator, Values: c.values, MatchCase: c.matchCase}
		def := rule(segment.All, condition)
		if got := members(t, db, def, snapshot, noon); got != c.want {
			t.Errorf("%s finds %q, want %q", c.operator, got, c.want)
		}
		where, err := segment.Compile(def, snapshot, noon)
		if err != nil {
			t.Fatal(err)
		}
		plan := planOf(t, db, "SELECT count(*) FROM snapshot_1 p WHERE "+where.SQL, where.Args)
		if !strings.Contains(plan, "SEARCH p USING") || !strings.Contains(plan, "INDEX snapshot_1_c1") || strings.Contains(plan, "COVERING") != c.covering {
			t.Errorf("%s, case matters: %v: %s", c.operator, c.matchCase, plan)
		}
	}
}

func planOf(t *testing.T, db *database.DB, query string, args []any) string {
	t.Helper()
	rows, err := db.Reader().QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(plan, "; ")
}
