package segment

import (
	"context"
	"fmt"
	"io"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// CodeNoRule says that an uploaded list cannot be taken elsewhere as a rule.
const CodeNoRule = "segments.problem.no_rule"

// Export gives the rule of a segment, with the segments that it names, to be taken elsewhere. Rules may name people, so only
// those who may see personal data get them.
func (s *Service) Export(ctx context.Context, actor access.Actor, id int64) (Portable, error) {
	p := Portable{Format: PortableFormat, Version: PortableVersion}
	if err := actor.Require(access.SeePersonalData); err != nil {
		return p, err
	}
	found, err := get(ctx, s.db.Reader(), id)
	if err != nil {
		return p, err
	}
	if found.Definition.Kind != ByRule {
		return p, problem.New(problem.Conflict, CodeNoRule)
	}
	names := map[int64]string{id: found.Name}
	read := map[int64]Segment{}
	waiting := found.Definition.Rule.Segments()
	var order []int64
	for len(waiting) > 0 {
		next := waiting[0]
		waiting = waiting[1:]
		if _, known := names[next]; known {
			continue
		}
		inner, err := get(ctx, s.db.Reader(), next)
		if problem.Is(err, problem.NotFound) { // of a draft
			continue
		}
		if err != nil {
			return p, err
		}
		names[next], read[next] = inner.Name, inner
		order = append(order, next)
		waiting = append(waiting, inner.Definition.Rule.Segments()...)
	}
	p.PortableSegment = portable(found, names)
	for _, one := range order {
		p.Segments = append(p.Segments, portable(read[one], names))
	}
	return p, nil
}

// Imported is what became of a rule from elsewhere.
type Imported struct {
	Segment Segment
	Matched []string // names of segments that were here already, and are named by the rule now
	Made    []string // names of those that were made
}

// Import keeps a rule from elsewhere as a draft, whatever it lacks here. Segments that it names are found by their name; those that
// there are not are made, as drafts where they have faults.
func (s *Service) Import(ctx context.Context, actor access.Actor, file io.Reader) (Imported, error) {
	var done Imported
	if err := actor.Require(access.EditSegments); err != nil {
		return done, err
	}
	p, err := DecodePortable(file)
	if err != nil {
		return done, err
	}
	order, err := p.ordered()
	if err != nil {
		return done, err
	}
	ids := map[string]int64{}
	for _, one := range order {
		key := database.Fold(one.Name)
		if key == database.Fold(p.Name) {
			continue
		}
		id, err := idByName(ctx, s.db.Reader(), one.Name)
		if err != nil {
			return done, err
		}
		if id != 0 {
			ids[key] = id
			done.Matched = append(done.Matched, one.Name)
			continue
		}
		made, err := s.bring(ctx, actor, one, ids)
		if err != nil {
			return done, err
		}
		ids[key] = made.ID
		done.Made = append(done.Made, one.Name)
	}
	main := p.PortableSegment
	if main.Name, err = s.freeName(ctx, main.Name); err != nil {
		return done, err
	}
	done.Segment, err = s.Create(ctx, actor, Draft{Name: main.Name, Description: main.Description, State: InDraft, Definition: main.local(ids)})
	return done, err
}

// bring keeps a segment that the rule names: active if it can be.
func (s *Service) bring(ctx context.Context, actor access.Actor, one PortableSegment, ids map[string]int64) (Segment, error) {
	draft := Draft{Name: one.Name, Description: one.Description, Definition: one.local(ids)}
	made, err := s.Create(ctx, actor, draft)
	if problem.Is(err, problem.Invalid) {
		draft.State = InDraft
		return s.Create(ctx, actor, draft)
	}
	return made, err
}

// mostCopies is how many names are tried for a rule whose name is taken.
const mostCopies = 1000

// freeName gives the name, or when it is taken the name with a number.
func (s *Service) freeName(ctx context.Context, name string) (string, error) {
	free := name
	for i := 2; i < mostCopies; i++ {
		taken, err := nameTaken(ctx, s.db.Reader(), free, 0)
		if err != nil || !taken {
			return free, err
		}
		number := fmt.Sprintf(" (%d)", i)
		runes := []rune(name)
		free = string(runes[:min(len(runes), maxName-len(number))]) + number
	}
	return free, nil
}
