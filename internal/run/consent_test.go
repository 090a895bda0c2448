package run_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/segment"
)

// people writes customers with a consent: id, email, phone, city, consent, since when.
func people(rows ...string) string {
	return "id,email,phone,city,consent,consent_at\n" + strings.Join(rows, "\n") + "\n"
}

// Mappings of the export of people: what is always mapped, and the status of each channel from the data.
var (
	plain  = export.Mapping{{Field: destination.Email, Attribute: "email", Meant: true}, {Field: destination.Phone, Attribute: "phone", Meant: true}, {Field: destination.City, Attribute: "city"}}
	byMail = export.Mapping{{Field: destination.EmailStatus, Attribute: "consent"}, {Field: destination.EmailStatusAt, Attribute: "consent_at"}}
	bySMS  = export.Mapping{{Field: destination.SMSStatus, Attribute: "consent"}, {Field: destination.SMSStatusAt, Attribute: "consent_at"}}
)

// consentKit exports everybody of an upload, without touching any status.
func consentKit(t *testing.T, upload string) (*apptest.Kit, export.Export, export.Draft) {
	t.Helper()
	k := apptest.Start(t, 1)
	k.Upload(upload)
	ada := k.Actor(access.Administrator)
	everybody, err := k.Segments.Create(t.Context(), ada, segment.Draft{Name: "All of them", Definition: segment.Definition{Kind: segment.ByRule,
		Rule: segment.Group{Match: segment.All, Conditions: []segment.Condition{{Attribute: "email", Operator: segment.IsNotEmpty}}}}})
	if err != nil {
		t.Fatal(err)
	}
	d := export.Draft{Name: "Consents", ConnectionID: k.Connect().ID, Parts: []export.Part{{SegmentID: everybody.ID}}, Mapping: plain}
	e, err := k.Exports.Create(t.Context(), ada, d)
	if err != nil {
		t.Fatal(err)
	}
	return k, e, d
}

// remap changes the mapping of an export.
func remap(t *testing.T, k *apptest.Kit, e export.Export, d export.Draft, consent destination.Consent, mapping ...export.Mapping) {
	t.Helper()
	now, err := k.Exports.Get(t.Context(), k.Actor(access.Administrator), e.ID)
	if err != nil {
		t.Fatal(err)
	}
	d.Version, d.Consent, d.Mapping = now.Version, consent, nil
	for _, part := range mapping {
		d.Mapping = append(d.Mapping, part...)
	}
	if _, err := k.Exports.Update(t.Context(), k.Actor(access.Administrator), e.ID, d); err != nil {
		t.Fatal(err)
	}
}

// atOmnisend has a contact change its status there, as somebody does who follows the link in a mail.
func atOmnisend(t *testing.T, k *apptest.Kit, email, status, at string) {
	t.Helper()
	ask(t, k, http.MethodPost, "/api/contacts", fmt.Sprintf(
		`{"identifiers":[{"type":"email","id":%q,"channels":{"email":{"status":%q,"statusChangedAt":%q}},"sendWelcomeMessage":false}]}`, email, status, at))
}

// ask speaks with the stand-in past Segue.
func ask(t *testing.T, k *apptest.Kit, method, path, body string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, k.Server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Omnisend-API-Key "+demo.APIKey)
	request.Header.Set("Omnisend-Version", omnisend.Version)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		t.Fatalf("%s %s is answered %d %v: %s", method, path, answer.StatusCode, err, text)
	}
	return string(text)
}

func wantStatuses(t *testing.T, k *apptest.Kit, after string, want map[string]string) {
	t.Helper()
	k.Sandbox.Settle()
	for email, status := range want {
		held, ok := k.Sandbox.Contact(email)
		if got := strings.TrimSpace(held.Status + " " + held.SMSStatus); !ok || got != status {
			t.Errorf("after %s, %s (there: %v) is %q, should be %q", after, email, ok, got, status)
		}
	}
}

