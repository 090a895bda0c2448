package transform_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/transform"
)

func TestEachWayChangesAValueAsItsNameSays(t *testing.T) {
	dates := func(from transform.Order, to transform.Form) transform.Change {
		return transform.Change{Way: transform.Date, From: from, To: to}
	}
	for _, test := range []struct {
		name         string
		change       transform.Change
		value, other string
		want         string
		misread      bool
	}{
		{name: "nothing is done to what is to stay", value: "  Jens ", want: "  Jens "},
		{name: "surplus spaces go", change: transform.Change{Way: transform.Trim}, value: " Jens \t Peter  Holm ", want: "Jens Peter Holm"},
		{name: "letters that ASCII lacks are raised", change: transform.Change{Way: transform.Upper}, value: "søren", want: "SØREN"},
		{name: "letters that ASCII lacks are lowered", change: transform.Change{Way: transform.Lower}, value: "ÅSE", want: "åse"},
		{name: "each word begins with a capital", change: transform.Change{Way: transform.Title}, value: "JENS-PETER ØSTERGAARD", want: "Jens-Peter Østergaard"},
		{name: "an apostrophe begins no word", change: transform.Change{Way: transform.Title}, value: "o'neil", want: "O'neil"},
		{name: "a Danish name of a country", change: transform.Change{Way: transform.Country}, value: " tyskland ", want: "DE"},
		{name: "an English name of a country", change: transform.Change{Way: transform.Country}, value: "The Netherlands", want: "NL"},
		{name: "a code is a name too", change: transform.Change{Way: transform.Country}, value: "dnk", want: "DK"},
		{name: "what is no country stays", change: transform.Change{Way: transform.Country}, value: "Atlantis", want: "Atlantis", misread: true},
		{name: "the empty value is no country and no mistake", change: transform.Change{Way: transform.Country}},
		{name: "a Danish date", change: dates(transform.DayFirst, transform.ISO), value: "3.12.2006", want: "2006-12-03"},
		{name: "an American date", change: dates(transform.MonthFirst, transform.ISO), value: "12/03/2006", want: "2006-12-03"},
		{name: "a year in front needs no order", change: dates(transform.MonthFirst, transform.Dots), value: "2006-12-03", want: "03.12.2006"},
		{name: "a date without signs", change: dates(transform.DayFirst, transform.USSlashes), value: "20061203", want: "12/03/2006"},
		{name: "the day of a time", change: dates(transform.DayFirst, transform.YearOnly), value: "2006-12-03T23:59:59Z", want: "2006"},
		{name: "the day of a time with a space before it", change: dates(transform.DayFirst, transform.Dashes), value: "03-12-2006 07:15", want: "03-12-2006"},
		{name: "spaces beside the points", change: dates(transform.DayFirst, transform.Slashes), value: "3. 12. 2006", want: "03/12/2006"},
		{name: "no century is guessed", change: dates(transform.DayFirst, transform.ISO), value: "03-12-06", want: "03-12-06", misread: true},
		{name: "a day that does not exist", change: dates(transform.DayFirst, transform.ISO), value: "31.02.2006", want: "31.02.2006", misread: true},
		{name: "a day with a word behind it", change: dates(transform.DayFirst, transform.ISO), value: "03.12.2006 or so", want: "03.12.2006 or so", misread: true},
		{name: "everybody gets the constant", change: transform.Change{Way: transform.Constant, Text: "Newsletter"}, want: "Newsletter"},
		{name: "two values are joined", change: transform.Change{Way: transform.Join, Text: " "}, value: "Jens ", other: "Holm", want: "Jens Holm"},
		{name: "no separator without a second value", change: transform.Change{Way: transform.Join, Text: ", "}, value: "Jens", want: "Jens"},
		{name: "no separator without a first value", change: transform.Change{Way: transform.Join, Text: ", "}, other: "Holm", want: "Holm"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, understood := test.change.Of(test.value, test.other)
			if got != test.want || understood == test.misread {
				t.Errorf("%q became %q, understood: %v", test.value, got, understood)
			}
		})
	}
}

func TestEveryCountryIsKnownByItsNamesInBothLanguages(t *testing.T) {
	for code, names := range map[string][]string{
		"DK": {"Denmark", "Danmark", "DANMARK", "dk", "Kingdom of Denmark"}, "DE": {"Germany", "Tyskland"}, "GB": {"United Kingdom", "Storbritannien", "UK", "Great Britain"},
		"US": {"United States", "USA", "U.S.A."}, "SE": {"Sweden", "Sverige"}, "CI": {"Côte d’Ivoire", "Cote d'Ivoire", "Elfenbenskysten"}, "BA": {"Bosnia and Herzegovina", "Bosnien-Hercegovina"},
		"AX": {"Åland Islands", "Åland"}, "FO": {"Færøerne", "Faroe Islands"}, "GL": {"Greenland", "Grønland"}, "MK": {"North Macedonia", "Nordmakedonien"},
	} {
		for _, name := range names {
			if got, ok := transform.CountryCode(name); !ok || got != code {
				t.Errorf("%q is %q, %v", name, got, ok)
			}
		}
	}
	seen := 0
	for _, names := range []display.Namer{display.Regions(language.English), display.Regions(language.Danish)} {
		for _, code := range []string{"AD", "BR", "CZ", "EG", "FJ", "HU", "IS", "JP", "KE", "LV", "MX", "NO", "OM", "PL", "QA", "RO", "SI", "TZ", "UA", "VN", "YE", "ZA"} {
			name := names.Name(language.MustParseRegion(code))
			if got, ok := transform.CountryCode(name); !ok || got != code {
				t.Errorf("%q is %q, %v", name, got, ok)
			}
			seen++
		}
	}
	if seen == 0 {
		t.Error("no country was looked at")
	}
	for _, none := range []string{"", "EU", "Europe", "Atlantis", "Danmark eller Sverige", strings.Repeat("Denmark", 50)} {
		if got, ok := transform.CountryCode(none); ok {
			t.Errorf("%q is %q", none, got)
		}
	}
}

