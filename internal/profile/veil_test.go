package profile_test

import (
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/profile"
)

func TestAMaskLeavesTheShapeOfAValueAndNothingElse(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "",
		"jens@eksempel.dk":       "j•••@e•••.dk",
		"Øjvind Lund":            "Ø••• L•••",
		"+45 12 34 56 78":        "••• ••• ••• ••• •••",
		"1984-02-29":             "•••",
		"B2":                     "B•••",
		"a@b":                    "a•••@b•••",
		"not @ an address":       "n••• ••• a••• a•••",
		"j•••@e•••.dk":           "j•••@e•••.dk",
		"two@example.org, a@b.c": "t••• a•••",
	} {
		if got := profile.Mask(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestWhoSeesWhatMaskedDependsOnTheNeed(t *testing.T) {
	person := func(role access.Role) access.Actor { return access.Actor{UserID: 1, Role: role} }
	a, c := person(access.Administrator), person(access.Contributor)
	for name, test := range map[string]struct {
		actor              access.Actor
		mark               profile.Mark
		forShape, forATask bool
	}{
		"what is not personal":                         {c, profile.NotPersonal, false, false},
		"personal data, a contributor":                 {c, profile.Personal, true, false},
		"personal data, an administrator":              {a, profile.Personal, true, false},
		"personal data, an administrator who asks":     {a.Revealing(), profile.Personal, false, false},
		"personal data, a contributor who asks":        {c.Revealing(), profile.Personal, true, false},
		"sensitive data, a contributor":                {c, profile.Sensitive, true, true},
		"sensitive data, a contributor who asks":       {c.Revealing(), profile.Sensitive, true, true},
		"sensitive data, an administrator":             {a, profile.Sensitive, true, false},
		"sensitive data, an administrator's token":     {a.Within(access.ScopesOf(access.AllScopes...)), profile.Sensitive, true, true},
		"sensitive data, a token that once was asking": {a.Revealing().Within(access.ScopesOf(access.AllScopes...)), profile.Sensitive, true, true},
		"sensitive data, the program itself":           {access.System, profile.Sensitive, false, false},
	} {
		if got := profile.Veiled(test.actor, test.mark, profile.Shape); got != test.forShape {
			t.Errorf("%s: masked for the shape: %v", name, got)
		}
		if got := profile.Veiled(test.actor, test.mark, profile.Task); got != test.forATask {
			t.Errorf("%s: masked for a task: %v", name, got)
		}
	}
}
