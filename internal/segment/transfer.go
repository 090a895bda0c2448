package segment

import (
	"context"
	"fmt"
	"io"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
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
	if p.Base, err = s.baseName(ctx, found.Definition.SourceID); err != nil {
		return p, err
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
	p.PortableSegment = found.Portable(names)
	for _, one := range order {
		p.Segments = append(p.Segments, read[one].Portable(names))
	}
	return p, nil
}

// Imported is what became of a rule from elsewhere.
type Imported struct {
	Segment Segment
	Matched []string // names of segments that were here already, and are named by the rule now
	Made    []string // names of those that were made
}

// Import keeps a rule from elsewhere as a draft, whatever it lacks here, except the source of its profiles: that must be here under its
// name. Segments that it names are found by their name; those that there are not are made, as drafts where they have faults. All
// of it comes, or nothing.
func (s *Service) Import(ctx context.Context, actor access.Actor, file io.Reader) (Imported, error) {
	if err := actor.Require(access.EditSegments); err != nil {
		return Imported{}, err
	}
	p, err := DecodePortable(file)
	if err != nil {
		return Imported{}, err
	}
	order, err := p.ordered()
	if err != nil {
		return Imported{}, err
	}
	b := bringer{service: s, ctx: ctx, actor: actor, ids: map[string]int64{}}
	if b.sourceID, err = s.baseNamed(ctx, p.Base); err != nil {
		return Imported{}, err
	}
	if b.base, err = s.base(ctx, b.sourceID); err != nil {
		return Imported{}, err
	}
	var id int64
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		for _, one := range order {
			if database.Fold(one.Name) != database.Fold(p.Name) {
				if err := b.part(tx, one); err != nil {
					return err
				}
			}
		}
		main := p.PortableSegment
		if main.Name, err = freeName(ctx, tx, main.Name); err != nil {
			return err
		}
		id, err = b.bring(tx, main, InDraft)
		return err
	})
	if err != nil {
		return Imported{}, err
	}
	for _, made := range b.made {
		s.publish(made)
	}
	b.done.Segment, err = s.soon(ctx, id)
	return b.done, err
}

// baseName is what a base is called elsewhere: "" for the unified profiles.
func (s *Service) baseName(ctx context.Context, sourceID int64) (string, error) {
	if sourceID == 0 {
		return "", nil
	}
	base, err := s.bases.Schema(ctx, sourceID)
	if problem.Is(err, problem.NotFound) {
		return "", problem.New(problem.Conflict, problem.Of(err).Code).Because(err)
	}
	return base.FileName, err
}

func (s *Service) baseNamed(ctx context.Context, name string) (int64, error) {
	if name == "" {
		return 0, nil
	}
	id, err := s.bases.Named(ctx, name)
	if problem.Is(err, problem.NotFound) {
		return 0, unportable(CodePortableBase, "Name", shortened(name))
	}
	return id, err
}

// bringer brings the segments of one file, in one transaction.
type bringer struct {
	service  *Service
	ctx      context.Context
	actor    access.Actor
	sourceID int64
	base     profile.Snapshot
	ids      map[string]int64 // by folded name, of those that are here by now
	made     []int64
	done     Imported
}

// part finds a segment that the rule names, or brings it: active if it can be.
func (b *bringer) part(tx database.Tx, one PortableSegment) error {
	id, err := idByName(b.ctx, tx, one.Name)
	if err != nil {
		return err
	}
	if id != 0 {
		b.done.Matched = append(b.done.Matched, one.Name)
	} else {
		id, err = b.bring(tx, one, Active)
		if problem.Is(err, problem.Invalid) {
			id, err = b.bring(tx, one, InDraft)
		}
		if err != nil {
			return err
		}
		b.made, b.done.Made = append(b.made, id), append(b.done.Made, one.Name)
	}
	b.ids[database.Fold(one.Name)] = id
	return nil
}

// bring keeps a segment. What it finds wrong it finds before it writes.
func (b *bringer) bring(tx database.Tx, one PortableSegment, state State) (int64, error) {
	draft, err := b.service.check(b.ctx, tx, Draft{Name: one.Name, Description: one.Description, State: state, Definition: one.Definition(b.sourceID, b.ids)}, b.base)
	if err != nil {
		return 0, err
	}
	return b.service.keep(b.ctx, tx, b.actor, draft)
}

// mostCopies is how many names are tried for a rule whose name is taken.
const mostCopies = 1000

// freeName gives the name, or when it is taken the name with a number.
func freeName(ctx context.Context, q database.Querier, name string) (string, error) {
	free := name
	for i := 2; i < mostCopies; i++ {
		taken, err := nameTaken(ctx, q, free, 0)
		if err != nil || !taken {
			return free, err
		}
		number := fmt.Sprintf(" (%d)", i)
		runes := []rune(name)
		free = string(runes[:min(len(runes), maxName-len(number))]) + number
	}
	return free, nil
}
