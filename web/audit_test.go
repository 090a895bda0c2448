package web

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
)

// lastEntry reads what was done last.
func (s *site) lastEntry(t *testing.T, action audit.Action) audit.Record {
	t.Helper()
	page, err := s.Audit.List(t.Context(), access.System, audit.Filter{Action: action}, 0, false, 1)
	if err != nil || len(page.Records) == 0 {
		t.Fatalf("%s is not in the log: %v", action, err)
	}
	return page.Records[0]
}

func TestTheLogTellsWhoSignedInFromWhereAndNeverWhatWasTyped(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	in := s.lastEntry(t, audit.SignedIn)
	if in.UserID != s.Administrator.UserID || in.Via != audit.Browser || in.Address != "127.0.0.1" || in.Role != access.Administrator {
		t.Errorf("%+v", in)
	}
	s.browser(t).post("/sign-in", url.Values{"email": {"ada@example.com"}, "password": {"guessed-by-somebody"}})
	failed := s.lastEntry(t, audit.SignInFailed)
	if failed.UserID != 0 || failed.Subject.ID != in.Subject.ID {
		t.Errorf("%+v", failed)
	}
	s.browser(t).post("/sign-in", url.Values{"email": {"typed-by-mistake@example.com"}, "password": {"guessed-by-somebody"}})
	if n := s.number(t, `SELECT count(*) FROM audit_entries WHERE action = ? AND subject_id = ''`, audit.SignInFailed); n != 1 {
		t.Errorf("%d entries of nobody's account", n)
	}
	all := b.get("/audit/entries.ndjson").wants(t, http.StatusOK).body
	if strings.Contains(all, "typed-by-mistake") || strings.Contains(all, "guessed-by-somebody") {
		t.Error("the log tells what was typed")
	}
	b.post("/sign-out", nil)
	if out := s.lastEntry(t, audit.SignedOut); out.UserID != s.Administrator.UserID {
		t.Errorf("%+v", out)
	}
}

func TestWhoMayNotReadTheLogIsRefused(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/audit", "/audit/entries.csv", "/audit/entries.ndjson"} {
		s.as(t, "vera@example.com").get(path).wants(t, http.StatusForbidden)
	}
	if _, err := s.Audit.List(t.Context(), s.Contributor, audit.Filter{}, 0, false, 1); err == nil {
		t.Error("a contributor reads the log")
	}
	if err := s.Audit.Download(t.Context(), s.Viewer, audit.Filter{}, "csv", func(audit.Record) error { return nil }); err == nil {
		t.Error("a viewer downloads the log")
	}
}

func TestTheLogIsNarrowedByItsAddressAndPagedThrough(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	for range 30 {
		s.as(t, "vera@example.com")
		s.clock.Advance(1)
	}
	page := b.get("/audit").wants(t, http.StatusOK)
	if n := strings.Count(page.body, `id="entry-`); n != entriesOnPage && n != s.number(t, `SELECT count(*) FROM audit_entries`) {
		t.Errorf("%d entries on the page", n)
	}
	narrowed := b.get("/audit?area=user&kind=user&via=program&from=2026-06-01&to=2026-06-01").wants(t, http.StatusOK)
	if !strings.Contains(narrowed.body, "added a user") || strings.Contains(narrowed.body, "<span>signed in</span>") {
		t.Error("the filter does not narrow")
	}
	for address, none := range map[string]bool{"/audit?from=2026-06-02": true, "/audit?to=2026-05-31": true, "/audit?person=999": true, "/audit?person=program": false, "/audit?action=account.signed_in": false, "/audit?action=nonsense&from=nonsense": false} {
		if got := strings.Contains(b.get(address).wants(t, http.StatusOK).body, "No entries"); got != none {
			t.Errorf("%s: empty is %v", address, got)
		}
	}
	for i := range 80 { // more than a page, by their numbers
		if err := s.Audit.Note(t.Context(), access.System, audit.Entry{Action: audit.BackedUp, Subject: audit.Of("stop", int64(i+1), "")}); err != nil {
			t.Fatal(err)
		}
	}
	first := b.get("/audit?action=system.backed_up").wants(t, http.StatusOK)
	next := first.link(t, "before=")
	second := b.get(next).wants(t, http.StatusOK)
	if a, z := strings.Count(first.body, `id="entry-`), strings.Count(second.body, `id="entry-`); a != entriesOnPage || z != 80-entriesOnPage {
		t.Errorf("%d and %d entries", a, z)
	}
	back := b.get(second.link(t, "after=")).wants(t, http.StatusOK)
	if strings.Count(back.body, `id="entry-`) != entriesOnPage {
		t.Error("the way back does not lead to the page before")
	}
}

