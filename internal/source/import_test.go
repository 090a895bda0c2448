package source

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/testkit"
)

var (
	admin       = access.Actor{UserID: 1, Name: "Ada", Role: access.Administrator}.Confirmed(testkit.Confirmed)
	contributor = access.Actor{UserID: 2, Name: "Carl", Role: access.Contributor}.Confirmed(testkit.Confirmed)
)

func newService(t testing.TB) *Service {
	t.Helper()
	db := testkit.Database(t)
	_, err := db.Writer().Exec(`INSERT INTO users (id, email, email_key, name, role, created_at) VALUES (1, 'a', 'a', 'Ada', 'administrator', 0)`)
	if err != nil {
		t.Fatal(err)
	}
	profiles := profile.NewService(db, &event.Hub{}, testkit.NewClock().Now)
	s := NewService(db, profiles, &event.Hub{}, testkit.NewClock().Now, Options{Folder: t.TempDir()})
	if err := errors.Join(profiles.Recover(t.Context()), s.Recover(t.Context())); err != nil {
		t.Fatal(err)
	}
	return s
}

func load(t testing.TB, s *Service, text string, settings Settings) Import {
	t.Helper()
	i, err := s.ImportFile(t.Context(), admin, "customers.csv", strings.NewReader(text), settings)
	if err != nil {
		t.Fatal(err)
	}
	if i.Lines != i.Good+i.Refused {
		t.Fatalf("the lines do not add up: %+v", i)
	}
	return i
}

func current(t testing.TB, s *Service) profile.Snapshot {
	t.Helper()
	snapshot, err := s.profiles.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return snapshot
}

func tables(t testing.TB, s *Service) []string {
	t.Helper()
	names, err := database.Column[string](s.store.db.Reader().Query(`SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'snapshot_[0-9]*' ORDER BY name`))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestAFileBecomesTypedProfiles(t *testing.T) {
	s := newService(t)
	i := load(t, s, "\ufeffKunde-id;E-mail;Fødselsdato;Point;Nyhedsbrev;Sidst set;Postnr.\r\n"+
		"7;anne@example.com;31-12-1980;12,5;ja;2026-05-01 14:30;0800\r\n"+
		"8;\"bo@example.com\";;-3;nej;;2100\r\n", Settings{})
	if i.State != Done || i.Good != 2 {
		t.Fatalf("%+v", i)
	}
	snapshot, r, err := s.profiles.Profile(t.Context(), contributor, 0, "7")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"e_mail": "anne@example.com", "foedselsdato": "1980-12-31", "point": 12.5, "nyhedsbrev": int64(1),
		"sidst_set": "2026-05-01T14:30:00Z", "postnr": "0800"}
	for n, a := range snapshot.Attributes {
		if r.Values[n] != want[a.Key] {
			t.Errorf("%s is %v (%T), want %v", a.Key, r.Values[n], r.Values[n], want[a.Key])
		}
	}
	if len(snapshot.Attributes) != len(want) || snapshot.IDLabel != "Kunde-id" {
		t.Errorf("attributes %+v", snapshot.Attributes)
	}
	birth, _ := snapshot.Attribute("foedselsdato")
	points, _ := snapshot.Attribute("point")
	if birth.Filled != 1 || birth.Mark != profile.Personal || points.Mark != profile.NotPersonal {
		t.Errorf("birth %+v, points %+v", birth, points)
	}
}

