package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/profile"
)

func TestWhatIsPersonalIsSentOnlyWhenItIsTickedByName(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	carl := s.as(t, "carl@example.com")
	carl.get("/exports/new").has(t, "I mean to send Email to Omnisend", `name="meant.email"`).lacks(t, "I mean to send First name")

	form := typed("Newsletter", url.Values{"line.0.field": {"firstName"}, "line.0.attribute": {"first_name"}})
	form.Del("meant.first_name")
	page := carl.post("/exports", form).wants(t, http.StatusUnprocessableEntity)
	page.has(t, "First name is personal data. Tick that it is meant to be sent", `href="#meant.first_name"`, "I mean to send First name to Omnisend").lacks(t, "Email is personal data")
	if !checked(page, "meant.email") || checked(page, "meant.first_name") {
		t.Error("the form that comes back does not hold what was ticked")
	}
	form.Set("meant.first_name", "1")
	carl.post("/exports", form).leads(t, "/exports/1")
	edit := carl.get("/exports/1/edit").has(t, "Ticked by Carl")
	if !checked(edit, "meant.email") || !checked(edit, "meant.first_name") {
		t.Error("what was ticked is asked for again")
	}
	if copied := carl.get("/exports/1/duplicate"); checked(copied, "meant.email") {
		t.Error("a duplicate takes the tick of somebody else over")
	}
}

func TestAnAttributeThatBecomesSensitiveKeepsNewRunsWaitingUntilItIsConfirmedWithAReason(t *testing.T) {
	s := newSite(t)
	s.newsletter(t)
	s.mark(t, "email", profile.Sensitive)
	carl := s.as(t, "carl@example.com")
	carl.get("/exports/1").has(t, "An attribute that it sends was marked as sensitive", "Attributes were marked higher since this export was saved", "meant to be sent: Email", `href="/exports/1/edit#meant"`)
	s.as(t, "vera@example.com").get("/exports/1").has(t, "marked higher").lacks(t, "/exports/1/edit#meant")
	carl.post("/exports/1/run", nil)
	if runs, err := s.Runs.List(t.Context(), s.Viewer, 0, 10, 0); err != nil || len(runs) != 0 {
		t.Errorf("it ran: %v, %v", runs, err)
	}

	edit := carl.get("/exports/1/edit").has(t, "I mean to send Email, which is sensitive, to Omnisend", "Why Email is sent")
	if checked(edit, "meant.email") {
		t.Error("a tick from before it was sensitive counts")
	}
	form := typed("Newsletter", url.Values{"version": {edit.field(t, "version")}, "reason.email": {"  "}})
	carl.post("/exports/1", form).wants(t, http.StatusUnprocessableEntity).has(t, "Say why Email is sent: it is sensitive.", `href="#reason.email"`)
	form.Set("reason.email", "The newsletter that they asked for")
	carl.post("/exports/1", form).leads(t, "/exports/1")
	carl.get("/exports/1").lacks(t, "marked higher", "marked as sensitive")
	carl.get("/exports/1/edit").has(t, `value="The newsletter that they asked for"`)
}

// mark marks an attribute as an administrator does.
func (s *site) mark(t *testing.T, key string, mark profile.Mark) {
	t.Helper()
	snapshot, err := s.Profiles.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a, _ := snapshot.Attribute(key)
	if err := s.Profiles.CorrectAttributes(t.Context(), s.Administrator, []profile.Correction{{Key: key, Label: a.Label, Mark: mark, Was: a.Mark, Address: a.Address, Indexed: a.Indexed}}); err != nil {
		t.Fatal(err)
	}
}

// checked reports whether a box of a page is ticked.
func checked(page answer, name string) bool {
	tag := regexp.MustCompile(`<input[^>]* name="` + regexp.QuoteMeta(name) + `"[^>]*>`).FindString(page.body)
	return strings.Contains(tag, " checked")
}