func TestWhoUnsubscribedAtTheDestinationStaysSo(t *testing.T) {
	const left = "left@example.com"
	k, e, d := consentKit(t, people("1,left@example.com,,Ribe,yes,2024-03-01"))
	atOmnisend(t, k, left, "subscribed", "2024-01-01T00:00:00Z")
	atOmnisend(t, k, left, "unsubscribed", "2024-06-01T00:00:00Z")
	stays := map[string]string{left: "unsubscribed"}

	k.Run(e, run.Options{})
	wantStatuses(t, k, "a first run that maps no status", stays)
	k.Upload(people("1,left@example.com,,Skive,yes,2024-03-01"))
	k.Run(e, run.Options{})
	k.Run(e, run.Options{Complete: true})
	wantStatuses(t, k, "runs of what changed and of everybody", stays)

	remap(t, k, e, d, destination.Consent{}, plain, byMail)
	if r := k.Run(e, run.Options{}); r.Counts.Accepted != 1 {
		t.Errorf("a status that is mapped now sends the profile again: %+v", r.Counts)
	}
	wantStatuses(t, k, "mapping an older consent", stays)
	if r := k.Run(e, run.Options{}); r.Counts.Unchanged != 1 {
		t.Errorf("nothing changed: %+v", r.Counts)
	}
	k.Upload(people("1,left@example.com,,Ribe,yes,2024-05-31"))
	k.Run(e, run.Options{})
	k.Run(e, run.Options{Complete: true})
	wantStatuses(t, k, "an older consent that changed", stays)
	remap(t, k, e, d, destination.Consent{Everyone: []string{"email"}}, plain, byMail[1:])
	k.Run(e, run.Options{})
	k.Run(e, run.Options{Complete: true})
	wantStatuses(t, k, "saying that everybody consented", stays)
	remap(t, k, e, d, destination.Consent{}, plain)
	k.Run(e, run.Options{})
	wantStatuses(t, k, "mapping no status any more", stays)

	// Somebody who consents anew, later than that, is subscribed; and may leave again.
	remap(t, k, e, d, destination.Consent{}, plain, byMail)
	k.Upload(people("1,left@example.com,,Ribe,yes,2024-07-01"))
	k.Run(e, run.Options{})
	wantStatuses(t, k, "a consent given later", map[string]string{left: "subscribed"})
	atOmnisend(t, k, left, "unsubscribed", "2024-08-01T00:00:00Z")
	k.Run(e, run.Options{Complete: true})
	wantStatuses(t, k, "leaving once more", stays)
}

