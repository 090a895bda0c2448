package find_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/find"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/testkit"
)

// things are what is looked for: what is removed is there, as it is in use.
const things = `
	INSERT INTO users (id, email, email_key, name, role, created_at, disabled_at) VALUES
		(1, 'ada@example.com', 'ada@example.com', 'Ada Admin', 'administrator', 1, NULL),
		(2, 'carl@example.com', 'carl@example.com', 'Carl Contributor', 'contributor', 1, NULL),
		(3, 'vera@example.com', 'vera@example.com', 'Vera Viewer', 'viewer', 1, NULL),
		(4, 'sommer@example.com', 'sommer@example.com', '', 'viewer', 1, 9);
	INSERT INTO segments (id, name, name_key, kind, definition, state, created_at, updated_at) VALUES
		(1, 'Summer buyers', 'summer buyers', 'rule', '{}', 'active', 1, 1),
		(2, 'All of summer', 'all of summer', 'rule', '{}', 'draft', 1, 1),
		(3, 'Summer', 'summer', 'rule', '{}', 'active', 1, 1),
		(4, 'Midsummer', 'midsummer', 'rule', '{}', 'active', 1, 1),
		(5, 'Ærø ÅRHUS', 'ærø århus', 'rule', '{}', 'active', 1, 1),
		(6, '100% of _all', '100% of _all', 'rule', '{}', 'active', 1, 1);
	INSERT INTO connections (id, type, name, name_key, open_to_contributors, brand_id, brand_name, brand_website, verified_at, created_by, created_at, updated_at, removed_at) VALUES
		(1, 'omnisend', 'Summer shop', 'summer shop', 1, 'b1', 'Norwind', '', 1, 1, 1, 1, NULL),
		(2, 'omnisend', 'Summer shop of ours', 'summer shop of ours', 0, 'b2', 'Norwind', '', 1, 1, 1, 1, NULL),
		(3, 'omnisend', 'Summer shop of Carl', 'summer shop of carl', 0, 'b3', 'Southwind', '', 1, 1, 1, 1, NULL),
		(4, 'omnisend', 'Summer shop that was', 'summer shop that was', 1, 'b4', 'Norwind', '', 1, 1, 1, 1, 9);
	INSERT INTO connection_grants (connection_id, user_id, granted_by, granted_at) VALUES (3, 2, 1, 1);
	INSERT INTO exports (id, name, destination_type, connection_id, created_at, updated_at, schedule_set_at, removed_at, paused_at) VALUES
		(1, 'Summer letter', 'omnisend', 1, 1, 1, 1, NULL, NULL),
		(2, 'Summer that was', 'omnisend', 1, 1, 1, 1, 9, NULL),
		(3, 'Winter letter', 'omnisend', 2, 1, 1, 1, NULL, 5);
	INSERT INTO runs (id, export_id, cause, requested_by_name, state, queued_at, ended_at) VALUES
		(11, 1, 'demand', 'Ada', 'succeeded', 1, 2), (12, 1, 'demand', 'Ada', 'failed', 3, 4), (13, 2, 'demand', 'Ada', 'succeeded', 5, 6),
		(14, 1, 'demand', 'Ada', 'succeeded', 7, 8), (15, 1, 'demand', 'Ada', 'running', 9, NULL), (16, 3, 'demand', 'Ada', 'succeeded', 1, 2);
	INSERT INTO sources (id, name, name_key, kind, place, position, created_at, updated_at, removed_at) VALUES
		(1, 'Summer file', 'summer file', 'upload', 'copied', 1, 1, 1, NULL), (2, 'Summer file that was', 'x', 'upload', 'copied', 2, 1, 1, 9);`

var (
	ada  = access.Actor{UserID: 1, Name: "Ada", Role: access.Administrator}
	carl = access.Actor{UserID: 2, Name: "Carl", Role: access.Contributor}
	vera = access.Actor{UserID: 3, Name: "Vera", Role: access.Viewer}
)

