package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/membership"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/pushdown"
	"github.com/segue-app/segue/internal/segment"
)

// A run on profiles that stay where they are reads its members once, when it begins, into a snapshot of its own: the spool.
// Reading them while it sends would not do. A run that was killed must go on with the same items, its numbers must add up, and
// over there rows change all the time. The spool holds the members alone, of them what is mapped, and for each segment
// whether they are in it; so the rules are not asked again, and after a restart nothing is asked of the source. It goes when
// the run ends.

// Spools is what runs need of the profile package to keep spools.
type Spools interface {
	New(ctx context.Context, tx database.Tx, snapshot *profile.Snapshot) error
	Insert(ctx context.Context, tx database.Tx, snapshot profile.Snapshot, first int, values []any) (duplicates []int, err error)
	KeepSpool(ctx context.Context, tx database.Tx, spool profile.Snapshot, holder string) error
	Drop(ctx context.Context, id int64) error
}

// SpoolColumn is an attribute of a spool.
type SpoolColumn struct {
	Key   string       `json:"key"`
	Label string       `json:"label"`
	Kind  profile.Kind `json:"kind"`
}

const (
	spoolAtOnce = 5000 // rows written in one transaction
	spoolAhead  = 2    // such chunks read ahead of the writing
)

// spooled describes the spool of a plan on profiles that stay where they are: the mapped attributes, each once, then a flag
// for each segment.
func (p *Plan) spooled(schema profile.Snapshot) error {
	p.Spool = nil
	for _, key := range p.Mapping.Attributes() {
		if slices.ContainsFunc(p.Spool, func(c SpoolColumn) bool { return c.Key == key }) {
			continue
		}
		a, ok := schema.Attribute(key)
		if !ok {
			return &halt{state: Failed, code: "attribute_missing"}
		}
		p.Spool = append(p.Spool, SpoolColumn{a.Key, a.Label, a.Kind})
	}
	return nil
}

// spool is the snapshot of a plan's spool, as it is written in the plan.
func (p *Plan) spool() profile.Snapshot {
	spool := profile.Snapshot{ID: p.SnapshotID}
	add := func(c SpoolColumn) {
		spool.Attributes = append(spool.Attributes, profile.Attribute{Key: c.Key, Label: c.Label, Kind: c.Kind, Mark: profile.Personal,
			Column: fmt.Sprintf("c%d", len(spool.Attributes)+1)})
	}
	for _, c := range p.Spool {
		add(c)
	}
	for i := range p.Segments {
		add(SpoolColumn{Key: flagKey(i), Kind: profile.Boolean})
	}
	return spool
}

// flagKey is the spool's attribute that says who is in a segment of the plan. No key of a source looks like it.
func flagKey(i int) string { return "in:" + strconv.Itoa(i) }

// where is the condition of one of the plan's segments on its snapshot.
func (p *Plan) where(i int, snapshot profile.Snapshot) (segment.Where, error) {
	if p.SourceID == 0 {
		return segment.Compile(p.Segments[i].Definition, snapshot, p.At)
	}
	flag, ok := snapshot.Attribute(flagKey(i))
	if !ok {
		return segment.Where{}, fmt.Errorf("the spool has no flag of segment %d", p.Segments[i].ID)
	}
	return segment.Where{SQL: "p." + flag.Column}, nil
}

// reading asks for the members of a plan.
func (p *Plan) reading() pushdown.Reading {
	r := pushdown.Reading{SourceID: p.SourceID, At: p.At}
	for _, c := range p.Spool {
		r.Attributes = append(r.Attributes, c.Key)
	}
	for _, s := range p.Segments {
		r.Definitions = append(r.Definitions, s.Definition)
	}
	return r
}

// snapshotOf is the snapshot that a plan works on.
func (s *Service) snapshotOf(ctx context.Context, plan *Plan) (profile.Snapshot, error) {
	if plan.SourceID != 0 {
		return plan.spool(), nil
	}
	return s.profiles.Snapshot(ctx, plan.SnapshotID)
}

// spoolFill is what came of filling a spool.
type spoolFill struct {
	rows      int // in it
	withoutID int // rows of the source that were left out, because they have no id,
	twice     int // or the id of an earlier one
	erased    int // or are of persons who were erased
	tooMany   bool
}

// errTooMany says that there are more members than the destination takes.
var errTooMany = errors.New("more members than the destination takes")

