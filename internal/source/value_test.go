package source

import (
	"testing"

	"github.com/segue-app/segue/internal/profile"
)

func TestValuesAreReadAsAPersonWouldReadThem(t *testing.T) {
	tests := []struct {
		kind profile.Kind
		how  reading
		cell string
		want any // nil: refused
	}{
		{profile.Number, reading{}, "12", int64(12)},
		{profile.Number, reading{}, " -12.50 ", -12.5},
		{profile.Number, reading{}, "9223372036854775808", 9223372036854775808.0},
		{profile.Number, reading{decimalComma: true}, "12,5", 12.5},
		{profile.Number, reading{}, "12,5", nil},
		{profile.Number, reading{decimalComma: true}, "1.234,5", nil},
		{profile.Number, reading{}, "1,234.5", nil},
		{profile.Number, reading{}, "1e5", nil},
		{profile.Number, reading{}, "NaN", nil},
		{profile.Number, reading{}, "0x10", nil},
		{profile.Number, reading{}, "-", nil},
		{profile.Boolean, reading{}, "Ja", int64(1)},
		{profile.Boolean, reading{}, "FALSE", int64(0)},
		{profile.Boolean, reading{}, "maybe", nil},
		{profile.Date, reading{}, "2024-02-29", "2024-02-29"},
		{profile.Date, reading{}, "2023-02-29", nil},
		{profile.Date, reading{}, "31-12-2020", "2020-12-31"},
		{profile.Date, reading{}, "1.2.2020", "2020-02-01"},
		{profile.Date, reading{monthFirst: true}, "1/2/2020", "2020-01-02"},
		{profile.Date, reading{}, "12/31/2020", nil},
		{profile.Date, reading{}, "31-12-20", nil},
		{profile.Date, reading{}, "2020-01-01 12:00", nil},
		{profile.Date, reading{}, "2020-13-01", nil},
		{profile.DateTime, reading{}, "2020-01-01", "2020-01-01T00:00:00Z"},
		{profile.DateTime, reading{}, "2020-01-01T01:30:00+02:00", "2019-12-31T23:30:00Z"},
		{profile.DateTime, reading{}, "31.12.2020 14.30", "2020-12-31T14:30:00Z"},
		{profile.DateTime, reading{}, "2020-01-01T12:00:00.123Z", "2020-01-01T12:00:00Z"},
		{profile.DateTime, reading{}, "2020-01-01 12:00:00 UTC", "2020-01-01T12:00:00Z"},
		{profile.DateTime, reading{}, "2020-01-01 12:00:00 CET", nil},
		{profile.DateTime, reading{}, "2020-01-01T25:00", nil},
		{profile.Text, reading{}, " as it is ", " as it is "},
	}
	for _, test := range tests {
		got, ok := test.how.parse(test.kind, test.cell)
		if ok != (test.want != nil) || (ok && got != test.want) {
			t.Errorf("%s %q is %v (%T), %v; want %v", test.kind, test.cell, got, got, ok, test.want)
		}
	}
	for _, kind := range profile.Kinds {
		if got, ok := (reading{}).parse(kind, "  "); !ok || got != nil {
			t.Errorf("a blank %s is %v, %v", kind, got, ok)
		}
	}
}

func TestKindsIdsAndPersonalDataAreGuessed(t *testing.T) {
	found := inspection{delimiter: ';', headings: name([]string{"Kundenr", "Mail", "Postnr", "Antal", "Beløb", "Oprettet", "Dato", "Aktiv", "Kode", "Felt", "", "Mail"}), values: [][]string{
		{"1", "2"}, {"a@example.com"}, {"2100"}, {"0", "1"}, {"12,50", "7"}, {"2020-01-01 12:00"}, {"31/12/2020"}, {"ja", "nej"}, {"007"}, {"+45 12 34 56 78"}, {}, {"b@example.com"}}}
	s := found.settings(map[string]profile.Attribute{"antal": {Label: "Count", Kind: profile.Boolean, Personal: true}, "kode": {Label: "Kode", Kind: profile.Number}, "felt": {Kind: profile.Number}})
	want := []struct {
		key      string
		kind     profile.Kind
		personal bool
	}{
		{"kundenr", profile.Number, false}, {"mail", profile.Text, true}, {"postnr", profile.Text, true}, {"antal", profile.Boolean, true}, {"beloeb", profile.Number, false}, {"oprettet", profile.DateTime, false},
		{"dato", profile.Date, false}, {"aktiv", profile.Boolean, false}, {"kode", profile.Number, false}, {"felt", profile.Text, false}, {"column_11", profile.Text, false}, {"mail_2", profile.Text, true},
	}
	for n, w := range want {
		if c := s.Columns[n]; c.Key != w.key || c.Kind != w.kind || c.Personal != w.personal {
			t.Errorf("column %d is %+v, want %+v", n, c, w)
		}
	}
	if s.ID != 0 || s.Columns[0].Include || !s.Columns[1].Include || !s.DecimalComma || s.Columns[3].Label != "Count" {
		t.Errorf("settings %+v", s)
	}
}

func TestAHeadingThatAProgramWroteBecomesOneThatPeopleRead(t *testing.T) {
	for heading, want := range map[string]string{"first_name": "First name", "køb": "Køb", "åben_ordre": "Åben ordre",
		"Loyalty points": "Loyalty points", "vip level": "vip level", "IBAN": "IBAN"} {
		if got := labelOf(heading); got != want {
			t.Errorf("%q becomes %q, want %q", heading, got, want)
		}
	}
}
