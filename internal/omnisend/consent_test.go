package omnisend_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/omnisend"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func encoderOf(t testing.TB, l destination.Layout) destination.Encoder {
	t.Helper()
	l.At = noon
	encoder, err := omnisend.NewDriver(omnisend.Options{}).NewEncoder(l)
	if err != nil {
		t.Fatal(err)
	}
	return encoder
}

func TestAStatusGoesOutWithItsDateOnly(t *testing.T) {
	const (
		given     = "2026-04-30T09:00:00Z"
		agreed    = `,"channels":{"email":{"status":"subscribed","statusChangedAt":"2026-04-30T09:00:00Z"}},"consent":{"source":"segue","createdAt":"2026-04-30T09:00:00Z"}`
		withdrawn = `,"channels":{"email":{"status":"unsubscribed","statusChangedAt":"2026-04-30T09:00:00Z"}}`
	)
	encoder := encoderOf(t, layout(destination.Email, destination.EmailStatus, destination.EmailStatusAt))
	for name, test := range map[string]struct {
		status, at string
		want       string // after the address
		field      destination.Field
		code       string
	}{
		"yes":                                {"Yes", given, agreed, "", ""},
		"ja":                                 {" JA ", given, agreed, "", ""},
		"a boolean attribute":                {"true", given, agreed, "", ""},
		"1":                                  {"1", given, agreed, "", ""},
		"Omnisend's own word":                {"Subscribed", given, agreed, "", ""},
		"no":                                 {"no", given, withdrawn, "", ""},
		"nej":                                {"Nej", given, withdrawn, "", ""},
		"false":                              {"FALSE", given, withdrawn, "", ""},
		"0":                                  {"0", given, withdrawn, "", ""},
		"unsubscribed":                       {"unsubscribed", given, withdrawn, "", ""},
		"never asked is no withdrawal":       {"nonsubscribed", given, strings.Replace(withdrawn, "unsub", "nonSub", 1), "", ""},
		"the zone of a date is counted in":   {"yes", "2026-04-30T11:00:00+02:00", agreed, "", ""},
		"thousandths stay":                   {"no", "2026-04-30T09:00:00.250Z", strings.Replace(withdrawn, "00Z", "00.25Z", 1), "", ""},
		"no status leaves the channel alone": {" ", given, "", "", ""},
		"no date leaves the channel alone":   {"yes", "", "", "", ""},
		"no date leaves a withdrawal alone":  {"no", " ", "", "", ""},
		"a consent on a day is from its beginning": {"yes", "2026-04-30", strings.ReplaceAll(agreed, "T09:00:00Z", "T00:00:00Z"), "", ""},
		"a withdrawal on a day is from its end":    {"no", "2026-04-30", strings.ReplaceAll(withdrawn, "T09:00:00Z", "T23:59:59Z"), "", ""},
		"a withdrawal today is not in the future":  {"no", "2026-05-01", strings.ReplaceAll(withdrawn, "2026-04-30T09:00:00Z", "2026-05-01T00:00:00Z"), "", ""},
		"the moment of the plan is not the future": {"yes", "2026-05-01T12:00:00Z", strings.ReplaceAll(agreed, "2026-04-30T09", "2026-05-01T12"), "", ""},
		"neither yes nor no":                       {"pending", given, "", destination.EmailStatus, "invalid_consent"},
		"a number that is neither":                 {"2", given, "", destination.EmailStatus, "invalid_consent"},
		"a date in the future":                     {"yes", "2026-05-01T12:00:01Z", "", destination.EmailStatusAt, "invalid_consent_date"},
		"a withdrawal in the future":               {"no", "2026-05-02", "", destination.EmailStatusAt, "invalid_consent_date"},
		"a date that does not exist":               {"yes", "2026-02-30", "", destination.EmailStatusAt, "invalid_consent_date"},
		"another form of date":                     {"yes", "30-04-2026", "", destination.EmailStatusAt, "invalid_consent_date"},
		"a date that stands for none":              {"yes", "0001-01-01T00:00:00Z", "", destination.EmailStatusAt, "invalid_consent_date"},
		"the beginning of Unix time":               {"yes", "1970-01-01", "", destination.EmailStatusAt, "invalid_consent_date"},
	} {
		t.Run(name, func(t *testing.T) {
			got, reasons := encoder.Encode(nil, []string{"a@b.dk", test.status, test.at}, nil)
			if test.code != "" {
				if want := []destination.Reason{{Field: string(test.field), Code: test.code}}; !reflect.DeepEqual(reasons, want) || len(got) != 0 {
					t.Errorf("got %v and %s, want %v", reasons, got, want)
				}
				return
			}
			if want := `{"identifiers":[{"type":"email","id":"a@b.dk"` + test.want + `,"sendWelcomeMessage":false}]}`; string(got) != want || reasons != nil {
				t.Errorf("got  %s, %v\nwant %s", got, reasons, want)
			}
		})
	}
}

