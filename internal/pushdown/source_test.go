package pushdown_test

import (
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/source"
)

func TestASourceThatAPersonAddsIsExportedFromWhereItIs(t *testing.T) {
	k := startKit(t, 120, 600)
	there := k.staying.source
	k.Stop()
	k.Config.Staying = nil // the sources' own
	k.Open()
	added, checked, err := k.Sources.AddSQL(t.Context(), k.admin(), source.Entry{Name: "Warehouse", Remote: source.Remote{Address: there.Address, What: there.What}}, source.Stays, there.Password)
	if err != nil {
		t.Fatal(err)
	}
	settings := checked.Settings
	for i := range settings.Columns {
		settings.Columns[i].Include = settings.Columns[i].Heading != "secret_note" && i != settings.ID
	}
	if err := k.Sources.Confirm(t.Context(), k.admin(), checked.ID, settings); err != nil {
		t.Fatal(err)
	}
	bases, err := k.Pushdown.Bases(t.Context())
	if err != nil || len(bases) != 1 || bases[0].SourceID != added.ID {
		t.Fatalf("%+v, %v", bases, err)
	}
	if id, err := k.Pushdown.Named(t.Context(), strings.ToUpper(bases[0].Name)); err != nil || id != added.ID {
		t.Errorf("its name finds %d, %v", id, err)
	}
	if id, err := k.Pushdown.Named(t.Context(), "Elsewhere"); !problem.Is(err, problem.NotFound) {
		t.Errorf("a name of none finds %d, %v", id, err)
	}
	s := k.segment("Everybody there", added.ID, everybody)
	if s.Size != 120 {
		t.Fatalf("size %d %s", s.Size, s.Failure)
	}
	if r := k.Run(k.export("Warehouse to Nordlys", k.Connect().ID, s), run.Options{}); r.Counts.Accepted == 0 || r.Counts.Profiles != 120 {
		t.Fatalf("%s %s %+v", r.State, r.ErrorCode, r.Counts)
	}
	k.matches(export.DefaultTag(s.Name))
	k.Stop()
	wantNowhere(t, k.Config.Folder, planted)
	k.Open()
}
