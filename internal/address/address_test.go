package address_test

import (
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/address"
	"github.com/segue-app/segue/internal/omnisend"
)

func TestAllSpellingsOfAnAddressAreOne(t *testing.T) {
	for _, c := range []struct{ name, typed, want string }{
		{"as it is", "jens@example.dk", "jens@example.dk"},
		{"capitals", "Jens@Example.DK", "jens@example.dk"},
		{"space around", "  jens@example.dk\t", "jens@example.dk"},
		{"letters beyond ASCII, in capitals", "ÅSE@example.dk", "åse@example.dk"},
		{"a letter and its ring", "A\u030Ase@example.dk", "åse@example.dk"},
		{"an international domain", "jens@Blåbær.dk", "jens@xn--blbr-roah.dk"},
		{"the same in ASCII", "jens@XN--BLBR-ROAH.dk", "jens@xn--blbr-roah.dk"},
		{"the Kelvin sign", "\u212Aaren@example.dk", "karen@example.dk"},
		{"a tag is part of it", "jens+news@example.dk", "jens+news@example.dk"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, ok := address.Read(c.typed); !ok || got != c.want {
				t.Errorf("%q is %q (%v), want %q", c.typed, got, ok, c.want)
			}
		})
	}
}

func TestWhatIsNoAddressIsNotTakenForOne(t *testing.T) {
	for _, typed := range []string{"", "jens", "@example.dk", "jens@", "jens@dk", "a@b@example.dk", "jens @example.dk", "jens@exa mple.dk", "jens@example..dk",
		"jens@example.dk\x00", "jens@\xff.dk", "jens@[127.0.0.1]", strings.Repeat("a", 2000) + "@example.dk"} {
		if form, ok := address.Read(typed); ok {
			t.Errorf("%q was read as %q", typed, form)
		}
	}
}

func TestDomainsAreReadInAllTheirSpellings(t *testing.T) {
	for typed, want := range map[string]string{
		"example.com": "example.com", " Example.COM. ": "example.com", "@example.com": "example.com", "*.example.com": "example.com",
		"blåbær.dk": "xn--blbr-roah.dk", "XN--BLBR-ROAH.dk": "xn--blbr-roah.dk", "mail.example.co.uk": "mail.example.co.uk",
	} {
		if got, ok := address.ReadDomain(typed); !ok || got != want {
			t.Errorf("%q is %q (%v), want %q", typed, got, ok, want)
		}
	}
	for _, typed := range []string{"", "dk", ".dk", "example..com", "https://example.com", "example.com/x", "a b.com", "*"} {
		if domain, ok := address.ReadDomain(typed); ok {
			t.Errorf("%q was read as %q", typed, domain)
		}
	}
}

// FuzzNormalForm holds the list to the encoder: every address that is sent can be put on the list, however it was typed, and
// is found there in the form in which it is sent.
func FuzzNormalForm(f *testing.F) {
	for _, seed := range []string{"Jens@Example.dk", "åse@Blåbær.dk", "A\u030A@\u1E9E.example", "İ@example.com", "a@xn--a.b", "x@σς.gr", "q@İ.com", "a@b.c\u0301"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		sent, ok := omnisend.Identity(typed)
		form, listed := address.Read(typed)
		if ok && !listed {
			t.Fatalf("%q is sent as %q and cannot be excluded", typed, sent)
		}
		if ok && address.Normal(sent) != form {
			t.Fatalf("%q is listed as %q and sent as %q, which is %q", typed, form, sent, address.Normal(sent))
		}
		if listed && address.Normal(form) != form {
			t.Fatalf("%q is not the last word on %q: %q", form, typed, address.Normal(form))
		}
	})
}
