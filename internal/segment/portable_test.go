package segment_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/segment"
)

// anyRule draws a rule that may name the segments; whether it makes sense is not asked.
func anyRule(t *rapid.T, depth int, names []string) segment.Group {
	text := rapid.StringMatching(`[a-zA-ZæøåÆ0-9"<>&\\ -]{0,12}`)
	g := segment.Group{Match: rapid.SampledFrom(segment.Matches).Draw(t, "match")}
	for range rapid.IntRange(0, 3).Draw(t, "conditions") {
		if len(names) > 0 && rapid.Bool().Draw(t, "names a segment") {
			g.Conditions = append(g.Conditions, segment.Condition{Operator: rapid.SampledFrom(segment.OfSegments).Draw(t, "operator"),
				Values: []string{rapid.SampledFrom(names).Draw(t, "segment")}})
			continue
		}
		g.Conditions = append(g.Conditions, segment.Condition{Attribute: text.Draw(t, "attribute"), Label: text.Draw(t, "label"),
			Operator: rapid.SampledFrom([]segment.Operator{"", segment.Equals, segment.InList, segment.Has, segment.InLastDays, segment.Between}).Draw(t, "operator"),
			Values:   rapid.SliceOfN(text, 1, 3).Draw(t, "values"), MatchCase: rapid.Bool().Draw(t, "case")})
	}
	if depth < segment.MaxDepth {
		for range rapid.IntRange(0, 2).Draw(t, "groups") {
			g.Groups = append(g.Groups, anyRule(t, depth+1, names))
		}
	}
	return g
}

func TestARuleThatGoesOutComesInAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		inner, list := anyRule(t, 3, []string{"Listed"}), segment.PortableSegment{Name: "Listed"}
		outer := anyRule(t, 1, []string{"Inner “1”", "Listed"})
		p := segment.Portable{Format: segment.PortableFormat, Version: segment.PortableVersion,
			Base:            rapid.SampledFrom([]string{"", "Warehouse “A”"}).Draw(t, "base"),
			PortableSegment: segment.PortableSegment{Name: "Outer", Description: "What <it> is", Zone: "Europe/Copenhagen", Rule: &outer},
			Segments:        []segment.PortableSegment{{Name: "Inner “1”", Rule: &inner}, list}}
		written, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		read, err := segment.DecodePortable(bytes.NewReader(written))
		if err != nil {
			t.Fatalf("%v\n%s", err, written)
		}
		if !reflect.DeepEqual(read, p) {
			t.Fatalf("went out as %+v, came in as %+v", p, read)
		}
	})
}

func TestWhatIsNoRuleIsRefusedWithItsReason(t *testing.T) {
	deep := `{"match":"all","groups":[{"match":"all","groups":[{"match":"all","groups":[{"match":"all","groups":[{"match":"all"}]}]}]}]}`
	head := `{"format":"segue-segment","version":1,`
	for _, c := range []struct{ name, file, code string }{
		{"nothing", "", segment.CodePortableJSON},
		{"no JSON", "country = Denmark", segment.CodePortableJSON},
		{"broken UTF-8", head + "\"name\":\"\xff\",\"rule\":{\"match\":\"all\"}}", segment.CodePortableJSON},
		{"other JSON", `{"name":"x"}`, segment.CodePortableFormat},
		{"a later version", `{"format":"segue-segment","version":2,"fuzzy":true}`, segment.CodePortableVersion},
		{"a field that might matter", head + `"name":"x","rule":{"match":"all"},"except":[1]}`, segment.CodePortableJSON},
		{"more after it", head + `"name":"x","rule":{"match":"all"}} {}`, segment.CodePortableJSON},
		{"no name", head + `"rule":{"match":"all"}}`, segment.CodePortableNames},
		{"two of one name", head + `"name":"x","rule":{"match":"all"},"segments":[{"name":"X"}]}`, segment.CodePortableNames},
		{"no rule", head + `"name":"x"}`, segment.CodePortableRule},
		{"a way to combine that there is not", head + `"name":"x","rule":{"match":"most"}}`, segment.CodePortableRule},
		{"an operator that there is not", head + `"name":"x","rule":{"match":"all","conditions":[{"attribute":"a","operator":"like"}]}}`, segment.CodePortableRule},
		{"groups too deep", head + `"name":"x","rule":` + deep + `}`, segment.CodePortableRule},
		{"a zone that there is not", head + `"name":"x","zone":"Mars/Olympus","rule":{"match":"all"}}`, segment.CodePortableRule},
		{"a segment that is not in it", head + `"name":"x","rule":{"match":"all","conditions":[{"attribute":"","operator":"in_segment","values":["y"]}]}}`, segment.CodePortableSegment},
		{"a circle", head + `"name":"x","rule":{"match":"all","conditions":[{"attribute":"","operator":"in_segment","values":["X"]}]}}`, segment.CodePortableCircle},
		{"too much", head + `"name":"` + strings.Repeat("x", segment.MaxPortable) + `"}`, segment.CodePortableSize},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := segment.DecodePortable(strings.NewReader(c.file))
			wantField(t, err, "file", c.code)
		})
	}
}

