package segment

import (
	"context"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
)

// A segment is made from the unified profiles, or from those of one source that stay where they are: its base. It keeps its
// base for good, since exports and other segments that name it rely on that.

// Codes of what can be wrong with a base.
const (
	CodeBaseFixed  = "segments.problem.base_fixed"  // another base makes another segment
	CodeSource     = "segments.problem.source"      // the database did not answer, or not as it should
	CodeBaseDiffer = "segments.problem.base_differ" // two segments that are made from different profiles cannot be compared
)

// Bases is what segments need of profiles that stay where they are.
type Bases interface {
	Schema(ctx context.Context, sourceID int64) (profile.Snapshot, error)
	Named(ctx context.Context, name string) (sourceID int64, err error) // in any case; NotFound when there is none
	Check(ctx context.Context, sourceID int64, definition Definition, at time.Time) error
	Count(ctx context.Context, sourceID int64, definitions []Definition, at time.Time) (int, error)
	Sample(ctx context.Context, sourceID int64, definition Definition, attributes []string, at time.Time, n int, visit func(id string, values []any) error) error
}

// SetBases says who asks profiles that stay where they are. Call it before the service is used.
func (s *Service) SetBases(bases Bases) { s.bases = bases }

// OfSource counts the segments that are made from a source's profiles where those are.
func (s *Service) OfSource(ctx context.Context, q database.Querier, sourceID int64) (n int, err error) {
	err = q.QueryRowContext(ctx, `SELECT count(*) FROM segments WHERE json_extract(definition, '$.source_id') = ?`, sourceID).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count segments of source %d: %w", sourceID, err)
	}
	return n, nil
}

// base describes the profiles that segments of a base are made from.
func (s *Service) base(ctx context.Context, sourceID int64) (profile.Snapshot, error) {
	if sourceID == 0 {
		return s.current(ctx)
	}
	return s.bases.Schema(ctx, sourceID)
}

// mostReplaced is how often work begins again whose profiles went while it waited for its turn.
const mostReplaced = 3

// onBase does work on the profiles of a base. When others took their place and they were dropped before the work came to them,
// it is done on those.
func (s *Service) onBase(ctx context.Context, sourceID int64, work func(profile.Snapshot) error) error {
	for tries := 1; ; tries++ {
		snapshot, err := s.base(ctx, sourceID)
		if err != nil {
			return err
		}
		if err = work(snapshot); err == nil || problem.Of(err) != nil || sourceID != 0 || tries == mostReplaced {
			return err
		}
		if _, gone := s.snapshots.Snapshot(ctx, snapshot.ID); !problem.Is(gone, problem.NotFound) {
			return err
		}
	}
}

// count counts who belongs to at least one of the definitions, which have one base.
func (s *Service) count(ctx context.Context, defs []Definition, base profile.Snapshot) (int, error) {
	if len(defs) == 0 || defs[0].SourceID == 0 {
		return s.UnionCount(ctx, defs, base, s.now())
	}
	count, err := s.bases.Count(ctx, defs[0].SourceID, defs, s.now())
	return count, tooSlowThere(ctx, err)
}

// CountMembers counts who belongs to at least one of the definitions, now. It is for the program itself.
func (s *Service) CountMembers(ctx context.Context, definitions []Definition) (int, error) {
	if len(definitions) == 0 {
		return 0, nil
	}
	for _, d := range definitions {
		if d.SourceID != definitions[0].SourceID {
			return 0, problem.New(problem.Conflict, CodeBaseDiffer)
		}
	}
	base, err := s.base(ctx, definitions[0].SourceID)
	if err != nil {
		return 0, err
	}
	return s.count(ctx, definitions, base)
}

// ProfilesOf describes the profiles that segments of a base are made from.
func (s *Service) ProfilesOf(ctx context.Context, actor access.Actor, sourceID int64) (profile.Snapshot, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return profile.Snapshot{}, err
	}
	return s.base(ctx, sourceID)
}

// tooSlowThere is tooSlow for a database that says itself what is wrong.
func tooSlowThere(ctx context.Context, err error) error {
	if err != nil && (ctx.Err() != nil || problem.Of(err) == nil) {
		return tooSlow(ctx, err)
	}
	return err
}

// sampleThere reads the first profiles that a source gives.
func (s *Service) sampleThere(ctx context.Context, def Definition, sample *Sample, n int) error {
	keys := make([]string, len(sample.Attributes))
	for i, a := range sample.Attributes {
		keys[i] = a.Key
	}
	err := s.bases.Sample(ctx, def.SourceID, def, keys, s.now(), n, func(id string, values []any) error {
		row := SampleRow{ID: id, Values: make([]string, len(values))}
		for i, v := range values {
			row.Values[i] = stored(v)
		}
		sample.Rows = append(sample.Rows, row)
		return nil
	})
	return tooSlowThere(ctx, err)
}

// overlapThere counts with four questions what the unified profiles answer at once.
func (s *Service) overlapThere(ctx context.Context, a, b Definition) (o Overlap, err error) {
	rule := func(match Match, conditions ...Condition) Definition {
		return Definition{Kind: ByRule, SourceID: a.SourceID, Rule: Group{Match: match, Conditions: conditions}, Nested: map[int64]Definition{1: a, 2: b}}
	}
	in := func(id int64) Condition { return Condition{Operator: InSegment, Values: []string{fmt.Sprint(id)}} }
	not := func(id int64) Condition { return Condition{Operator: NotInSegment, Values: []string{fmt.Sprint(id)}} }
	for _, one := range []struct {
		into *int
		of   Definition
	}{{&o.OnlyFirst, rule(All, in(1), not(2))}, {&o.Both, rule(All, in(1), in(2))}, {&o.OnlySecond, rule(All, not(1), in(2))}, {&o.Profiles, rule(All)}} {
		if *one.into, err = s.bases.Count(ctx, a.SourceID, []Definition{one.of}, s.now()); err != nil {
			return Overlap{}, tooSlowThere(ctx, err)
		}
	}
	return o, nil
}
