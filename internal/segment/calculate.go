package segment

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
)

// liveLimit is how long a person waits for a count.
const liveLimit = 5 * time.Second

// TopicOf is the event topic of one segment.
func TopicOf(id int64) string { return fmt.Sprintf("segment/%d", id) }

// Count counts who a definition holds for, now. Only those who may edit segments ask: with counts alone one could
// find out about single people.
func (s *Service) Count(ctx context.Context, actor access.Actor, def Definition) (int, error) {
	if err := actor.Require(access.EditSegments); err != nil {
		return 0, err
	}
	whole, err := s.freeze(ctx, s.db.Reader(), def)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, liveLimit)
	defer cancel()
	count := 0
	err = s.onBase(ctx, def.SourceID, func(snapshot profile.Snapshot) (err error) {
		count, err = s.count(ctx, []Definition{whole}, snapshot)
		return err
	})
	return count, err
}

// UnionCount counts the profiles of a snapshot that at least one of the definitions holds for.
func (s *Service) UnionCount(ctx context.Context, defs []Definition, snapshot profile.Snapshot, now time.Time) (int, error) {
	where, err := Union(defs, snapshot, now)
	if err != nil {
		return 0, err
	}
	done, err := s.db.Long(ctx)
	if err != nil {
		return 0, tooSlow(ctx, err)
	}
	defer done()
	var count int
	err = s.db.Reader().QueryRowContext(ctx, "SELECT count(*) FROM "+snapshot.Table()+" p WHERE "+where.SQL, where.Args...).Scan(&count)
	return count, tooSlow(ctx, err)
}

// tooSlow turns a passed deadline into something that a person can understand.
func tooSlow(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return problem.New(problem.Unavailable, CodeTooSlow).Because(err)
	}
	return fmt.Errorf("count profiles: %w", err)
}

// Sample is the first profiles that a definition holds for.
type Sample struct {
	Attributes []profile.Attribute
	Rows       []SampleRow
}

// SampleRow is one profile: its id, and its value of each attribute as it is stored, "" when it has none.
type SampleRow struct {
	ID     string
	Values []string
}

const sampleColumns = 8

// veil masks what is marked, since the sample shows the shape of those whom a rule holds for.
func (s *Sample) veil(actor access.Actor) {
	s.Attributes = slices.Clone(s.Attributes)
	for i, a := range s.Attributes {
		if !profile.Veiled(actor, a.Mark, profile.Shape) {
			continue
		}
		s.Attributes[i].Kind = profile.Text
		for _, row := range s.Rows {
			row.Values[i] = profile.Mask(row.Values[i])
		}
	}
}

// Sample reads the first n profiles in the order of the file: the attributes that the rule names first, then others. It
// shows single people, and so is only for those who may see personal data.
func (s *Service) Sample(ctx context.Context, actor access.Actor, def Definition, n int) (sample Sample, err error) {
	if err := actor.Require(access.SeePersonalData); err != nil {
		return sample, err
	}
	defer func() { sample.veil(actor) }()
	snapshot, err := s.base(ctx, def.SourceID)
	if err != nil {
		return sample, err
	}
	if def.SourceID != 0 {
		ctx, cancel := context.WithTimeout(ctx, liveLimit)
		defer cancel()
		sample.Attributes = sampled(def.Rule, snapshot)
		if def, err = s.freeze(ctx, s.db.Reader(), def); err != nil {
			return sample, err
		}
		err = s.sampleThere(ctx, def, &sample, n)
		return sample, err
	}
	where, err := s.compile(ctx, s.db.Reader(), def, snapshot)
	if err != nil {
		return sample, err
	}
	ctx, cancel := context.WithTimeout(ctx, liveLimit)
	defer cancel()
	sample.Attributes = sampled(def.Rule, snapshot)
	query := "SELECT p.id"
	for _, attribute := range sample.Attributes {
		query += ", p." + attribute.Column
	}
	rows, err := s.db.Reader().QueryContext(ctx, query+" FROM "+snapshot.Table()+" p WHERE "+where.SQL+" ORDER BY p.n LIMIT ?",
		append(where.Args, n)...)
	if err != nil {
		return sample, tooSlow(ctx, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		row, err := scanSample(rows, len(sample.Attributes))
		if err != nil {
			return sample, tooSlow(ctx, err)
		}
		sample.Rows = append(sample.Rows, row)
	}
	return sample, tooSlow(ctx, rows.Err())
}

func scanSample(rows *sql.Rows, count int) (SampleRow, error) {
	row := SampleRow{Values: make([]string, count)}
	cells := make([]any, count)
	into := []any{&row.ID}
	for i := range cells {
		into = append(into, &cells[i])
	}
	if err := rows.Scan(into...); err != nil {
		return row, err
	}
	for i, cell := range cells {
		row.Values[i] = stored(cell)
	}
	return row, nil
}

// stored writes a value as it is stored.
func stored(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}

// sampled chooses the attributes to show.
func sampled(rule Group, snapshot profile.Snapshot) []profile.Attribute {
	var chosen []profile.Attribute
	taken := map[string]bool{}
	take := func(attribute profile.Attribute) {
		if !taken[attribute.Key] && len(chosen) < sampleColumns {
			taken[attribute.Key] = true
			chosen = append(chosen, attribute)
		}
	}
	var named func(Group)
	named = func(g Group) {
		for _, condition := range g.Conditions {
			if attribute, ok := snapshot.Attribute(condition.Attribute); ok {
				take(attribute)
			}
		}
		for _, inner := range g.Groups {
			named(inner)
		}
	}
	named(rule)
	for _, attribute := range snapshot.Attributes {
		take(attribute)
	}
	return chosen
}
