package i18n

import (
	"context"
	"slices"
	"testing"
	"time"
)

func TestEveryLanguageHasEveryKeyOnce(t *testing.T) {
	want, err := Keys(Default)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range Languages() {
		got, err := Keys(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range want {
			if !slices.Contains(got, key) {
				t.Errorf("%s lacks %q", name, key)
			}
		}
		for _, key := range got {
			if !slices.Contains(want, key) {
				t.Errorf("%s has %q, which English lacks", name, key)
			}
		}
	}
}

func TestNumbersDatesAndPluralsFollowTheLanguage(t *testing.T) {
	copenhagen, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2022, 4, 27, 12, 30, 0, 0, time.UTC)
	en, da := For("en", nil), For("da", copenhagen)
	for _, test := range []struct{ got, want string }{
		{en.Number(1000000), "1,000,000"},
		{da.Number(1000000), "1.000.000"},
		{en.DateTime(at), "27 April 2022 at 12:30"},
		{da.DateTime(at), "27. april 2022 kl. 14.30"},
		{en.Ago(at, at.Add(9*24*time.Hour)), "9 days ago"},
		{da.Ago(at, at.Add(time.Hour)), "for 1 time siden"},
		{da.Ago(at.Add(3*time.Hour), at), "om 3 timer"},
		{en.T("no.such.key"), "no.such.key"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestMatchPrefersTheFirstWishThatWeHave(t *testing.T) {
	for _, test := range []struct {
		wishes []string
		want   string
	}{
		{[]string{"", "da-DK,da;q=0.9,en;q=0.8"}, "da"},
		{[]string{"en", "da"}, "en"},
		{[]string{"xx-broken;;;", "fi"}, "en"},
		{nil, "en"},
	} {
		if got := Match(test.wishes...); got != test.want {
			t.Errorf("Match(%q) = %q, want %q", test.wishes, got, test.want)
		}
	}
}

func TestATextNamesWhatThePagesShowUnderTheirOwnKeys(t *testing.T) {
	ctx := With(context.Background(), For("da", nil))
	got := Pieces(ctx, "help.first.profiles.step.3")
	want := Piece{"sources.upload.send", T(ctx, "sources.upload.send")}
	if len(got) < 3 || !slices.Contains(got, want) {
		t.Errorf("got %q, and %q nowhere in it", got, want)
	}
	if got := Pieces(ctx, "exports.save"); !slices.Equal(got, []Piece{{"", "Gem"}}) {
		t.Errorf("a text without labels is %q", got)
	}
	numbered := Pieces(ctx, "help.first.export.step.5")
	if !slices.Contains(numbered, Piece{"exports.line.field", "Attribut 1: felt hos destinationen"}) {
		t.Errorf("the placeholder of a label is not filled: %q", numbered)
	}
}
