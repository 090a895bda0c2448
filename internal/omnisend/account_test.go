package omnisend_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/omnisend"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/secret"
)

const (
	brandID = "brand1"
	key     = "brand1-secret"
)

// openGate admits everything and remembers what it was told.
type openGate struct {
	entered, done atomic.Int64
	last          atomic.Pointer[destination.Answer]
}

func (g *openGate) Enter(ctx context.Context) (func(destination.Answer), error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	g.entered.Add(1)
	return func(a destination.Answer) { g.done.Add(1); g.last.Store(&a) }, nil
}

func startSandbox(t *testing.T, options sandbox.Options) (*sandbox.Server, string) {
	t.Helper()
	if options.Brands == nil {
		options.Brands = []sandbox.Brand{{ID: brandID, Name: "Nordlys", Website: "https://nordlys.example", Key: key}}
	}
	if options.Delay == 0 {
		options.Delay = time.Hour // tests say when the items are tried
	}
	server, err := sandbox.New(options)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server)
	t.Cleanup(func() {
		web.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server, web.URL + "/api"
}

func open(base, key string) (*omnisend.Account, *openGate) {
	gate := &openGate{}
	driver := omnisend.NewDriver(omnisend.Options{BaseURL: base, Timeout: 5 * time.Second})
	return driver.Open(secret.NewText(key), gate).(*omnisend.Account), gate
}

func encode(t *testing.T, fields []destination.Field, rows ...[]string) [][]byte {
	t.Helper()
	encoder, err := omnisend.NewDriver(omnisend.Options{}).NewEncoder(layout(fields...))
	if err != nil {
		t.Fatal(err)
	}
	var items [][]byte
	for _, row := range rows {
		item, reasons := encoder.Encode(nil, row, nil)
		if reasons != nil {
			t.Fatalf("%v: %v", row, reasons)
		}
		items = append(items, item)
	}
	return items
}

func failure(t *testing.T, err error) *destination.Error {
	t.Helper()
	var e *destination.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a *destination.Error", err)
	}
	if strings.Contains(err.Error(), key) || strings.Contains(err.Error(), "@") || strings.Contains(err.Error(), "%40") {
		t.Errorf("the error tells a secret or an address: %v", err)
	}
	return e
}

func TestVerify(t *testing.T) {
	ctx := t.Context()
	server, base := startSandbox(t, sandbox.Options{Brands: []sandbox.Brand{
		{ID: brandID, Name: "Nordlys", Website: "https://nordlys.example", Key: key},
		{ID: "b2", Key: "no-brands-read", Scopes: []string{"contacts.read", "contacts.write"}},
		{ID: "b3", Key: "no-scope-at-all", Scopes: []string{}},
		{ID: "b4", Key: "disconnected", Disconnected: true},
		{ID: "b5", Key: "nameless", Nameless: true},
	}})

	account, gate := open(base, key)
	brand, err := account.Verify(ctx)
	if want := (destination.Brand{ID: brandID, Name: "Nordlys", Website: "https://nordlys.example"}); err != nil || brand != want {
		t.Fatalf("a good key: got %v, %v", brand, err)
	}
	if gate.entered.Load() != 1 || gate.done.Load() != 1 {
		t.Errorf("gate was entered %d times and told %d times, want once", gate.entered.Load(), gate.done.Load())
	}

	for name, test := range map[string]struct {
		key     string
		kind    destination.ErrorKind
		message string
	}{
		"a wrong key is refused":                        {"wrong", destination.Unauthorized, "refused"},
		"a key that may not name its brand says so":     {"no-brands-read", destination.Forbidden, "brands.read, so"},
		"a key that may nothing names both permissions": {"no-scope-at-all", destination.Forbidden, "contacts.read"},
		"a brand that is not connected cannot export":   {"disconnected", destination.NoBrand, "not connected"},
		"an answer without a brand's id is no pass":     {"nameless", destination.NoBrand, "no brand"},
	} {
		t.Run(name, func(t *testing.T) {
			account, _ := open(base, test.key)
			_, err := account.Verify(ctx)
			e := failure(t, err)
			if e.Kind != test.kind || !strings.Contains(e.Message, test.message) || e.Passing() {
				t.Errorf("got kind %d, %q", e.Kind, e.Message)
			}
		})
	}

	server.SetFaults(sandbox.Faults{OtherBrandID: "somebody-else"})
	if brand, err := account.Verify(ctx); err != nil || brand.ID != "somebody-else" {
		t.Errorf("a key that moved to another brand: got %v, %v", brand, err)
	}
}

