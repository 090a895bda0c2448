package omnisend_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/omnisend"
)

// layout maps fields of which an empty value is left alone.
func layout(fields ...destination.Field) destination.Layout {
	var l destination.Layout
	for _, field := range fields {
		l.Fields = append(l.Fields, destination.Mapped{Field: field})
	}
	return l
}

func newEncoder(t testing.TB, fields ...destination.Field) destination.Encoder {
	t.Helper()
	encoder, err := omnisend.NewDriver(omnisend.Options{}).NewEncoder(layout(fields...))
	if err != nil {
		t.Fatal(err)
	}
	return encoder
}

func TestAddressesOfOnePersonAreOne(t *testing.T) {
	encoder := newEncoder(t, destination.Email)
	for value, want := range map[string]string{
		"jens@example.dk":                       "jens@example.dk",
		" Jens.HOLM@Example.DK\t":               "jens.holm@example.dk",
		"o'brien+x@sub.example.co":              "o'brien+x@sub.example.co",
		"SØREN@Blåbær.dk":                       "søren@blåbær.dk",
		"so\u0308ren@example.dk":                "sören@example.dk",
		"a@b-c.d2e":                             "a@b-c.d2e",
		strings.Repeat("a", 64) + "@b.dk":       strings.Repeat("a", 64) + "@b.dk",
		"":                                      "",
		"jens":                                  "",
		"jens@":                                 "",
		"@example.dk":                           "",
		"a@b@c.dk":                              "",
		"jens@localhost":                        "",
		"jens@example..dk":                      "",
		"jens@example.dk.":                      "",
		"jens@.example.dk":                      "",
		"jens@-example.dk":                      "",
		"jens@example-.dk":                      "",
		"jens@127.0.0.1":                        "",
		".jens@example.dk":                      "",
		"jens.@example.dk":                      "",
		"je..ns@example.dk":                     "",
		"je ns@example.dk":                      "",
		"je\u200bns@example.dk":                 "",
		"je\x00ns@example.dk":                   "",
		"\"jens\"@example.dk":                   "",
		"jens@exa\xffmple.dk":                   "",
		"jens@exa\ufffdmple.dk":                 "",
		"Jens <jens@example.dk>":                "",
		"a@b.dk, c@d.dk":                        "",
		strings.Repeat("a", 65) + "@b.dk":       "",
		"a@" + strings.Repeat("b", 64) + ".dk":  "",
		"a@" + strings.Repeat("b.", 130) + "dk": "",
	} {
		got, ok := encoder.Identity([]string{value})
		if got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", value, got, ok, want)
		}
		item, reasons := encoder.Encode(nil, []string{value}, nil)
		if ok != (reasons == nil) {
			t.Errorf("%q: Identity says %v, Encode says %v", value, ok, reasons)
		}
		if ok && !strings.Contains(string(item), `"id":"`+want+`"`) {
			t.Errorf("%q: not what is sent: %s", value, item)
		}
	}
}

