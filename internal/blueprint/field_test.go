package blueprint_test

import (
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/transform"
)

func TestWhatIsDoneToValuesIsPartOfAConfiguration(t *testing.T) {
	k := apptest.Start(t, 20)
	changed := strings.Replace(wanted, `      - {field: firstName, attribute: first_name, clear: true, meant: true}
`, `      - {field: firstName, attribute: first_name, meant: true, change: {way: join, text: " ", with: {attribute: last_name, meant: true}}}
      - {field: birthdate, attribute: birth_date, meant: true, change: {way: date, from: day_first, text: not used}}
      - {field: "custom:from", change: {way: constant, text: 007}}
`, 1)
	k.Connect()
	apply(t, k, decode(t, changed), false)
	written := text(t, read(t, k))
	for _, want := range []string{"way: join", `text: ' '`, "attribute: last_name", "to: yyyy-mm-dd", `text: "007"`} {
		if !strings.Contains(written, want) {
			t.Errorf("the configuration lacks %q:\n%s", want, written)
		}
	}
	plan, err := k.Blueprints.Compare(t.Context(), access.System, decode(t, changed), false)
	if err != nil || len(plan.Steps) != 0 {
		t.Errorf("what was applied differs from what is there: %+v, %v", plan.Steps, err)
	}
	all, _, err := k.Exports.List(t.Context(), access.System, export.Query{Search: "North"})
	if err != nil || len(all) != 1 || all[0].Mapping[3].Change != (transform.Change{Way: transform.Constant, Text: "007"}) || all[0].Mapping[3].Attribute != "" {
		t.Errorf("there is %+v, %v", all, err)
	}
}