func TestARuleComesInAsADraftWithTheSegmentsThatItNames(t *testing.T) {
	there := peopled(t)
	inner := create(t, there, danes("Danes"))
	uploaded := listOf(t, there, "k1\n")
	list := create(t, there, segment.Draft{Name: "By hand", Definition: segment.Definition{Kind: segment.ByList, ListID: uploaded.ID}})
	middle := create(t, there, inside("Middle", inner.ID, list.ID))
	rule := rule(segment.Any, append(in(middle.ID), when("spent", segment.AtLeast, "10"))...)
	outer := create(t, there, segment.Draft{Name: "Outer", Description: "All", Definition: rule})
	p, err := there.Export(t.Context(), contributor, outer.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = there.Export(t.Context(), contributor, list.ID)
	wantProblem(t, err, problem.Conflict, segment.CodeNoRule)
	_, err = there.Export(t.Context(), viewer, outer.ID)
	wantProblem(t, err, problem.NotPermitted, "problem.not_permitted")
	written, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	here := peopled(t)
	mine := create(t, here, segment.Draft{Name: "danes", Definition: danes("").Definition})
	done, err := here.Import(t.Context(), contributor, bytes.NewReader(written))
	if err != nil {
		t.Fatalf("%v\n%s", err, written)
	}
	if fmt.Sprint(done.Matched, done.Made) != "[Danes] [By hand Middle]" || done.Segment.State != segment.InDraft || done.Segment.Description != "All" {
		t.Fatalf("became %+v", done)
	}
	// The list has nobody in it here, so whoever names it waits too.
	wantField(t, here.Faults(t.Context(), contributor, done.Segment.Definition), "rule.0.value", segment.CodeSegmentMissing)
	page, err := here.List(t.Context(), viewer, segment.Query{State: segment.InDraft})
	if err != nil || page.Total != 3 {
		t.Errorf("drafts are %+v, %v", page, err)
	}
	for _, one := range page.Segments {
		if one.Name == "Middle" && one.Definition.Rule.Segments()[0] != mine.ID {
			t.Errorf("it does not name the one that was here: %+v", one)
		}
	}
	if again, err := here.Import(t.Context(), contributor, bytes.NewReader(written)); err != nil || again.Segment.Name != "Outer (2)" || len(again.Made) != 0 {
		t.Errorf("a second time it is %+v, %v", again, err)
	}
	_, err = here.Import(t.Context(), viewer, bytes.NewReader(written))
	wantProblem(t, err, problem.NotPermitted, "problem.not_permitted")
}

func FuzzARuleFromElsewhere(f *testing.F) {
	f.Add([]byte(`{"format":"segue-segment","version":1,"name":"x","rule":{"match":"all","conditions":[{"attribute":"country","operator":"equals","values":["Denmark"]}]}}`))
	f.Add([]byte(`{"format":"segue-segment","version":1,"name":"x","rule":{"match":"any","conditions":[{"attribute":"","operator":"in_segment","values":["y"]}]},"segments":[{"name":"y"}]}`))
	f.Add([]byte(`{"format":"segue-segment","version":9}`))
	f.Add([]byte(`{"format":"segue-segment","version":1,"base":"Warehouse","name":"x","rule":{"match":"all"}}`))
	w := peopled(f)
	w.SetBases(warehouses{"warehouse": 7})
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := segment.DecodePortable(bytes.NewReader(file))
		if err != nil {
			if !problem.Is(err, problem.Invalid) {
				t.Fatal(err)
			}
			return
		}
		written, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := segment.DecodePortable(bytes.NewReader(written))
		if err != nil {
			t.Fatalf("what came in does not go out and in again: %v\n%s", err, written)
		}
		if twice, err := again.Encode(); err != nil || !bytes.Equal(twice, written) {
			t.Fatalf("%s became %s, %v", written, twice, err)
		}
		done, err := w.Import(t.Context(), contributor, bytes.NewReader(written))
		if p.Base != "" && problem.Is(err, problem.Invalid) {
			return
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, written)
		}
		if err := w.Delete(t.Context(), contributor, done.Segment.ID); err != nil {
			t.Fatal(err)
		}
	})
}
