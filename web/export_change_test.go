package web

import (
	"net/http"
	"net/url"
	"testing"
)

func TestAValueIsChangedByWhatIsChosenForItsLineWithoutScripts(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	carl := s.as(t, "carl@example.com")
	form := typed("Newsletter", url.Values{"line.0.field": {"firstName"}, "line.0.attribute": {"first_name"}, "line.0.way": {"join"}, "line.0.with": {""}, "line.0.separator": {", "},
		"line.1.field": {"custom"}, "line.1.custom": {"from"}, "line.1.attribute": {""}, "line.1.way": {"constant"}, "line.1.text": {""}, "line.1.separator": {" "}})
	form.Del("meant.phone")
	carl.post("/exports", form).wants(t, http.StatusUnprocessableEntity).
		has(t, `href="#line.0.with"`, `id="line.0.with-error"`, `href="#line.1.text"`, `id="line.1.text-error"`, "Choose one of the values offered", "Fill in this field")
	form.Set("line.0.with", "phone")
	form.Set("line.1.text", "Shop")
	carl.post("/exports", form).wants(t, http.StatusUnprocessableEntity).has(t, `href="#meant.phone"`, "I mean to send Phone to Omnisend", `value=", "`)
	form.Set("meant.phone", "1")
	carl.post("/exports", form).leads(t, "/exports/1")
	carl.get("/exports/1").has(t, "First name ← First name and Phone, with “, ” between", "from ← “Shop” for everybody")
	carl.get("/exports/1/edit").has(t, `<option value="join" selected`, `value="Shop"`, "Changed first: Join with a second attribute", "Ticked by Carl")
	carl.get("/exports/1/history").has(t, "1")
	s.as(t, "ada@example.com").get("/privacy/record").wants(t, http.StatusOK).has(t, "First name and Phone")
	carl.get("/exports/1/dry-run").has(t, "Dry run of Newsletter")
}

func TestTheAddressAndConsentsAreNotChanged(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	carl := s.as(t, "carl@example.com")
	carl.post("/exports", typed("Newsletter", url.Values{"line.0.field": {"phone"}, "line.0.attribute": {"phone"}, "line.0.way": {"constant"}, "line.0.text": {"+4512345678"}})).
		wants(t, http.StatusUnprocessableEntity).has(t, "This field cannot be changed so", `href="#line.0.way"`)
	carl.get("/exports/new").lacks(t, `name="field.email.way"`)
}
