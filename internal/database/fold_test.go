package database_test

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/testkit"
)

func TestTextIsComparedWithoutRegardToCaseInEveryScript(t *testing.T) {
	db := testkit.Database(t)
	for _, c := range []struct{ name, in, want string }{
		{"ASCII", "DenMARK", "denmark"},
		{"lower case stays", "denmark", "denmark"},
		{"Danish letters", "ÆØÅ", "æøå"},
		{"a letter and its ring, composed", "A\u030Ase", "åse"},
		{"Greek", "ΑΘΗΝΑ", "αθηνα"},
		{"Cyrillic", "МОСКВА", "москва"},
		{"the Kelvin sign is a K", "\u212A", "k"},
		{"empty", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := database.Fold(c.in); got != c.want {
				t.Errorf("Fold(%q) = %q, want %q", c.in, got, c.want)
			}
			var inSQL string
			if err := db.Reader().QueryRowContext(t.Context(), "SELECT segue_fold(?)", c.in).Scan(&inSQL); err != nil {
				t.Fatal(err)
			}
			if inSQL != c.want {
				t.Errorf("segue_fold(%q) = %q, want %q", c.in, inSQL, c.want)
			}
		})
	}
}

func TestFoldingInSQLLeavesNullAndNumbersAlone(t *testing.T) {
	db := testkit.Database(t)
	var isNull, isNumber bool
	err := db.Reader().QueryRowContext(t.Context(), "SELECT segue_fold(NULL) IS NULL, segue_fold(7) = 7").Scan(&isNull, &isNumber)
	if err != nil || !isNull || !isNumber {
		t.Errorf("null %v, number %v, error %v", isNull, isNumber, err)
	}
}

func TestLatinLettersFoldWithoutTheTablesOfNFCAsWithThem(t *testing.T) {
	for first := rune(1); first < 0x190; first++ {
		for second := rune(1); second < 0x190; second++ {
			text := string(first) + string(second)
			if got, want := database.Fold(text), norm.NFC.String(strings.ToLower(norm.NFC.String(text))); got != want {
				t.Fatalf("%+q folds to %+q, want %+q", text, got, want)
			}
		}
	}
}
