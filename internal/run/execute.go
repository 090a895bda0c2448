package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/logline"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/trace"
)

// Execute carries a queued run out, or goes on with one that an earlier process began. It returns nil when the run has
// ended, however it ended, or goes on after the next start; an error is of our own side, and worth another try.
func (s *Service) Execute(ctx context.Context, runID int64) error {
	u, ok := s.enter(ctx, runID)
	if !ok {
		return nil
	}
	ctx = logline.With(ctx, slog.Int64("run", runID))
	carry := func() error {
		if err := s.awaitTurn(ctx, u); err != nil {
			return err
		}
		return s.carry(ctx, u)
	}
	err := carry()
	for attempt := 0; s.endure(ctx, u, err, attempt); attempt++ {
		err = carry()
	}
	if errors.Is(err, errShutdown) { // before its turn came
		err = nil
	}
	if s.leave(runID) && err == nil { // it was resumed before it had come to its end here
		return s.Execute(ctx, runID)
	}
	return err
}

func (s *Service) carry(ctx context.Context, u *underWay) error {
	runID := u.runID
	defer s.events.Publish(ListTopic, Topic(runID))
	r, err := getRun(ctx, s.db.Reader(), runID)
	if err != nil {
		return err
	}
	if !r.State.Going() {
		return nil
	}
	ctx = logline.With(ctx, slog.Int64("export", r.ExportID))
	if !r.CancelAskedAt.IsZero() {
		u.stop(cancelled)
	}
	halted, err := s.held(ctx, r)
	if err != nil {
		return err
	}
	if halted == nil {
		err = s.execute(ctx, r, u)
	}
	if halted != nil || errors.As(err, &halted) { // before anything was sent
		err = s.db.InTx(ctx, func(tx database.Tx) error { return s.halt(ctx, tx, runID, halted) })
	}
	if err != nil && !errors.Is(err, errEnded) && !errors.Is(err, errShutdown) {
		return err
	}
	if r, err = getRun(ctx, s.db.Reader(), runID); err != nil {
		return err
	}
	s.log.InfoContext(ctx, "the run stands", "state", r.State, "profiles", r.Counts.Profiles, "settled", r.Counts.Settled(),
		"accepted", r.Counts.Accepted, "rejected", r.Counts.Rejected(), "requests", r.Requests)
	span := trace.Of(ctx)
	span.Word("segue.state", string(r.State))
	span.Number("segue.profiles", int64(r.Counts.Profiles))
	span.Number("segue.settled", int64(r.Counts.Settled()))
	if r.State.Active() {
		return nil // it holds its snapshot until it goes on
	}
	return s.profiles.Release(ctx, holder(runID))
}

// errEnded says that somebody cancelled or paused the run before it began, or that it asks a question first.
var errEnded = errors.New("the run does not begin")

// GiveUp ends a run that failed on our own side more often than it is worth trying.
func (s *Service) GiveUp(ctx context.Context, runID int64) error {
	giveUp := func() error {
		return s.db.InTx(ctx, func(tx database.Tx) error {
			r, err := getRun(ctx, tx, runID)
			if err != nil || !r.State.Going() {
				return err
			}
			return s.end(ctx, tx, runID, Failed, failInternal, "", s.clock())
		})
	}
	err := giveUp()
	for database.TroubleOf(err) != database.NoTrouble && ctx.Err() == nil { // else it would seem to be under way until a restart
		select {
		case <-time.After(longestEndured):
		case <-ctx.Done():
		}
		err = giveUp()
	}
	if err != nil {
		return err
	}
	s.events.Publish(ListTopic, Topic(runID))
	return s.profiles.Release(ctx, holder(runID))
}

func holder(runID int64) string { return fmt.Sprintf("run/%d", runID) }