func TestAChangeIsHeldToWhatItsWayNeeds(t *testing.T) {
	for _, test := range []struct {
		name   string
		change transform.Change
		field  string // "": nothing is wrong
	}{
		{"nothing to do", transform.Change{}, ""},
		{"a way that there is not", transform.Change{Way: "rot13"}, "way"},
		{"a constant without a text", transform.Change{Way: transform.Constant, Text: "  "}, "text"},
		{"a constant that is too long", transform.Change{Way: transform.Constant, Text: strings.Repeat("å", 256)}, "text"},
		{"a constant of two lines", transform.Change{Way: transform.Constant, Text: "a\nb"}, "text"},
		{"a constant", transform.Change{Way: transform.Constant, Text: "Shop"}, ""},
		{"a separator that is too long", transform.Change{Way: transform.Join, Text: strings.Repeat("-", 11)}, "separator"},
		{"no separator", transform.Change{Way: transform.Join}, ""},
		{"a date without a word on its order", transform.Change{Way: transform.Date}, ""},
		{"an order that there is not", transform.Change{Way: transform.Date, From: "year_middle"}, "from"},
		{"a form that there is not", transform.Change{Way: transform.Date, To: "yy"}, "to"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var check problem.Check
			test.change.Tidy().Check(&check, "")
			p := problem.Of(check.Err())
			if p == nil {
				if test.field != "" {
					t.Error("it is taken")
				}
				return
			}
			if len(p.Fields) != 1 || p.Fields[0].Name != test.field {
				t.Errorf("wrong is %+v", p.Fields)
			}
		})
	}
}

func TestWhatAWayHasNoUseForIsNotKept(t *testing.T) {
	full := transform.Change{Text: " x ", From: transform.MonthFirst, To: transform.Dots}
	for way, want := range map[transform.Way]transform.Change{
		transform.None: {}, transform.Upper: {Way: transform.Upper}, transform.Constant: {Way: transform.Constant, Text: "x"},
		transform.Join: {Way: transform.Join, Text: " x "}, transform.Date: {Way: transform.Date, From: transform.MonthFirst, To: transform.Dots},
	} {
		full.Way = way
		if got := full.Tidy(); got != want {
			t.Errorf("%q keeps %+v", way, got)
		}
	}
}

func FuzzOf(f *testing.F) {
	for i := range transform.Ways {
		f.Add(i, "Jens Holm", "Danmark", " ", false)
		f.Add(i, "31.12.2006", "\xff", "\u0130", true)
	}
	f.Fuzz(func(t *testing.T, way int, value, other, text string, monthFirst bool) {
		change := transform.Change{Way: transform.Ways[((way%len(transform.Ways))+len(transform.Ways))%len(transform.Ways)], Text: text}
		if monthFirst {
			change.From, change.To = transform.MonthFirst, transform.Forms[len(value)%len(transform.Forms)]
		}
		change = change.Tidy()
		once, understood := change.Of(value, other)
		if again, _ := change.Of(value, other); again != once {
			t.Fatalf("the same value became %q and %q", once, again)
		}
		if !understood && once != value {
			t.Fatalf("%q was not understood and became %q", value, once)
		}
		if utf8.ValidString(value) && utf8.ValidString(other) && utf8.ValidString(text) && !utf8.ValidString(once) {
			t.Fatalf("%q became %q, which is no text", value, once)
		}
		switch change.Way {
		case transform.Trim, transform.Country:
			if twice, _ := change.Of(once, other); twice != once {
				t.Fatalf("%q became %q and then %q", value, once, twice)
			}
		case transform.Date:
			if strings.TrimSpace(value) != "" && understood && change.To == transform.ISO {
				if twice, still := change.Of(once, other); twice != once || !still {
					t.Fatalf("%q became %q and then %q", value, once, twice)
				}
			}
		}
		if strings.TrimSpace(value) == "" && change.Way != transform.Constant && change.Way != transform.Join && once != value {
			t.Fatalf("nothing became %q", once)
		}
	})
}

func BenchmarkOf(b *testing.B) {
	for _, way := range transform.Ways {
		change := transform.Change{Way: way, Text: " "}.Tidy()
		value := "jens peter østergaard"
		if way == transform.Country {
			value = "Tyskland"
		} else if way == transform.Date {
			value = "31.12.2006"
		}
		b.Run(string(way), func(b *testing.B) {
			for b.Loop() {
				change.Of(value, "Holm")
			}
		})
	}
}
