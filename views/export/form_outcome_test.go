package export

import (
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/export"
)

func TestOutcomesAreOfferedOnlyWhereTheOperatorAllowsThem(t *testing.T) {
	folders, database := export.OutcomePlaces{Folders: []string{"/srv"}}, export.OutcomePlaces{Database: "db.example.com/analytics"}
	for _, c := range []struct {
		typed      Outcomes
		has, lacks string
	}{
		{Outcomes{Way: WayOff}, "", "outcomes"},
		{Outcomes{Way: WayOff, Places: folders}, "outcomes_folder", "outcomes_table"},
		{Outcomes{Way: WayOff, Places: database}, "outcomes_table", "outcomes_folder"},
		{Outcomes{Way: "file", Folder: "/gone"}, "outcomes_folder", "/gone"}, // it was allowed: another choice must be possible
	} {
		var page strings.Builder
		if err := c.typed.panel().Render(t.Context(), &page); err != nil {
			t.Fatal(err)
		}
		if text := page.String(); !strings.Contains(text, c.has) || strings.Contains(text, c.lacks) {
			t.Errorf("%+v: %s", c.typed, text)
		}
	}
}

func TestTheOnlyFolderForOutcomesNeedsNoChoosing(t *testing.T) {
	one, two := export.OutcomePlaces{Folders: []string{"/srv"}}, export.OutcomePlaces{Folders: []string{"/srv", "/mnt"}}
	for _, c := range []struct {
		typed   Outcomes
		invites bool
	}{
		{Outcomes{Way: WayOff, Places: one}, false},
		{Outcomes{Way: "file", Folder: "/srv", Places: one}, false},
		{Outcomes{Way: "file", Folder: "/gone", Places: one}, true}, // it must be seen that another is taken
		{Outcomes{Way: WayOff, Places: two}, true},
	} {
		if got := c.typed.noFolder(t.Context()) != ""; got != c.invites {
			t.Errorf("%+v: invites to choose: %v", c.typed, got)
		}
	}
}
