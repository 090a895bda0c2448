package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/views/layout"
	views "github.com/segue-app/segue/views/segment"
	versionviews "github.com/segue-app/segue/views/version"
)

func (s *Server) newSegment(c echo.Context) error {
	base, err := s.newBase(c)
	if err != nil {
		return err
	}
	snapshot, err := s.Segments.ProfilesOf(ctx(c), actor(c), base)
	kind := segment.Kind(c.QueryParam("kind"))
	if isNoProfiles(err) || (err == nil && kind != segment.ByRule && kind != segment.ByList) {
		return render(c, http.StatusOK, views.Choose(s.page(c, "segments", text(c, "segments.new"), segmentsCrumb(c)), err != nil))
	}
	if err != nil {
		return err
	}
	form := views.Form{Kind: kind, Base: base, Rule: segment.Group{Match: segment.All, Conditions: []segment.Condition{{}}}}
	if err := s.prefill(c, &form); err != nil {
		return err
	}
	if form.Base != base { // that of the segment whose rule it begins with
		if snapshot, err = s.Segments.ProfilesOf(ctx(c), actor(c), form.Base); err != nil {
			return err
		}
	}
	return s.renderSegmentForm(c, http.StatusOK, form, snapshot)
}

// newBase is what a new segment is made from: what the address says, else the unified profiles. Where there are none of those but a
// source whose profiles stay where they are, that one.
func (s *Server) newBase(c echo.Context) (int64, error) {
	if base, err := strconv.ParseInt(c.QueryParam("base"), 10, 64); err == nil && base >= 0 {
		return base, nil
	}
	if _, err := s.Segments.Profiles(ctx(c), actor(c)); !isNoProfiles(err) {
		return 0, err
	}
	bases, err := s.Pushdown.Bases(ctx(c))
	if err != nil || len(bases) == 0 {
		return 0, err
	}
	return bases[0].SourceID, nil
}

func (s *Server) editSegment(c echo.Context) error {
	found, err := s.segmentOf(c)
	if err != nil {
		return err
	}
	snapshot, err := s.Segments.ProfilesOf(ctx(c), actor(c), found.Definition.SourceID)
	if err != nil {
		return err
	}
	form := keptForm(found)
	if c.QueryParam("check") != "" {
		err := s.Segments.Faults(ctx(c), actor(c), found.Definition)
		if errs, ok := formErrors(c, err); ok {
			form.Errors = errs
		} else if err != nil {
			return err
		}
	}
	return s.renderSegmentForm(c, http.StatusOK, form, snapshot)
}

// keptForm is the form of a segment as it is kept.
func keptForm(found segment.Segment) views.Form {
	return views.Form{
		ID: found.ID, Version: found.Version, Kind: found.Definition.Kind, State: found.State, Name: found.Name, Description: found.Description,
		Base: found.Definition.SourceID, Zone: found.Definition.Zone, Rule: found.Definition.Rule, List: segment.List{ID: found.Definition.ListID, By: found.Definition.ListBy},
	}
}

// prefill begins a new segment with another one's rule or list (from), or with a rule of who is in some segments (in) and not in
// others (not).
func (s *Server) prefill(c echo.Context, form *views.Form) error {
	if id, err := strconv.ParseInt(c.QueryParam("from"), 10, 64); err == nil {
		source, err := s.Segments.Get(ctx(c), actor(c), id)
		if err != nil {
			return err
		}
		*form = keptForm(source)
		form.ID, form.Version, form.State, form.Name = 0, 0, "", text(c, "segments.duplicate.name", "Name", source.Name)
		return nil
	}
	var parts []segment.Condition
	for _, part := range []struct {
		parameter string
		operator  segment.Operator
	}{{"in", segment.InSegment}, {"not", segment.NotInSegment}} {
		for _, id := range c.QueryParams()[part.parameter] {
			parts = append(parts, segment.Condition{Operator: part.operator, Values: []string{id}})
		}
	}
	if len(parts) > 0 && len(parts) <= segment.MaxConditions {
		form.Rule.Conditions = parts
	}
	return nil
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
	snapshot, err := s.Segments.ProfilesOf(ctx(c), actor(c), form.Base)
	if err != nil {
		return err
	}
	form.Kind, form.Rule = segment.ByRule, fitRule(parseRule(values), snapshot)
	if do := values.Get("do"); saving(do) || values.Has(versionviews.OverField) {
		return s.saveSegment(c, form, snapshot, do)
	}
	form.Rule, form.Focus = changeRule(form.Rule, values.Get("do"))
	if err := s.recallState(c, &form); err != nil {
		return err
	}
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
		uploaded, err := s.Segments.UploadList(ctx(c), actor(c), sent.File, form.Entries)
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
	return s.saveSegment(c, form, snapshot, c.QueryParam("do"))
}

// saving reports whether a button keeps the segment.
func saving(do string) bool { return do == "save" || do == "draft" || do == "activate" }

