package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/views/component"
	views "github.com/segue-app/segue/views/export"
	"github.com/segue-app/segue/views/layout"
)

const (
	segmentsOffered = 500
	sampleValues    = 5
	outlookPatience = 30 * time.Second
)

// newExport shows an empty form, in which the email is suggested. "segment" in the address chooses a segment.
func (s *Server) newExport(c echo.Context) error {
	form := views.Form{Schedule: export.WithSystem, Leavers: export.Untag}
	if id, err := strconv.ParseInt(c.QueryParam("segment"), 10, 64); err == nil {
		form.Chosen = []views.Chosen{{ID: id}}
	}
	return s.renderExportForm(c, http.StatusOK, form, begin)
}

func (s *Server) editExport(c echo.Context) error {
	e, err := s.editableExport(c)
	if err != nil {
		return err
	}
	form := formOf(e)
	form.ID, form.Version, form.Name = e.ID, e.Version, e.Name
	return s.renderExportForm(c, http.StatusOK, form, "")
}

func (s *Server) duplicateExport(c echo.Context) error {
	e, err := s.editableExport(c)
	if err != nil {
		return err
	}
	form := formOf(e)
	form.Name = text(c, "exports.duplicate.name", "Name", e.Name)
	return s.renderExportForm(c, http.StatusOK, form, "")
}

// formOf fills a form with what an export says.
func formOf(e export.Export) views.Form {
	form := views.Form{ConnectionID: e.ConnectionID, DetachedFrom: e.DetachedFrom, Schedule: e.Schedule, Leavers: e.Leavers}
	for _, part := range e.Segments {
		form.Chosen = append(form.Chosen, views.Chosen{ID: part.SegmentID, Name: part.Name, Tag: part.Tag, Asked: true})
	}
	for _, pair := range e.Mapping {
		if pair.Field == destination.Email {
			form.Email = pair.Attribute
			continue
		}
		form.Lines = append(form.Lines, lineOf(pair.Field, pair.Attribute))
	}
	return form
}

func lineOf(field destination.Field, attribute string) views.Line {
	if name, custom := strings.CutPrefix(string(field), destination.CustomPrefix); custom {
		return views.Line{Field: views.CustomField, Custom: name, Attribute: attribute}
	}
	return views.Line{Field: string(field), Attribute: attribute}
}

// postExport takes the form. What it does is in "do": save, or a step, after which the form, or the part of it that htmx asks
// for, is shown again.
func (s *Server) postExport(c echo.Context) error {
	values, err := c.FormParams()
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	}
	form := readExportForm(values)
	if c.Param("id") != "" {
		e, err := s.editableExport(c)
		if err != nil {
			return err
		}
		form.ID, form.DetachedFrom = e.ID, e.DetachedFrom
	}
	if values.Get("do") == "save" {
		return s.saveExport(c, form)
	}
	return s.renderExportForm(c, http.StatusOK, form, values.Get("do"))
}

// mostLines bounds what a form may hold.
const mostLines = 200

// readExportForm reads what was typed. A segment whose tag the form did not ask for yet gets the one that is offered.
func readExportForm(values url.Values) views.Form {
	form := views.Form{Name: values.Get("name"), Email: values.Get(export.MappingField(destination.Email)), Schedule: export.Schedule(values.Get("schedule")),
		Leavers: export.Leavers(values.Get("leavers"))}
	// A number that cannot be read is none: the domain says what is missing, or that the export was changed.
	form.ConnectionID, _ = strconv.ParseInt(values.Get("connection"), 10, 64)
	form.Version, _ = strconv.Atoi(values.Get("version"))
	for _, value := range values["segments"] {
		id, err := strconv.ParseInt(value, 10, 64)
		if err != nil || len(form.Chosen) == segmentsOffered {
			continue
		}
		chosen := views.Chosen{ID: id, Tag: values.Get(export.TagField(id))}
		chosen.Asked = values.Has(export.TagField(id))
		form.Chosen = append(form.Chosen, chosen)
	}
	for i := range mostLines {
		at := "line." + strconv.Itoa(i) + "."
		if !values.Has(at + "field") {
			break
		}
		form.Lines = append(form.Lines, views.Line{Field: values.Get(at + "field"), Custom: strings.TrimSpace(values.Get(at + "custom")), Attribute: values.Get(at + "attribute")})
	}
	return form
}

