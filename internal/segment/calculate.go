package segment

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
)

const (
	liveLimit        = 5 * time.Second // a person waits
	calculationLimit = 2 * time.Minute // a job waits
)

// TopicOf is the event topic of one segment.
func TopicOf(id int64) string { return fmt.Sprintf("segment/%d", id) }

// Count counts who a definition holds for, now. Only those who may edit segments ask: with counts alone one could
// find out about single people.
func (s *Service) Count(ctx context.Context, actor access.Actor, def Definition) (int, error) {
	if err := actor.Require(access.EditSegments); err != nil {
		return 0, err
	}
	snapshot, err := s.current(ctx)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, liveLimit)
	defer cancel()
	return s.UnionCount(ctx, []Definition{def}, snapshot, s.now())
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

// Sample reads the first n profiles in the order of the file: the attributes that the rule names first, then others. It
// shows single people, and so is only for those who may see personal data.
func (s *Service) Sample(ctx context.Context, actor access.Actor, def Definition, n int) (sample Sample, err error) {
	if err := actor.Require(access.SeePersonalData); err != nil {
		return sample, err
	}
	snapshot, err := s.current(ctx)
	if err != nil {
		return sample, err
	}
	where, err := Compile(def, snapshot, s.now())
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
		switch v := cell.(type) {
		case nil:
		case float64:
			row.Values[i] = strconv.FormatFloat(v, 'f', -1, 64)
		default:
			row.Values[i] = fmt.Sprint(v)
		}
	}
	return row, nil
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

// Calculate counts a segment on the current snapshot and keeps the size. What keeps a size from being found is noted on
// the segment, with the old size left standing; that is no error here.
func (s *Service) Calculate(ctx context.Context, actor access.Actor, id int64) (Segment, error) {
	if err := actor.Require(access.EditSegments); err != nil {
		return Segment{}, err
	}
	return s.calculated(ctx, id)
}

// CalculateAll does so for every segment, one after the other: after a refresh, for the program itself. An error of one does
// not keep the others from their turn.
func (s *Service) CalculateAll(ctx context.Context) error {
	ids, err := allIDs(ctx, s.db.Reader())
	if err != nil {
		return err
	}
	for _, id := range ids {
		if ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		_, failed := s.calculated(ctx, id)
		if !problem.Is(failed, problem.NotFound) { // removed meanwhile
			err = errors.Join(err, failed)
		}
	}
	return err
}

func (s *Service) calculated(ctx context.Context, id int64) (Segment, error) {
	segment, err := get(ctx, s.db.Reader(), id)
	if err != nil {
		return segment, err
	}
	size, snapshotID, failure := s.size(ctx, segment)
	if ctx.Err() != nil {
		return segment, ctx.Err() // whoever asked went away: that says nothing about the segment
	}
	if failure != nil && problem.Of(failure) == nil {
		slog.ErrorContext(ctx, "segment not calculated", "segment", id, "error", failure)
	}
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		if failure == nil {
			return keepSize(ctx, tx, segment, size, snapshotID, s.now())
		}
		code, about := explain(failure)
		return keepFailure(ctx, tx, segment, code, about)
	})
	if err != nil {
		return segment, err
	}
	s.publish(id)
	return get(ctx, s.db.Reader(), id)
}

func (s *Service) size(ctx context.Context, of Segment) (size int, snapshotID int64, err error) {
	snapshot, err := s.current(ctx)
	if err != nil {
		return 0, 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, calculationLimit)
	defer cancel()
	size, err = s.UnionCount(ctx, []Definition{of.Definition}, snapshot, s.now())
	return size, snapshot.ID, err
}

func explain(failure error) (code, about string) {
	known := problem.Of(failure)
	if known == nil {
		return CodeCalculation, ""
	}
	if len(known.Args) == 2 && known.Args[0] == "Attribute" {
		about = fmt.Sprint(known.Args[1])
	}
	return known.Code, about
}