func (s *Service) execute(ctx context.Context, r Run, u *underWay) error {
	if r.State == Queued {
		if err := s.begin(ctx, &r, u); err != nil {
			return err
		}
		s.events.Publish(ListTopic, Topic(r.ID))
	}
	driver, ok := s.drivers[r.Plan.DestinationType]
	if !ok {
		return fmt.Errorf("run %d: no destination of type %q", r.ID, r.Plan.DestinationType)
	}
	x := &execution{service: s, run: r, maxBatch: driver.Info().MaxBatch,
		unit: s.budgets.Window() / 60, finish: make(chan struct{}), underWay: u}
	x.followed = newFollower(x)
	var err error
	if x.statements, err = s.prepared(ctx); err != nil {
		return err
	}
	snapshot, err := s.snapshotOf(ctx, r.Plan)
	if err != nil {
		return err
	}
	for _, maker := range []**contacts{&x.maker, &x.checker, &x.again} {
		if *maker, err = compile(r.Plan, snapshot, driver); err != nil {
			return err
		}
	}
	if x.excluded, err = s.excluded(r.Plan, snapshot, driver); err != nil {
		return err
	}
	x.excluded.patiently = func(ctx context.Context, read func(context.Context) error) error { return s.patiently(ctx, u, read) }
	if _, err := x.excluded.matcher(ctx); err != nil {
		return err
	}
	brand, err := s.budgets.For(ctx, r.Plan.BrandID)
	if err != nil {
		return err
	}
	open, opened, err := s.connections.Account(ctx, r.Plan.ConnectionID)
	if err != nil {
		if failure := connection.FailureOf(err); failure != "" { // the key cannot be read from its store
			return haltOn(string(failure), "")
		}
		if problem.Of(err) != nil { // the connection went away
			return &halt{state: Failed, code: "no_connection"}
		}
		return err
	}
	x.connection = opened
	x.sending = open(&gate{inner: brand.Gate(holder(r.ID)), x: x})
	x.reading = open(&gate{inner: brand.ReadGate(), x: x, reads: true})
	x.tagger = s.tagger(x, open)
	if err := x.checkBrand(ctx); err != nil {
		return err
	}
	x.moved()
	s.mutex.Lock()
	u.execution = x
	s.mutex.Unlock()
	return x.carryOut(ctx)
}

// checkBrand makes sure, before anything is sent, that the key still works and still belongs to the same brand. A fault
// that may pass is left to the sending, which has patience. Not when the key comes from a store: it may be another brand's since
// it was proved, so that nothing is sent before it is proved once more.
func (x *execution) checkBrand(ctx context.Context) error {
	first := time.Now()
	for attempt := 0; ; attempt++ {
		brand, err := x.reading.Verify(ctx)
		if err == nil {
			x.troubles.over(ForDestination)
			return x.proved(ctx, brand)
		}
		var failure *destination.Error
		isTheirs, sealedHere := errors.As(err, &failure), x.connection.KeyFrom.Empty()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case isTheirs && !failure.Passing() && (failure.Kind != destination.Refused || !sealedHere):
			return x.fail(ctx, failure)
		case sealedHere || x.stopping.Err() != nil: // what stops sends nothing
			return nil
		case !isTheirs:
			return err
		case attempt >= leastTries && time.Since(first) >= x.seconds(patienceSeconds):
			return x.fail(ctx, failure)
		case failure.Kind != destination.Throttled: // for those the gate waits
			x.troubles.add(ForDestination)
			x.service.log.WarnContext(ctx, "the destination does not prove the key", "status", failure.Status, "attempt", attempt+1)
			x.pause(ctx, backOff(attempt))
		}
	}
}

// proved holds the brand that the key belongs to against the one that was consented to.
func (x *execution) proved(ctx context.Context, brand destination.Brand) error {
	switch {
	case brand.ID != x.run.Plan.BrandID:
		x.stop(&halt{state: Failed, code: string(connection.BrandChanged)})
		return x.service.connections.MarkFailure(ctx, x.connection, connection.BrandChanged)
	case x.connection.Failure != "":
		return x.service.connections.ClearFailure(ctx, x.connection)
	}
	return nil
}

// begin freezes the plan of a queued run. A *halt says that it cannot be carried out.
func (s *Service) begin(ctx context.Context, r *Run, u *underWay) error {
	cleared, err := s.exports.Clearance(ctx, s.db.Reader(), r.ExportID) // before all that it is about
	if err != nil {
		return err
	}
	e, err := s.exports.Find(ctx, s.db.Reader(), r.ExportID)
	if err != nil {
		return err
	}
	code, err := s.exports.Readiness(ctx, e)
	if err != nil {
		return err
	}
	if code != "" {
		return haltOn(code, "")
	}
	plan, snapshot, c, err := s.planOf(ctx, e)
	if err != nil {
		return err
	}
	if plan.SourceID == 0 {
		return s.commence(ctx, r, plan, snapshot, c, func(tx database.Tx) error {
			if err := s.stillCleared(ctx, tx, r.ExportID, cleared); err != nil {
				return err
			}
			return s.profiles.Hold(ctx, tx, snapshot.ID, holder(r.ID))
		})
	}
	filled, err := s.beginSpool(ctx, r, u, plan)
	if err != nil {
		return err
	}
	spool := plan.spool()
	spool.Rows = filled.rows
	err = s.commence(ctx, r, plan, spool, c, func(tx database.Tx) error {
		if err := s.stillCleared(ctx, tx, r.ExportID, cleared); err != nil {
			return err
		}
		if err := s.noteRead(ctx, tx, r.ID, filled); err != nil {
			return err
		}
		return s.profiles.KeepSpool(ctx, tx, spool, holder(r.ID))
	})
	if err != nil {
		return s.dropSpool(ctx, plan, err) // not when it is held already: the run asks a question
	}
	return nil
}

