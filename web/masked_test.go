package web

import (
	"net/http"
	"testing"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/profile"
)

func TestAnAdministratorHasMaskedValuesShownAndTheLogSaysSo(t *testing.T) {
	s := newSite(t)
	s.newsletter(t)
	ada, carl := s.as(t, "ada@example.com"), s.as(t, "carl@example.com")
	for _, path := range []string{"/exports/1/dry-run", "/exports/1/test", "/segments/1", "/profiles/attributes"} {
		ada.get(path).wants(t, http.StatusOK).has(t, "a•••@e•••.com", "Values of customers are masked", `href="`+path+`?show=values"`).lacks(t, "ann@example.com")
		ada.get(path+"?show=values").wants(t, http.StatusOK).has(t, "ann@example.com").lacks(t, "Values of customers are masked")
		carl.get(path+"?show=values").wants(t, http.StatusOK).has(t, "a•••@e•••.com", "Values of customers are masked").lacks(t, "ann@example.com", "Show them")
	}
	who, err := database.Column[string](s.db.Reader().QueryContext(t.Context(), `SELECT user_name || ' ' || subject_kind FROM audit_entries WHERE action = 'look.unmasked' ORDER BY id`))
	if err != nil || len(who) != 3 || who[0] != s.Administrator.Name+" export" || who[1] != s.Administrator.Name+" segment" {
		t.Errorf("the log says %q, %v", who, err)
	}
}

func TestContributorsSeeSensitiveValuesMaskedEverywhereAndFindNobodyByThem(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	s.mark(t, "first_name", profile.Sensitive)
	ada, carl := s.as(t, "ada@example.com"), s.as(t, "carl@example.com")
	for _, path := range []string{"/profiles", "/profiles/id/1"} {
		ada.get(path).wants(t, http.StatusOK).has(t, "Ann", "ann@example.com")
		carl.get(path).wants(t, http.StatusOK).has(t, "A•••", "ann@example.com").lacks(t, ">Ann<")
	}
	ada.get("/profiles?q=Bo").wants(t, http.StatusOK).has(t, "not an address")
	carl.get("/profiles?q=Bo").wants(t, http.StatusOK).lacks(t, "not an address")
	carl.get("/profiles?q=address").wants(t, http.StatusOK).has(t, "not an address", "B•••")
	carl.get("/profiles?q=ann%40").wants(t, http.StatusOK).has(t, "ann@example.com", "A•••")
}