func TestEverybodyAgreedAtTheirOwnDate(t *testing.T) {
	l := layout(destination.Email, destination.EmailStatusAt)
	l.Consent = destination.Consent{Source: ` Fair "2026" `, Everyone: []string{"email"}}
	encoder := encoderOf(t, l)
	const want = `{"identifiers":[{"type":"email","id":"a@b.dk","channels":{"email":{"status":"subscribed","statusChangedAt":"2026-04-30T09:00:00Z"}},` +
		`"consent":{"source":"Fair \"2026\"","createdAt":"2026-04-30T09:00:00Z"},"sendWelcomeMessage":false}]}`
	if got, reasons := encoder.Encode(nil, []string{"a@b.dk", "2026-04-30T09:00:00Z"}, nil); string(got) != want {
		t.Errorf("got %s, %v\nwant %s", got, reasons, want)
	}
	if got, reasons := encoder.Encode(nil, []string{"a@b.dk", ""}, nil); strings.Contains(string(got), "channels") || reasons != nil {
		t.Errorf("without a date: %s, %v", got, reasons)
	}
	if _, reasons := encoder.Encode(nil, []string{"a@b.dk", "soon"}, nil); len(reasons) != 1 || reasons[0].Code != "invalid_consent_date" {
		t.Errorf("with an unreadable date: %v", reasons)
	}
}

func TestTheStatusOfAPhoneNeedsAPhone(t *testing.T) {
	encoder := encoderOf(t, layout(destination.Email, destination.Phone, destination.SMSStatus, destination.SMSStatusAt))
	const want = `{"identifiers":[{"type":"email","id":"a@b.dk","sendWelcomeMessage":false},{"type":"phone","id":"+4512345678",` +
		`"channels":{"sms":{"status":"unsubscribed","statusChangedAt":"2026-04-30T09:00:00Z"}},"sendWelcomeMessage":false}]}`
	if got, reasons := encoder.Encode(nil, []string{"a@b.dk", "+4512345678", "nej", "2026-04-30T09:00:00Z"}, nil); string(got) != want {
		t.Errorf("got %s, %v\nwant %s", got, reasons, want)
	}
	if got, reasons := encoder.Encode(nil, []string{"a@b.dk", "", "nej", "2026-04-30T09:00:00Z"}, nil); strings.Contains(string(got), "channels") || reasons != nil {
		t.Errorf("somebody without a phone: %s, %v", got, reasons)
	}
}

