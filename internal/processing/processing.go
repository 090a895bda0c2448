// Package processing owns the record of processing: who may send which attributes of whom to whom, on which consent and since when, and
// what that is for. It is put together of what the packages of exports, connections, segments, exclusions and retention say at the
// moment; purpose and legal basis alone are its own. What was so on an earlier day is told by the audit log.
package processing

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/erasure"
	"github.com/segue-app/segue/internal/exclusion"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
)

// Exports, Connections, Segments, Exclusions and Retention say what is so now.
type (
	Exports interface {
		List(ctx context.Context, actor access.Actor, query export.Query) ([]export.Row, int, error)
		Get(ctx context.Context, actor access.Actor, id int64) (export.Export, error)
		Driver(destinationType string) (destination.Driver, error)
		Schema(ctx context.Context, actor access.Actor, e export.Export) (profile.Snapshot, error)
	}
	Connections interface {
		Get(ctx context.Context, actor access.Actor, id int64) (connection.Overview, error)
		Contributors(ctx context.Context, actor access.Actor) ([]access.Actor, error)
	}
	Segments interface {
		Get(ctx context.Context, actor access.Actor, id int64) (segment.Segment, error)
	}
	Exclusions interface {
		Overview(ctx context.Context, actor access.Actor, query exclusion.Query) (exclusion.Overview, error)
	}
	Retention interface {
		Retention(ctx context.Context, actor access.Actor) ([]erasure.Keeping, error)
	}
)

// Dependencies are all that the service needs.
type Dependencies struct {
	DB          *database.DB
	Exports     Exports
	Connections Connections
	Segments    Segments
	Exclusions  Exclusions
	Retention   Retention
	Clock       func() time.Time
}

// Service tells the record, and keeps what exports are for.
type Service struct{ Dependencies }

// NewService makes the service.
func NewService(d Dependencies) *Service { return &Service{d} }

// Record is what is so at one moment.
type Record struct {
	At           time.Time
	Activities   []Activity // by the name of the export
	Contributors []access.Actor
	Keeping      []erasure.Keeping
	Exclusions   exclusion.Overview // its numbers
}

// Activity is one export, as the record tells it.
type Activity struct {
	Export     export.Export
	LastRun    time.Time // when a run last ended well; zero when none did
	Segments   []segment.Segment
	Sent       []Sent
	Recipient  destination.Info
	Connection connection.Overview // the zero Overview: it has none
	Purpose    Purpose
}

// Sent is an attribute that an export sends, and the line of its mapping that does. A line that sends the same text for everybody
// has no attribute, and one that joins two is there for each.
type Sent struct {
	export.Sent
	Line   export.Pair
	Label  string            // of the attribute
	Mark   profile.Mark      // of the attribute
	labels map[string]string // of all attributes of the line
}

// Called gives what an attribute of the line is called.
func (s Sent) Called(attribute string) string { return s.labels[attribute] }

// Purpose is what an export is for. "" is not stated.
type Purpose struct {
	Purpose, Basis string
	ChangedBy      string
	ChangedAt      time.Time
}

const pageSize = 200

// Record puts the record together.
func (s *Service) Record(ctx context.Context, actor access.Actor) (r Record, err error) {
	if err := actor.Require(access.ManagePrivacy); err != nil {
		return r, err
	}
	r.At = s.Clock()
	for read := 0; ; {
		rows, total, err := s.Exports.List(ctx, actor, export.Query{Limit: pageSize, Offset: read})
		if err != nil {
			return r, err
		}
		for _, row := range rows {
			a, err := s.activity(ctx, actor, row)
			if err != nil {
				return r, err
			}
			r.Activities = append(r.Activities, a)
		}
		if read += len(rows); len(rows) == 0 || read >= total {
			break
		}
	}
	if r.Contributors, err = s.Connections.Contributors(ctx, actor); err != nil {
		return r, err
	}
	if r.Keeping, err = s.Retention.Retention(ctx, actor); err != nil {
		return r, err
	}
	r.Exclusions, err = s.Exclusions.Overview(ctx, actor, exclusion.Query{})
	return r, err
}

