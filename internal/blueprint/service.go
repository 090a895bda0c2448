package blueprint

import (
	"context"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/pushdown"
	"github.com/segue-app/segue/internal/segment"
)

// Connections is what a configuration needs of the connection package.
type Connections interface {
	List(ctx context.Context, actor access.Actor) ([]connection.Overview, error)
	Contributors(ctx context.Context, actor access.Actor) ([]access.Actor, error)
	Edit(ctx context.Context, actor access.Actor, id int64, change connection.Change) (connection.Connection, error)
}

// Segments is what a configuration needs of the segment package.
type Segments interface {
	List(ctx context.Context, actor access.Actor, query segment.Query) (segment.Page, error)
	Create(ctx context.Context, actor access.Actor, draft segment.Draft) (segment.Segment, error)
	Update(ctx context.Context, actor access.Actor, id int64, draft segment.Draft) (segment.Segment, error)
	Deactivate(ctx context.Context, actor access.Actor, id int64, knowing bool) error
	Delete(ctx context.Context, actor access.Actor, id int64) error
}

// Exports is what a configuration needs of the export package.
type Exports interface {
	List(ctx context.Context, actor access.Actor, query export.Query) ([]export.Row, int, error)
	Get(ctx context.Context, actor access.Actor, id int64) (export.Export, error)
	Create(ctx context.Context, actor access.Actor, draft export.Draft) (export.Export, error)
	Update(ctx context.Context, actor access.Actor, id int64, draft export.Draft) (export.Export, error)
	Pause(ctx context.Context, actor access.Actor, id int64) error
	Resume(ctx context.Context, actor access.Actor, id int64) error
	RemoveExport(ctx context.Context, actor access.Actor, id int64) error
}

// Bases knows the sources whose profiles stay where they are.
type Bases interface {
	Bases(ctx context.Context) ([]pushdown.Base, error)
}

// Log takes what was applied.
type Log interface {
	Note(ctx context.Context, actor access.Actor, e audit.Entry) error
}

// gone is the base of segments whose source was removed. There is none of that name.
const gone = "(removed)"

// Service writes, compares and applies configurations.
type Service struct {
	connections Connections
	segments    Segments
	exports     Exports
	bases       Bases
	log         Log
}

// NewService makes the service.
func NewService(connections Connections, segments Segments, exports Exports, bases Bases, log Log) *Service {
	return &Service{connections: connections, segments: segments, exports: exports, bases: bases, log: log}
}

// Read gives the configuration that there is, each kind by name.
func (s *Service) Read(ctx context.Context, actor access.Actor) (File, error) {
	actor, err := actor.Configuring()
	if err != nil {
		return File{}, err
	}
	now, err := s.read(ctx, actor)
	return now.File, err
}

// standing is a configuration with what only holds here: ids and versions, by folded name.
type standing struct {
	File
	people      []access.Actor // the contributors
	connections map[string]connection.Overview
	segments    map[string]segment.Segment
	exports     map[string]export.Export
	bases       map[string]int64 // "" is that of the unified profiles
}

const pageSize = 500

func (s *Service) read(ctx context.Context, actor access.Actor) (standing, error) {
	now := standing{File: File{Version: Version}, connections: map[string]connection.Overview{}, segments: map[string]segment.Segment{}, exports: map[string]export.Export{}, bases: map[string]int64{"": 0}}
	var err error
	if now.people, err = s.connections.Contributors(ctx, actor); err != nil {
		return now, err
	}
	connections, err := s.connections.List(ctx, actor)
	if err != nil {
		return now, err
	}
	for _, c := range connections {
		now.connections[database.Fold(c.Name)] = c
		now.Connections = append(now.Connections, now.connection(c))
	}
	if err := s.readSegments(ctx, actor, &now); err != nil {
		return now, err
	}
	if err := s.readExports(ctx, actor, &now); err != nil {
		return now, err
	}
	now.File = now.sorted()
	return now, nil
}

// connection is a connection as it stands in a file.
func (now standing) connection(c connection.Overview) Connection {
	return Connection{Name: c.Name, Type: c.Type, Contributors: c.Grant.All(), People: now.addresses(c.Grant)}
}

