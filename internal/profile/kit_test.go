package profile_test

import (
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/source"
	"github.com/segue-app/segue/internal/testkit"
)

var (
	admin       = access.Actor{UserID: 1, Name: "Ada", Role: access.Administrator}
	contributor = access.Actor{UserID: 2, Name: "Carl", Role: access.Contributor}
	viewer      = access.Actor{UserID: 3, Name: "Vera", Role: access.Viewer}
)

// kit is profiles that come out of files.
type kit struct {
	*profile.Service
	db      *database.DB
	sources *source.Service
}

func newService(t testing.TB) kit {
	t.Helper()
	db, now := testkit.Database(t), testkit.NewClock().Now
	profiles := profile.NewService(db, &event.Hub{}, now)
	return kit{profiles, db, source.NewService(db, profiles, &event.Hub{}, now, source.Options{Folder: t.TempDir()})}
}

func (k kit) load(t testing.TB, text string) {
	t.Helper()
	if _, err := k.sources.ImportFile(t.Context(), access.System, "customers.csv", strings.NewReader(text), source.Settings{}); err != nil {
		t.Fatal(err)
	}
}

func (k kit) current(t testing.TB) profile.Snapshot {
	t.Helper()
	snapshot, err := k.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return snapshot
}

func (k kit) tables(t testing.TB) []string {
	t.Helper()
	names, err := database.Column[string](k.db.Reader().Query(`SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'snapshot_[0-9]*' ORDER BY name`))
	if err != nil {
		t.Fatal(err)
	}
	return names
}
