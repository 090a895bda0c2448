package export

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/version"
)

// Definition is an export as a version keeps it: in the words of configuration as code, with the ids by which it is gone back to.
type Definition struct {
	Name         string              `json:"name"`
	Type         string              `json:"type"`
	ConnectionID int64               `json:"connection_id,omitempty"` // 0: detached
	Connection   string              `json:"connection,omitempty"`    // what it was called
	Segments     []PartDefinition    `json:"segments"`
	Fields       Mapping             `json:"fields"`
	Consent      destination.Consent `json:"consent"`
	Schedule     Schedule            `json:"schedule"`
	Leavers      Leavers             `json:"leavers"`
	AskShare     int                 `json:"ask_share"`
	Outcomes     Outcomes            `json:"outcomes"`
	Paused       bool                `json:"paused,omitempty"`
}

// PartDefinition is a segment of a Definition.
type PartDefinition struct {
	SegmentID int64  `json:"segment_id"`
	Segment   string `json:"segment"` // what it was called
	Tag       string `json:"tag,omitempty"`
}

// Defined is the export as a version keeps it.
func (e Export) Defined() Definition {
	d := Definition{Name: e.Name, Type: e.DestinationType, ConnectionID: e.ConnectionID, Connection: e.ConnectionName, Segments: []PartDefinition{}, Fields: e.Mapping,
		Consent: e.Consent, Schedule: e.Schedule, Leavers: e.Leavers, AskShare: e.AskShare, Outcomes: e.Outcomes, Paused: e.Paused()}
	for _, part := range e.Segments {
		d.Segments = append(d.Segments, PartDefinition{SegmentID: part.SegmentID, Segment: part.Name, Tag: part.Tag})
	}
	return d
}

// substance is what an approval of the definition is about: all that decides who and what is sent where, and what is asked before.
// What it is called, when it runs and whether it is paused is not, nor in which order segments and fields stand.
func (d Definition) substance() any {
	parts := slices.Clone(d.Segments)
	for i := range parts {
		parts[i].Segment = ""
	}
	slices.SortFunc(parts, func(a, b PartDefinition) int { return int(a.SegmentID - b.SegmentID) })
	fields := slices.Clone(d.Fields)
	for i := range fields {
		fields[i].Meant, fields[i].Reason = false, "" // who is sent what is in the line itself
		fields[i].With.Meant, fields[i].With.Reason = false, ""
	}
	slices.SortFunc(fields, func(a, b Pair) int { return strings.Compare(string(a.Field), string(b.Field)) })
	consent := d.Consent
	consent.Everyone = slices.Sorted(slices.Values(consent.Everyone))
	return Definition{Type: d.Type, ConnectionID: d.ConnectionID, Segments: parts, Fields: fields, Consent: consent, Leavers: d.Leavers, AskShare: d.AskShare, Outcomes: d.Outcomes}
}

// DefinitionOf reads what a version keeps.
func DefinitionOf(v version.Version) (d Definition, err error) {
	if err = json.Unmarshal(v.Definition, &d); err != nil {
		err = fmt.Errorf("version %d of export %d: %w", v.Number, v.Of.ID, err)
	}
	return d, err
}

func (d Definition) draft() Draft {
	e := d.Export()
	return Draft{Name: e.Name, ConnectionID: e.ConnectionID, Parts: e.Segments, Mapping: e.Mapping, Consent: e.Consent, Schedule: e.Schedule, Leavers: e.Leavers, AskShare: e.AskShare, Outcomes: e.Outcomes}
}

// Export is the export as the definition has it, to be told about.
func (d Definition) Export() Export {
	e := Export{Name: d.Name, DestinationType: d.Type, ConnectionID: d.ConnectionID, ConnectionName: d.Connection, Mapping: d.Fields, Consent: d.Consent, Schedule: d.Schedule, Leavers: d.Leavers,
		AskShare: d.AskShare, Outcomes: d.Outcomes}
	for _, part := range d.Segments {
		e.Segments = append(e.Segments, Part{SegmentID: part.SegmentID, Name: part.Segment, Tag: part.Tag})
	}
	if d.Paused {
		e.PausedAt = time.Unix(0, 0)
	}
	return e
}

// act is what saving the draft makes of an export; id 0 is a new one.
func (d Draft) act(id int64) version.Act {
	switch {
	case id == 0:
		return version.Made
	case d.backTo != 0:
		return version.WentBack
	}
	return version.Changed
}

func thing(id int64) version.Thing { return version.Thing{Kind: version.OfExport, ID: id} }

