package web

import (
	"cmp"
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
	"github.com/segue-app/segue/views/component"
	views "github.com/segue-app/segue/views/export"
	"github.com/segue-app/segue/views/layout"
	versionviews "github.com/segue-app/segue/views/version"
)

const (
	segmentsOffered = 500
	sampleValues    = 5
	outlookPatience = 30 * time.Second
)

// newExport shows an empty form, in which the email is suggested. "segment" in the address chooses a segment.
func (s *Server) newExport(c echo.Context) error {
	form := views.Form{Plan: views.PlanOf(export.UsualSchedule), Outcomes: views.OutcomesOf(export.Outcomes{}), Leavers: export.Untag, AskShare: export.DefaultAskShare}
	if id, err := strconv.ParseInt(c.QueryParam("segment"), 10, 64); err == nil {
		form.Chosen = []views.Chosen{{ID: id}}
		chosen, err := s.Segments.Get(ctx(c), actor(c), id)
		if err != nil && !problem.Is(err, problem.NotFound) {
			return err
		}
		form.Base = chosen.Definition.SourceID
	}
	if base, err := strconv.ParseInt(c.QueryParam("base"), 10, 64); err == nil && base >= 0 && len(form.Chosen) == 0 {
		form.Base = base
	}
	return s.renderExportForm(c, http.StatusOK, form, begin)
}

func (s *Server) editExport(c echo.Context) error {
	e, err := s.editableExport(c)
	if err != nil {
		return err
	}
	driver, err := s.Exports.Driver(e.DestinationType)
	if err != nil {
		return err
	}
	form := formOf(e, driver.Info())
	form.Meant = meantOf(c, e)
	form.ID, form.Version, form.Name = e.ID, e.Version, e.Name
	return s.renderExportForm(c, http.StatusOK, form, "")
}

func (s *Server) duplicateExport(c echo.Context) error {
	e, err := s.editableExport(c)
	if err != nil {
		return err
	}
	driver, err := s.Exports.Driver(e.DestinationType)
	if err != nil {
		return err
	}
	form := formOf(e, driver.Info())
	form.Name = text(c, "exports.duplicate.name", "Name", e.Name)
	return s.renderExportForm(c, http.StatusOK, form, "")
}

// formOf fills a form with what an export says.
func formOf(e export.Export, info destination.Info) views.Form {
	form := views.Form{Base: e.Base(), ConnectionID: e.ConnectionID, DetachedFrom: e.DetachedFrom, Plan: views.PlanOf(e.Schedule), Outcomes: views.OutcomesOf(e.Outcomes), Leavers: e.Leavers, AskShare: e.AskShare}
	form.Consent = consentOf(e, info)
	for _, part := range e.Segments {
		form.Chosen = append(form.Chosen, views.Chosen{ID: part.SegmentID, Name: part.Name, Tag: part.Tag, Asked: true})
	}
	for _, pair := range e.Mapping {
		if pair.Field == destination.Email {
			form.Email = pair.Attribute
			continue
		}
		if _, ofChannel := info.ChannelOf(pair.Field); ofChannel {
			continue
		}
		line := lineOf(pair.Field, pair.Attribute)
		line.Clear, line.Change = pair.Clear, views.ChangeOf(pair)
		form.Lines = append(form.Lines, line)
	}
	return form
}

func lineOf(field destination.Field, attribute string) views.Line {
	if name, custom := strings.CutPrefix(string(field), destination.CustomPrefix); custom {
		return views.Line{Field: views.CustomField, Custom: name, Attribute: attribute, Change: views.UsualChange}
	}
	return views.Line{Field: string(field), Attribute: attribute, Change: views.UsualChange}
}

// pairOf is what a line means. Of a field that cannot be emptied the box is not asked.
func pairOf(line views.Line, info destination.Info) export.Pair {
	field := line.Target()
	return line.Change.Put(export.Pair{Field: field, Attribute: line.Attribute, Clear: line.Clear && info.Clears(field)})
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
		form.ID, form.DetachedFrom = e.ID, e.DetachedFrom
		if err != nil {
			return s.keepTyped(c, err, form)
		}
	}
	if values.Get("do") == "save" || values.Has(versionviews.OverField) {
		return s.saveExport(c, form)
	}
	return s.renderExportForm(c, http.StatusOK, form, values.Get("do"))
}

// mostLines bounds what a form may hold.
const mostLines = 200

