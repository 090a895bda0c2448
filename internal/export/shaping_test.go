package export_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend"
	"github.com/segue-app/segue/internal/transform"
)

// shaped maps every kind of line: as it is, changed, of two attributes and of none.
var shaped = export.Mapping{
	{Field: destination.CustomPrefix + "from", Change: transform.Change{Way: transform.Constant, Text: "Shop"}},
	{Field: destination.Email, Attribute: "email", Meant: true},
	{Field: destination.FirstName, Attribute: "first_name", Meant: true, Change: transform.Change{Way: transform.Join, Text: " "}, With: export.Sent{Attribute: "last_name", Meant: true}},
	{Field: destination.Country, Attribute: "country", Meant: true, Change: transform.Change{Way: transform.Country}},
	{Field: destination.City, Attribute: "city", Meant: true},
}

func TestValuesAreChangedAsTheLinesSayWhereContactsAreWritten(t *testing.T) {
	if got := shaped.Attributes(); !slices.Equal(got, []string{"email", "first_name", "country", "city", "last_name"}) {
		t.Fatalf("it reads %v", got)
	}
	encoder, err := shaped.NewEncoder(omnisend.NewDriver(omnisend.Options{}), destination.Consent{}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	values := []string{"Jens@Example.dk", "Jens", "Danmark", "Aarhus", "Holm"}
	if identity, ok := encoder.Identity(values); identity != "jens@example.dk" || !ok {
		t.Errorf("the address is %q, %v", identity, ok)
	}
	item, reasons := encoder.Encode(nil, values, nil)
	for _, want := range []string{`"firstName":"Jens Holm"`, `"countryCode":"DK"`, `"city":"Aarhus"`, `"from":"Shop"`, `"id":"jens@example.dk"`} {
		if len(reasons) > 0 || !strings.Contains(string(item), want) {
			t.Errorf("%s lacks %s (%v)", item, want, reasons)
		}
	}
}

func TestAMappingThatChangesNothingCostsNothing(t *testing.T) {
	plain := export.Mapping{{Field: destination.Email, Attribute: "email"}}
	own, err := omnisend.NewDriver(omnisend.Options{}).NewEncoder(destination.Layout{Fields: []destination.Mapped{{Field: destination.Email}}})
	if err != nil {
		t.Fatal(err)
	}
	encoder, err := plain.NewEncoder(omnisend.NewDriver(omnisend.Options{}), destination.Consent{}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	values, room := []string{"a@example.com"}, make([]byte, 0, 1024)
	cost := func(e destination.Encoder) float64 {
		return testing.AllocsPerRun(50, func() { _, _ = e.Encode(room, values, nil) })
	}
	if cost(encoder) != cost(own) {
		t.Error("something stands between the values and the destination's encoder")
	}
}

func TestAChangeIsSavedToldAndHeldToItsField(t *testing.T) {
	k := apptest.Start(t, 20)
	c, ada := k.Connect(), k.Actor(access.Administrator)
	d := draft(t, k, c)
	d.Mapping = shaped
	e, err := k.Exports.Create(t.Context(), ada, d)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := k.Exports.Get(t.Context(), ada, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	for i, pair := range kept.Mapping {
		want := shaped[i]
		if pair.Change != want.Change || pair.Attribute != want.Attribute || pair.With.Attribute != want.With.Attribute {
			t.Errorf("kept is %+v", pair)
		}
		if pair.With.Attribute != "" && (pair.With.Tick.By != ada.Name || pair.With.Tick.At.IsZero()) {
			t.Errorf("nobody ticked the second attribute: %+v", pair.With)
		}
	}
	for name, test := range map[string]struct {
		line export.Pair
		want string
	}{
		"an address that is changed":      {export.Pair{Field: destination.Email, Attribute: "email", Meant: true, Change: transform.Change{Way: transform.Upper}}, "change.email.way: problem.export.change.not_here"},
		"one number for everybody":        {export.Pair{Field: destination.Phone, Change: transform.Change{Way: transform.Constant, Text: "+4512345678"}}, "change.phone.way: problem.export.change.not_here"},
		"a text for everybody without it": {export.Pair{Field: destination.State, Change: transform.Change{Way: transform.Constant}}, "change.state.text: problem.required"},
		"a join with nothing":             {export.Pair{Field: destination.State, Attribute: "city", Meant: true, Change: transform.Change{Way: transform.Join}}, "change.state.with: problem.choose"},
		"a join with what was not meant": {export.Pair{Field: destination.State, Attribute: "city", Meant: true, Change: transform.Change{Way: transform.Join}, With: export.Sent{Attribute: "phone"}},
			"meant.phone: problem.export.meant.personal"},
		"no attribute": {export.Pair{Field: destination.State, Change: transform.Change{Way: transform.Upper}}, "field.state: problem.choose"},
	} {
		t.Run(name, func(t *testing.T) {
			wrong := draft(t, k, c)
			wrong.Name = "Other"
			wrong.Mapping = slices.DeleteFunc(slices.Clone(shaped), func(p export.Pair) bool { return p.Field == test.line.Field })
			wrong.Mapping = append(wrong.Mapping, test.line)
			_, err := k.Exports.Create(t.Context(), ada, wrong)
			if got := fields(err); !slices.Equal(got, []string{test.want}) {
				t.Errorf("wrong is %v (%v)", got, errors.Unwrap(err))
			}
		})
	}
}

func TestGoingBackBringsAChangeBack(t *testing.T) {
	k := apptest.Start(t, 20)
	ada := k.Actor(access.Administrator)
	d := draft(t, k, k.Connect())
	d.Mapping = shaped
	e, err := k.Exports.Create(t.Context(), ada, d)
	if err != nil {
		t.Fatal(err)
	}
	d.Version, d.Mapping = e.Version, slices.Clone(shaped)
	d.Mapping[3].Change = transform.Change{}
	if e, err = k.Exports.Update(t.Context(), ada, e.ID, d); err != nil {
		t.Fatal(err)
	}
	if e, err = k.Exports.GoBack(t.Context(), ada, e.ID, 1, e.Version); err != nil {
		t.Fatal(err)
	}
	if e.Mapping[3].Change.Way != transform.Country || e.Mapping[2].With.Attribute != "last_name" {
		t.Errorf("it became %+v", e.Mapping)
	}
}

func BenchmarkContacts(b *testing.B) {
	values := []string{"jens.holm@example.dk", "Jens", "Holm", "Storegade 1", "Aarhus", "8000", "Danmark"}
	plain := export.Mapping{{Field: destination.Email, Attribute: "e"}, {Field: destination.FirstName, Attribute: "f"}, {Field: destination.LastName, Attribute: "l"}, {Field: destination.Address, Attribute: "a"},
		{Field: destination.City, Attribute: "c"}, {Field: destination.PostalCode, Attribute: "p"}, {Field: destination.Country, Attribute: "k"}}
	changed := slices.Clone(plain)
	changed[1].Change, changed[4].Change, changed[6].Change = transform.Change{Way: transform.Title}, transform.Change{Way: transform.Trim}, transform.Change{Way: transform.Country}
	driver := omnisend.NewDriver(omnisend.Options{})
	for name, prepare := range map[string]func() (destination.Encoder, error){
		"of the destination alone": func() (destination.Encoder, error) {
			var layout destination.Layout
			for _, pair := range plain {
				layout.Fields = append(layout.Fields, destination.Mapped{Field: pair.Field})
			}
			return driver.NewEncoder(layout)
		},
		"as they are": func() (destination.Encoder, error) {
			return plain.NewEncoder(driver, destination.Consent{}, time.Now())
		},
		"three lines changed": func() (destination.Encoder, error) {
			return changed.NewEncoder(driver, destination.Consent{}, time.Now())
		},
	} {
		b.Run(name, func(b *testing.B) {
			encoder, err := prepare()
			if err != nil {
				b.Fatal(err)
			}
			var item []byte
			b.ReportAllocs()
			for b.Loop() {
				_, _ = encoder.Identity(values)
				item, _ = encoder.Encode(item[:0], values, nil)
			}
		})
	}
}