// link finds the address of a link that has a text in it.
func (a answer) link(t *testing.T, part string) string {
	t.Helper()
	for _, rest := range strings.Split(a.body, `href="`)[1:] {
		if href, _, _ := strings.Cut(rest, `"`); strings.Contains(href, part) {
			return strings.ReplaceAll(href, "&amp;", "&")
		}
	}
	t.Fatalf("no link with %s", part)
	return ""
}

func TestAnEntryLeadsToWhatItIsAboutWhileThatIsThereAndForTheReader(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	s.ended(t, e, run.Succeeded)
	s.write(t, `INSERT INTO hooks (id, name, name_key, sealed_address, host, language, format, sealed_secret, created_by, created_at, updated_at) VALUES (1, 'a', 'a', x'', 'a', 'en', 'segue', x'', 'a', 0, 0)`)
	var records []audit.Record
	for _, kind := range []string{"user", "connection", "source", "segment", "export", "hook", "run"} {
		records = append(records, audit.Record{Subject: audit.Of(kind, 1, kind)})
		if kind != "run" { // the history of runs stays
			records = append(records, audit.Record{Subject: audit.Of(kind, 99, kind)})
		}
	}
	records = append(records, audit.Record{Subject: audit.Of("stop", 1, "")}, audit.Record{Subject: audit.Subject{Kind: "segment", ID: "x"}})
	led := func(reader access.Actor) (to []string) {
		t.Helper()
		there, err := s.addresses(t.Context(), reader, records)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			if href := there(r.Subject); href != "" {
				to = append(to, href)
			}
		}
		return to
	}
	for name, one := range map[string]struct {
		reader access.Actor
		want   []string
	}{
		"an administrator":                   {s.Administrator, []string{"/users/1", "/connections/1", "/sources/1", "/segments/1", "/exports/1", "/system/hooks/1", "/runs/1"}},
		"who may not manage hooks and so on": {s.Contributor, []string{"/segments/1", "/exports/1", "/runs/1"}},
		"nobody of these rights":             {s.Administrator.Within(access.ScopesOf(access.Edit)), nil},
	} {
		if got := led(one.reader); !slices.Equal(got, one.want) {
			t.Errorf("%s is led to %v, want %v", name, got, one.want)
		}
	}
	s.write(t, `UPDATE exports SET removed_at = 1`)
	s.write(t, `UPDATE connections SET removed_at = 1`)
	s.write(t, `UPDATE sources SET removed_at = 1`)
	s.write(t, `DELETE FROM hooks`)
	if got := led(s.Administrator); !slices.Equal(got, []string{"/users/1", "/segments/1", "/runs/1"}) {
		t.Errorf("led to %v when most is removed", got)
	}
	if _, err := s.addresses(t.Context(), access.Actor{}, records); !problem.Is(err, problem.SignedOut) {
		t.Errorf("somebody who is not signed in: %v", err)
	}
}

