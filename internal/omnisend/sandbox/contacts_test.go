package sandbox_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/omnisend/sandbox"
)

func email(address, rest string) string {
	if rest != "" {
		rest = "," + rest
	}
	return fmt.Sprintf(`{"identifiers":[{"type":"email","id":%q,"sendWelcomeMessage":false}]%s}`, address, rest)
}

func TestUpsertChangesOnlyWhatIsGiven(t *testing.T) {
	s := start(t, sandbox.Options{})
	first := s.call("POST", "/api/contacts", email("a@b.dk", `"firstName":"A","city":"Aarhus","country":"Denmark","tags":["x"],"customProperties":{"n":1,"l":["a"]},"createdAt":"2024-01-01T00:00:00Z"`))
	if first.status != 201 || first.body["countryCode"] != "DK" || first.body["status"] != "nonSubscribed" {
		t.Fatalf("%d %s", first.status, first.raw)
	}
	s.clock.move(time.Minute)
	second := s.call("POST", "/api/contacts", email("a@b.dk", `"firstName":"","tags":["y"],"customProperties":{"n":2}`))
	got, _ := s.Contact("a@b.dk")
	if text := fmt.Sprintf("%d %q %s %v %v", second.status, got.FirstName, got.City, got.Tags, got.CustomProperties); text != `200 "" Aarhus [x y] map[externalCreated:"2024-01-01T00:00:00Z" l:["a"] n:2]` {
		t.Errorf("got %s", text)
	}
	if first.body["id"] != second.body["id"] || got.UpdatedAt.Sub(got.CreatedAt) != time.Minute {
		t.Errorf("%v %v, %v %v", first.body["id"], second.body["id"], got.CreatedAt, got.UpdatedAt)
	}
	if r := s.call("POST", "/api/contacts", email("A@b.dk", "")); r.status != 201 {
		t.Errorf("another spelling is another contact: %d", r.status)
	}
	s.SetFaults(sandbox.Faults{ReplaceTags: true})
	s.call("POST", "/api/contacts", email("a@b.dk", `"tags":["z"]`))
	if got, _ := s.Contact("a@b.dk"); len(got.Tags) != 1 {
		t.Errorf("with the switch, tags replace: %v", got.Tags)
	}
}

func TestEveryBadFieldIsNamed(t *testing.T) {
	s := start(t, sandbox.Options{})
	for body, want := range map[string]string{
		`{}`:                                 "identifiers required",
		`{"identifiers":[{"type":"email"}]}`: "identifiers[0].id required",
		`{"identifiers":[{"type":"fax","id":"1"}]}`: "identifiers[0].type invalid_value",
		email("nobody", ""):                         "identifiers[0].id invalid_format",
		`{"identifiers":[{"type":"email","id":"a@b.dk"},{"type":"phone","id":"1"}]}`:                  "identifiers[1].id invalid_format",
		email("a@b.dk", `"gender":"male"`):                                                            "gender invalid_value",
		email("a@b.dk", `"birthdate":"1981-02-30","countryCode":"XX"`):                                "birthdate invalid_format, countryCode invalid_format",
		email("a@b.dk", `"firstName":1`):                                                              "firstName invalid_type",
		email("a@b.dk", `"tags":"x"`):                                                                 "tags invalid_type",
		email("a@b.dk", `"tags":[""]`):                                                                "tags[0] invalid_format",
		email("a@b.dk", `"customProperties":{"æ":1}`):                                                 "customProperties.æ invalid_format",
		email("a@b.dk", `"customProperties":{"a":{}}`):                                                "customProperties.a invalid_type",
		`{"identifiers":[{"type":"email","id":"a@b.dk","channels":{"sms":{"status":"subscribed"}}}]}`: "identifiers[0].channels.sms invalid_value",
		`{"identifiers":[{"type":"email","id":"a@b.dk","channels":{"email":{"status":"on"}}}]}`:       "identifiers[0].channels.email.status invalid_value",
		`{"identifiers":`: " invalid_format",
	} {
		r := s.call("POST", "/api/contacts", body)
		if r.status != 400 || r.codes() != want || r.body["type"] != "https://problems.omnisend.com/validation-failed" {
			t.Errorf("%s: got %d %q, want %q", body, r.status, r.codes(), want)
		}
	}
	if n := s.Stats().Contacts; n != 0 {
		t.Errorf("%d contacts came of bad requests", n)
	}
}

