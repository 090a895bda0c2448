package web

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/views/component"
	views "github.com/segue-app/segue/views/export"
)

// furnish adds what the form offers.
func (s *Server) furnish(c echo.Context, form *views.Form, choices []connection.Choice) error {
	kind := kindOf(choices, form.ConnectionID)
	for _, choice := range choices {
		name := s.Connections.DestinationName(choice.Type)
		if n := len(form.Connections); n == 0 || form.Connections[n-1].Label != name {
			form.Connections = append(form.Connections, component.OptionGroup{Label: name})
		}
		group := &form.Connections[len(form.Connections)-1]
		group.Options = append(group.Options, component.Option{Value: strconv.FormatInt(choice.ID, 10), Label: choice.Name})
	}
	driver, err := s.Exports.Driver(kind)
	if err != nil {
		return err
	}
	info := driver.Info()
	form.Info = info
	form.Kind, form.DestinationName, form.Fields, form.Custom, form.MaxProfiles = kind, info.Name, info.Fields, info.Custom, info.MaxProfiles
	if form.Plan, err = s.furnishPlan(c, form.Plan); err != nil {
		return err
	}
	if form.Outcomes.Places, err = s.Exports.OutcomePlaces(actor(c)); err != nil {
		return err
	}
	if form.Bases, err = s.bases(c, form.Base, "/exports/new?base="); err != nil {
		return err
	}
	snapshot, err := s.exportProfiles(c, form.Base)
	if err != nil && !problem.Is(err, problem.NotFound) {
		return err
	}
	form.Attributes = snapshot.Attributes
	if form.Suggestions, err = s.Exports.Suggest(ctx(c), actor(c), info, form.Base); err != nil {
		return err
	}
	page, err := s.Segments.List(ctx(c), actor(c), segment.Query{State: segment.Active, Limit: segmentsOffered})
	if err != nil {
		return err
	}
	form.Segments = slices.DeleteFunc(page.Segments, func(one segment.Segment) bool { return one.Definition.SourceID != form.Base })
	if err := s.nameChosen(c, form); err != nil {
		return err
	}
	ids := make([]int64, len(form.Chosen))
	for i, chosen := range form.Chosen {
		ids[i] = chosen.ID
		if !slices.ContainsFunc(form.Segments, func(one segment.Segment) bool { return one.ID == chosen.ID }) {
			kept, err := s.Segments.Get(ctx(c), actor(c), chosen.ID)
			if err != nil {
				return err
			}
			form.Segments = append(form.Segments, kept)
		}
	}
	form.Total = s.profilesOf(c, ids)
	return nil
}

// exportProfiles describes what the segments of an export are made from.
func (s *Server) exportProfiles(c echo.Context, base int64) (profile.Snapshot, error) {
	if base == 0 {
		return s.Profiles.Current(ctx(c))
	}
	return s.Segments.ProfilesOf(ctx(c), actor(c), base)
}

// nameChosen finds the names of the chosen segments, and offers a tag for those that were chosen just now. Those that are
// gone drop out.
func (s *Server) nameChosen(c echo.Context, form *views.Form) error {
	kept := form.Chosen[:0]
	for _, chosen := range form.Chosen {
		found, err := s.Segments.Get(ctx(c), actor(c), chosen.ID)
		if problem.Is(err, problem.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if !chosen.Asked {
			chosen.Tag, chosen.Asked = export.DefaultTag(found.Name), true
		}
		chosen.Name = found.Name
		kept = append(kept, chosen)
	}
	form.Chosen = kept
	return nil
}

// addSamples reads real values of each attribute that the form uses, as far as the person may see them.
func (s *Server) addSamples(c echo.Context, form *views.Form) error {
	form.Samples = map[string][]string{}
	if form.Base != 0 { // there is no asking elsewhere for values that only illustrate
		return nil
	}
	snapshot, err := s.Profiles.Current(ctx(c))
	if problem.Is(err, problem.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if actor(c).Can(access.SeePersonalData) {
		if err := s.looked(c, audit.SawSamples, audit.Subject{Kind: "profile"}); err != nil {
			return err
		}
	}
	wanted := []string{form.Email}
	for _, line := range form.Lines {
		wanted = append(wanted, line.Attribute)
	}
	for _, key := range wanted {
		if _, known := snapshot.Attribute(key); !known || form.Samples[key] != nil {
			continue
		}
		if form.Samples[key], err = s.Profiles.Samples(ctx(c), actor(c), snapshot, key, sampleValues); err != nil {
			return err
		}
	}
	return nil
}

// outlookOf tries the matching on every profile of the segments. What keeps it from being tried is part of the answer.
func (s *Server) outlookOf(c echo.Context, form views.Form) (*views.Outlook, error) {
	mapping := export.Mapping{}
	if form.Email != "" {
		mapping = append(mapping, export.Pair{Field: destination.Email, Attribute: form.Email})
	}
	known := profile.Snapshot{Attributes: form.Attributes}
	for _, line := range form.Lines {
		if pair := pairOf(line, form.Info); complete(line) && export.Tryable(form.Info, known, pair) {
			mapping = append(mapping, pair)
		}
	}
	consents, consent := tryConsent(form, known, mapping)
	mapping = append(mapping, consents...)
	if form.Email == "" || len(form.Chosen) == 0 {
		return &views.Outlook{Trouble: text(c, "exports.outlook.incomplete")}, nil
	}
	ids := make([]int64, len(form.Chosen))
	for i, chosen := range form.Chosen {
		ids[i] = chosen.ID
	}
	driver, err := s.Exports.Driver(form.Kind)
	if err != nil {
		return nil, err
	}
	within, cancel := context.WithTimeout(ctx(c), outlookPatience)
	defer cancel()
	assay, err := s.Exports.Assay(within, actor(c), driver.Info(), ids, mapping, consent)
	p := problem.Of(err)
	switch {
	case err == nil:
		return &views.Outlook{Assay: assay}, nil
	case p != nil && p.Kind != problem.NotPermitted && p.Kind != problem.SignedOut:
		return &views.Outlook{Trouble: text(c, p.Code, p.Args...)}, nil
	case errors.Is(within.Err(), context.DeadlineExceeded):
		return &views.Outlook{Trouble: text(c, "exports.outlook.too_slow")}, nil
	}
	return nil, err
}

// complete reports whether a line says enough to be tried.
func complete(l views.Line) bool {
	return l.Field != "" && (l.Field != views.CustomField || export.ValidCustomName(l.Custom))
}