func TestStatusesGoOutAsTheProfilesSay(t *testing.T) {
	rows := []string{
		"1,yes@example.com,+4512345671,Ribe,yes,2024-03-01", "2,no@example.com,+4512345672,Ribe,no,2024-03-01",
		"3,silent@example.com,+4512345673,Ribe,,2024-03-01", "4,undated@example.com,+4512345674,Ribe,yes,", "5,nophone@example.com,,Ribe,yes,2024-03-01",
		"6,perhaps@example.com,,Ribe,perhaps,2024-03-01", "7,soon@example.com,,Ribe,yes,2999-01-01",
	}
	k, e, d := consentKit(t, people(rows...))
	remap(t, k, e, d, destination.Consent{Source: "The fair"}, plain, byMail, bySMS)
	r := k.Run(e, run.Options{})
	wantStatuses(t, k, "a run", map[string]string{"yes@example.com": "subscribed subscribed", "no@example.com": "unsubscribed unsubscribed",
		"silent@example.com": "nonSubscribed nonSubscribed", "undated@example.com": "nonSubscribed nonSubscribed", "nophone@example.com": "subscribed"})
	if r.Counts.Accepted != 5 || r.Counts.Invalid != 2 {
		t.Errorf("%+v", r.Counts)
	}
	reasons, err := k.Runs.Reasons(t.Context(), k.Actor(access.Viewer), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, reason := range reasons {
		got[reason.Code] = reason.Field
	}
	if got["invalid_consent"] != "emailStatus" || got["invalid_consent_date"] != "emailStatusAt" {
		t.Errorf("reasons %+v", reasons)
	}
	// A withdrawal in the data reaches the contact, and the dry run foretells who is sent.
	rows[0] = "1,yes@example.com,+4512345671,Ribe,no,2024-04-01"
	k.Upload(people(rows...))
	if f, _ := foretold(t, k, e, run.Options{}); f.Changed != 1 || f.Invalid != 2 {
		t.Errorf("foretold %+v", f)
	}
	k.Run(e, run.Options{})
	wantStatuses(t, k, "a withdrawal", map[string]string{"yes@example.com": "unsubscribed unsubscribed"})
}

func TestAnEmptyValueLeavesTheFieldOrEmptiesItAsTheExportSays(t *testing.T) {
	k, e, d := consentKit(t, people("1,a@example.com,,Ribe,,"))
	k.Run(e, run.Options{})
	k.Upload(people("1,a@example.com,,,,", "2,b@example.com,,Ribe,,"))
	k.Run(e, run.Options{})
	k.Sandbox.Settle()
	if held, _ := k.Sandbox.Contact("a@example.com"); held.City != "Ribe" {
		t.Errorf("by default an empty value leaves the city, it is %q", held.City)
	}
	clearing := append(export.Mapping{}, plain...)
	clearing[2].Clear = true
	remap(t, k, e, d, destination.Consent{}, clearing)
	if r := k.Run(e, run.Options{}); r.Counts.Accepted != 1 || r.Counts.Unchanged != 1 {
		t.Errorf("only who has no city is sent: %+v", r.Counts)
	}
	k.Sandbox.Settle()
	if held, _ := k.Sandbox.Contact("a@example.com"); held.City != "" {
		t.Errorf("the city is %q, and should be emptied", held.City)
	}
}

func TestAnInterruptedRunJudgesConsentsByTheMomentOfItsPlan(t *testing.T) {
	k, e, d := consentKit(t, people("1,a@example.com,,Ribe,no,2026-05-01", "2,b@example.com,,Ribe,yes,2026-05-02"))
	remap(t, k, e, d, destination.Consent{}, plain, byMail)
	at := func(day time.Time) {
		k.Stop()
		ahead := time.Until(day)
		k.Config.Clock = func() time.Time { return time.Now().Add(ahead) }
		k.Open()
	}
	noon := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	at(noon)
	k.Sandbox.SetFaults(sandbox.Faults{ServerErrorShare: 1, Path: "/batches"})
	started, err := k.Runs.Start(t.Context(), k.Actor(access.Administrator), e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r := k.Until(started.ID, func(r run.Run) bool { return r.Planned }); r.Counts.Invalid != 1 {
		t.Fatalf("a consent of tomorrow: %+v", r.Counts)
	}
	at(noon.AddDate(0, 0, 3)) // what was planned is made again, and sent
	k.Sandbox.SetFaults(sandbox.Faults{})
	if r := k.Wait(started.ID); r.State != run.Warnings || r.Counts.Invalid != 1 || r.Counts.Accepted != 1 {
		t.Fatalf("ended as %s (%s %s) %+v", r.State, r.ErrorCode, r.ErrorDetail, r.Counts)
	}
	k.Sandbox.Settle()
	// On the day of a withdrawal its end is not over; a later run would send the end.
	held := ask(t, k, http.MethodGet, "/api/contacts?email="+url.QueryEscape("a@example.com"), "")
	if !strings.Contains(held, `"status":"unsubscribed","statusChangedAt":"2026-05-01T00:00:00.000Z"`) {
		t.Errorf("%s", held)
	}
	if r := k.Run(e, run.Options{}); r.Counts.Accepted != 2 || r.Counts.Invalid != 0 {
		t.Errorf("a later run judges by its own moment: %+v", r.Counts)
	}
}