func TestContactsArriveFieldByField(t *testing.T) {
	ctx := t.Context()
	server, base := startSandbox(t, sandbox.Options{})
	account, _ := open(base, key)
	fields := []destination.Field{
		destination.Tags, "custom:loyalty", destination.Email, destination.FirstName, destination.LastName, destination.Address,
		destination.Country, destination.State, destination.City, destination.PostalCode, destination.Phone, destination.Birthdate,
		destination.Gender,
	}
	items := encode(t, fields, []string{
		"guld; nyhedsbrev", "12", " Jens.Holm@Example.DK ", "Jens \"J\"", "Holm\u2028", "Storegade 1\n2. tv", "dk", "Jylland", "Aarhus", "8000",
		"+45 12 34-56 78", "1981-11-05T00:00:00Z", "Mand",
	})
	id, err := account.Send(ctx, items)
	if err != nil {
		t.Fatal(err)
	}
	server.Settle()
	got, ok := server.Contact("jens.holm@example.dk")
	if !ok {
		t.Fatal("the contact did not arrive")
	}
	text := fmt.Sprintf("%q %q %q %q %q %q %q %q %q %q %q %q %q", got.FirstName, got.LastName, got.Address, got.CountryCode, got.Country,
		got.State, got.City, got.PostalCode, got.Phone, got.Birthdate, got.Gender, got.Tags, got.CustomProperties)
	// The last character of the last name is a line separator, hence blank at the end: it is cut.
	want := `"Jens \"J\"" "Holm" "Storegade 1\n2. tv" "DK" "" "Jylland" "Aarhus" "8000" "+4512345678" "1981-11-05" "m" ["guld" "nyhedsbrev"] map["loyalty":"\"12\""]`
	if text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	if got.Status != "nonSubscribed" || server.Stats().Welcomes != 0 {
		t.Errorf("status %q, %d welcome messages: nobody may be subscribed or greeted", got.Status, server.Stats().Welcomes)
	}

	contact, ok, err := account.Find(ctx, "jens.holm@example.dk")
	if err != nil || !ok || contact.ID != got.ID || contact.Fields["firstName"] != got.FirstName || contact.Fields["emailStatus"] != "nonSubscribed" || contact.Fields["emailStatusAt"] == "" || contact.Fields["custom:loyalty"] != "12" ||
		contact.Fields["phone"] != "+4512345678" || contact.Fields["country"] != "DK" || len(contact.Tags) != 2 {
		t.Errorf("found %+v, %v, %v", contact, ok, err)
	}
	if _, ok, err := account.Find(ctx, "nobody@example.dk"); ok || err != nil {
		t.Errorf("an address that nobody has: %v, %v", ok, err)
	}

	results, err := account.Results(ctx, id)
	if err != nil || !results.Accepted["jens.holm@example.dk"].Created || len(results.Rejected) != 0 {
		t.Errorf("results %+v, %v", results, err)
	}
}

func TestRejectedItemsAreMatchedByAddress(t *testing.T) {
	for _, old := range []bool{false, true} {
		t.Run(fmt.Sprintf("old error shape %v", old), func(t *testing.T) {
			server, base := startSandbox(t, sandbox.Options{})
			server.SetFaults(sandbox.Faults{RejectEmail: "bad", OldErrorShape: old})
			account, _ := open(base, key)
			var rows [][]string
			for i := range 100 {
				rows = append(rows, []string{fmt.Sprintf("%s%d@example.dk", map[bool]string{true: "bad", false: "good"}[i%7 == 0], i)})
			}
			id, err := account.Send(t.Context(), encode(t, []destination.Field{destination.Email}, rows...))
			if err != nil {
				t.Fatal(err)
			}
			server.Settle()
			states, err := account.States(t.Context(), []string{id}, time.Now())
			if want := (destination.BatchState{Progress: destination.Done, Total: 100, Finished: 100, Errors: 15}); err != nil || states[id] != want {
				t.Fatalf("state %+v, %v", states[id], err)
			}
			results, err := account.Results(t.Context(), id)
			if err != nil || len(results.Accepted) != 85 || len(results.Rejected) != 15 {
				t.Fatalf("%d accepted, %d rejected, %v", len(results.Accepted), len(results.Rejected), err)
			}
			reasons := results.Rejected["bad7@example.dk"].Reasons
			if len(reasons) != 1 || reasons[0].Field != "email" || reasons[0].Code == "" || reasons[0].Message == "" {
				t.Errorf("reasons %+v", reasons)
			}
		})
	}
}