func TestEncodedContacts(t *testing.T) {
	const head = `{"identifiers":[{"type":"email","id":"a@b.dk","sendWelcomeMessage":false}]`
	for name, test := range map[string]struct {
		field destination.Field
		value string
		want  string // after the identifiers
		code  string
	}{
		"an empty value is left out":              {destination.FirstName, "  ", ``, ""},
		"blanks around are cut":                   {destination.FirstName, " Åse ", `,"firstName":"Åse"`, ""},
		"broken text is mended":                   {destination.LastName, "a\xffb", `,"lastName":"a\ufffdb"`, ""},
		"what JSON must not hold is escaped":      {destination.City, "a\"\\\x01\u2028b", `,"city":"a\"\\\u0001\u2028b"`, ""},
		"a code is sent as the code":              {destination.Country, "dk", `,"countryCode":"DK"`, ""},
		"UK is GB":                                {destination.Country, "UK", `,"countryCode":"GB"`, ""},
		"two letters of no country are a name":    {destination.Country, "XQ", `,"country":"XQ"`, ""},
		"two other signs are a name":              {destination.Country, "\x04\x0b", `,"country":"\u0004"`, ""},
		"a country's name is sent as the name":    {destination.Country, "Danmark", `,"country":"Danmark"`, ""},
		"a name may have 255 characters":          {destination.State, strings.Repeat("å", 255), `,"state":"` + strings.Repeat("å", 255) + `"`, ""},
		"a longer one is refused":                 {destination.State, strings.Repeat("å", 256), "", "too_long"},
		"an address may be longer":                {destination.Address, strings.Repeat("a", 256), `,"address":"` + strings.Repeat("a", 256) + `"`, ""},
		"a day that does not exist is refused":    {destination.Birthdate, "2023-02-29", "", "invalid_date"},
		"another form of date is refused":         {destination.Birthdate, "05-11-1981", "", "invalid_date"},
		"the date of a time is taken":             {destination.Birthdate, "1981-11-05T23:00:00+01:00", `,"birthdate":"1981-11-05"`, ""},
		"gender in Danish":                        {destination.Gender, "KVINDE", `,"gender":"f"`, ""},
		"another gender cannot be sent":           {destination.Gender, "x", "", "invalid_gender"},
		"tags are split, and each is sent once":   {destination.Tags, "a; b,a,,source: shop", `,"tags":["a","b","source: shop"]`, ""},
		"a tag that is too long is refused":       {destination.Tags, strings.Repeat("a", 129), "", "invalid_tag"},
		"more tags than one request may have":     {destination.Tags, manyTags(101), "", "too_many_tags"},
		"a custom property is text":               {"custom:points", "12", `,"customProperties":{"points":"12"}`, ""},
		"a custom property has its own limit":     {"custom:points", strings.Repeat("a", 2001), "", "too_long"},
		"a phone without country code is refused": {destination.Phone, "12 34 56 78", "", "invalid_phone"},
		"a phone with letters is refused":         {destination.Phone, "+45 1234567a", "", "invalid_phone"},
		"a phone of too many digits is refused":   {destination.Phone, "+1234567890123456", "", "invalid_phone"},
		"a phone whose country is 0 is refused":   {destination.Phone, "+0123456789", "", "invalid_phone"},
	} {
		t.Run(name, func(t *testing.T) {
			encoder := newEncoder(t, test.field, destination.Email)
			got, reasons := encoder.Encode([]byte("before"), []string{test.value, "a@b.dk"}, nil)
			if test.code != "" {
				want := []destination.Reason{{Field: string(test.field), Code: test.code}}
				if !reflect.DeepEqual(reasons, want) || string(got) != "before" {
					t.Errorf("got %v and %q, want %v and what was there", reasons, got, want)
				}
				return
			}
			if want := "before" + head + test.want + "}"; string(got) != want || reasons != nil {
				t.Errorf("got  %s, %v\nwant %s", got, reasons, want)
			}
		})
	}
}

func TestPhoneIsAnIdentifierOfItsOwn(t *testing.T) {
	encoder := newEncoder(t, destination.Email, destination.Phone)
	const want = `{"identifiers":[{"type":"email","id":"a@b.dk","sendWelcomeMessage":false},` +
		`{"type":"phone","id":"+4512345678","sendWelcomeMessage":false}]}`
	for _, phone := range []string{"+4512345678", "+45 (12) 34-56.78", "0045 12 34 56 78", "+45\u00a012345678"} {
		if got, reasons := encoder.Encode(nil, []string{"a@b.dk", phone}, nil); string(got) != want {
			t.Errorf("%q: got %s, %v", phone, got, reasons)
		}
	}
}

func TestAllReasonsAreGivenAtOnce(t *testing.T) {
	encoder := newEncoder(t, destination.Email, destination.Gender, destination.Birthdate)
	_, reasons := encoder.Encode(nil, []string{"", "x", "y"}, []string{"a,b"})
	want := []destination.Reason{
		{Field: "email", Code: "required"}, {Field: "birthdate", Code: "invalid_date"}, {Field: "gender", Code: "invalid_gender"},
		{Field: "tags", Code: "invalid_tag"},
	}
	if !reflect.DeepEqual(reasons, want) {
		t.Errorf("got %v, want %v", reasons, want)
	}
}

