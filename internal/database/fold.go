package database

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"modernc.org/sqlite"
)

// FoldFunction is Fold inside SQL: SQLite's own lower() and NOCASE know only ASCII. NULL and numbers pass unchanged.
const FoldFunction = "segue_fold"

// A function of SQLite belongs to the driver, and connections know those that were there when they opened.
func init() {
	sqlite.MustRegisterDeterministicScalarFunction(FoldFunction, 1, foldArgument)
}

// Fold is text as it is compared without regard to case: in Unicode's composed form (NFC) and lower case. Two spellings
// of one word ("Åse" with one code point or two, in any case) fold to the same text.
func Fold(text string) string {
	lower := true
	for i := range len(text) {
		c := text[i]
		if c >= utf8.RuneSelf {
			return norm.NFC.String(strings.ToLower(norm.NFC.String(text)))
		}
		lower = lower && (c < 'A' || c > 'Z')
	}
	if lower {
		return text
	}
	return strings.ToLower(text)
}

func foldArgument(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	switch v := args[0].(type) {
	case string:
		return Fold(v), nil
	case nil, int64, float64:
		return v, nil
	default:
		return nil, fmt.Errorf("%s: text expected, not %T", FoldFunction, v)
	}
}