func TestADownloadIsAnEntryAndItsChainCanBeCheckedElsewhere(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	s.as(t, "vera@example.com")
	body := b.get("/audit/entries.ndjson").wants(t, http.StatusOK).body
	if got := s.lastEntry(t, audit.LogDownloaded); got.UserID != s.Administrator.UserID || got.Changes[0].After != "ndjson" {
		t.Errorf("%+v", got)
	}
	before := make([]byte, 32)
	lines := strings.Split(strings.TrimSpace(body), "\n")
	for i, line := range lines {
		var e struct {
			ID          int64  `json:"id"`
			At          int64  `json:"at_ms"`
			Action      string `json:"action"`
			SubjectKind string `json:"subject_kind"`
			SubjectID   string `json:"subject_id"`
			SubjectName string `json:"subject_name"`
			Changes     string `json:"changes"`
			UserID      int64  `json:"user_id"`
			UserName    string `json:"user_name"`
			Role        string `json:"role"`
			Via         string `json:"via"`
			Address     string `json:"address"`
			Seals       int64  `json:"seals"`
			Hash        string `json:"hash"`
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		h := sha256.New()
		h.Write(before)
		for _, n := range []int64{e.ID, e.At, e.UserID, e.Seals} {
			h.Write(binary.BigEndian.AppendUint64(nil, uint64(n)))
		}
		for _, text := range []string{e.Action, e.SubjectKind, e.SubjectID, e.SubjectName, e.Changes, e.UserName, e.Role, e.Via, e.Address} {
			h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(text))))
			h.Write([]byte(text))
		}
		if before = h.Sum(nil); hex.EncodeToString(before) != e.Hash || e.ID != int64(i+1) {
			t.Fatalf("line %d does not follow: %s", i+1, line)
		}
	}
	if len(lines) < 5 {
		t.Errorf("%d lines", len(lines))
	}
	csv := b.get("/audit/entries.csv?action=account.signed_in").wants(t, http.StatusOK).body
	if n := strings.Count(csv, "account.signed_in"); n != 2 {
		t.Errorf("%d entries in\n%s", n, csv)
	}
	if empty := b.get("/audit/entries.csv?person=999").wants(t, http.StatusOK).body; strings.Count(strings.TrimSpace(empty), "\n") != 0 {
		t.Errorf("more than a heading: %s", empty)
	}
}

func TestWhoLooksAtPersonalDataIsInTheLogBeforeSheSeesIt(t *testing.T) {
	w := newWorking(t, 40)
	s := w.site
	e := w.Export()
	done := w.Kit.Run(e, run.Options{})
	some, err := s.Profiles.Search(t.Context(), access.System, "", 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	id := some.Records[0].ID
	b := w.as(t, access.Contributor)
	for path, want := range map[string]audit.Action{
		"/profiles": audit.SawSearch, "/profiles/id/" + url.PathEscape(id): audit.SawProfile, "/profiles/attributes": audit.SawSamples,
		"/story/" + url.PathEscape(id): audit.SawStory, "/exports/1/test": audit.SawSpecimen, "/segments/1": audit.SawMembers,
		"/segments/1/rule.json": audit.SawRule, "/runs/" + strconv.FormatInt(done.ID, 10) + "/rejections.csv": audit.SawRejections,
	} {
		b.get(path).wants(t, http.StatusOK)
		got := s.lastEntry(t, want)
		if got.UserID == 0 || got.Via != audit.Browser {
			t.Errorf("%s: %+v", path, got)
		}
		if strings.Contains(got.Subject.ID+got.Subject.Name, id) {
			t.Errorf("%s: the log tells the customer's id", path)
		}
	}
	before := w.entries(t)
	b.get("/profiles/id/"+url.PathEscape(id)).wants(t, http.StatusOK)
	if after := w.entries(t); after != before {
		t.Error("the same look once more within a minute is a second entry")
	}
	admin := w.as(t, access.Administrator)
	to := admin.post("/audit/customer", url.Values{"customer": {id}}).wants(t, http.StatusSeeOther).Header.Get("Location")
	if strings.Contains(to, url.QueryEscape(id)) {
		t.Errorf("the address tells the customer's id: %s", to)
	}
	if found := admin.get(to).wants(t, http.StatusOK); !strings.Contains(found.body, "looked at a customer") || strings.Contains(found.body, "signed in</span>") {
		t.Error("the looks at the customer are not found")
	}
	admin.post("/audit/customer", url.Values{"customer": {" "}}).wants(t, http.StatusUnprocessableEntity)
}

func TestWithoutItsEntryNothingPersonalIsShown(t *testing.T) {
	w := newWorking(t, 10)
	b := w.as(t, access.Contributor)
	b.get("/profiles").wants(t, http.StatusOK)
	if _, err := w.DB.Writer().ExecContext(t.Context(), `CREATE TRIGGER broken BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'full'); END`); err != nil {
		t.Fatal(err)
	}
	b.get("/profiles/attributes").wants(t, http.StatusInternalServerError)
}

func (w working) entries(t *testing.T) (n int) {
	t.Helper()
	if err := w.DB.Reader().QueryRow(`SELECT count(*) FROM audit_entries`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
