package run

import (
	"context"
	"errors"
	"fmt"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/membership"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
)

// Specimen is one profile of an export, as a run would treat it now. That another profile may have its address is not
// looked into: a dry run tells.
type Specimen struct {
	ProfileID string
	Obstacle  string // code of why nothing can be sent now; "" when it can
	Reasons   []destination.Reason
	Excluded  string // code of why it is never sent; "" when it may be
	Before    Before
	Line      string // method and address of the request
	Body      string // the request, legible; "" when there are Reasons, or it is Excluded
}

// Before says how a profile stands to what was last delivered.
type Before string

// How it stands.
const (
	NeverDelivered   Before = "new"
	DeliveredOther   Before = "changed"
	DeliveredTheSame Before = "unchanged"
)

// ready is an export made ready for a single profile.
type ready struct {
	export     export.Export
	plan       *Plan
	connection connection.Connection
	driver     destination.Driver
	maker      *contacts
	excluded   *excluded
	obstacle   string
	cleared    export.Clearance
}

// Specimen shows what would be sent for one profile; for the first one by id when profileID is "". A profile that is not
// in the segments is NotFound.
func (s *Service) Specimen(ctx context.Context, actor access.Actor, exportID int64, profileID string) (Specimen, error) {
	r, err := s.readyFor(ctx, actor, exportID)
	if err != nil {
		return Specimen{}, err
	}
	if r.maker == nil {
		return Specimen{Obstacle: r.obstacle}, nil
	}
	made, err := s.one(ctx, r, profileID)
	if err != nil {
		return Specimen{}, err
	}
	shown := Specimen{ProfileID: made.profileID, Obstacle: r.obstacle, Reasons: made.reasons, Before: NeverDelivered}
	matcher, err := r.excluded.matcher(ctx)
	if err != nil {
		return Specimen{}, err
	}
	if shown.Excluded = string(matcher.Match(made.identity)); shown.Excluded != "" {
		return shown, nil
	}
	if len(made.reasons) > 0 {
		return shown, nil
	}
	hash, known, err := deliveredHash(ctx, s.db.Reader(), exportID, made.profileID)
	switch {
	case err != nil:
		return Specimen{}, err
	case known && hash == string(made.hash):
		shown.Before = DeliveredTheSame
	case known:
		shown.Before = DeliveredOther
	}
	line, body := r.driver.Request([][]byte{made.item})
	if profile.Veiled(actor, profile.Personal, profile.Shape) {
		body = masked(body, r.plan.Mapping)
	}
	shown.Line, shown.Body = line, legible(body)
	return shown, nil
}

// readyFor makes an export ready for who may run it and look at single profiles.
func (s *Service) readyFor(ctx context.Context, actor access.Actor, exportID int64) (r ready, err error) {
	if err := actor.Require(access.SeePersonalData); err != nil {
		return r, err
	}
	if r.export, err = s.exports.Find(ctx, s.db.Reader(), exportID); err != nil {
		return r, err
	}
	if !r.export.MayRun(actor) {
		return r, actor.RequireRun(r.export.Grant)
	}
	if r.export.Removed {
		return r, problem.New(problem.NotFound, "problem.export.not_found")
	}
	return s.makeReady(ctx, r.export)
}

// makeReady prepares an export for single profiles. maker is nil when the obstacle leaves nothing to show.
func (s *Service) makeReady(ctx context.Context, e export.Export) (r ready, err error) {
	if r.cleared, err = s.exports.Clearance(ctx, s.db.Reader(), e.ID); err != nil {
		return r, err
	}
	if r.export, err = s.exports.Find(ctx, s.db.Reader(), e.ID); err != nil { // not older than what was cleared
		return r, err
	}
	if r.obstacle, err = s.exports.Readiness(ctx, r.export); err != nil || !CanForecast(r.obstacle) {
		return r, err
	}
	plan, snapshot, c, err := s.planOf(ctx, r.export)
	if err != nil {
		return r, err
	}
	if plan.SourceID != 0 {
		snapshot = plan.spool() // which stays empty: a single profile is asked for by itself
	}
	r.plan, r.connection = plan, c
	var ok bool
	if r.driver, ok = s.drivers[plan.DestinationType]; !ok {
		return r, fmt.Errorf("no destination of type %q", plan.DestinationType)
	}
	maker, err := compile(plan, snapshot, r.driver)
	if problem.Of(err) != nil {
		r.obstacle = failSegment
		return r, nil
	}
	if err != nil {
		return r, err
	}
	if r.excluded, err = s.excluded(plan, snapshot, r.driver); err != nil {
		return r, err
	}
	var halted *halt
	if _, err := r.excluded.matcher(ctx); errors.As(err, &halted) {
		r.obstacle = halted.code
		return r, nil
	}
	r.maker = maker
	return r, nil
}

// one makes the contact of one member, the first one when the id is "".
func (s *Service) one(ctx context.Context, r ready, profileID string) (made contact, err error) {
	if r.plan.SourceID != 0 {
		m, ok, err := s.member(ctx, r.plan, profileID)
		if err == nil && !ok {
			err = problem.New(problem.NotFound, "problem.specimen.no_member")
		}
		if err != nil {
			return contact{}, err
		}
		made, _ = r.maker.make(nil, m)
		return made, nil
	}
	found := false
	visit := func(m membership.Member) error {
		made, _ = r.maker.make(nil, m)
		found = true
		return nil
	}
	if profileID == "" {
		_, err = r.maker.selection.Page(ctx, s.db.Reader(), "", 1, visit)
	} else {
		err = r.maker.selection.These(ctx, s.db.Reader(), []string{profileID}, visit)
	}
	if err == nil && !found {
		err = problem.New(problem.NotFound, "problem.specimen.no_member")
	}
	return made, err
}