func TestConsentsThatCannotBe(t *testing.T) {
	everyone := func(fields []destination.Field, channels ...string) destination.Layout {
		l := layout(fields...)
		l.Consent.Everyone = channels
		return l
	}
	for name, l := range map[string]destination.Layout{
		"a status without its date": layout(destination.Email, destination.EmailStatus),
		"a date without its status": layout(destination.Email, destination.EmailStatusAt),
		"sms without a phone":       layout(destination.Email, destination.SMSStatus, destination.SMSStatusAt),
		"everybody without a date":  everyone([]destination.Field{destination.Email}, "email"),
		"everybody, and a status":   everyone([]destination.Field{destination.Email, destination.EmailStatus, destination.EmailStatusAt}, "email"),
		"a channel that is not":     everyone([]destination.Field{destination.Email}, "fax"),
		"a source too long":         {Fields: layout(destination.Email).Fields, Consent: destination.Consent{Source: strings.Repeat("x", 101)}},
		"emptying the address":      {Fields: []destination.Mapped{{Field: destination.Email, Clear: true}}},
		"emptying a phone":          {Fields: []destination.Mapped{{Field: destination.Email}, {Field: destination.Phone, Clear: true}}},
		"emptying a status": {Fields: []destination.Mapped{{Field: destination.Email}, {Field: destination.EmailStatus, Clear: true},
			{Field: destination.EmailStatusAt}}},
	} {
		if _, err := omnisend.NewDriver(omnisend.Options{}).NewEncoder(l); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestAnEmptyValueEmptiesAFieldOnlyWhereTheMappingSaysSo(t *testing.T) {
	l := layout(destination.Email, destination.FirstName, destination.LastName, destination.Country, destination.Birthdate, destination.Gender, "custom:a", "custom:b")
	for i := range l.Fields {
		l.Fields[i].Clear = l.Fields[i].Field != destination.Email && l.Fields[i].Field != destination.LastName && l.Fields[i].Field != "custom:b"
	}
	encoder := encoderOf(t, l)
	const want = `{"identifiers":[{"type":"email","id":"a@b.dk","sendWelcomeMessage":false}],"firstName":"","country":"","countryCode":"","birthdate":"","gender":"","customProperties":{"a":""}}`
	if got, reasons := encoder.Encode(nil, []string{"a@b.dk", " ", "", "", "", "", "", ""}, nil); string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, reasons, want)
	}
	const filled = `"firstName":"A","lastName":"B","countryCode":"DK","birthdate":"1981-11-05","gender":"f","customProperties":{"a":"1","b":"2"}`
	if got, reasons := encoder.Encode(nil, []string{"a@b.dk", "A", "B", "DK", "1981-11-05", "k", "1", "2"}, nil); !strings.Contains(string(got), filled) {
		t.Errorf("got %s, %v", got, reasons)
	}
}

func TestStatusesAreWrittenWithoutAllocating(t *testing.T) {
	encoder := encoderOf(t, layout(destination.Email, destination.EmailStatus, destination.EmailStatusAt))
	values := []string{"a@b.dk", "yes", "2026-04-30T09:00:00Z"}
	dst, _ := encoder.Encode(nil, values, nil)
	if n := testing.AllocsPerRun(100, func() { dst, _ = encoder.Encode(dst[:0], values, nil) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzConsent holds that whatever a profile says, a status is one of Omnisend's three, and goes out with a date that is the
// profile's and not in the future.
func FuzzConsent(f *testing.F) {
	f.Add("yes", "2026-04-30T09:00:00Z", "Fair")
	f.Add("nej", "2026-04-30", "")
	f.Add("1", "9999-12-31T23:59:59.999999999+23:59", "\"\xff")
	f.Fuzz(func(t *testing.T, status, at, source string) {
		l := layout(destination.Email, destination.EmailStatus, destination.EmailStatusAt)
		l.Consent.Source, l.At = source, noon
		encoder, err := omnisend.NewDriver(omnisend.Options{}).NewEncoder(l)
		if err != nil {
			return
		}
		item, reasons := encoder.Encode(nil, []string{"a@b.dk", status, at}, nil)
		if reasons != nil {
			return
		}
		var got struct {
			Identifiers []struct {
				Channels map[string]struct {
					Status          string
					StatusChangedAt time.Time
				}
				Consent *struct{ CreatedAt time.Time }
			}
		}
		if err := json.Unmarshal(item, &got); err != nil {
			t.Fatalf("%v: %s", err, item)
		}
		sent, ok := got.Identifiers[0].Channels["email"]
		if empty := strings.TrimSpace(status) == "" || strings.TrimSpace(at) == ""; ok == empty {
			t.Fatalf("%q at %q gave %s", status, at, item)
		}
		if !ok {
			return
		}
		agreed := got.Identifiers[0].Consent
		if sent.StatusChangedAt.IsZero() || sent.StatusChangedAt.After(noon) || (sent.Status == "subscribed") != (agreed != nil) ||
			agreed != nil && !agreed.CreatedAt.Equal(sent.StatusChangedAt) {
			t.Fatalf("%q at %q gave %s", status, at, item)
		}
		day := strings.TrimSpace(at)
		if given, err := time.Parse(time.RFC3339, day); err == nil && sent.StatusChangedAt.After(given) {
			t.Fatalf("%q became later: %s", at, item)
		}
	})
}
