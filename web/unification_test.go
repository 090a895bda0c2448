package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/source"
)

// twoSources brings in a shop and a club, which know Anne under keys of their own.
func (s *site) twoSources(t *testing.T) (shop, club string) {
	t.Helper()
	var ids []string
	for _, file := range []struct{ name, text string }{
		{"shop.csv", "id,email,city\n1,anne@example.dk,Aarhus\n2,bo@example.dk,Odense\n"},
		{"club.csv", "id,email,city,points\n7,ANNE@example.dk,Ribe,90\n1,carl@example.dk,,10\n"},
	} {
		i, err := s.Sources.ImportFile(t.Context(), access.System, file.name, strings.NewReader(file.text), source.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, strconv.FormatInt(i.SourceID, 10))
	}
	return ids[0], ids[1]
}

func (s *site) renewed(t *testing.T) {
	t.Helper()
	if err := s.Profiles.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestTheRulesOfUnificationAreChangedAndPutBackOnTheirPage(t *testing.T) {
	s := newSite(t)
	shop, club := s.twoSources(t)
	ada := s.as(t, "ada@example.com")
	const path = "/profiles/unification"
	ada.get(path).wants(t, http.StatusOK).has(t, "Together 3 profiles", "shop", "club").lacks(t, "Put the former rules back")
	ada.get("/profiles/id/1").has(t, "anne@example.dk", "club says: carl@example.dk")

	form := url.Values{"place-" + shop: {"1"}, "place-" + club: {"2"}, "own-" + club: {"1"}, "email-" + club: {"1"}, "trust-city": {club}}
	ada.post(path, form).leads(t, path)
	s.renewed(t)
	ada.get(path).has(t, "Together 3 profiles", "Put the former rules back", "Changed by Ada", "club says: ANNE@example.dk", "shop says: Aarhus")
	ada.get("/profiles/id/1").has(t, "anne@example.dk", "Ribe", "club (as 7)")
	ada.get("/profiles/id/club:1").wants(t, http.StatusOK).has(t, "carl@example.dk")

	form.Set("place-"+club, "1")
	ada.post(path, form).wants(t, http.StatusUnprocessableEntity).has(t, "Two sources have this place")

	last, err := s.Profiles.LastChange(t.Context(), access.System)
	if err != nil {
		t.Fatal(err)
	}
	ada.post(path+"/undo", url.Values{"version": {strconv.FormatInt(last.ID, 10)}}).leads(t, path)
	s.renewed(t)
	ada.get("/profiles/id/1").has(t, "club says: carl@example.dk")
	ada.get("/profiles/id/club:1").wants(t, http.StatusNotFound)
	ada.get(path).lacks(t, "Put the former rules back")
}

func TestWhoMayNotSeePeopleSeesHowProfilesComeTogetherWithoutThem(t *testing.T) {
	s := newSite(t)
	s.twoSources(t)
	s.as(t, "carl@example.com").get("/profiles/unification").has(t, "One profile, explained").lacks(t, "Save and make")
	s.as(t, "vera@example.com").get("/profiles/unification").wants(t, http.StatusOK).has(t, "Together 3 profiles", "Which source is trusted first").
		lacks(t, "One profile, explained", "example.dk", "Save and make")
}

func TestWhatStandsInTheWayOfUnificationIsSaidOnItsPage(t *testing.T) {
	s := newSite(t)
	s.twoSources(t)
	i, err := s.Sources.ImportFile(t.Context(), access.System, "till.csv", strings.NewReader("id,points\n1,5\n2,6\n"), source.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	// Settings keep kinds alike; two imports at the same moment may not.
	if _, err := s.db.Writer().Exec(`UPDATE snapshot_attributes SET kind = 'text' WHERE attribute_key = 'points' AND snapshot_id = ?`, i.SnapshotID); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Sources.Move(t.Context(), s.Administrator, i.SourceID, true), s.Sources.Unify(t.Context())); err != nil {
		t.Fatal(err)
	}
	s.as(t, "vera@example.com").get("/profiles/unification").
		has(t, "The profiles could not be brought together", "Points has one type in till and another in club", "Together 3 profiles")
}
