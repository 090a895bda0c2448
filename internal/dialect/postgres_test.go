package dialect_test

import (
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/dialect"
	"github.com/segue-app/segue/internal/testkit/postgres"
)

func TestMain(m *testing.M) { os.Exit(postgres.Main(m)) }

// TestPostgreSQLFoldsEverySignAsSegueDoes goes through all of Unicode, each sign alone and every letter with a case under
// accents that may melt into it. The comparison is done by the condition itself, text by text.
func TestPostgreSQLFoldsEverySignAsSegueDoes(t *testing.T) {
	server := postgres.Open(t)
	db := server.DB(t, server.Database(t))
	var texts []string
	for sign := rune(1); sign <= unicode.MaxRune; sign++ {
		if !utf8.ValidRune(sign) || !unicode.In(sign, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z) {
			continue
		}
		texts = append(texts, string(sign))
		if unicode.ToLower(sign) != sign || unicode.ToUpper(sign) != sign {
			for _, accent := range "\u0301\u0307\u0308\u030C\u0323\u0327\u0345" {
				texts = append(texts, "a"+string(sign)+string(accent))
			}
		}
	}
	for _, matchCase := range []bool{false, true} {
		as := database.Fold
		if matchCase {
			as = norm.NFC.String
		}
		wanted := make([]string, len(texts))
		for i, text := range texts {
			wanted[i] = as(text)
		}
		differing(t, db, compared(t, matchCase), texts, wanted)
	}
}

// compared is the expression that a condition compares with its text.
func compared(t *testing.T, matchCase bool) string {
	t.Helper()
	condition := dialect.PostgreSQL.Text(dialect.Column{Name: "t.text"}, dialect.Equal, []string{"å"}, matchCase)
	_, sql, _ := strings.Cut(condition.SQL, " AND ")
	sql, ok := strings.CutSuffix(sql, " = ?::text)")
	if !ok {
		t.Fatalf("not the form that this test knows: %s", condition.SQL)
	}
	return sql
}

func differing(t *testing.T, db *sql.DB, expression string, texts, wanted []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT text, wanted, got FROM (SELECT text, wanted, `+expression+` AS got
		FROM unnest($1::text[], $2::text[]) AS t(text, wanted)) g WHERE got <> wanted COLLATE "C" LIMIT 50`, texts, wanted)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var text, wanted, got string
		if err := rows.Scan(&text, &wanted, &got); err != nil {
			t.Fatal(err)
		}
		t.Errorf("%s becomes %s there, %s here", codes(text), codes(got), codes(wanted))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

func codes(text string) string { return fmt.Sprintf("%+q", text) }

func TestTextThatIsOnlyWhiteSpaceIsNoValueInPostgreSQL(t *testing.T) {
	server := postgres.Open(t)
	db := server.DB(t, server.Database(t))
	var texts []string
	for sign := rune(1); sign <= 0x10000; sign++ { // beyond is no white space
		if utf8.ValidRune(sign) {
			texts = append(texts, string(sign), string(sign)+" ")
		}
	}
	where := dialect.PostgreSQL.HasText(dialect.Column{Name: "t.text"})
	var blank []string
	rows, err := db.QueryContext(t.Context(), "SELECT text FROM unnest($1::text[]) AS t(text) WHERE NOT "+where.SQL, texts)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		blank = append(blank, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	want := slices.DeleteFunc(texts, func(text string) bool { return strings.TrimSpace(text) != "" })
	if !slices.Equal(blank, want) {
		t.Errorf("no values are %+q, want %+q", blank, want)
	}
}

func TestAPlainColumnIsComparedOnlyWithWhatNoOtherSpellingEquals(t *testing.T) {
	others := map[string]bool{}
	for sign := rune(unicode.MaxASCII + 1); sign <= unicode.MaxRune; sign++ {
		if text := string(sign); !norm.NFC.IsNormalString(text) {
			others[norm.NFC.String(text)] = true
		}
	}
	for sign := rune(' '); sign <= 0x17F; sign++ {
		text := string(sign)
		if strings.TrimSpace(text) == "" {
			continue
		}
		condition := dialect.PostgreSQL.Text(dialect.Column{Name: "c"}, dialect.Equal, []string{text}, true)
		if plain := !strings.Contains(condition.SQL, "normalize"); plain == (others[text] || sign > unicode.MaxASCII) {
			t.Errorf("%s is compared plainly: %v", codes(text), plain)
		}
	}
}