func TestEachBadLineIsRefusedWithItsNumberAndTheGoodOnesAreKept(t *testing.T) {
	const header = "id,email,points\n1,a@example.com,5\n"
	long := strings.Repeat("x", 1<<20+10)
	tests := []struct {
		name, lines  string
		line         int
		column, code string
	}{
		{"a word where a number belongs", "2,b@example.com,many\n", 3, "points", "sources.refusal.wrong_kind_number"},
		{"no id", " ,b@example.com,1\n", 3, "id", "sources.refusal.id_empty"},
		{"an endless id", strings.Repeat("9", 300) + ",b@example.com,1\n", 3, "id", "sources.refusal.id_too_long"},
		{"an id that an earlier line has", "1,b@example.com,1\n", 3, "id", "sources.refusal.id_duplicate"},
		{"too few fields", "2,b@example.com\n", 3, "", "tabular.refusal.fields"},
		{"too many fields", "2,b@example.com,1,2\n", 3, "", "tabular.refusal.fields"},
		{"bytes that are no UTF-8", "2,S\xf8ren@smørrebrød.example.com,1\n", 3, "email", "tabular.refusal.not_utf8"},
		{"a zero byte", "2,b\x00@example.com,1\n", 3, "email", "tabular.refusal.nul"},
		{"a quote inside a field", "2,b\"c@example.com,1\n", 3, "email", "tabular.refusal.bare_quote"},
		{"text behind a closing quote", "2,\"b\"c,1\n", 3, "email", "tabular.refusal.after_quote"},
		{"a quote that is never closed", "2,\"b@example.com,1\n", 3, "email", "tabular.refusal.unclosed"},
		{"a line of more than 1 MiB", "2," + long + ",1\n", 3, "", "tabular.refusal.line_too_long"},
		{"a quoted field of more than 1 MiB", "2,\"" + strings.Repeat("x\n", 1<<20/2) + "\",1\n", 3, "email", "tabular.refusal.unclosed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newService(t)
			i := load(t, s, header+test.lines+"3,c@example.com,7\n", Settings{Columns: []Column{
				{Heading: "email", Label: "email", Kind: profile.Text, Include: true}, {Heading: "points", Label: "points", Kind: profile.Number, Include: true}}})
			if i.State != Done || i.Good < 2 {
				t.Fatalf("%+v", i)
			}
			refused, err := s.Refusals(t.Context(), admin, i.ID, 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			want := Refusal{Line: test.line, Column: test.column, Code: test.code}
			if len(refused) == 0 || refused[0] != want {
				t.Fatalf("refused %+v, want %+v", refused, want)
			}
			if i.Reasons[want.Code] == 0 {
				t.Errorf("reasons %v", i.Reasons)
			}
			if _, _, err := s.profiles.Profile(t.Context(), admin, 0, "3"); err != nil {
				t.Errorf("the good line behind it: %v", err)
			}
		})
	}
}

func TestAFileThatIsNoListOfProfilesIsRefusedAndNotKept(t *testing.T) {
	tests := []struct{ name, file, code string }{
		{"empty", "", "tabular.file.empty"},
		{"a header and nothing else", "id,email\n", "tabular.file.no_lines"},
		{"a picture", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x02\x00", "tabular.file.not_text"},
		{"a header in two encodings", "id,bel\xf8b,smørrebrød\n1,2,3\n", "tabular.file.not_utf8"},
		{"more columns than can be", strings.Repeat("a,", 500) + "b\n1\n", "tabular.file.too_many_columns"},
		{"a header of more than 1 MiB", strings.Repeat("a", 1<<20+1) + "\n1\n", "tabular.file.header_line_too_long"},
		{"a header with an open quote", "id,\"email\n1,2\n", "tabular.file.header_unclosed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newService(t)
			_, err := s.Receive(t.Context(), admin, 0, "x.csv", 0, strings.NewReader(test.file))
			if p := problem.Of(err); p == nil || p.Code != test.code {
				t.Fatalf("got %v", err)
			}
			if files, _ := filepath.Glob(filepath.Join(s.folder, "*")); len(files) != 0 {
				t.Errorf("kept %v", files)
			}
		})
	}
}

func TestAFileWithoutOneGoodLineLeavesTheOldProfiles(t *testing.T) {
	s := newService(t)
	load(t, s, "id,name\n1,Anne\n", Settings{})
	before := current(t, s)
	if i := load(t, s, "id,name\n,Bo\n,Carl\n", Settings{}); i.State != Failed || i.Code != "sources.file.no_good_lines" {
		t.Fatalf("%+v", i)
	}
	if now := current(t, s); now.ID != before.ID || len(tables(t, s)) != 1 {
		t.Errorf("current %d, tables %v", now.ID, tables(t, s))
	}
}

func TestAllOrNothingTakesNothingAndReportsEveryBadLine(t *testing.T) {
	s := newService(t)
	load(t, s, "id,name\n1,Anne\n", Settings{})
	before := current(t, s)
	i := load(t, s, "id,name\n1,Bo\n,Carl\n2,Dorte\n1,Erik\n", Settings{Mode: AllOrNothing})
	if i.State != Failed || i.Code != "sources.file.refused_lines" || i.Refused != 2 {
		t.Fatalf("%+v", i)
	}
	if now := current(t, s); now.ID != before.ID || len(tables(t, s)) != 1 {
		t.Errorf("current %d, tables %v", now.ID, tables(t, s))
	}
}