// readExportForm reads what was typed. A segment whose tag the form did not ask for yet gets the one that is offered.
func readExportForm(values url.Values) views.Form {
	form := views.Form{Name: values.Get("name"), Email: values.Get(export.MappingField(destination.Email)), Plan: readPlan(values), Outcomes: readOutcomes(values),
		Leavers: export.Leavers(values.Get("leavers"))}
	// A number that cannot be read is none: the domain says what is missing, or that the export was changed.
	form.ConnectionID, _ = strconv.ParseInt(values.Get("connection"), 10, 64)
	form.Version, _ = strconv.Atoi(values.Get("version"))
	form.Base, _ = strconv.ParseInt(values.Get("base"), 10, 64)
	form.AskShare, _ = strconv.Atoi(values.Get("ask_share"))
	for _, value := range values["segments"] {
		id, err := strconv.ParseInt(value, 10, 64)
		if err != nil || len(form.Chosen) == segmentsOffered {
			continue
		}
		chosen := views.Chosen{ID: id, Tag: values.Get(export.TagField(id))}
		chosen.Asked = values.Has(export.TagField(id))
		form.Chosen = append(form.Chosen, chosen)
	}
	form.Consent, form.Meant = readConsent(values), readMeant(values)
	for i := range mostLines {
		at := "line." + strconv.Itoa(i) + "."
		if !values.Has(at + "field") {
			break
		}
		form.Lines = append(form.Lines, views.Line{Field: values.Get(at + "field"), Custom: strings.TrimSpace(values.Get(at + "custom")),
			Attribute: values.Get(at + "attribute"), Change: readChange(values, at), Clear: values.Has(at + "clear")})
	}
	return form
}

func (s *Server) saveExport(c echo.Context, form views.Form) error {
	if err := s.nameChosen(c, &form); err != nil {
		return err
	}
	info, err := s.offered(c, form)
	if err != nil {
		return err
	}
	form.Lines = slices.DeleteFunc(form.Lines, func(l views.Line) bool { return l.Blank() })
	draft := export.Draft{Name: form.Name, ConnectionID: form.ConnectionID, Schedule: form.Plan.Schedule(), Outcomes: form.Outcomes.Outcomes(), Leavers: form.Leavers, AskShare: form.AskShare, Version: overOr(c, form.Version)}
	for _, chosen := range form.Chosen {
		draft.Parts = append(draft.Parts, export.Part{SegmentID: chosen.ID, Tag: chosen.Tag})
	}
	if form.Email != "" {
		draft.Mapping = append(draft.Mapping, export.Pair{Field: destination.Email, Attribute: form.Email})
	}
	for _, line := range form.Lines {
		draft.Mapping = append(draft.Mapping, pairOf(line, info))
	}
	consents, consent := mapConsent(form.Consent, info)
	draft.Mapping, draft.Consent = append(draft.Mapping, consents...), consent
	for i, pair := range draft.Mapping {
		draft.Mapping[i].Meant, draft.Mapping[i].Reason = form.Meant[pair.Attribute].Ticked, form.Meant[pair.Attribute].Reason
		draft.Mapping[i].With.Meant, draft.Mapping[i].With.Reason = form.Meant[pair.With.Attribute].Ticked, form.Meant[pair.With.Attribute].Reason
	}
	var saved export.Export
	if form.ID == 0 {
		saved, err = s.Exports.Create(ctx(c), actor(c), draft)
	} else {
		saved, err = s.Exports.Update(ctx(c), actor(c), form.ID, draft)
	}
	if changedMeanwhile(err) {
		if form.Conflict, err = s.exportConflict(c, form, draft); err != nil {
			return err
		}
		return s.renderExportForm(c, http.StatusConflict, form, "")
	}
	if errs, ok := formErrors(c, err, "name", "exports.name", "connection", "exports.connection", "segments", "exports.segments",
		export.WhenField, "exports.schedule.run", export.OutcomeWayField, "outcomes.way", export.OutcomeFormatField, "outcomes.format", export.OutcomeFolderField, "outcomes.folder"); ok {
		form.Errors = placeErrors(c, errs, problem.Of(err).Fields, form)
		labelConsentErrors(c, form.Errors, info)
		return s.renderExportForm(c, http.StatusUnprocessableEntity, form, "")
	}
	if err != nil {
		return s.keepTyped(c, err, form)
	}
	s.flash(c, "success", "exports.saved", "Name", saved.Name)
	return redirect(c, exportPath(saved.ID))
}

// keepTyped shows the form again, as it was typed, to somebody who was granted the connection when she opened it and is no more.
func (s *Server) keepTyped(c echo.Context, err error, form views.Form) error {
	if p := problem.Of(err); p == nil || p.Code != access.NotGranted {
		return err
	}
	s.logRefusal(c, err)
	form.Refused = true
	form.Errors = component.Errors{Summary: component.ErrorSummary{Title: text(c, access.NotGranted), Text: text(c, "exports.not_granted")}}
	return s.renderExportForm(c, http.StatusForbidden, form, "")
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
		if form.Refused { // she may not use the connection any more: it stands in what she typed
			choices = append(choices, connection.Choice{ID: kept.ConnectionID, Type: kept.DestinationType, Name: cmp.Or(kept.ConnectionName, kept.DetachedFrom)})
		}
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
		return render(c, status, views.Exchanged(form))
	}
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
		form.Lines = append(form.Lines, views.Line{Change: views.UsualChange})
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
