package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/web/api"
)

// written puts a text into a file, and gives its name.
func written(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "segue.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// configured tests what is done by the API of a server, and then on its data folder when it is gone.
func configured(t *testing.T, test func(t *testing.T, way func(arguments ...string) outcome)) {
	t.Helper()
	var key string
	s := attend(t, 3, func(s *attended) { key = s.key(access.Administrator, access.Edit) })
	t.Run("by the API", func(t *testing.T) {
		test(t, func(arguments ...string) outcome { return s.remote(key, arguments...) })
	})
	s.kill()
	t.Run("on the data folder", func(t *testing.T) {
		test(t, func(arguments ...string) outcome { return s.beside(arguments...) })
	})
}

func TestAConfigurationIsWrittenComparedAndApplied(t *testing.T) {
	configured(t, func(t *testing.T, way func(arguments ...string) outcome) {
		here := way("config", "export").wants(t, 0).out
		file := filepath.Join(t.TempDir(), "segue.yaml")
		way("config", "export", file).wants(t, 0)
		if kept, err := os.ReadFile(file); err != nil || string(kept) != here || !strings.Contains(here, everybody) {
			t.Fatalf("%v\n%s\nand on standard output:\n%s", err, kept, here)
		}
		way("config", "diff", file, "--prune").wants(t, 0, "All is as the file says")
		way("config", "apply", file).wants(t, 0, "All is as the file says") // there is nothing to ask

		more := written(t, strings.Replace(here, "schedule: with_system", "schedule: on_demand", 1))
		seen := way("config", "diff", more).wants(t, endDiffers, "Change export "+everybody, "-schedule: with_system", "+schedule: on_demand", "0 to create, 1 to change, 0 to remove.")
		if strings.Contains(seen.out, "--- here") {
			t.Errorf("the heading of the diff is not for people:\n%s", seen.out)
		}
		told := way("config", "diff", more, "--json").wants(t, endDiffers)
		var plan api.ConfigPlan
		if err := json.Unmarshal([]byte(told.out), &plan); err != nil || len(plan.Steps) != 1 {
			t.Errorf("%v\n%s", err, told.out)
		}
		way("config", "apply", more).wants(t, endWrong, "1 to change", "--yes")
		way("config", "diff", more).wants(t, endDiffers)
		way("config", "apply", more, "--yes").wants(t, 0, "+schedule: on_demand", "Applied: 0 created, 1 changed, 0 removed.")
		way("config", "diff", more).wants(t, 0)
		way("config", "apply", file, "--yes").wants(t, 0)
	})
}

func TestWhatCannotBeAppliedIsSaidAndEndsWithThree(t *testing.T) {
	configured(t, func(t *testing.T, way func(arguments ...string) outcome) {
		file := written(t, "version: 1\nconnections: [{name: Elsewhere, type: omnisend}]\nsegments: [{name: \"Made "+t.Name()+"\", rule: {match: all}}]\n")
		way("config", "apply", file, "--yes").wants(t, endWarnings, "Left out: A connection is set up on its page", "1 to create, 0 to change, 0 to remove, 1 left out.", "Applied: 1 created")
		way("config", "apply", file, "--yes").wants(t, endWarnings, "1 left out")
		way("config", "diff", file).wants(t, endDiffers, "Elsewhere")
	})
}

func TestAConfigurationThatIsMistakenOrRefusedSaysWhere(t *testing.T) {
	configured(t, func(t *testing.T, way func(arguments ...string) outcome) {
		mistaken := written(t, "version: 1\nsegments:\n  - name: A\n    colour: red\n")
		way("config", "diff", mistaken).wants(t, endFailed, "Line 4: segments[0].colour")
		way("config", "apply", mistaken, "--yes").wants(t, endWrong, "Line 4: segments[0].colour")
		refused := written(t, "version: 1\nsegments:\n- {name: \"First "+t.Name()+"\", rule: {match: all}}\n- {name: Second, rule: {match: all, conditions: [{attribute: no_such_thing, operator: is_empty}]}}\n")
		way("config", "apply", refused, "--yes").wants(t, endWrong, "segment Second", "Before that: 1 created, 0 changed, 0 removed")
		way("config", "diff", "no-such-file").wants(t, endFailed)
		way("config", "apply", "no-such-file").wants(t, endWrong)
	})
}

func TestAConfigurationIsReadBesideAServerAndChangedByNobodyButIt(t *testing.T) {
	s := attend(t, 1)
	file := written(t, s.beside("config", "export").wants(t, 0).out)
	s.beside("config", "diff", file).wants(t, 0)
	s.beside("config", "apply", file, "--yes").wants(t, endWrong, "--server")
	s.remote(s.viewer, "config", "export").wants(t, endWrong)
	s.remote(s.viewer, "config", "diff", written(t, "version: 1")).wants(t, endFailed)
	s.beside("config", "diff").wants(t, endFailed) // which file?
	segue(t, "", "config", "apply", file, "--yes", "--data", t.TempDir()).wants(t, endWrong, "no data folder")
}

func TestOnlyAYesIsAYes(t *testing.T) {
	for text, want := range map[string]bool{"y\n": true, "YES\n": true, "yes": true, "\n": false, "": false, "n\n": false, "yesterday\n": false} {
		var asked strings.Builder
		if got := agreed(strings.NewReader(text), &asked); got != want || !strings.Contains(asked.String(), "[y/N]") {
			t.Errorf("%q: %v, after %q", text, got, asked.String())
		}
	}
}
