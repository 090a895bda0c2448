package blueprint

import (
	"bytes"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/segment"
)

func TestAFileThatCannotBeOneIsRefusedWithTheReason(t *testing.T) {
	tests := []struct {
		name, file, code, says string
	}{
		{"nothing", "", CodeYAML, ""},
		{"no YAML", "version: 1\n\tsegments: [", CodeYAML, ""},
		{"no version", "segments: []", CodeVersion, ""},
		{"a later version", "version: 2\nplanets: []", CodeVersion, "2"},
		{"a version as text", "version: one", CodeVersion, "one"},
		{"an unknown name", "version: 1\nsegments:\n  - name: A\n    colour: red", CodeUnknown, "segments[0].colour"},
		{"a secret, which has no place here", "version: 1\nconnections:\n  - {name: A, type: omnisend, key: abc}", CodeUnknown, "connections[0].key"},
		{"text where yes or no belongs", "version: 1\nexports:\n  - {name: A, paused: perhaps}", CodeValue, "exports[0].paused"},
		{"a list where a name belongs", "version: 1\nsegments: [{name: [a]}]", CodeValue, "segments[0].name"},
		{"the same name twice, in another case", "version: 1\nsegments: [{name: Ærø, rule: {match: all}}, {name: ÆRØ, rule: {match: all}}]", CodeName, "ÆRØ"},
		{"no name", "version: 1\nexports: [{connection: A}]", CodeName, ""},
		{"a circle", "version: 1\nsegments:\n- {name: A, rule: {match: all, conditions: [{operator: in_segment, values: [B]}]}}\n- {name: B, rule: {match: all, conditions: [{operator: in_segment, values: [A]}]}}", CodeCircle, "A"},
		{"a rule that is too large", "version: 1\nsegments: [{name: A, rule: {match: all, conditions: [{attribute: a, operator: equals, values: [" + strings.Repeat("x", segment.MaxTextLength+1) + "]}]}}]", CodeRule, "A"},
		{"an operator that there is not", "version: 1\nsegments: [{name: A, rule: {match: all, conditions: [{attribute: a, operator: rhymes}]}}]", CodeValue, "segments[0].rule.conditions[0].operator"},
		{"a state that there is not", "version: 1\nsegments: [{name: A, state: asleep, rule: {match: all}}]", CodeValue, "segments[0].state"},
		{"a part of a rule that there is not", "version: 1\nsegments: [{name: A, rule: {match: all, groups: [{match: some}]}}]", CodeValue, "segments[0].rule.groups[0].match"},
		{"a zone that there is not", "version: 1\nsegments: [{name: A, zone: Local}]", CodeValue, "segments[0].zone"},
		{"a name in other letters", "version: 1\nsegments: [{Name: A}]", CodeUnknown, "segments[0].Name"},
		{"a schedule that there is not", "version: 1\nexports: [{name: A}, {name: B, schedule: off}]", CodeValue, "exports[1].schedule"},
		{"a schedule on no day", "version: 1\nexports: [{name: A, schedule: {weekly: [], at: '06:00'}}]", CodeValue, "exports[0].schedule"},
		{"a schedule at no time", "version: 1\nexports: [{name: A, schedule: {monthly: 1}}]", CodeValue, "exports[0].schedule"},
		{"a schedule of two kinds", "version: 1\nexports: [{name: A, schedule: {monthly: 1, weekly: [monday], at: '06:00'}}]", CodeValue, "exports[0].schedule"},
		{"a day that there is not", "version: 1\nexports: [{name: A, schedule: {weekly: [monday, noday], at: '06:00'}}]", CodeValue, "exports[0].schedule.weekly[1]"},
		{"a day of no month", "version: 1\nexports: [{name: A, schedule: {monthly: 32, at: '06:00'}}]", CodeValue, "exports[0].schedule.monthly"},
		{"a time that there is not", "version: 1\nexports: [{name: A, schedule: {monthly: 3, at: '24:00'}}]", CodeValue, "exports[0].schedule.at"},
		{"more about a schedule", "version: 1\nexports: [{name: A, schedule: {monthly: 3, at: '06:00', zone: UTC}}]", CodeUnknown, "exports[0].schedule.zone"},
		{"a share of more than all", "version: 1\nexports: [{name: A, ask_share: 101}]", CodeValue, "exports[0].ask_share"},
		{"a name that is yes or no by another", "version: 1\nexports: [{paused: &p true, name: *p}]", CodeValue, "exports[0].name"},
		{"two documents", "version: 1\n---\nversion: 1", CodeYAML, ""},
		{"a key twice", "version: 1\nversion: 1", CodeYAML, ""},
		{"a rule that holds itself", "version: 1\nsegments:\n  - name: A\n    rule: &r\n      match: all\n      groups: [*r]\n", CodeYAML, ""},
		{"an alias that repeats itself", "a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e]\ng: [*f, *f, *f, *f, *f, *f, *f, *f, *f]", CodeYAML, ""},
		{"too large", "version: 1 #" + strings.Repeat("x", MaxSize), CodeSize, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Decode([]byte(test.file))
			found := problem.Of(err)
			if found == nil || len(found.Fields) != 1 || found.Fields[0].Code != test.code {
				t.Fatalf("%v, want %s", err, test.code)
			}
			if args := found.Fields[0].Args; test.says != "" && args[1] != test.says {
				t.Errorf("it speaks of %v, want %q", args, test.says)
			}
		})
	}
}

func TestTheLineOfAMistakeIsNamed(t *testing.T) {
	for file, line := range map[string]int{
		"version: 1\nsegments:\n  - name: A\n    rule: {match: all}\n    colour: red\n":                                     5,
		"version: 1\nsegments:\n  - name: A\n  - name: [B]\n":                                                               4,
		"version: 1\nexports:\n  - name: A\n    schedule:\n      weekly:\n        - monday\n        - x\n      at: '06:00'": 7,
	} {
		_, err := Decode([]byte(file))
		if args := problem.Of(err).Fields[0].Args; args[3] != line {
			t.Errorf("%v, want line %d", args, line)
		}
	}
}

// FuzzAConfigurationThatIsReadIsWrittenAndReadAgainAlike holds for whatever is accepted; nothing may panic.
func FuzzAConfigurationThatIsReadIsWrittenAndReadAgainAlike(f *testing.F) {
	f.Add([]byte("version: 1\nsegments: [{name: A, rule: {match: all, conditions: [{attribute: country, operator: equals, values: [NO, 1e3, 2026-01-01, 'on', \"a: b\", null]}]}}]"))
	f.Add([]byte("version: 1\nconnections: [{name: ~, type: omnisend, contributors: yes}]"))
	f.Add([]byte("version: 1\nexports:\n- name: \"#1\"\n  segments: [{segment: A, tag: '1_000'}]\n  consent: {source: x, everyone: [email]}\n  ask_share: 7\n  schedule: {weekly: [sunday, monday], at: '06:00'}"))
	f.Add([]byte("version: 1\nexports:\n- {name: A, schedule: {monthly: last, at: '23:59'}}\n- {name: B, schedule: {monthly: 31, at: '00:00'}, leavers: keep}\n- {name: C, schedule: on_demand}"))
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := Decode(content)
		if err != nil {
			if problem.Of(err) == nil {
				t.Fatal("not a problem that people understand:", err)
			}
			return
		}
		once, err := file.Encode()
		if err != nil {
			t.Fatal(err)
		}
		read, err := Decode(once)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, once)
		}
		twice, err := read.Encode()
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("written once:\n%s\nand again:\n%s\n%v", once, twice, err)
		}
	})
}
