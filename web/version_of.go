package web

import (
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/schedule"
	"github.com/segue-app/segue/internal/segment"
	versions "github.com/segue-app/segue/internal/version"
	exportviews "github.com/segue-app/segue/views/export"
	"github.com/segue-app/segue/views/layout"
	runviews "github.com/segue-app/segue/views/run"
	scheduleviews "github.com/segue-app/segue/views/schedule"
	segmentviews "github.com/segue-app/segue/views/segment"
	views "github.com/segue-app/segue/views/version"
)

func (s *Server) exportHistory(c echo.Context) (historied, error) {
	e, err := s.exportOf(c)
	if err != nil {
		return historied{}, err
	}
	tell, err := s.exportTeller(c, e)
	if err != nil {
		return historied{}, err
	}
	h := historied{section: "exports", name: e.Name, crumbs: []layout.Crumb{exportsCrumb(c), exportCrumb(e)}, path: exportPath(e.ID), now: e.Version,
		list: func(before, limit int) ([]versions.Version, error) {
			return s.Exports.Versions(ctx(c), actor(c), e.ID, before, limit)
		},
		get: func(number int) (versions.Version, error) { return s.Exports.Version(ctx(c), actor(c), e.ID, number) },
		tell: func(v versions.Version, all bool) ([]views.Field, error) {
			d, err := export.DefinitionOf(v)
			return tell(d, all), err
		},
		goBack: func(number, seen int) error {
			_, err := s.Exports.GoBack(ctx(c), actor(c), e.ID, number, seen)
			return err
		},
		inTheWay: func(f problem.Field) string { return exportPart(c, f.Name) },
	}
	if e.MayEdit(actor(c)) {
		h.edit = exportviews.Path(e.ID, "/edit")
	}
	return h, nil
}

// exportTeller tells definitions of an export in words: all of it, or what the reader may see.
func (s *Server) exportTeller(c echo.Context, e export.Export) (func(d export.Definition, all bool) []views.Field, error) {
	attributes, err := s.attributesOf(c, e.Base())
	if err != nil {
		return nil, err
	}
	labels, marks := map[string]string{}, map[string]profile.Mark{}
	for _, a := range attributes {
		labels[a.Key], marks[a.Key] = a.Label, a.Mark
	}
	return func(d export.Definition, all bool) []views.Field {
		detail := exportviews.Detail{Export: d.Export(), Labels: labels, MayEdit: all || e.MayEdit(actor(c)), DestinationName: s.Connections.DestinationName(d.Type)}
		if driver, err := s.Exports.Driver(d.Type); err == nil {
			detail.Channels = driver.Info().Channels
		}
		return detail.Versioned(ctx(c), marks)
	}, nil
}

// exportPart is what the pages call what a field of the form is about.
func exportPart(c echo.Context, field string) string {
	if name, ok := strings.CutPrefix(field, export.MappingField("")); ok {
		return runviews.FieldText(ctx(c), string(destination.Field(name)))
	}
	switch {
	case field == "name":
		return text(c, "exports.name")
	case field == "connection":
		return text(c, "exports.connection.used")
	case field == "segments" || strings.HasPrefix(field, "tag."):
		return text(c, "exports.segments")
	case field == "mapping":
		return text(c, "exports.matching")
	case strings.HasPrefix(field, "consent"):
		return text(c, "exports.consent")
	case strings.HasPrefix(field, "schedule"):
		return text(c, "exports.schedule")
	case strings.HasPrefix(field, "outcomes"):
		return text(c, "outcomes.term")
	}
	return ""
}

func (s *Server) segmentHistory(c echo.Context) (historied, error) {
	found, err := s.segmentOf(c)
	if err != nil {
		return historied{}, err
	}
	attributes, err := s.attributesOf(c, found.Definition.SourceID)
	if err != nil {
		return historied{}, err
	}
	maySee := actor(c).Can(access.SeePersonalData)
	h := historied{section: "segments", name: found.Name, crumbs: []layout.Crumb{segmentsCrumb(c), {Label: found.Name, Href: segmentPath(found.ID)}}, path: segmentPath(found.ID), now: found.Version,
		list: func(before, limit int) ([]versions.Version, error) {
			return s.Segments.Versions(ctx(c), actor(c), found.ID, before, limit)
		},
		get: func(number int) (versions.Version, error) {
			return s.Segments.Version(ctx(c), actor(c), found.ID, number)
		},
		tell: func(v versions.Version, all bool) ([]views.Field, error) {
			d, err := segment.DefinedBy(v)
			return segmentviews.Versioned(ctx(c), d, attributes, all || maySee, v.Redacted), err
		},
		goBack: func(number, seen int) error {
			_, err := s.Segments.GoBack(ctx(c), actor(c), found.ID, number, seen)
			return err
		},
		inTheWay: func(f problem.Field) string {
			switch f.Name {
			case "name", "description":
				return text(c, "segments."+f.Name)
			}
			return text(c, "segments.who")
		},
	}
	if actor(c).Can(access.EditSegments) {
		h.edit = segmentPath(found.ID) + "/edit"
	}
	return h, nil
}

func (s *Server) scheduleHistory(c echo.Context) (historied, error) {
	kept, err := s.Schedule.Get(ctx(c), actor(c))
	return historied{section: "system", name: text(c, "schedule.title"), crumbs: []layout.Crumb{{Label: text(c, "schedule.title"), Href: scheduleviews.Path}}, path: scheduleviews.Path, edit: scheduleviews.Path, now: kept.Version,
		list: func(before, limit int) ([]versions.Version, error) {
			return s.Schedule.Versions(ctx(c), actor(c), before, limit)
		},
		get: func(number int) (versions.Version, error) { return s.Schedule.Version(ctx(c), actor(c), number) },
		tell: func(v versions.Version, _ bool) ([]views.Field, error) {
			settings, err := schedule.SettingsOf(v)
			return scheduleviews.Versioned(ctx(c), settings), err
		},
		goBack: func(number, seen int) error {
			_, err := s.Schedule.GoBack(ctx(c), actor(c), number, seen)
			return err
		},
		inTheWay: func(problem.Field) string { return "" },
	}, err
}
