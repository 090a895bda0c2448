package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/views/layout"
	views "github.com/segue-app/segue/views/segment"
)

func (s *Server) newSegment(c echo.Context) error {
	snapshot, err := s.Segments.Profiles(ctx(c), actor(c))
	kind := segment.Kind(c.QueryParam("kind"))
	if isNoProfiles(err) || (err == nil && kind != segment.ByRule && kind != segment.ByList) {
		return render(c, http.StatusOK, views.Choose(s.page(c, "segments", text(c, "segments.new"), segmentsCrumb(c)), err != nil))
	}
	if err != nil {
		return err
	}
	form := views.Form{Kind: kind, Rule: segment.Group{Match: segment.All, Conditions: []segment.Condition{{}}}}
	return s.renderSegmentForm(c, http.StatusOK, form, snapshot)
}

func (s *Server) editSegment(c echo.Context) error {
	found, err := s.segmentOf(c)
	if err != nil {
		return err
	}
	snapshot, err := s.Segments.Profiles(ctx(c), actor(c))
	if err != nil {
		return err
	}
	return s.renderSegmentForm(c, http.StatusOK, views.Form{
		ID: found.ID, Version: found.Version, Kind: found.Definition.Kind, Name: found.Name, Description: found.Description,
		Rule: found.Definition.Rule, List: segment.List{ID: found.Definition.ListID},
	}, snapshot)
}

// postSegment takes the form of a rule. What it does is in "do": save, or a step of the builder, after which the form, or
// the part of it that htmx asks for, is shown again.
func (s *Server) postSegment(c echo.Context) error {
	values, err := c.FormParams()
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	}
	form, err := segmentForm(c, values)
	if err != nil {
		return err
	}
	snapshot, err := s.Segments.Profiles(ctx(c), actor(c))
	if err != nil {
		return err
	}
	form.Kind, form.Rule = segment.ByRule, fitRule(parseRule(values), snapshot)
	if values.Get("do") == "save" {
		return s.saveSegment(c, form, snapshot)
	}
	form.Rule, form.Focus = changeRule(form.Rule, values.Get("do"))
	return s.renderSegmentForm(c, http.StatusOK, form, snapshot)
}

// postSegmentList takes the form of an uploaded list. Without a file it keeps the list that the form has.
func (s *Server) postSegmentList(c echo.Context, sent *upload) error {
	form, err := segmentForm(c, sent.Values)
	if err != nil {
		return err
	}
	form.Kind = segment.ByList
	snapshot, err := s.Segments.Profiles(ctx(c), actor(c))
	if err != nil {
		return err
	}
	if sent.File != nil {
		uploaded, err := s.Segments.UploadList(ctx(c), actor(c), sent.File)
		if errs, ok := formErrors(c, err); ok {
			form.Errors = errs
			return s.renderSegmentForm(c, http.StatusUnprocessableEntity, form, snapshot)
		}
		if tooLarge(err) {
			return echo.NewHTTPError(http.StatusRequestEntityTooLarge).SetInternal(err)
		}
		if err != nil {
			return err
		}
		form.List = uploaded
	}
	return s.saveSegment(c, form, snapshot)
}

// segmentForm reads the fields that both forms have.
func segmentForm(c echo.Context, values url.Values) (views.Form, error) {
	form := views.Form{Name: values.Get("name"), Description: values.Get("description")}
	if c.Param("id") != "" {
		id, err := pathID(c, "id")
		if err != nil {
			return form, err
		}
		form.ID = id
	}
	// A number that cannot be read is none: the domain says that the segment was changed, or that the list is missing.
	form.Version, _ = strconv.Atoi(values.Get("version"))
	form.List.ID, _ = strconv.ParseInt(values.Get("list_id"), 10, 64)
	return form, nil
}

func (s *Server) saveSegment(c echo.Context, form views.Form, snapshot profile.Snapshot) error {
	draft := segment.Draft{
		Name: form.Name, Description: form.Description, Version: form.Version,
		Definition: segment.Definition{Kind: form.Kind, Rule: form.Rule, ListID: form.List.ID},
	}
	var saved segment.Segment
	var err error
	if form.ID == 0 {
		saved, err = s.Segments.Create(ctx(c), actor(c), draft)
	} else {
		saved, err = s.Segments.Update(ctx(c), actor(c), form.ID, draft)
	}
	if errs, ok := formErrors(c, err); ok {
		form.Errors = errs
		return s.renderSegmentForm(c, http.StatusUnprocessableEntity, form, snapshot)
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "segments.saved", "Name", saved.Name)
	return redirect(c, segmentPath(saved.ID))
}

// renderSegmentForm shows the form; to htmx, the part of it that it exchanges.
func (s *Server) renderSegmentForm(c echo.Context, status int, form views.Form, snapshot profile.Snapshot) error {
	form.CSRF, form.Attributes = csrfToken(c), snapshot.Attributes
	form.Action, form.Cancel = "/segments", "/segments"
	title, above := text(c, "segments.new."+string(form.Kind)+".title"), []layout.Crumb{segmentsCrumb(c)}
	if form.ID != 0 {
		form.Action, form.Cancel = segmentPath(form.ID), segmentPath(form.ID)
		kept, err := s.Segments.Get(ctx(c), actor(c), form.ID)
		if err != nil {
			return err
		}
		title = text(c, "segments.edit.title", "Name", kept.Name)
		above = append(above, layout.Crumb{Label: kept.Name, Href: form.Cancel})
	}
	var err error
	if form.Kind == segment.ByList {
		form.Action += "/list"
		if form.List.ID != 0 && form.List.Count == 0 {
			form.List, err = s.Segments.ListReport(ctx(c), actor(c), form.List.ID)
		}
	} else {
		form.Preview, err = s.outlook(c, form.Rule, snapshot)
	}
	if err != nil {
		return err
	}
	if isHTMX(c) && form.Kind == segment.ByRule {
		if c.Request().Header.Get("HX-Target") == views.PreviewID {
			return render(c, status, views.Outlook(form.Preview))
		}
		return render(c, status, views.Builder(form))
	}
	return render(c, status, views.Edit(s.page(c, "segments", title, above...), form))
}

// previewRows is how many members the rule builder shows.
const previewRows = 5

// outlook says who the rule would hold for. What keeps it from being said is part of the answer.
func (s *Server) outlook(c echo.Context, rule segment.Group, snapshot profile.Snapshot) (views.Preview, error) {
	preview := views.Preview{Profiles: snapshot.Rows}
	def := segment.Definition{Kind: segment.ByRule, Rule: rule}
	count, err := s.Segments.Count(ctx(c), actor(c), def)
	if err == nil {
		preview.Counted, preview.Count = true, count
		preview.Sample, err = s.Segments.Sample(ctx(c), actor(c), def, previewRows)
		if problem.Is(err, problem.Unavailable) { // the count is worth showing without
			return preview, nil
		}
		return preview, err
	}
	var p *problem.Problem
	if !errors.As(err, &p) || p.Kind == problem.NotPermitted || p.Kind == problem.SignedOut {
		return preview, err
	}
	preview.Trouble = text(c, p.Code, p.Args...)
	if slices.Contains([]string{segment.CodeValueMissing, segment.CodeAttributeChoose, segment.CodeGroupEmpty}, p.Code) {
		preview.Trouble = text(c, "segments.preview.incomplete")
	}
	return preview, nil
}
