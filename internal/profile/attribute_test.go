package profile_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
)

func (k kit) indexes(t testing.TB, snapshot profile.Snapshot) int {
	t.Helper()
	names, err := database.Column[string](k.db.Reader().Query(`SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL`, snapshot.Table()))
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

func TestAnAttributeThatIsToBeFoundAtOnceGetsItsIndexNowAndInLaterImports(t *testing.T) {
	k := newService(t)
	k.load(t, "id,email,city,points\n1,anne@example.dk,Aarhus,5\n")
	change := func(city, points bool) {
		t.Helper()
		err := k.CorrectAttributes(t.Context(), admin, []profile.Correction{{Key: "email", Label: "Email", Mark: profile.Personal, Was: profile.Personal, Address: true},
			{Key: "city", Label: "City", Indexed: city}, {Key: "points", Label: "Points", Indexed: points}})
		if err != nil {
			t.Fatal(err)
		}
		if err := k.Renew(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := k.indexes(t, k.current(t)); got != 1 {
		t.Errorf("%d indexes at first, want that of the address", got)
	}
	change(true, true)
	now := k.current(t)
	if city, _ := now.Attribute("city"); k.indexes(t, now) != 3 || !city.Indexed {
		t.Errorf("%d indexes, city %v", k.indexes(t, now), city.Indexed)
	}
	k.load(t, "id,email,city,points\n1,anne@example.dk,Ribe,7\n2,bo@example.dk,Ribe,8\n")
	if now := k.current(t); now.Rows != 2 || k.indexes(t, now) != 3 {
		t.Errorf("after the next import %d indexes", k.indexes(t, now))
	}
	if found, err := k.Search(t.Context(), admin, "rIb", 0, 10); err != nil || len(found.Records) != 2 {
		t.Errorf("found %v, %v", found.Records, err)
	}
	change(false, false)
	if got := k.indexes(t, k.current(t)); got != 1 {
		t.Errorf("%d indexes at last", got)
	}
}

func TestNobodyIsFoundByASensitiveValueThatTheSearcherSeesMaskedIndexedOrNot(t *testing.T) {
	k := newService(t)
	k.load(t, "id,diagnosis,email\n1,Gluten,anne@example.dk\n2,Nuts,bo@example.dk\n")
	for _, indexed := range []bool{false, true} {
		err := k.CorrectAttributes(t.Context(), admin, []profile.Correction{{Key: "diagnosis", Label: "Diagnosis", Mark: profile.Sensitive, Was: profile.Sensitive, Indexed: indexed}})
		if err != nil {
			t.Fatal(err)
		}
		if err := k.Renew(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			who   access.Actor
			query string
			want  int
		}{{admin, "glu", 1}, {contributor, "glu", 0}, {contributor, "lut", 0}, {contributor, "xample", 2}, {contributor, "anne", 1}} {
			found, err := k.Search(t.Context(), test.who, test.query, 0, 10)
			if err != nil || len(found.Records) != test.want {
				t.Errorf("indexed %v: %s finds %d by %q, want %d; %v", indexed, test.who.Name, len(found.Records), test.query, test.want, err)
			}
		}
	}
}

func TestTheLogSaysWhoTookAMarkDownAndNobodyDoesByAnOldPage(t *testing.T) {
	k := newService(t)
	k.load(t, "id,city,email\n1,Ribe,anne@example.dk\n")
	for _, step := range []struct {
		name     string
		correct  profile.Correction
		conflict bool
		noted    string
	}{
		{"a mark is put up", profile.Correction{Label: "City", Mark: profile.Sensitive, Was: profile.NotPersonal}, false, `mark.city "none" "sensitive"`},
		{"an old page", profile.Correction{Label: "Town", Mark: profile.NotPersonal, Was: profile.NotPersonal}, true, ""},
		{"nothing changes", profile.Correction{Label: "City", Mark: profile.Sensitive, Was: profile.Sensitive}, false, ""},
		{"a mark is taken down", profile.Correction{Label: "City", Mark: profile.Personal, Was: profile.Sensitive}, false, `mark.city "sensitive" "personal"`},
		{"people are known again by it", profile.Correction{Label: "Town", Mark: profile.Personal, Was: profile.Personal, Address: true}, false,
			`label.city "City" "Town"; address.city "no" "yes"; indexed.city "no" "yes"`},
	} {
		before := k.corrected(t)
		step.correct.Key = "city"
		if err := k.CorrectAttributes(t.Context(), admin, []profile.Correction{step.correct}); problem.Is(err, problem.Conflict) != step.conflict || !step.conflict && err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		if noted := strings.Join(k.corrected(t)[len(before):], " and "); noted != step.noted {
			t.Errorf("%s: the log says %q, want %q", step.name, noted, step.noted)
		}
	}
}

// corrected is what the log says of each correction.
func (k kit) corrected(t *testing.T) (told []string) {
	t.Helper()
	entries, err := database.Column[string](k.db.Reader().Query(`SELECT changes FROM audit_entries WHERE action = ? AND user_name = ? ORDER BY id`, audit.AttributesCorrected, admin.Name))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		var changes []audit.Change
		if err := json.Unmarshal([]byte(entry), &changes); err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, c := range changes {
			lines = append(lines, fmt.Sprintf("%s %q %q", c.Field, c.Before, c.After))
		}
		told = append(told, strings.Join(lines, "; "))
	}
	return told
}

func TestOnlySomeAttributesAreFoundAtOnce(t *testing.T) {
	k := newService(t)
	k.load(t, "id,email\n1,anne@example.dk\n")
	var corrections []profile.Correction
	for i := range profile.MostIndexed + 1 {
		corrections = append(corrections, profile.Correction{Key: fmt.Sprint(i), Label: "x", Indexed: true})
	}
	if err := k.CorrectAttributes(t.Context(), admin, corrections); !problem.Is(err, problem.Invalid) {
		t.Errorf("got %v", err)
	}
}
