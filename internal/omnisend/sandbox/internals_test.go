package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// FuzzScanner holds that the scanner takes what encoding/json takes, but for broken UTF-8 and great depth, and reads
// strings alike.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{`{"a":[1,-0.5e+3,true,null,"\u00e5\n"]}`, `[01]`, `{"a":1,}`, `"\ud800"`, `[[[]]] `, `-`, `"\x"`, "\"\xff\"", `{"a" 1}`, "1e", "{,}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4000 || strings.ToValidUTF8(text, "") != text || strings.Count(text, "[")+strings.Count(text, "{") > 50 {
			return
		}
		s := &scanner{data: text}
		s.raw()
		if got, want := s.end(), json.Valid([]byte(text)); got != want {
			t.Fatalf("%q: %v, encoding/json says %v", text, got, want)
		}
		var plain string
		if json.Unmarshal([]byte(text), &plain) == nil && strings.HasPrefix(strings.TrimSpace(text), `"`) {
			if got := (&scanner{data: text}).text(); got != plain {
				t.Fatalf("%q: %q, want %q", text, got, plain)
			}
		}
	})
}

// FuzzChange holds that no request breaks the stand-in, and that what it takes it gives back as JSON.
func FuzzChange(f *testing.F) {
	f.Add(`{"identifiers":[{"type":"email","id":"a@b.dk","channels":{"email":{"status":"subscribed","statusChangedAt":"2026-01-01T00:00:00Z"}},"consent":{"source":"x"}}],"tags":["a"],"customProperties":{"a":[1]}}`)
	f.Add(`{"identifiers":[{"type":"email","id":"a@b.dk","channels":{"email":{"status`)
	f.Add(`{"identifiers":[1,[],{}],"tags":[{}],"customProperties":[],"createdAt":1}`)
	f.Fuzz(func(t *testing.T, body string) {
		b := newBrand(0, Brand{ID: "b"})
		s := &scanner{data: body}
		b.asking.read(s, false)
		if !s.end() || len(b.asking.problems) > 0 {
			return
		}
		index, _, ok := b.upsert(&b.asking, 1, false)
		if !ok {
			t.Fatal("the first contact was refused")
		}
		if out := b.appendContact(nil, index); !json.Valid(out) {
			t.Fatalf("%q gave %s", body, out)
		}
	})
}

func TestTheFormHasEveryFault(t *testing.T) {
	var names []string
	for _, field := range faultForm {
		names = append(names, field.Name)
	}
	slices.Sort(names)
	if known := slices.Sorted(maps.Keys(Faults{}.values())); !slices.Equal(names, known) {
		t.Errorf("form %v, faults %v", names, known)
	}
}

func TestPackedContactsComeBack(t *testing.T) {
	want := record{
		email: "a@b.dk", phone: strings.Repeat("1", 300), tags: []string{"", "æ"},
		properties: []property{{"a", "1"}, {"b", `"` + strings.Repeat("x", 20000) + `"`}},
	}
	want.texts[gender] = "m"
	var got record
	got.unpack(string(want.pack(nil)))
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Error("another contact came back")
	}
}

// BenchmarkBatches measures taking and trying batches of 100 contacts, without a network.
func BenchmarkBatches(b *testing.B) {
	s, err := New(Options{Brands: []Brand{{ID: "b", Key: "k"}}, RequestsPerMinute: -1, Delay: time.Nanosecond})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	body := strings.Builder{}
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		body.Reset()
		body.WriteString(`{"method":"POST","endpoint":"contacts","origin":"segue","items":[`)
		for i := range 100 {
			if i > 0 {
				body.WriteByte(',')
			}
			fmt.Fprintf(&body, `{"identifiers":[{"type":"email","id":"customer%d@example.dk","sendWelcomeMessage":false}],"firstName":"Søren","lastName":"Holm","address":"Storegade 112, 2. tv","city":"Aarhus","postalCode":"8000","countryCode":"DK","tags":["segue Spring VIP"]}`, n)
			n++
		}
		body.WriteString("]}")
		r := httptest.NewRequest("POST", "/api/batches", strings.NewReader(body.String()))
		r.Header.Set("Authorization", "Omnisend-API-Key k")
		r.Header.Set("Omnisend-Version", version)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != http.StatusCreated {
			b.Fatal(w.Body)
		}
	}
	s.Settle()
	b.StopTimer()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc)/float64(n), "B/contact")
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "contacts/s")
}
