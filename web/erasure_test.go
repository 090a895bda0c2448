package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/erasure"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/source"
)

func TestAnAdministratorShowsAPersonWhatIsKeptAndErasesThem(t *testing.T) {
	w := newWorking(t, 5)
	club := "id,email,first_name\nplanted-1,quillon@example.org,Zephyr\nother-1,anna@example.org,Anna\n"
	if _, err := w.Sources.ImportFile(t.Context(), access.System, "club.csv", strings.NewReader(club), source.Settings{}); err != nil {
		t.Fatal(err)
	}
	w.Run(w.Export(), run.Options{})
	ada := w.as(t, access.Administrator)
	ada.get("/privacy").wants(t, http.StatusOK).has(t, "Find a person", "Nobody was erased yet")
	ada.post("/privacy/find", url.Values{"q": {" "}}).wants(t, http.StatusUnprocessableEntity)
	ada.post("/privacy/find", url.Values{"q": {"nobody@there.dk"}}).wants(t, http.StatusOK).has(t, "Nothing is kept")
	ada.post("/privacy/find", url.Values{"q": {"QUILLON@example.org"}}).wants(t, http.StatusOK).
		has(t, "planted-1", "Zephyr", "Deliveries: 1", "Batches: 1", "Erase for good").lacks(t, "other-1", "anna@example.org")

	var taken struct {
		Profiles []string `json:"profiles"`
		Held     []struct {
			Values map[string]string `json:"values"`
		} `json:"in_data"`
		Traces []any `json:"in_exports"`
	}
	a := ada.post("/privacy/download", url.Values{"q": {"planted-1"}}).wants(t, http.StatusOK)
	if cache := a.Header.Get("Cache-Control"); !strings.Contains(cache, "no-store") {
		t.Errorf("the download may be kept: %q", cache)
	}
	if err := json.Unmarshal([]byte(a.body), &taken); err != nil || len(taken.Profiles) != 1 || len(taken.Held) != 2 || taken.Held[0].Values["Email"] != "quillon@example.org" || len(taken.Traces) == 0 {
		t.Errorf("%+v, %v", taken, err)
	}

	order := url.Values{"q": {"planted-1"}, "choose": {"1"}, "profile": {"planted-1"}, "confirm": {"planted-2"}, "reason": {"asked"}, "reference": {"Zephyr Quillon"}}
	ada.post("/privacy/erase", order).wants(t, http.StatusUnprocessableEntity).has(t, "This is not the key or address", "Only a number")
	order["confirm"], order["reference"] = []string{"planted-1"}, []string{"GDPR-17"}
	ada.post("/privacy/erase", order).leads(t, "/privacy/erasures/1")
	ada.get("/privacy/erasures/1").wants(t, http.StatusOK).has(t, "GDPR-17", "Ada Lund", "The person asked for it", "Everybody to Nordlys").lacks(t, "planted-1", "quillon", "Zephyr")
	ada.get("/privacy").has(t, "GDPR-17")
	ada.post("/privacy/find", url.Values{"q": {"planted-1"}}).has(t, "This person was erased before", "Nothing is kept")

	ada.post("/privacy/allow", url.Values{"allow": {"anna@example.org"}}).wants(t, http.StatusUnprocessableEntity).has(t, "Nobody with this key or address was erased")
	ada.post("/privacy/allow", url.Values{"allow": {"quillon@example.org"}}).leads(t, "/privacy")
	ada.get("/privacy/erasures/1").has(t, "Allowed again")
}

func TestHowLongDataIsKeptIsSetWithinBounds(t *testing.T) {
	s := newSite(t)
	ada := s.as(t, "ada@example.com")
	ada.get("/privacy/retention").wants(t, http.StatusOK).has(t, "Refused lines of imports", "1 to 730, usually 90")
	ada.post("/privacy/retention", url.Values{"days-refused_lines": {"731"}}).wants(t, http.StatusUnprocessableEntity).has(t, "1 to 730 days.", `value="731"`)
	ada.post("/privacy/retention", url.Values{"days-refused_lines": {"some"}, "days-sessions": {"9"}}).wants(t, http.StatusUnprocessableEntity)
	ada.post("/privacy/retention", url.Values{"days-refused_lines": {"30"}}).leads(t, "/privacy/retention")
	ada.get("/privacy/retention").has(t, `value="30"`)
}

func TestEveryCodeOfAnErasureHasAText(t *testing.T) {
	keys := []string{}
	for _, reason := range erasure.Reasons {
		keys = append(keys, "erasure.reason."+string(reason))
	}
	for _, place := range []string{"snapshots", "lists", "files", "versions", "reasons", string(run.InDeliveries), string(run.InRefusals), string(run.InRejections), string(run.InEvidence), string(run.InBatches),
		string(run.InLate), string(run.InWithdrawals), string(run.InWithdrawn), string(run.InRetries)} {
		keys = append(keys, "erasure.place."+place, "erasure.place."+place+".about")
	}
	for _, state := range []erasure.TagsState{erasure.TagsWaiting, erasure.TagsRemoved, erasure.TagsKept, erasure.TagsFailed} {
		keys = append(keys, "erasure.tags."+string(state))
	}
	for _, code := range []string{erasure.KeptByExport, erasure.NothingToDo, run.UntagNoConnection, run.UntagBrandChanged, run.UntagNoTags, run.UntagUnderWay, run.UntagRefused, run.ByStop,
		"destination_unavailable", "api_retired", "key_refused", "scope_missing", "secret_missing", "store_unavailable", "payment_required", "brand_unable", "key_exchanged"} {
		keys = append(keys, "erasure.why."+code)
	}
	list, err := newSite(t).Erasures.Retention(t.Context(), access.System)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range list {
		keys = append(keys, "erasure.keep."+kind.Name, "erasure.keep."+kind.Name+".why")
		if !kind.Settable() {
			keys = append(keys, "erasure.keep."+kind.Name+".long")
		}
	}
	for _, language := range i18n.Languages() {
		for _, key := range keys {
			if i18n.For(language, nil).T(key) == key {
				t.Errorf("%s has no text for %q", language, key)
			}
		}
	}
}
