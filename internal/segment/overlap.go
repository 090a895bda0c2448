package segment

import (
	"context"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/problem"
)

// Overlap is how two segments lie to each other.
type Overlap struct {
	OnlyFirst, Both, OnlySecond int
	Profiles                    int // in all
}

// Overlap counts who belongs to one of two active segments and who to both, all at the same moment.
func (s *Service) Overlap(ctx context.Context, actor access.Actor, first, second int64) (o Overlap, err error) {
	if err := actor.Require(access.LookAround); err != nil {
		return o, err
	}
	definitions, err := s.Definitions(ctx, []int64{first, second})
	if err != nil {
		return o, err
	}
	if definitions[0].SourceID != definitions[1].SourceID {
		return o, problem.New(problem.Conflict, CodeBaseDiffer)
	}
	if definitions[0].SourceID != 0 {
		ctx, cancel := context.WithTimeout(ctx, 2*liveLimit)
		defer cancel()
		return s.overlapThere(ctx, definitions[0], definitions[1])
	}
	snapshot, err := s.current(ctx)
	if err != nil {
		return o, err
	}
	a, err := Compile(definitions[0], snapshot, s.now())
	if err != nil {
		return o, err
	}
	b, err := Compile(definitions[1], snapshot, s.now())
	if err != nil {
		return o, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*liveLimit) // there are two to count
	defer cancel()
	done, err := s.db.Long(ctx)
	if err != nil {
		return o, tooSlow(ctx, err)
	}
	defer done()
	o, err = countOverlap(ctx, s.db.Reader(), snapshot.Table(), a, b)
	return o, tooSlow(ctx, err)
}
