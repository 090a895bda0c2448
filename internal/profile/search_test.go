package profile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
)

func ids(found profile.Found) []string {
	list := make([]string, len(found.Records))
	for i, r := range found.Records {
		list[i] = r.ID
	}
	return list
}

func TestSearchFindsWhatAPersonTypes(t *testing.T) {
	s := newService(t)
	s.load(t, "id,email,first_name,city,note\n"+
		"1001,Anne@Example.com,Anne,Køge,vip\n"+
		"1002,bo@example.com,Øjvind,Aarhus,100%\n"+
		"2001,carl_1@example.com,CARL,Odense,\n"+
		"100,dorte@example.com,Åse,Ribe,\n")
	tests := []struct {
		name, query string
		want        []string
	}{
		{"nothing: all, in the order of the file", "  ", []string{"1001", "1002", "2001", "100"}},
		{"an address in other letters", "anne@EXAMPLE", []string{"1001"}},
		{"the beginning of an id first, shortest first", "100", []string{"100", "1001", "1002"}},
		{"the middle of an id", "00", []string{"1001", "1002", "2001", "100"}},
		{"a Danish letter, small", "ø", []string{"1002"}},
		{"a Danish letter, capital", "åSE", []string{"100"}},
		{"capitals", "carl", []string{"2001"}},
		{"a wildcard is a letter like others", "_1", []string{"2001"}},
		{"a percent sign too", "%", nil},
		{"text that is not personal is not looked in", "aarhus", nil},
		{"a quote", "o'b", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			found, err := s.Search(t.Context(), contributor, test.query, 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			if got := ids(found); !slices.Equal(got, test.want) || found.Next != 0 {
				t.Errorf("found %v, next %d, want %v", got, found.Next, test.want)
			}
		})
	}
}

func TestPagesOfASearchHoldEveryHitOnce(t *testing.T) {
	s := newService(t)
	var file strings.Builder
	file.WriteString("id,email\n")
	for i := range 100 {
		fmt.Fprintf(&file, "K%d,x%d@example.com\n", i, i)
	}
	s.load(t, file.String())
	for _, query := range []string{"", "k", "example", "9", "K1"} {
		seen := map[string]int{}
		for after, pages := 0, 0; ; pages++ {
			found, err := s.Search(t.Context(), admin, query, after, 7)
			if err != nil || pages > 100 {
				t.Fatalf("%v after %d pages", err, pages)
			}
			for _, id := range ids(found) {
				seen[id]++
			}
			if after = found.Next; after == 0 {
				break
			}
		}
		for i := range 100 {
			id, want := fmt.Sprintf("K%d", i), 0
			if strings.Contains(strings.ToLower(fmt.Sprintf("%s x%d@example.com", id, i)), strings.ToLower(query)) {
				want = 1
			}
			if seen[id] != want {
				t.Errorf("%q: %s was found %d times, want %d", query, id, seen[id], want)
			}
		}
	}
}

func TestWhoMayDoWhat(t *testing.T) {
	s := newService(t)
	s.load(t, "id,email,points\n1,a@example.com,5\n")
	snapshot := s.current(t)
	_, err := s.Search(t.Context(), viewer, "", 0, 10)
	_, _, one := s.Profile(t.Context(), viewer, 0, "1")
	correct := s.CorrectAttributes(t.Context(), contributor, []profile.Correction{{Key: "email", Label: "x"}})
	for what, err := range map[string]error{"search": err, "one": one, "correct": correct} {
		if !problem.Is(err, problem.NotPermitted) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := s.Samples(t.Context(), access.Actor{}, snapshot, "points", 3); !problem.Is(err, problem.SignedOut) {
		t.Errorf("samples, signed out: %v", err)
	}
	for key, want := range map[string][]string{"points": nil, "email": nil} {
		if got, err := s.Samples(t.Context(), viewer, snapshot, key, 3); err != nil || !slices.Equal(got, want) {
			t.Errorf("a viewer's samples of %s: %v, %v", key, got, err)
		}
	}
}

func TestTheIndexOfAddressesIsOnTheirFoldedText(t *testing.T) {
	s := newService(t)
	s.load(t, "id,email\n1,bo@example.com\n2,Øjvind@example.com\n")
	snapshot, err := s.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	email, ok := snapshot.Attribute("email")
	if !ok || !email.Indexed {
		t.Fatalf("email is %+v", email)
	}
	var sql string
	err = s.db.Reader().QueryRowContext(t.Context(), `SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL`, snapshot.Table()).Scan(&sql)
	if err != nil || !strings.Contains(sql, "(segue_fold("+email.Column+"))") {
		t.Errorf("%s, %v: rules would not find by it", sql, err)
	}
	found, err := s.Search(t.Context(), contributor, "øJVIND@", 0, 10)
	if err != nil || !slices.Equal(ids(found), []string{"2"}) {
		t.Errorf("found %v, %v", ids(found), err)
	}
}