// fill reads the members of a plan into a new spool, and notes its id in the plan. It stops when there are more than most. What
// was written stays only when there is no error; the caller keeps it or drops it.
func (s *Service) fill(ctx context.Context, plan *Plan, most int) (filled spoolFill, err error) {
	spool := plan.spool()
	err = s.db.InTx(ctx, func(tx database.Tx) error { return s.profiles.New(ctx, tx, &spool) })
	if err != nil {
		return filled, err
	}
	plan.SnapshotID = spool.ID
	chunks := make(chan []any, spoolAhead)
	width := 1 + len(spool.Attributes)
	group, working := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(chunks)
		var err error
		filled.withoutID, err = s.readChunks(working, plan.reading(), width, chunks)
		return err
	})
	group.Go(func() error {
		for next := 1; ; {
			chunk, ok := <-chunks
			if !ok {
				return nil
			}
			rows := 0
			err := s.db.InTx(working, func(tx database.Tx) error {
				chunk, err := s.withoutErased(working, tx, chunk, width, &filled.erased)
				if err != nil || len(chunk) == 0 {
					return err
				}
				rows = len(chunk) / width
				twice, err := s.profiles.Insert(working, tx, spool, next, chunk)
				filled.twice += len(twice)
				return err
			})
			if err != nil {
				return err
			}
			next += rows
			if filled.rows = next - 1 - filled.twice; filled.rows > most {
				return errTooMany
			}
		}
	})
	switch err := group.Wait(); {
	case errors.Is(err, errTooMany):
		filled.tooMany = true
	case err != nil:
		return filled, s.dropSpool(ctx, plan, err)
	}
	return filled, nil
}

// readChunks hands the members on in chunks: row after row the id, the attributes and the flags.
func (s *Service) readChunks(ctx context.Context, reading pushdown.Reading, width int, chunks chan<- []any) (withoutID int, err error) {
	fresh := func() []any { return make([]any, 0, spoolAtOnce*width) }
	chunk := fresh()
	hand := func() error {
		select {
		case chunks <- chunk:
			chunk = fresh()
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	withoutID, err = s.remote.Stream(ctx, reading, func(m pushdown.Member) error {
		chunk = append(append(chunk, m.ID), m.Values...)
		for _, in := range m.In {
			flag := int64(0)
			if in {
				flag = 1
			}
			chunk = append(chunk, flag)
		}
		if len(chunk) < spoolAtOnce*width {
			return nil
		}
		return hand()
	})
	if err == nil && len(chunk) > 0 {
		err = hand()
	}
	return withoutID, err
}

// dropSpool removes a spool that nothing comes of, and passes the error on that is the reason.
func (s *Service) dropSpool(ctx context.Context, plan *Plan, why error) error {
	if err := s.profiles.Drop(context.WithoutCancel(ctx), plan.SnapshotID); err != nil {
		s.log.ErrorContext(ctx, "a spool could not be dropped; the next start removes it", "snapshot", plan.SnapshotID, "error", err)
	}
	return why
}

// beginSpool fills the spool of a run that begins, with patience.
func (s *Service) beginSpool(ctx context.Context, r *Run, u *underWay, plan *Plan) (filled spoolFill, err error) {
	u.troubles.add(ForSource)
	defer u.troubles.over(ForSource)
	s.events.Publish(ListTopic, Topic(r.ID))
	most := s.drivers[plan.DestinationType].Info().MaxProfiles
	err = s.patiently(ctx, u, func(ctx context.Context) error {
		filled, err = s.fill(ctx, plan, most)
		return err
	})
	var halted *halt
	if errors.As(err, &halted) && (halted.state == Cancelled || halted.code == ByPerson) {
		return filled, errEnded // a run that is queued is cancelled or paused at once, and may have been resumed since
	}
	if err != nil || !filled.tooMany {
		return filled, s.unusable(err)
	}
	total := filled.rows
	if counted, err := s.remote.Count(ctx, plan.SourceID, plan.reading().Definitions, plan.At); err == nil {
		total = max(total, counted)
	}
	return filled, s.dropSpool(ctx, plan, &halt{state: Failed, code: failTooMany, detail: strconv.Itoa(total)})
}

// noteRead writes into the timeline what was read of the source.
func (s *Service) noteRead(ctx context.Context, tx database.Tx, runID int64, filled spoolFill) error {
	now := s.clock()
	for _, line := range []struct {
		code string
		n    int
	}{{"source_read", filled.rows}, {"source_without_id", filled.withoutID}, {"source_twice", filled.twice}, {"source_erased", filled.erased}} {
		if line.n == 0 && line.code != "source_read" {
			continue
		}
		if err := addEvent(ctx, tx, runID, now, line.code, strconv.Itoa(line.n)); err != nil {
			return err
		}
	}
	return nil
}

// unusable ends a run whose segments do not fit the source.
func (s *Service) unusable(err error) error {
	if p := problem.Of(err); p != nil && pushdown.FaultOf(err) == nil {
		return &halt{state: Failed, code: failSegment, detail: p.Code}
	}
	return err
}

// member is one profile of a plan's source, read without a spool: the one with the id, or the first that the source gives when
// that is "". ok is false when nobody is a member.
func (s *Service) member(ctx context.Context, plan *Plan, id string) (found membership.Member, ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, onePatience) // a person waits
	defer cancel()
	reading := plan.reading()
	reading.ID, reading.Most = id, 1
	kinds := make([]profile.Kind, len(plan.Spool))
	places := map[string]int{}
	for i, c := range plan.Spool {
		kinds[i], places[c.Key] = c.Kind, i
	}
	_, err = s.remote.Stream(ctx, reading, func(m pushdown.Member) error {
		found, ok = membership.Member{ID: m.ID, In: slices.Clone(m.In)}, true
		for _, key := range plan.Mapping.Attributes() {
			i := places[key]
			found.Values = append(found.Values, membership.Text(kinds[i], m.Values[i]))
		}
		return nil
	})
	return found, ok, err
}