// recallState notes in which state the segment is kept: it decides which buttons the form has.
func (s *Server) recallState(c echo.Context, form *views.Form) error {
	if form.ID == 0 {
		return nil
	}
	found, err := s.Segments.Get(ctx(c), actor(c), form.ID)
	form.State = found.State
	return err
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
	form.Base, _ = strconv.ParseInt(values.Get("base"), 10, 64)
	form.List.By = segment.Entries(values.Get("list_by"))
	if zone := values.Get("zone"); zone != "Local" {
		if _, err := time.LoadLocation(zone); err == nil {
			form.Zone = zone
		}
	}
	if entries := segment.Entries(values.Get("entries")); entries == segment.IDs || entries == segment.Addresses {
		form.Entries = entries
	}
	return form, nil
}

func (s *Server) saveSegment(c echo.Context, form views.Form, snapshot profile.Snapshot, do string) error {
	if err := s.recallState(c, &form); err != nil {
		return err
	}
	draft := segment.Draft{
		Name: form.Name, Description: form.Description, Version: overOr(c, form.Version),
		Definition: segment.Definition{Kind: form.Kind, SourceID: form.Base, Zone: form.Zone, Rule: form.Rule, ListID: form.List.ID, ListBy: form.List.By},
	}
	switch do {
	case "draft":
		draft.State = segment.InDraft
	case "activate":
		draft.State = segment.Active
	}
	var saved segment.Segment
	var err error
	if form.ID == 0 {
		saved, err = s.Segments.Create(ctx(c), actor(c), draft)
	} else {
		saved, err = s.Segments.Update(ctx(c), actor(c), form.ID, draft)
	}
	if form.ID != 0 && changedMeanwhile(err) {
		if form.Conflict, err = s.segmentConflict(c, form, draft); err != nil {
			return err
		}
		return s.renderSegmentForm(c, http.StatusConflict, form, snapshot)
	}
	if errs, ok := formErrors(c, err); ok {
		form.Errors = errs
		return s.renderSegmentForm(c, http.StatusUnprocessableEntity, form, snapshot)
	}
	if err != nil {
		return err
	}
	said := "segments.saved"
	if saved.State == segment.InDraft {
		said = "segments.saved.draft"
	}
	s.flash(c, "success", said, "Name", saved.Name)
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
	if form.Others, err = s.others(c, form.ID, form.Base); err != nil {
		return err
	}
	if form.Kind == segment.ByRule {
		if form.Bases, err = s.bases(c, form.Base, "/segments/new?kind=rule&base="); err != nil {
			return err
		}
	}
	if form.Kind == segment.ByList {
		form.Action += "/list"
		if form.List.ID != 0 && form.List.Count == 0 {
			form.List, err = s.Segments.ListReport(ctx(c), actor(c), form.List.ID)
		}
	} else {
		form.Preview, err = s.outlook(c, form, snapshot)
	}
	if err != nil && !problem.Is(err, problem.Unavailable) {
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

// others are the segments that a condition can name: active ones of the same base, without the one whose form it is. A circle by way of others is
// found when it is saved.
func (s *Server) others(c echo.Context, id, base int64) ([]segment.Segment, error) {
	page, err := s.Segments.List(ctx(c), actor(c), segment.Query{State: segment.Active, Limit: mostChoices})
	return slices.DeleteFunc(page.Segments, func(one segment.Segment) bool { return one.ID == id || one.Definition.SourceID != base }), err
}

// pagePatience is how long a whole page waits for the count; the button "Count again" and htmx wait longer.
const pagePatience = 500 * time.Millisecond

// previewRows is how many members the rule builder shows.
const previewRows = 5

// outlook says who the rule would hold for. What keeps it from being said is part of the answer.
func (s *Server) outlook(c echo.Context, form views.Form, snapshot profile.Snapshot) (views.Preview, error) {
	preview := views.Preview{Profiles: snapshot.Rows}
	def := segment.Definition{Kind: segment.ByRule, SourceID: form.Base, Zone: form.Zone, Rule: form.Rule}
	within, cancel := ctx(c), func() {}
	quick := !isHTMX(c) && c.FormValue("do") != "preview"
	if quick {
		within, cancel = context.WithTimeout(within, pagePatience)
	}
	defer cancel()
	count, err := s.Segments.Count(within, actor(c), def)
	if err == nil {
		preview.Counted, preview.Count = true, count
		if actor(c).Can(access.SeePersonalData) {
			if err := s.looked(c, audit.SawMembers, audit.Subject{Kind: "segment"}); err != nil {
				return preview, err
			}
		}
		preview.Sample, err = s.Segments.Sample(within, actor(c), def, previewRows)
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
	if quick && p.Code == segment.CodeTooSlow {
		preview.Trouble = text(c, "segments.preview.later")
	}
	if slices.Contains([]string{segment.CodeValueMissing, segment.CodeAttributeChoose, segment.CodeGroupEmpty, segment.CodeSegmentChoose}, p.Code) {
		preview.Trouble = text(c, "segments.preview.incomplete")
	}
	return preview, nil
}
