package tabular

import (
	"testing"

	"github.com/segue-app/segue/internal/profile"
)

func TestValuesAreReadAsAPersonWouldReadThem(t *testing.T) {
	tests := []struct {
		kind profile.Kind
		how  Reading
		cell string
		want any // nil: refused
	}{
		{profile.Number, Reading{}, "12", int64(12)},
		{profile.Number, Reading{}, " -12.50 ", -12.5},
		{profile.Number, Reading{}, "9223372036854775808", 9223372036854775808.0},
		{profile.Number, Reading{DecimalComma: true}, "12,5", 12.5},
		{profile.Number, Reading{}, "12,5", nil},
		{profile.Number, Reading{DecimalComma: true}, "1.234,5", nil},
		{profile.Number, Reading{}, "1,234.5", nil},
		{profile.Number, Reading{}, "1e5", nil},
		{profile.Number, Reading{}, "NaN", nil},
		{profile.Number, Reading{}, "0x10", nil},
		{profile.Number, Reading{}, "-", nil},
		{profile.Boolean, Reading{}, "Ja", int64(1)},
		{profile.Boolean, Reading{}, "FALSE", int64(0)},
		{profile.Boolean, Reading{}, "maybe", nil},
		{profile.Date, Reading{}, "2024-02-29", "2024-02-29"},
		{profile.Date, Reading{}, "2023-02-29", nil},
		{profile.Date, Reading{}, "31-12-2020", "2020-12-31"},
		{profile.Date, Reading{}, "1.2.2020", "2020-02-01"},
		{profile.Date, Reading{MonthFirst: true}, "1/2/2020", "2020-01-02"},
		{profile.Date, Reading{}, "12/31/2020", nil},
		{profile.Date, Reading{}, "31-12-20", nil},
		{profile.Date, Reading{}, "2020-01-01 12:00", nil},
		{profile.Date, Reading{}, "2020-13-01", nil},
		{profile.DateTime, Reading{}, "2020-01-01", "2020-01-01T00:00:00Z"},
		{profile.DateTime, Reading{}, "2020-01-01T01:30:00+02:00", "2019-12-31T23:30:00Z"},
		{profile.DateTime, Reading{}, "31.12.2020 14.30", "2020-12-31T14:30:00Z"},
		{profile.DateTime, Reading{}, "2020-01-01T12:00:00.123Z", "2020-01-01T12:00:00Z"},
		{profile.DateTime, Reading{}, "2020-01-01 12:00:00 UTC", "2020-01-01T12:00:00Z"},
		{profile.DateTime, Reading{}, "2020-01-01 12:00:00 CET", nil},
		{profile.DateTime, Reading{}, "2020-01-01T25:00", nil},
		{profile.Text, Reading{}, " as it is ", " as it is "},
	}
	for _, test := range tests {
		got, ok := test.how.Parse(test.kind, test.cell)
		if ok != (test.want != nil) || (ok && got != test.want) {
			t.Errorf("%s %q is %v (%T), %v; want %v", test.kind, test.cell, got, got, ok, test.want)
		}
	}
	for _, kind := range profile.Kinds {
		if got, ok := (Reading{}).Parse(kind, "  "); !ok || got != nil {
			t.Errorf("a blank %s is %v, %v", kind, got, ok)
		}
	}
}