// stillCleared makes sure, before something is sent or in the transaction in which it begins, that the export was what it is now all the time since it was
// cleared, and may run as that.
func (s *Service) stillCleared(ctx context.Context, q database.Querier, exportID int64, before export.Clearance) error {
	now, err := s.exports.Clearance(ctx, q, exportID)
	if err == nil && (now.Waits || now.Mark != before.Mark) {
		err = haltOn(string(export.AwaitsApproval), "")
	}
	return err
}

// commence turns a plan and the snapshot that it works on into a run that has begun. hold keeps the snapshot for it.
func (s *Service) commence(ctx context.Context, r *Run, plan *Plan, snapshot profile.Snapshot, c connection.Connection, hold func(tx database.Tx) error) error {
	maker, profiles, only, err := s.whom(ctx, *r, plan, snapshot)
	if err != nil {
		return err
	}
	if most := s.drivers[c.Type].Info().MaxProfiles; profiles > most {
		return &halt{state: Failed, code: failTooMany, detail: strconv.Itoa(profiles)}
	}
	question, err := s.ask(ctx, *r, plan, maker.selection, profiles)
	if err != nil {
		return err
	}
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		if err := hold(tx); err != nil {
			return err
		}
		if err := limitTo(ctx, tx, r.ID, only); err != nil {
			return err
		}
		if err := dropReadings(ctx, tx, s.clock().Add(-readingsFor)); err != nil {
			return err
		}
		if err := begin(ctx, tx, r.ID, plan, c.ExportUser, profiles, s.clock()); err != nil || question.Code() == "" {
			return err
		}
		detail, err := json.Marshal(question)
		if err != nil {
			return err
		}
		return suspend(ctx, tx, r.ID, question.Code(), string(detail), "", s.clock())
	})
	if err != nil {
		return err
	}
	if question.Code() != "" {
		return errEnded
	}
	*r, err = getRun(ctx, s.db.Reader(), r.ID)
	return err
}

// planOf is all that decides what a run of the export would send now, and the snapshot that it works on. Of profiles that stay
// where they are the snapshot only describes them, and the plan has none until its spool is filled.
func (s *Service) planOf(ctx context.Context, e export.Export) (plan *Plan, snapshot profile.Snapshot, c connection.Connection, err error) {
	c, err = s.connections.Find(ctx, s.db.Reader(), e.ConnectionID)
	if err != nil {
		return nil, snapshot, c, err
	}
	plan = &Plan{At: s.clock(), DestinationType: c.Type, ConnectionID: c.ID, ConnectionName: c.Name,
		BrandID: c.BrandID, BrandName: c.BrandName, Mapping: e.Mapping, Consent: e.Consent, Leavers: e.Leavers, AskShare: e.AskShare}
	ids := make([]int64, len(e.Segments))
	for i, part := range e.Segments {
		ids[i] = part.SegmentID
	}
	definitions, err := s.segments.Definitions(ctx, ids)
	if err != nil {
		return nil, snapshot, c, err
	}
	if plan.SourceID, err = baseOf(definitions); err != nil {
		return nil, snapshot, c, err
	}
	for i, part := range e.Segments {
		plan.Segments = append(plan.Segments, PlanSegment{ID: part.SegmentID, Name: part.Name, Tag: part.Tag, Definition: definitions[i]})
	}
	if plan.SourceID != 0 {
		if snapshot, err = s.remote.Schema(ctx, plan.SourceID); err == nil {
			plan.SourceName = snapshot.FileName
			err = plan.spooled(snapshot)
		}
		return plan, snapshot, c, err
	}
	snapshot, err = s.profiles.Current(ctx)
	plan.SnapshotID = snapshot.ID
	return plan, snapshot, c, err
}

// makerOf compiles a plan. A segment or attribute that went away is a *halt.
func (s *Service) makerOf(plan *Plan, snapshot profile.Snapshot) (*contacts, error) {
	driver, ok := s.drivers[plan.DestinationType]
	if !ok {
		return nil, fmt.Errorf("no destination of type %q", plan.DestinationType)
	}
	maker, err := compile(plan, snapshot, driver)
	if p := problem.Of(err); p != nil {
		return nil, &halt{state: Failed, code: failSegment, detail: p.Code}
	}
	return maker, err
}