func (s *Server) saveExport(c echo.Context, form views.Form) error {
	if err := s.nameChosen(c, &form); err != nil {
		return err
	}
	form.Lines = slices.DeleteFunc(form.Lines, func(l views.Line) bool { return l == views.Line{} })
	draft := export.Draft{Name: form.Name, ConnectionID: form.ConnectionID, Schedule: form.Schedule, Leavers: form.Leavers, Version: form.Version}
	for _, chosen := range form.Chosen {
		draft.Parts = append(draft.Parts, export.Part{SegmentID: chosen.ID, Tag: chosen.Tag})
	}
	if form.Email != "" {
		draft.Mapping = append(draft.Mapping, export.Pair{Field: destination.Email, Attribute: form.Email})
	}
	for _, line := range form.Lines {
		draft.Mapping = append(draft.Mapping, export.Pair{Field: line.Target(), Attribute: line.Attribute})
	}
	var saved export.Export
	var err error
	if form.ID == 0 {
		saved, err = s.Exports.Create(ctx(c), actor(c), draft)
	} else {
		saved, err = s.Exports.Update(ctx(c), actor(c), form.ID, draft)
	}
	if errs, ok := formErrors(c, err, "name", "exports.name", "connection", "exports.connection", "segments", "exports.segments"); ok {
		form.Errors = placeErrors(c, errs, problem.Of(err).Fields, form)
		if problem.Is(err, problem.Conflict) {
			// The next save is meant to replace the other version: the form says so, and links to it.
			now, err := s.Exports.Get(ctx(c), actor(c), form.ID)
			if err != nil {
				return err
			}
			form.Version, form.Changed = now.Version, true
		}
		return s.renderExportForm(c, http.StatusUnprocessableEntity, form, "")
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "exports.saved", "Name", saved.Name)
	return redirect(c, exportPath(saved.ID))
}

// placeErrors moves what the domain says of a destination's field to the line of the form that fills it: the last, when
// several do.
func placeErrors(c echo.Context, errs component.Errors, fields []problem.Field, form views.Form) component.Errors {
	for i, said := range fields {
		field, ok := strings.CutPrefix(said.Name, export.MappingField(""))
		if !ok {
			continue
		}
		if field == string(destination.Email) {
			errs.Summary.Errors[i].Label = text(c, "exports.field.email")
			continue
		}
		for n, line := range form.Lines {
			if string(line.Target()) != field {
				continue
			}
			part := "field"
			switch {
			case said.Code == "problem.choose":
				part = "attribute"
			case line.Field == views.CustomField && !export.ValidCustomName(line.Custom):
				part = "custom"
			}
			errs.Summary.Errors[i].FieldID = "line." + strconv.Itoa(n) + "." + part
			errs.Summary.Errors[i].Label = text(c, "exports.line", "Number", n+1)
		}
	}
	return errs
}

// begin is the step of a form that nobody has touched.
const begin = "begin"

// renderExportForm shows the form after a step; to htmx, the part of it that it exchanges.
func (s *Server) renderExportForm(c echo.Context, status int, form views.Form, do string) error {
	choices, err := s.Connections.Usable(ctx(c), actor(c))
	if err != nil {
		return err
	}
	title, above := text(c, "exports.new"), []layout.Crumb{exportsCrumb(c)}
	form.Action, form.Cancel = "/exports", "/exports"
	if form.ID != 0 {
		form.Action, form.Cancel = exportPath(form.ID), exportPath(form.ID)
		kept, err := s.Exports.Get(ctx(c), actor(c), form.ID)
		if err != nil {
			return err
		}
		title, above = text(c, "exports.edit.title", "Name", kept.Name), append(above, exportCrumb(kept))
	}
	if len(choices) == 0 {
		return render(c, status, views.NoConnection(s.page(c, "exports", title, above...), views.Missing{MayConnect: actor(c).Can(access.ManageConnections)}))
	}
	form.CSRF = csrfToken(c)
	if err := s.furnish(c, &form, choices); err != nil {
		return err
	}
	if do == begin && len(choices) == 1 {
		form.ConnectionID = choices[0].ID
	}
	form = step(form, do)
	if err := s.addSamples(c, &form); err != nil {
		return err
	}
	if do == "check" {
		if form.Outlook, err = s.outlookOf(c, form); err != nil {
			return err
		}
	}
	if isHTMX(c) {
		return s.renderFormPart(c, status, form)
	}
	return render(c, status, views.Edit(s.page(c, "exports", title, above...), form))
}

