package source

import (
	"testing"

	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/tabular"
)

func TestKindsIdsAndPersonalDataAreGuessed(t *testing.T) {
	found := tabular.Inspection{Headings: []string{"Kundenr", "Mail", "Postnr", "Antal", "Beløb", "Oprettet", "Dato", "Aktiv", "Kode", "Felt", "column 11", "Mail 2"}, Values: [][]string{
		{"1", "2"}, {"a@example.com"}, {"2100"}, {"0", "1"}, {"12,50", "7"}, {"2020-01-01 12:00"}, {"31/12/2020"}, {"ja", "nej"}, {"007"}, {"+45 12 34 56 78"}, {}, {"b@example.com"}}}
	s := guess(found, map[string]profile.Attribute{"antal": {Label: "Count", Kind: profile.Boolean, Mark: profile.Personal}, "kode": {Label: "Kode", Kind: profile.Number}, "felt": {Kind: profile.Number}})
	want := []struct {
		key      string
		kind     profile.Kind
		personal bool
	}{
		{"kundenr", profile.Number, false}, {"mail", profile.Text, true}, {"postnr", profile.Text, true}, {"antal", profile.Boolean, true}, {"beloeb", profile.Number, false}, {"oprettet", profile.DateTime, false},
		{"dato", profile.Date, false}, {"aktiv", profile.Boolean, false}, {"kode", profile.Number, false}, {"felt", profile.Text, false}, {"column_11", profile.Text, false}, {"mail_2", profile.Text, true},
	}
	for n, w := range want {
		if c := s.Columns[n]; c.Key != w.key || c.Kind != w.kind || (c.Mark >= profile.Personal) != w.personal {
			t.Errorf("column %d is %+v, want %+v", n, c, w)
		}
	}
	if s.ID != 0 || s.Columns[0].Include || !s.Columns[1].Include || !s.DecimalComma || s.Columns[3].Label != "Count" {
		t.Errorf("settings %+v", s)
	}
}