func TestTheLatestStatusStands(t *testing.T) {
	s := start(t, sandbox.Options{})
	set := func(status, at string) string {
		t.Helper()
		if at != "" {
			at = fmt.Sprintf(`,"statusChangedAt":%q`, at)
		}
		r := s.call("POST", "/api/contacts", fmt.Sprintf(
			`{"identifiers":[{"type":"email","id":"a@b.dk","channels":{"email":{"status":%q%s}}}]}`, status, at))
		if r.status >= 300 {
			t.Fatal(r.raw)
		}
		return r.body["status"].(string)
	}
	for _, step := range []struct{ status, at, want, why string }{
		{"subscribed", "2026-01-01T00:00:00Z", "subscribed", "a new contact takes any date"},
		{"unsubscribed", "2026-02-01T00:00:00Z", "unsubscribed", "a later date changes it"},
		{"subscribed", "2026-01-15T00:00:00Z", "unsubscribed", "an earlier one is ignored"},
		{"subscribed", "", "subscribed", "no date is now, which brings people back"},
	} {
		if got := set(step.status, step.at); got != step.want {
			t.Errorf("%s: got %s", step.why, got)
		}
	}
	s.call("POST", "/api/contacts", email("a@b.dk", `"city":"Ribe"`))
	if c, _ := s.Contact("a@b.dk"); c.Status != "subscribed" {
		t.Errorf("without channels the status stays: %s", c.Status)
	}
	if n := s.Stats().Welcomes; n != 4 {
		t.Errorf("%d welcome messages, want one for each request that did not switch it off", n)
	}
}

func TestIdentifiersBelongToOne(t *testing.T) {
	s := start(t, sandbox.Options{})
	with := func(address, phone string) string {
		return fmt.Sprintf(`{"identifiers":[{"type":"email","id":%q},{"type":"phone","id":%q}]}`, address, phone)
	}
	s.call("POST", "/api/contacts", with("a@b.dk", "+4512345678"))
	if r := s.call("POST", "/api/contacts", with("c@b.dk", "+4512345678")); r.status != 201 || len(r.body["phone"].([]any)) != 0 {
		t.Errorf("somebody else's phone is ignored: %d %s", r.status, r.raw)
	}
	if r := s.call("POST", "/api/contacts", `{"identifiers":[{"type":"phone","id":"+4512345678"}]}`); r.status != 400 {
		t.Errorf("nobody is created of it alone: %d", r.status)
	}
	if r := s.call("PATCH", "/api/contacts?email="+url.QueryEscape("c@b.dk"), with("c@b.dk", "+4512345678")); r.status != 409 {
		t.Errorf("PATCH says so: %d", r.status)
	}
	if r := s.call("PATCH", "/api/contacts?email=c%40b.dk", email("d+e@b.dk", `"city":"Ribe"`)); r.status != 200 || r.body["email"] != "d+e@b.dk" {
		t.Errorf("PATCH renames: %d %s", r.status, r.raw)
	}
	if r := s.call("PATCH", "/api/contacts?email=c%40b.dk", "{}"); r.status != 404 {
		t.Errorf("the old name is gone: %d", r.status)
	}
	if r := s.call("GET", "/api/contacts?email=d%2Be%40b.dk", ""); len(r.body["contacts"].([]any)) != 1 {
		t.Errorf("the new one is found: %s", r.raw)
	}
}

func TestPagesOfContacts(t *testing.T) {
	s := start(t, sandbox.Options{RequestsPerMinute: -1})
	for i := range 25 {
		tag := `"tags":["odd"]`
		if i%2 == 0 {
			tag = ""
		}
		s.call("POST", "/api/contacts", email(fmt.Sprintf("k%02d@b.dk", i), tag))
		s.clock.move(time.Second)
	}
	for query, want := range map[string]int{"": 25, "tag=odd": 12, "sort=updatedAt&direction=desc": 25, "status=subscribed": 0, "updatedAtFrom=2026-05-01T09:00:20Z": 5} {
		seen := map[string]bool{}
		after := ""
		for range 10 {
			r := s.call("GET", "/api/contacts?limit=4&"+query+after, "")
			if r.status != 200 {
				t.Fatal(r.raw)
			}
			for _, c := range r.body["contacts"].([]any) {
				seen[c.(map[string]any)["email"].(string)] = true
			}
			paging := r.body["paging"].(map[string]any)
			if paging["hasMore"] == false {
				break
			}
			after = "&after=" + paging["cursors"].(map[string]any)["after"].(string)
		}
		if len(seen) != want {
			t.Errorf("%q: %d contacts, want %d", query, len(seen), want)
		}
	}
	first := s.call("GET", "/api/contacts?limit=4", "")
	after := first.body["paging"].(map[string]any)["cursors"].(map[string]any)["after"].(string)
	second := s.call("GET", "/api/contacts?limit=4&after="+after, "")
	before := second.body["paging"].(map[string]any)["cursors"].(map[string]any)["before"].(string)
	back := s.call("GET", "/api/contacts?limit=4&before="+before, "")
	if fmt.Sprint(back.body["contacts"]) != fmt.Sprint(first.body["contacts"]) {
		t.Errorf("the way back leads elsewhere: %s", back.raw)
	}
	for _, bad := range []string{"limit=251", "limit=0", "after=x", "after=" + after + "&before=" + before, "after=" + after + "&tag=odd", "tag=a&status=subscribed", "updatedAtFrom=2026-05-01T09:00:00Z&tag=a", "sort=email"} {
		if r := s.call("GET", "/api/contacts?"+bad, ""); r.status != 400 {
			t.Errorf("%s: %d", bad, r.status)
		}
	}
}