func (s *Service) activity(ctx context.Context, actor access.Actor, row export.Row) (a Activity, err error) {
	a = Activity{Export: row.Export, LastRun: row.RefreshedAt}
	driver, err := s.Exports.Driver(row.DestinationType)
	if err != nil {
		return a, err
	}
	a.Recipient = driver.Info()
	for _, part := range row.Segments {
		one, err := s.Segments.Get(ctx, actor, part.SegmentID)
		if err != nil {
			return a, err
		}
		a.Segments = append(a.Segments, one)
	}
	schema, err := s.Exports.Schema(ctx, actor, row.Export)
	if err != nil && !problem.Is(err, problem.NotFound) {
		return a, err
	}
	for _, pair := range row.Mapping {
		a.Sent = append(a.Sent, sentBy(pair, schema)...)
	}
	if row.ConnectionID != 0 {
		if a.Connection, err = s.Connections.Get(ctx, actor, row.ConnectionID); err != nil {
			return a, err
		}
	}
	a.Purpose, err = purpose(ctx, s.DB.Reader(), row.ID)
	return a, err
}

func sentBy(pair export.Pair, schema profile.Snapshot) (found []Sent) {
	labels := map[string]string{}
	for _, one := range pair.Sends() {
		sent := Sent{Sent: one, Line: pair, Label: one.Attribute, Mark: one.Tick.As, labels: labels} // of what is gone, as it was
		if known, ok := schema.Attribute(one.Attribute); ok {
			sent.Label, sent.Mark = known.Label, known.Mark
		}
		labels[one.Attribute] = sent.Label
		found = append(found, sent)
	}
	if len(found) == 0 {
		found = []Sent{{Line: pair}}
	}
	return found
}

const longestText = 1000 // characters

// State says what an export is for; both texts may be left out.
func (s *Service) State(ctx context.Context, actor access.Actor, exportID int64, stated Purpose) error {
	if err := actor.Require(access.ManagePrivacy); err != nil {
		return err
	}
	e, err := s.Exports.Get(ctx, actor, exportID)
	if err != nil {
		return err
	}
	stated.Purpose, stated.Basis = strings.TrimSpace(stated.Purpose), strings.TrimSpace(stated.Basis)
	var check problem.Check
	check.Require(utf8.RuneCountInString(stated.Purpose) <= longestText, "purpose", "problem.too_long", "Most", longestText)
	check.Require(utf8.RuneCountInString(stated.Basis) <= longestText, "basis", "problem.too_long", "Most", longestText)
	if err := check.Err(); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx database.Tx) error {
		before, err := purpose(ctx, tx, exportID)
		if err != nil {
			return err
		}
		changes := audit.Changed(audit.Change{Field: "purpose", Before: before.Purpose, After: stated.Purpose}, audit.Change{Field: "basis", Before: before.Basis, After: stated.Basis})
		if len(changes) == 0 {
			return nil
		}
		stated.ChangedBy, stated.ChangedAt = actor.Name, s.Clock()
		if err := state(ctx, tx, exportID, stated); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.Clock(), actor, audit.Entry{Action: audit.PurposeStated, Subject: e.Subject(), Changes: changes})
	})
}

// Stated is what an export is said to be for.
func (s *Service) Stated(ctx context.Context, actor access.Actor, exportID int64) (export.Export, Purpose, error) {
	if err := actor.Require(access.ManagePrivacy); err != nil {
		return export.Export{}, Purpose{}, err
	}
	e, err := s.Exports.Get(ctx, actor, exportID)
	if err != nil {
		return export.Export{}, Purpose{}, err
	}
	stated, err := purpose(ctx, s.DB.Reader(), exportID)
	return e, stated, err
}