func (s *Server) renderFormPart(c echo.Context, status int, form views.Form) error {
	switch c.Request().Header.Get("HX-Target") {
	case views.OutlookID:
		return render(c, status, views.Look(form))
	case views.TagsID:
		c.Response().Header().Set("HX-Trigger-After-Settle", views.ChangedEvent)
		return render(c, status, views.Tags(form))
	default:
		c.Response().Header().Set("HX-Trigger-After-Settle", views.ChangedEvent)
		return render(c, status, views.Matching(form))
	}
}

// furnish adds what the form offers.
func (s *Server) furnish(c echo.Context, form *views.Form, choices []connection.Choice) error {
	kind := choices[0].Type
	for _, choice := range choices {
		if choice.ID == form.ConnectionID {
			kind = choice.Type
		}
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
	form.Kind, form.DestinationName, form.Fields, form.Custom, form.MaxProfiles = kind, info.Name, info.Fields, info.Custom, info.MaxProfiles
	if form.NextRun, err = s.nextRunText(c); err != nil {
		return err
	}
	snapshot, err := s.Profiles.Current(ctx(c))
	if err != nil && !problem.Is(err, problem.NotFound) {
		return err
	}
	form.Attributes = snapshot.Attributes
	if form.Suggestions, err = s.Exports.Suggest(ctx(c), actor(c), info); err != nil {
		return err
	}
	page, err := s.Segments.List(ctx(c), actor(c), segment.Query{Limit: segmentsOffered})
	if err != nil {
		return err
	}
	form.Segments = page.Segments
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

// step changes the matching as a button says.
func step(form views.Form, do string) views.Form {
	name, about, _ := strings.Cut(do, ":")
	number, removing := strings.CutPrefix(do, "remove-")
	switch {
	case removing:
		if i, err := strconv.Atoi(number); err == nil && i >= 0 && i < len(form.Lines) {
			form.Lines = slices.Delete(form.Lines, i, i+1)
			form.Focus = views.StepID("add-attribute")
		}
	case do == "add-attribute" && len(form.Lines) < mostLines:
		form.Focus = "line." + strconv.Itoa(len(form.Lines)) + ".field"
		form.Lines = append(form.Lines, views.Line{})
	case do == "check":
		form.Focus = views.StepID("check")
	case do == "suggest" || do == begin || name == "use":
		for _, suggestion := range form.Suggestions {
			if do == "suggest" || (do == begin && suggestion.Field == destination.Email) || about == string(suggestion.Field) {
				form = follow(form, suggestion)
			}
		}
		if do != begin {
			form.Focus = views.StepID("add-attribute")
		}
	}
	return form
}

// follow fills the field of a suggestion, unless it is filled.
func follow(form views.Form, suggestion export.Suggestion) views.Form {
	if suggestion.Field == destination.Email {
		if form.Email == "" {
			form.Email = suggestion.Attribute.Key
		}
		return form
	}
	for _, line := range form.Lines {
		if line.Target() == suggestion.Field {
			return form
		}
	}
	form.Lines = append(form.Lines, lineOf(suggestion.Field, suggestion.Attribute.Key))
	return form
}

// addSamples reads real values of each attribute that the form uses, as far as the person may see them.
func (s *Server) addSamples(c echo.Context, form *views.Form) error {
	form.Samples = map[string][]string{}
	snapshot, err := s.Profiles.Current(ctx(c))
	if problem.Is(err, problem.NotFound) {
		return nil
	}
	if err != nil {
		return err
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
		if _, ok := known.Attribute(line.Attribute); ok && complete(line) {
			mapping = append(mapping, export.Pair{Field: line.Target(), Attribute: line.Attribute})
		}
	}
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
	assay, err := s.Exports.Assay(within, actor(c), driver.Info(), ids, mapping)
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
