package segment

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// Segments lists the segments that the rule names, each once, in the order in which they stand in it.
func (g Group) Segments() []int64 {
	var ids []int64
	g.each(func(c Condition) Condition {
		if id, ok := c.segment(); ok && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
		return c
	})
	return ids
}

// NameOf is what the rule calls a segment that it names.
func (g Group) NameOf(id int64) (name string) {
	g.each(func(c Condition) Condition {
		if named, ok := c.segment(); ok && named == id {
			name = c.Label
		}
		return c
	})
	return name
}

// segment is the segment that the condition names.
func (c Condition) segment() (int64, bool) {
	if c.Operator.Takes() != OneSegment || len(c.Values) == 0 {
		return 0, false
	}
	id, err := strconv.ParseInt(c.Values[0], 10, 64)
	return id, err == nil && id > 0
}

// Lists are the uploaded lists that the definition reads, also by way of the segments that it names.
func (d Definition) Lists() []int64 {
	if d.Kind == ByList {
		return []int64{d.ListID}
	}
	var lists []int64
	for _, inner := range d.Nested {
		lists = append(lists, inner.Lists()...)
	}
	return lists
}

// Definitions reads the definitions of the segments, in the order of the ids, each with all that it names, so that it can be
// kept and judged later. One that is gone is NotFound, one that is not active a Conflict.
func (s *Service) Definitions(ctx context.Context, ids []int64) ([]Definition, error) {
	definitions := make([]Definition, len(ids))
	for i, id := range ids {
		found, err := get(ctx, s.db.Reader(), id)
		if err != nil {
			return nil, err
		}
		if found.State != Active {
			return nil, problem.New(problem.Conflict, CodeNotActive, "Name", found.Name)
		}
		if definitions[i], err = s.freeze(ctx, s.db.Reader(), found.Definition); err != nil {
			return nil, err
		}
	}
	return definitions, nil
}

// freeze gives the definition with those of the active segments that it names, and that those name. Others are left out:
// compiling it then says that they are missing.
func (s *Service) freeze(ctx context.Context, q database.Querier, def Definition) (Definition, error) {
	f := freezer{ctx: ctx, q: q, known: map[int64]Segment{}}
	return f.freeze(def, 0)
}

type freezer struct {
	ctx   context.Context
	q     database.Querier
	known map[int64]Segment
	named int // so far, everywhere
}

func (f *freezer) freeze(def Definition, nesting int) (Definition, error) {
	def.Nested = nil
	if def.Kind != ByRule || nesting > MaxNesting {
		return def, nil
	}
	for _, id := range def.Rule.Segments() {
		// Naming counts as a condition. Without an end here, a few segments that name each other twice would be thousands.
		if f.named++; f.named > MaxConditions {
			return def, tooMany()
		}
		inner, err := f.read(id)
		if problem.Is(err, problem.NotFound) || err == nil && inner.State != Active {
			continue
		}
		if err != nil {
			return def, err
		}
		whole, err := f.freeze(inner.Definition, nesting+1)
		if err != nil {
			return def, err
		}
		if def.Nested == nil {
			def.Nested = map[int64]Definition{}
		}
		def.Nested[id] = whole
	}
	return def, nil
}

func (f *freezer) read(id int64) (Segment, error) {
	if found, ok := f.known[id]; ok {
		return found, nil
	}
	found, err := get(f.ctx, f.q, id)
	if err == nil {
		f.known[id] = found
	}
	return found, err
}

func tooMany() error {
	var check problem.Check
	check.Add(string(RootPath), CodeTooMany, "Most", MaxConditions)
	return check.Err()
}

// checkParts holds a draft to what is true of the segments that it names at the moment when it is kept: they are there and
// active, and none of them names this one, not even by way of others.
func (s *Service) checkParts(ctx context.Context, tx database.Tx, check *problem.Check, id int64, draft Draft) error {
	if draft.Definition.Kind != ByRule {
		return nil
	}
	walk := walker{freezer: freezer{ctx: ctx, q: tx, known: map[int64]Segment{}}, to: id, passed: map[int64]bool{}}
	for path, c := range draft.Definition.Rule.places(RootPath) {
		inner, ok := c.segment()
		if !ok {
			continue
		}
		chain, err := walk.from(inner)
		if err != nil {
			return err
		}
		named, there := walk.known[inner]
		switch {
		case chain != nil:
			check.Add(path.Value(0), CodeCycle, "Chain", strings.Join(append([]string{draft.Name}, chain...), " → "))
		case draft.State == Active && !there:
			check.Add(path.Value(0), CodeSegmentMissing)
		case draft.State == Active && named.State != Active:
			check.Add(path.Value(0), CodeNotActive, "Name", named.Name)
		}
	}
	return nil
}

// walker looks for a way to a segment by what rules name.
type walker struct {
	freezer
	to     int64
	passed map[int64]bool // those that do not lead there
}

// from gives the names on the way; nil when there is none.
func (w *walker) from(id int64) ([]string, error) {
	if w.passed[id] {
		return nil, nil
	}
	here, err := w.read(id)
	if problem.Is(err, problem.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if id == w.to {
		return []string{here.Name}, nil
	}
	w.passed[id] = true
	for _, next := range here.Definition.Rule.Segments() {
		rest, err := w.from(next)
		if err != nil {
			return nil, err
		}
		if rest != nil {
			return append([]string{here.Name}, rest...), nil
		}
	}
	return nil, nil
}

// places goes through the conditions with where they stand.
func (g Group) places(path Path) func(yield func(Path, Condition) bool) {
	return func(yield func(Path, Condition) bool) { g.visit(path, yield) }
}

func (g Group) visit(path Path, yield func(Path, Condition) bool) bool {
	for i, c := range g.Conditions {
		if !yield(path.Condition(i), c) {
			return false
		}
	}
	for i, inner := range g.Groups {
		if !inner.visit(path.Group(i), yield) {
			return false
		}
	}
	return true
}

// nameParts has the conditions that name segments say what those are called now.
func (s *Service) nameParts(ctx context.Context, of *Segment) error {
	ids := of.Definition.Rule.Segments()
	if len(ids) == 0 {
		return nil
	}
	names, err := namesOf(ctx, s.db.Reader(), ids)
	if err != nil {
		return err
	}
	of.Definition.Rule = of.Definition.Rule.Named(names)
	return nil
}

// Named is the group in which the conditions that name segments say what those are called.
func (g Group) Named(names map[int64]string) Group {
	return g.each(func(c Condition) Condition {
		if id, ok := c.segment(); ok && names[id] != "" {
			c.Label = names[id]
		}
		return c
	})
}
