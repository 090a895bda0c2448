package database

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"modernc.org/sqlite"

	"github.com/segue-app/segue/internal/address"
)

// FoldFunction is Fold inside SQL: SQLite's own lower() and NOCASE know only ASCII. NULL and numbers pass unchanged.
const FoldFunction = "segue_fold"

// ComposeFunction is NFC inside SQL: it makes the ways to write one letter the same, and leaves its case. NULL and numbers
// pass unchanged.
const ComposeFunction = "segue_compose"

// AddressFunction is address.Normal inside SQL: one form of all spellings of an address of email. Text that is no address is "".
const AddressFunction = "segue_address"

// A function of SQLite belongs to the driver, and connections know those that were there when they opened.
func init() {
	sqlite.MustRegisterDeterministicScalarFunction(FoldFunction, 1, ofText(FoldFunction, Fold))
	sqlite.MustRegisterDeterministicScalarFunction(ComposeFunction, 1, ofText(ComposeFunction, norm.NFC.String))
	sqlite.MustRegisterDeterministicScalarFunction(AddressFunction, 1, ofText(AddressFunction, normalAddress))
}

// Fold is text as it is compared without regard to case: in Unicode's composed form (NFC) and lower case. Two spellings
// of one word ("Åse" with one code point or two, in any case) fold to the same text.
func Fold(text string) string {
	lower := true
	for i := range len(text) {
		c := text[i]
		if c >= utf8.RuneSelf {
			return foldBeyondASCII(text)
		}
		lower = lower && (c < 'A' || c > 'Z')
	}
	if lower {
		return text
	}
	return strings.ToLower(text)
}

// lastLatin is the last sign of the blocks Latin-1 Supplement and Latin Extended-A.
const lastLatin = 0x17F

func foldBeyondASCII(text string) string {
	for _, sign := range text {
		if sign > lastLatin {
			return norm.NFC.String(strings.ToLower(norm.NFC.String(text)))
		}
	}
	return strings.ToLower(text) // these are composed, and so are their lower cases: no accent stands alone
}

func normalAddress(text string) string {
	form, ok := address.Read(text)
	if !ok {
		return ""
	}
	return form
}

// ofText makes a function of SQLite of one on text.
func ofText(name string, change func(string) string) func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
	return func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		switch v := args[0].(type) {
		case string:
			return change(v), nil
		case nil, int64, float64:
			return v, nil
		default:
			return nil, fmt.Errorf("%s: text expected, not %T", name, v)
		}
	}
}