func TestTheOrderOfTheMappingDoesNotChangeTheBytes(t *testing.T) {
	one, _ := newEncoder(t, destination.Email, destination.City, destination.FirstName, "custom:b", "custom:a").
		Encode(nil, []string{"a@b.dk", "c", "f", "2", "1"}, []string{"t"})
	two, _ := newEncoder(t, "custom:a", destination.FirstName, "custom:b", destination.Email, destination.City).
		Encode(nil, []string{"1", "f", "2", "a@b.dk", "c"}, []string{"t"})
	if string(one) != string(two) {
		t.Errorf("%s\n%s", one, two)
	}
}

func TestMappingsThatCannotBe(t *testing.T) {
	for name, fields := range map[string][]destination.Field{
		"no email":                    {destination.City},
		"an unknown field":            {destination.Email, "shoeSize"},
		"a field twice":               {destination.Email, destination.City, destination.City},
		"a property without a name":   {destination.Email, "custom:"},
		"a property with other signs": {destination.Email, "custom:æ"},
	} {
		if _, err := omnisend.NewDriver(omnisend.Options{}).NewEncoder(layout(fields...)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestEncodingAllocatesNothing(t *testing.T) {
	encoder := newEncoder(t, destination.Email, destination.FirstName, destination.Country, destination.Birthdate, destination.Phone, destination.Tags, "custom:a")
	values := []string{"Jens@Example.dk", "Åse", "dk", "1981-11-05", "+45 12345678", "x;y", "1"}
	lower := append([]string{"jens@example.dk"}, values[1:]...)
	tags := []string{"segue vip"}
	dst := make([]byte, 0, 1024)
	dst, _ = encoder.Encode(dst[:0], values, tags)
	if n := testing.AllocsPerRun(100, func() {
		dst, _ = encoder.Encode(dst[:0], values, tags)
		_, _ = encoder.Identity(lower)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkEncode(b *testing.B) {
	encoder := newEncoder(b, destination.Email, destination.FirstName, destination.LastName, destination.Address, destination.City, destination.PostalCode, destination.Country)
	values := []string{"jens.holm@example.dk", "Jens", "Holm", "Storegade 1", "Aarhus", "8000", "Danmark"}
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = encoder.Encode(dst[:0], values, nil)
	}
}

// FuzzEncoder holds that what is written is JSON that reads back as what was given, and that an address in its sent
// form is its own sent form.
func FuzzEncoder(f *testing.F) {
	f.Add("jens@example.dk", "Jens", "+4512345678", "a;b", "x")
	f.Add("SØREN@Example.DK", "a\xff\u2028\"\\", "0045 12345678", ";,", "\x00")
	f.Add("İ@ß.Kelvin.dk", "", "", "", "")
	encoder := newEncoder(f, destination.Email, destination.FirstName, destination.Phone, destination.Tags, "custom:note", destination.Country)
	f.Fuzz(func(t *testing.T, email, name, phone, tags, note string) {
		values := []string{email, name, phone, tags, note, note}
		item, reasons := encoder.Encode(nil, values, nil)
		identity, ok := encoder.Identity(values)
		if reasons != nil {
			if len(item) != 0 {
				t.Fatalf("refused, yet wrote %q", item)
			}
			return
		}
		if !ok || !json.Valid(item) || !utf8.Valid(item) {
			t.Fatalf("%v, %q", ok, item)
		}
		if again, _ := omnisend.Identity(identity); again != identity {
			t.Fatalf("%q becomes %q", identity, again)
		}
		var got struct {
			Identifiers      []struct{ ID string }
			FirstName        string
			CustomProperties struct{ Note string }
		}
		if err := json.Unmarshal(item, &got); err != nil {
			t.Fatal(err)
		}
		mended := func(s string) string { return strings.ToValidUTF8(strings.TrimSpace(s), "\ufffd") }
		if got.Identifiers[0].ID != identity || collapse(got.FirstName) != collapse(mended(name)) || collapse(got.CustomProperties.Note) != collapse(mended(note)) {
			t.Fatalf("%q gave %s", values, item)
		}
	})
}

// collapse makes one of several U+FFFD in a row: a run of broken bytes may be mended as one or as several.
func collapse(s string) string {
	for strings.Contains(s, "\ufffd\ufffd") {
		s = strings.ReplaceAll(s, "\ufffd\ufffd", "\ufffd")
	}
	return s
}

func manyTags(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat("x", i+1))
		b.WriteByte(';')
	}
	return b.String()
}
