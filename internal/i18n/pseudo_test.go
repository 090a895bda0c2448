package i18n

import (
	"regexp"
	"slices"
	"testing"
	"testing/fstest"
	"unicode/utf8"
)

func TestTheMadeUpLanguageIsLongerBracketedAndKeepsWhatIsFilledIn(t *testing.T) {
	for text, want := range map[string]string{
		"Save":             "⟦Šááṽéé⟧",
		"{{.Number}} runs": "⟦{{.Number}} ŕûûñš~⟧",
		"15:04":            "15:04",
		"–":                "–",
		"":                 "",
	} {
		if got := pretend(text); got != want {
			t.Errorf("pretend(%q) = %q, want %q", text, got, want)
		}
	}
	const long = "Carries segments of customer profiles to Omnisend."
	if grown := float64(utf8.RuneCountInString(pretend(long))) / float64(len(long)); grown < 1.3 || grown > 1.5 {
		t.Errorf("%q grows %.2f times", long, grown)
	}
}

// TestTheMadeUpLanguageIsOneLikeAnyOtherWhereItIsSwitchedOn also protects English: nobody gets accents who did not ask for them.
func TestTheMadeUpLanguageIsOneLikeAnyOtherWhereItIsSwitchedOn(t *testing.T) {
	if slices.Contains(Languages(), Pseudo) || Match(Pseudo) != Default {
		t.Error("it is offered to everybody")
	}
	remove := Pretend()
	defer func() {
		remove()
		if slices.Contains(Languages(), Pseudo) {
			t.Error("it does not go away again")
		}
	}()
	if !slices.Contains(Languages(), Pseudo) || Match(Pseudo) != Pseudo {
		t.Error("it is not offered")
	}
	for _, wish := range []string{"en", "en-GB", "en-US", "en-AU,en;q=0.9", "en-DK", "sv"} {
		if got := Match(wish); got == Pseudo {
			t.Errorf("who asks for %q gets %q", wish, got)
		}
	}
	placeholder := regexp.MustCompile(`{{[^}]*}}`)
	own := current.Load().messages
	for key, english := range own[Default] {
		pretended := own[Pseudo][key]
		for _, form := range [][2]string{{english.One, pretended.One}, {english.Other, pretended.Other}} {
			if !slices.Equal(placeholder.FindAllString(form[0], -1), placeholder.FindAllString(form[1], -1)) {
				t.Errorf("%s: %q has other placeholders than %q", key, form[1], form[0])
			}
		}
	}
	l := For(Pseudo, nil)
	if one, many := l.N("time.ago.days", 1), l.N("time.ago.days", 2000); one != "⟦1 ðááýý áĝöö⟧" || many != "⟦2,000 ðááýýš áĝöö⟧" {
		t.Errorf("got %q and %q", one, many)
	}
}

// TestAThirdLanguageIsOneFolder adds a language as one is added for good: by its message files and nothing else.
func TestAThirdLanguageIsOneFolder(t *testing.T) {
	remove, err := Add(fstest.MapFS{
		"de/general.toml": {Data: []byte(`"language.name" = "Deutsch"
"time.ago.days" = { one = "vor {{.Number}} Tag", other = "vor {{.Number}} Tagen" }`)},
		"de/web.toml": {Data: []byte(`"web.not_done" = "Das ging nicht"`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer remove()
	l := For(Match("de-AT,de;q=0.9"), nil)
	for _, test := range []struct{ got, want string }{
		{LanguageName("de"), "Deutsch"},
		{l.T("web.not_done"), "Das ging nicht"},
		{l.N("time.ago.days", 1), "vor 1 Tag"},
		{l.N("time.ago.days", 2000), "vor 2.000 Tagen"},
		{l.T("layout.menu"), "Menu"}, // in English as long as it is missing; TestEveryLanguageHasEveryKeyOnce says what is
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
	for name, broken := range map[string]fstest.MapFS{
		"there already": {"da/x.toml": {Data: []byte(`"a" = "b"`)}},
		"stands twice":  {"de-AT/x.toml": {Data: []byte(`"a" = "b"`)}, "de-AT/y.toml": {Data: []byte(`"a" = "b"`)}},
		"no language":   {"not-a-language/x.toml": {Data: []byte(`"a" = "b"`)}},
	} {
		if _, err := Add(broken); err == nil {
			t.Errorf("%s: added", name)
		}
	}
}
