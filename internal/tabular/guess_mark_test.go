package tabular

import (
	"testing"

	"github.com/segue-app/segue/internal/profile"
)

func TestAColumnsNameSaysHowMuchCareItNeeds(t *testing.T) {
	for key, want := range map[string]profile.Mark{
		"email": profile.Personal, "fornavn": profile.Personal, "phone_number": profile.Personal,
		"cpr_nr": profile.Sensitive, "helbredsoplysninger": profile.Sensitive, "religion": profile.Sensitive, "food_allergy": profile.Sensitive,
		"points": profile.NotPersonal, "policy_number": profile.NotPersonal, "lifetime_spend": profile.NotPersonal,
	} {
		if got := GuessMark(key, nil); got != want {
			t.Errorf("%s is %v, want %v", key, got, want)
		}
	}
	if got := GuessMark("contact", []string{"a@b.dk", "c@d.dk"}); got != profile.Personal {
		t.Errorf("a column of addresses is %v", got)
	}
}