func (s *Service) readSegments(ctx context.Context, actor access.Actor, now *standing) error {
	var all []segment.Segment
	for {
		page, err := s.segments.List(ctx, actor, segment.Query{Limit: pageSize, Offset: len(all)})
		if err != nil {
			return err
		}
		all = append(all, page.Segments...)
		if len(page.Segments) == 0 || len(all) >= page.Total {
			break
		}
	}
	names := map[int64]string{}
	for _, one := range all {
		names[one.ID] = one.Name
	}
	bases, err := s.bases.Bases(ctx)
	if err != nil {
		return err
	}
	called := map[int64]string{0: ""}
	for _, base := range bases {
		called[base.SourceID] = base.Name
		now.bases[database.Fold(base.Name)] = base.SourceID
	}
	for _, one := range all {
		base, known := called[one.Definition.SourceID]
		if !known {
			base = gone
		}
		written := one.Portable(names)
		now.segments[database.Fold(one.Name)] = one
		now.Segments = append(now.Segments, Segment{Name: one.Name, Description: one.Description, State: one.State, Base: base, Zone: written.Zone, Rule: unlabelled(written.Rule)})
	}
	return nil
}

// unlabelled is a rule without what its attributes were called: that is written anew whenever it is kept.
func unlabelled(rule *segment.Group) *segment.Group {
	if rule == nil {
		return nil
	}
	plain := segment.Group{Match: rule.Match}
	for _, c := range rule.Conditions {
		c.Label = ""
		plain.Conditions = append(plain.Conditions, c)
	}
	for _, inner := range rule.Groups {
		plain.Groups = append(plain.Groups, *unlabelled(&inner))
	}
	return &plain
}

func (s *Service) readExports(ctx context.Context, actor access.Actor, now *standing) error {
	for read := 0; ; {
		rows, total, err := s.exports.List(ctx, actor, export.Query{Limit: pageSize, Offset: read})
		if err != nil {
			return err
		}
		for _, row := range rows {
			e, err := s.exports.Get(ctx, actor, row.ID)
			if problem.Is(err, problem.NotFound) { // removed meanwhile
				continue
			}
			if err != nil {
				return err
			}
			now.exports[database.Fold(e.Name)] = e
			now.Exports = append(now.Exports, written(e))
		}
		if read += len(rows); len(rows) == 0 || read >= total {
			return nil
		}
	}
}

// written is an export as it stands in a file.
func written(e export.Export) Export {
	w := Export{Name: e.Name, Connection: e.ConnectionName, Schedule: Schedule{Schedule{e.Schedule}.on(export.Schedule{})}, Leavers: e.Leavers, AskShare: e.AskShare, Paused: e.Paused(), Segments: []Part{}, Fields: []Field{}}
	for _, part := range e.Segments {
		w.Segments = append(w.Segments, Part{Segment: part.Name, Tag: part.Tag})
	}
	for _, pair := range e.Mapping {
		w.Fields = append(w.Fields, fieldOf(pair))
	}
	w.Consent = &Consent{Source: e.Consent.Source, Everyone: e.Consent.Everyone}
	w.Consent = w.consent()
	return w
}

// draft is what makes an export like w. before is its schedule until now.
func (w Export) draft(connectionID int64, segmentIDs map[string]int64, before export.Schedule) export.Draft {
	d := export.Draft{Name: w.Name, ConnectionID: connectionID, Schedule: w.Schedule.on(before), Leavers: w.Leavers, AskShare: w.AskShare, AnyState: true}
	for _, part := range w.Segments {
		d.Parts = append(d.Parts, export.Part{SegmentID: segmentIDs[database.Fold(part.Segment)], Tag: part.Tag})
	}
	for _, field := range w.Fields {
		d.Mapping = append(d.Mapping, field.pair())
	}
	if w.Consent != nil {
		d.Consent = destination.Consent{Source: w.Consent.Source, Everyone: w.Consent.Everyone}
	}
	return d
}
