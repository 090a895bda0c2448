package account

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/problem"
)

func TestTheListHoldsFarMoreThanTheThreeThousandMostCommonPasswordsThatAreLongEnough(t *testing.T) {
	list := commonList()
	if len(list) < 10_000 || !slices.IsSorted(list) {
		t.Fatalf("%d entries, sorted: %v", len(list), slices.IsSorted(list))
	}
	for _, entry := range list {
		if n := utf8.RuneCountInString(entry); n < minPassword || n > maxPassword || strings.ToLower(entry) != entry {
			t.Errorf("%q is no password that could be chosen, in small letters", entry)
		}
	}
}

func TestNoCommonPasswordIsTakenHoweverItIsWritten(t *testing.T) {
	for i, entry := range commonList() {
		if i%250 != 0 {
			continue
		}
		for _, typed := range []string{entry, strings.ToUpper(entry), entry + "!", "1" + entry + "2026"} {
			if strings.Contains(strings.ToUpper(entry), "SS") && strings.ToLower(typed) != typed {
				continue // ß has no capital of one letter
			}
			var check problem.Check
			checkPassword(&check, "password", typed)
			if check.Err() == nil {
				t.Errorf("%q is taken", typed)
			}
		}
	}
}

func TestAnyCompositionIsTakenThatIsLongAndUnlikely(t *testing.T) {
	for _, typed := range []string{
		"window heron quay", "vinduehejrekaj", "ветерлодкамост", "82 51 07 39 46 20", "▲▼◆○★☂ ♞♜⚑✈☘", strings.Repeat("heron quay mill ", 16),
	} {
		var check problem.Check
		checkPassword(&check, "password", typed)
		if err := check.Err(); err != nil {
			t.Errorf("%q: %v", typed, err)
		}
	}
	if longest := utf8.RuneCountInString(strings.Repeat("heron quay mill ", 16)); longest != maxPassword {
		t.Error(fmt.Sprint("the longest that is tried has ", longest))
	}
}