// keep writes the version that the export has become, and gives it as it is now. A change that changed nothing has none.
func (s *Service) keep(ctx context.Context, tx database.Tx, actor access.Actor, id int64, act version.Act, backTo int) (Export, error) {
	e, err := get(ctx, tx, id)
	if err != nil {
		return Export{}, err
	}
	last, err := version.Last(ctx, tx, thing(id))
	if err != nil || last == e.Version {
		return e, err
	}
	d := e.Defined()
	return e, version.Keep(ctx, tx, s.clock(), actor, version.Draft{Of: thing(id), Number: e.Version, Act: act, BackTo: backTo, Definition: d, Substance: d.substance()})
}

func (s *Service) pause(ctx context.Context, tx database.Tx, actor access.Actor, id int64, act version.Act) error {
	e, err := get(ctx, tx, id)
	if err != nil {
		return err
	}
	what, by, at := audit.ExportPaused, actor.Name, s.clock()
	if act == version.Resumed {
		what, by, at = audit.ExportResumed, "", time.Time{}
	}
	if err := pause(ctx, tx, id, by, "", at); err != nil {
		return err
	}
	if e.Paused() == (act == version.Resumed) {
		if err := s.note(ctx, tx, actor, what, e); err != nil {
			return err
		}
	}
	_, err = s.keep(ctx, tx, actor, id, act, 0)
	return err
}

// withdraw pauses an export because people who had a hand in it may not use its connection any more.
func (s *Service) withdraw(ctx context.Context, tx database.Tx, actor access.Actor, id int64) error {
	if err := pause(ctx, tx, id, actor.Name, Withdrawn, s.clock()); err != nil {
		return err
	}
	e, err := get(ctx, tx, id)
	if err != nil {
		return err
	}
	if err := s.note(ctx, tx, actor, audit.ExportWithdrawn, e); err != nil {
		return err
	}
	_, err = s.keep(ctx, tx, actor, id, version.Withdrawn, 0)
	return err
}

func (s *Service) detach(ctx context.Context, tx database.Tx, actor access.Actor, id int64) error {
	e, err := get(ctx, tx, id)
	if err != nil {
		return err
	}
	if err := detach(ctx, tx, id, s.clock()); err != nil {
		return err
	}
	if err := s.note(ctx, tx, actor, audit.ExportDetached, e, audit.Change{Field: "connection", Before: e.ConnectionName}); err != nil {
		return err
	}
	_, err = s.keep(ctx, tx, actor, id, version.Detached, 0)
	return err
}

func (s *Service) remove(ctx context.Context, tx database.Tx, actor access.Actor, id int64) error {
	e, err := get(ctx, tx, id)
	if err != nil {
		return err
	}
	if err := remove(ctx, tx, id, s.clock()); err != nil {
		return err
	}
	if err := s.note(ctx, tx, actor, audit.ExportRemoved, e); err != nil {
		return err
	}
	_, err = s.keep(ctx, tx, actor, id, version.Removed, 0)
	return err
}

// Versions reads the history of an export, the latest first: those before a number, all when it is 0.
func (s *Service) Versions(ctx context.Context, actor access.Actor, id int64, before, limit int) ([]version.Version, error) {
	if _, err := s.Get(ctx, actor, id); err != nil {
		return nil, err
	}
	return version.List(ctx, s.db.Reader(), thing(id), before, limit)
}

// Version reads one version of an export.
func (s *Service) Version(ctx context.Context, actor access.Actor, id int64, number int) (version.Version, error) {
	if _, err := s.Get(ctx, actor, id); err != nil {
		return version.Version{}, err
	}
	return version.Get(ctx, s.db.Reader(), thing(id), number)
}

// GoBack makes an export what it was in an earlier version, as a new version: all of it but whether it is paused. It is held to all
// that a save is held to, and fails with a Conflict when somebody changed the export since seen. It ticks nothing in anybody's name:
// that a marked attribute is meant to be sent must be said of the export as it is now.
func (s *Service) GoBack(ctx context.Context, actor access.Actor, id int64, number, seen int) (Export, error) {
	now, err := s.present(ctx, s.db.Reader(), id)
	if err != nil {
		return Export{}, err
	}
	if err := actor.RequireUse(now.Grant); err != nil {
		return Export{}, err
	}
	v, err := version.Get(ctx, s.db.Reader(), thing(id), number)
	if err != nil {
		return Export{}, err
	}
	d, err := DefinitionOf(v)
	if err != nil {
		return Export{}, err
	}
	draft := d.draft()
	draft.Version, draft.backTo, draft.ticks = seen, number, now.Mapping
	return s.save(ctx, actor, id, draft)
}

// noteGoingBack writes to the audit log that the export became again what it was.
func (s *Service) noteGoingBack(ctx context.Context, tx database.Tx, actor access.Actor, old, e Export, draft Draft) error {
	back := audit.Change{Field: "version", Before: fmt.Sprint(draft.Version), After: fmt.Sprint(draft.backTo)}
	return s.note(ctx, tx, actor, audit.ExportWentBack, e, append([]audit.Change{back}, changed(old, e)...)...)
}