func TestStatesOfManyBatchesCostFewRequests(t *testing.T) {
	server, base := startSandbox(t, sandbox.Options{RequestsPerMinute: -1})
	account, gate := open(base, key)
	items := encode(t, []destination.Field{destination.Email}, []string{"a@example.dk"})
	var ids []string
	for range 600 {
		id, err := account.Send(t.Context(), items)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	server.Settle()
	for name, test := range map[string]struct {
		ask      []string
		requests int64
	}{
		"one is asked for by itself":                   {ids[:1], 1},
		"the newest are on the first page":             {ids[400:], 1},
		"all are on three pages":                       {ids, 3},
		"a few old ones end the search soon":           {ids[:2], 4},
		"one that is gone is looked up after the list": {append([]string{"gone"}, ids...), 4},
	} {
		t.Run(name, func(t *testing.T) {
			before := gate.entered.Load()
			states, err := account.States(t.Context(), test.ask, time.Now())
			if err != nil || len(states) != len(test.ask) {
				t.Fatalf("%d states, %v", len(states), err)
			}
			for id, state := range states {
				want := destination.Done
				if id == "gone" {
					want = destination.Unknown
				}
				if state.Progress != want {
					t.Errorf("%s is %d", id, state.Progress)
				}
			}
			if spent := gate.entered.Load() - before; spent > test.requests {
				t.Errorf("took %d requests, want at most %d", spent, test.requests)
			}
		})
	}
}

func TestManyForgottenBatchesCostASample(t *testing.T) {
	_, base := startSandbox(t, sandbox.Options{})
	account, gate := open(base, key)
	var ids []string
	for i := range 300 {
		ids = append(ids, fmt.Sprintf("gone%d", i))
	}
	states, err := account.States(t.Context(), ids, time.Now())
	if err != nil || len(states) != 300 || states["gone299"].Progress != destination.Unknown {
		t.Errorf("%d states, %v", len(states), err)
	}
	if n := gate.entered.Load(); n != 26 {
		t.Errorf("%d requests, want one listing and 25 single ones", n)
	}
}

func TestStatesOfUnfinishedBatches(t *testing.T) {
	server, base := startSandbox(t, sandbox.Options{})
	server.SetFaults(sandbox.Faults{RejectEmail: "bad", StopAfterErrors: 1})
	account, _ := open(base, key)
	fields := []destination.Field{destination.Email}
	first, err := account.Send(t.Context(), encode(t, fields, []string{"ok@example.dk"}, []string{"bad@example.dk"}, []string{"late@example.dk"}))
	if err != nil {
		t.Fatal(err)
	}
	server.Settle()
	second, err := account.Send(t.Context(), encode(t, fields, []string{"x@example.dk"}))
	if err != nil {
		t.Fatal(err)
	}
	states, err := account.States(t.Context(), []string{first, second}, time.Now())
	if err != nil || states[second].Progress != destination.Waiting {
		t.Errorf("%+v, %v", states, err)
	}
	if want := (destination.BatchState{Progress: destination.Stopped, Total: 3, Finished: 2, Errors: 1}); states[first] != want {
		t.Errorf("got %+v, want %+v", states[first], want)
	}
	results, err := account.Results(t.Context(), first)
	if _, tried := results.Accepted["late@example.dk"]; err != nil || tried || len(results.Rejected) != 1 {
		t.Errorf("an item that was not tried is in neither list: %+v, %v", results, err)
	}
}

func TestTags(t *testing.T) {
	server, base := startSandbox(t, sandbox.Options{})
	account, _ := open(base, key)
	if _, err := account.Send(t.Context(), encode(t, []destination.Field{destination.Email, destination.Tags}, []string{"a@example.dk", "x"})); err != nil {
		t.Fatal(err)
	}
	server.Settle()
	if err := account.AddTags(t.Context(), []string{"a@example.dk", "nobody@example.dk"}, []string{"segue Spring VIP"}); err != nil {
		t.Fatal(err)
	}
	if c, _ := server.Contact("a@example.dk"); len(c.Tags) != 1 {
		t.Errorf("tags come later, not at once: %v", c.Tags)
	}
	server.Settle()
	if c, _ := server.Contact("a@example.dk"); len(c.Tags) != 2 {
		t.Errorf("tags %v", c.Tags)
	}
	if err := account.RemoveTags(t.Context(), []string{"a@example.dk"}, []string{"x"}); err != nil {
		t.Fatal(err)
	}
	server.Settle()
	if c, _ := server.Contact("a@example.dk"); len(c.Tags) != 1 || c.Tags[0] != "segue Spring VIP" {
		t.Errorf("tags %v", c.Tags)
	}
	if e := failure(t, account.AddTags(t.Context(), make([]string, 251), []string{"x"})); e.Kind != destination.Refused {
		t.Errorf("251 contacts: kind %d", e.Kind)
	}
}