func TestEachFindsWhatSheMaySeeAndNothingElse(t *testing.T) {
	db := filled(t)
	s := find.NewService(db)
	for name, of := range map[string]struct {
		actor access.Actor
		text  string
		want  string
	}{
		"an administrator finds of every kind, the name itself first, then what begins with the word, then what has it, and of each export the last three runs": {ada, "summer",
			"segment 3 1 2 4; export 1; run 15 14 13 12; connection 1 3 2; source 1"},
		"a contributor finds connections that are open to her, and no source": {carl, "summer", "segment 3 1 2 4; export 1; run 15 14 13 12; connection 1 3"},
		"a viewer finds neither":                                                   {vera, "summer", "segment 3 1 2 4; export 1; run 15 14 13 12"},
		"every word must be there, in any order and case":                          {ada, "  SHOP   summer of", "connection 3 2"},
		"a run is found by its number alone":                                       {vera, "16", "run 16"},
		"a run is found by its number after a sign":                                {vera, "#13", "run 13"},
		"of a number that is no run, nothing is found":                             {vera, "999", ""},
		"a run of a removed export is found by its name":                           {vera, "that was", "run 13"},
		"letters beyond ASCII are found in any case":                               {vera, "århus ÆRØ", "segment 5"},
		"signs that mean something to SQL are signs":                               {vera, "100% _all", "segment 6"},
		"per cent alone is not everything":                                         {vera, "%", "segment 6"},
		"an administrator finds people by name":                                    {ada, "carl", "connection 3; person 2"},
		"an administrator finds people by address, those who are shut out as well": {ada, "sommer@", "person 4"},
		"nobody else finds people":                                                 {carl, "ada", ""},
		"an administrator finds connections by their brand":                        {ada, "southwind", "connection 3"},
		"a contributor is not told by the search what brand it is":                 {carl, "southwind", ""},
		"blanks find nothing":                                                      {ada, " \t ", ""},
		"a quotation mark is a sign":                                               {ada, `summer' OR "1"="1`, ""},
		"a text of any length is cut":                                              {ada, strings.Repeat("summer ", 500), "segment 2 4 3 1; export 1; run 15 14 13 12; connection 1 3 2; source 1"},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := s.Find(t.Context(), of.actor, of.text, 10)
			if err != nil {
				t.Fatal(err)
			}
			if got := written(found); got != of.want {
				t.Errorf("found %q, want %q", got, of.want)
			}
		})
	}
}

func TestWhoIsNobodyFindsNothing(t *testing.T) {
	s := find.NewService(filled(t))
	if found, err := s.Find(t.Context(), access.Actor{}, "summer", 10); !problem.Is(err, problem.SignedOut) || found != nil {
		t.Error(found, err)
	}
	if found, err := s.Find(t.Context(), access.Actor{}, "", 10); !problem.Is(err, problem.SignedOut) || found != nil {
		t.Error(found, err)
	}
}

func TestMoreThanAskedForIsSaidAndNotTold(t *testing.T) {
	s := find.NewService(filled(t))
	found, err := s.Find(t.Context(), ada, "summer", 2)
	if err != nil {
		t.Fatal(err)
	}
	if got := written(found); got != "segment 3 1 +; export 1; run 15 14 +; connection 1 3 +; source 1" {
		t.Error(got)
	}
}

func TestAHitSaysHowTheThingStands(t *testing.T) {
	s := find.NewService(filled(t))
	for text, want := range map[string]string{
		"winter":  "export {3 Winter letter Summer shop of ours paused}; run {16 Winter letter  succeeded}",
		"all of":  "segment {2 All of summer  draft}; segment {6 100% of _all  active}",
		"sommer":  "person {4 sommer@example.com sommer@example.com disabled}",
		"of carl": "connection {3 Summer shop of Carl Southwind }",
	} {
		found, err := s.Find(t.Context(), ada, text, 10)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, g := range found {
			for _, h := range g.Hits {
				got = append(got, fmt.Sprintf("%s {%d %s %s %s}", g.Kind, h.ID, h.Name, h.About, h.State))
			}
		}
		if strings.Join(got, "; ") != want {
			t.Errorf("%s: %q, want %q", text, strings.Join(got, "; "), want)
		}
	}
}

// filled is a database with things in it.
func filled(t *testing.T) *database.DB {
	t.Helper()
	db := testkit.Database(t)
	if _, err := db.Writer().ExecContext(t.Context(), things); err != nil {
		t.Fatal(err)
	}
	return db
}

// written writes what was found in a line: kinds with ids, and + where there is more.
func written(found []find.Group) string {
	var kinds []string
	for _, g := range found {
		line := string(g.Kind)
		for _, h := range g.Hits {
			line += fmt.Sprint(" ", h.ID)
		}
		if g.More {
			line += " +"
		}
		kinds = append(kinds, line)
	}
	return strings.Join(kinds, "; ")
}
