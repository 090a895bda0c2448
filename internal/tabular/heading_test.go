package tabular

import (
	"strings"
	"testing"
)

func TestAHeadingThatAProgramWroteBecomesOneThatPeopleRead(t *testing.T) {
	for heading, want := range map[string]string{"first_name": "First name", "køb": "Køb", "åben_ordre": "Åben ordre",
		"Loyalty points": "Loyalty points", "vip level": "vip level", "IBAN": "IBAN"} {
		if got := LabelOf(heading); got != want {
			t.Errorf("%q becomes %q, want %q", heading, got, want)
		}
	}
}

func TestColumnsOfOneNameGetKeysOfTheirOwn(t *testing.T) {
	long := strings.Repeat("ø", 200)
	keys := map[string]bool{}
	for _, heading := range name([]string{"Navn", "navn", "NAVN ", "navn 2", "", "", "Όνομα", "Όνομα", long, long, long}) {
		if key := KeyOf(heading); key == "" || keys[key] {
			t.Errorf("%q has key %q", heading, key)
		} else {
			keys[key] = true
		}
	}
}
