package api_test

import (
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/transform"
	"github.com/segue-app/segue/web/api"
)

func TestAnExportTellsWhatIsDoneToItsValuesAsTheDescriptionSays(t *testing.T) {
	s := start(t, 1)
	e := s.Export()
	mapping := export.Mapping{
		demo.Mapping[0],
		{Field: destination.FirstName, Attribute: "first_name", Meant: true, Change: transform.Change{Way: transform.Join, Text: " "},
			With: export.Sent{Attribute: "last_name", Meant: true}},
		{Field: destination.City, Change: transform.Change{Way: transform.Constant, Text: "Skagen"}},
		{Field: destination.Birthdate, Attribute: "birth_date", Meant: true, Change: transform.Change{Way: transform.Date, From: transform.DayFirst, To: transform.ISO}},
	}
	admin := s.Actor(access.Administrator)
	draft := export.Draft{Name: e.Name, ConnectionID: e.ConnectionID, Parts: []export.Part{{SegmentID: e.Segments[0].SegmentID}}, Mapping: mapping, Schedule: e.Schedule, Version: e.Version}
	if _, err := s.Exports.Update(t.Context(), admin, e.ID, draft); err != nil {
		t.Fatal(err)
	}
	told := as[api.ExportDetail](s.get(s.key(admin, access.Read), "/exports/"+id(e.ID)).wants(200)) // held to the description
	if joined, constant := told.Mapping[1], told.Mapping[2]; joined.With == nil || joined.With.Attribute != "last_name" || joined.Change == nil ||
		constant.Attribute != "" || constant.Change == nil || constant.Change.Text != "Skagen" || told.Mapping[0].Change != nil {
		t.Errorf("%+v", told.Mapping)
	}
}
