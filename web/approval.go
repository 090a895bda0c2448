package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/approval"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
	versions "github.com/segue-app/segue/internal/version"
	views "github.com/segue-app/segue/views/approval"
	"github.com/segue-app/segue/views/component"
	runviews "github.com/segue-app/segue/views/run"
	segmentviews "github.com/segue-app/segue/views/segment"
	versionviews "github.com/segue-app/segue/views/version"
)

func (s *Server) approvalRoutes(r *routes) {
	r.get("/exports/:id/approval", access.LookAround, s.showApproval)
	r.post("/exports/:id/approval", access.ApproveExports, s.decideApproval) // "do" says which: approve, refuse
	r.get(views.SettingsPath, access.ManageApprovals, s.showApprovalSettings)
	r.post(views.SettingsPath, access.ManageApprovals, s.saveApprovalSettings)
}

func (s *Server) showApproval(c echo.Context) error {
	e, err := s.exportOf(c)
	if err != nil {
		return err
	}
	return s.renderApproval(c, http.StatusOK, e, "", component.Errors{})
}

func (s *Server) renderApproval(c echo.Context, status int, e export.Export, reason string, errs component.Errors) error {
	standing, err := s.Approvals.Of(ctx(c), actor(c), e.ID)
	if err != nil {
		return err
	}
	// What is shown must not be older than the mark: a newer one has another mark, and cannot be approved by this one.
	if e, err = s.exportOf(c); err != nil {
		return err
	}
	view := views.View{Path: exportPath(e.ID), Needed: standing.Needed, Waits: standing.Waits, Mark: standing.Mark, Own: standing.Own, May: standing.MayApprove, Alone: standing.Approvers == 0,
		OfRules: standing.OfRules, MaySet: actor(c).Can(access.ManageApprovals), Approved: s.said(c, standing.Approved), Refused: s.said(c, standing.Refused), Reason: reason, Errors: errs, CSRF: csrfToken(c)}
	for _, maker := range standing.Makers {
		view.Makers = append(view.Makers, maker.Name)
	}
	if standing.Waits {
		if err := s.addWaiting(c, e, standing, &view); err != nil {
			return err
		}
	}
	return render(c, status, view.Show(s.page(c, "exports", text(c, "approval.title", "Name", e.Name), exportsCrumb(c), exportCrumb(e))))
}

func (s *Server) said(c echo.Context, d *approval.Decision) *views.Said {
	if d == nil {
		return nil
	}
	return &views.Said{Number: d.Number, Who: d.Name, Reason: d.Reason, When: s.moment(c, d.At)}
}

// addWaiting adds how what waits differs from what was approved.
func (s *Server) addWaiting(c echo.Context, e export.Export, standing approval.Standing, view *views.View) error {
	tell, err := s.exportTeller(c, e)
	if err != nil {
		return err
	}
	now := e.Defined()
	view.Whole = versionviews.Side{Number: e.Version}
	var before export.Definition
	var told, real []versionviews.Field
	if standing.Approved != nil {
		v, err := s.Exports.Version(ctx(c), actor(c), e.ID, standing.Approved.Number)
		if err != nil {
			return err
		}
		if before, err = export.DefinitionOf(v); err != nil {
			return err
		}
		told, real = tell(before, false), tell(before, true)
	}
	view.Changes = versionviews.Compare(ctx(c), told, tell(now, false), real, tell(now, true))
	attributes, err := s.attributesOf(c, e.Base())
	if err != nil {
		return err
	}
	view.Personal = newlyPersonal(c, before.Fields, now.Fields, attributes)
	for _, part := range standing.Segments {
		if !part.Changed {
			continue
		}
		shown, err := s.changedSegment(c, part)
		if err != nil {
			return err
		}
		view.Segments = append(view.Segments, shown)
	}
	return nil
}

// newlyPersonal are the lines of a matching that send personal attributes which those before did not send.
func newlyPersonal(c echo.Context, before, now export.Mapping, attributes []profile.Attribute) (lines []string) {
	sent := before.Attributes()
	called := profile.Snapshot{Attributes: attributes}
	label := func(key string) string {
		a, _ := called.Attribute(key)
		return cmp.Or(a.Label, key)
	}
	for _, pair := range now {
		highest := profile.NotPersonal
		for _, one := range pair.Sends() {
			if a, ok := called.Attribute(one.Attribute); ok && !slices.Contains(sent, one.Attribute) {
				highest = max(highest, a.Mark)
			}
		}
		if highest != profile.NotPersonal {
			lines = append(lines, text(c, "version.marked", "Line", runviews.MappedText(ctx(c), pair, label), "Mark", text(c, "profiles.mark."+highest.String())))
		}
	}
	return lines
}

// changedSegment tells how a segment differs from what was approved with the export.
func (s *Server) changedSegment(c echo.Context, part approval.Segment) (shown views.Part, err error) {
	now, err := s.Segments.Get(ctx(c), actor(c), part.ID)
	if err != nil {
		return shown, err
	}
	attributes, err := s.attributesOf(c, now.Definition.SourceID)
	if err != nil {
		return shown, err
	}
	shown = views.Part{ID: now.ID, Name: now.Name, Before: text(c, "approval.before.none"), After: text(c, "approval.after", "Number", now.Version)}
	tell := func(v versions.Version, all bool) ([]versionviews.Field, error) {
		d, err := segment.DefinedBy(v)
		return segmentviews.Versioned(ctx(c), d, attributes, all || actor(c).Can(access.SeePersonalData), v.Redacted), err
	}
	after, err := s.Segments.Version(ctx(c), actor(c), part.ID, part.Number)
	if err != nil {
		return shown, err
	}
	if part.Approved > 0 {
		before, err := s.Segments.Version(ctx(c), actor(c), part.ID, part.Approved)
		if err != nil {
			return shown, err
		}
		shown.Before = text(c, "approval.before", "Number", part.Approved)
		shown.Changes, err = historied{tell: tell}.compare(c, before, after)
		return shown, err
	}
	told, err := tell(after, false)
	if err != nil {
		return shown, err
	}
	real, err := tell(after, true)
	shown.Changes = versionviews.Compare(ctx(c), nil, told, nil, real)
	return shown, err
}

// decideApproval takes an answer to what was looked at.
func (s *Server) decideApproval(c echo.Context) error {
	e, err := s.exportOf(c)
	if err != nil {
		return err
	}
	done, reason := "approval.done", c.FormValue(approval.ReasonField)
	if c.FormValue("do") == "refuse" {
		done = "approval.done.refused"
		err = s.Approvals.Refuse(ctx(c), actor(c), e.ID, c.FormValue("mark"), reason)
	} else {
		err = s.Approvals.Approve(ctx(c), actor(c), e.ID, c.FormValue("mark"))
	}
	if errs, ok := formErrors(c, err, approval.ReasonField, "approval.reason"); ok {
		return s.renderApproval(c, http.StatusUnprocessableEntity, e, reason, errs)
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", done, "Name", e.Name)
	return redirect(c, exportPath(e.ID))
}

func (s *Server) showApprovalSettings(c echo.Context) error {
	kept, err := s.Approvals.Settings(ctx(c), actor(c))
	if err != nil {
		return err
	}
	return s.renderApprovalSettings(c, http.StatusOK, kept, placeOf(kept), component.Errors{}, nil)
}

func placeOf(kept approval.Settings) string {
	switch {
	case kept.Everywhere:
		return "all"
	case len(kept.Connections) > 0:
		return "some"
	}
	return "none"
}

func (s *Server) renderApprovalSettings(c echo.Context, status int, settings approval.Settings, where string, errs component.Errors, conflict *versionviews.Conflict) error {
	form := views.Form{Where: where, OfRules: settings.OfRules, Contributors: settings.Contributors, Version: strconv.Itoa(settings.Version), Errors: errs, Conflict: conflict, CSRF: csrfToken(c)}
	if c.Request().Method == http.MethodPost {
		form.Version = c.FormValue("version") // that it was opened with
	}
	var err error
	if form.Administrators, form.Others, err = s.Approvals.Approvers(ctx(c), actor(c)); err != nil {
		return err
	}
	connections, err := s.Connections.List(ctx(c), actor(c))
	if err != nil {
		return err
	}
	for _, connection := range connections {
		form.Connections = append(form.Connections, component.Choice{Value: strconv.FormatInt(connection.ID, 10), Title: connection.Name, Text: connection.DestinationName})
	}
	for _, id := range settings.Connections {
		form.Chosen = append(form.Chosen, strconv.FormatInt(id, 10))
	}
	if settings.ChangedBy != "" {
		form.Changed = text(c, "approval.settings.changed", "Name", settings.ChangedBy, "Time", settings.ChangedAt)
	}
	return render(c, status, form.Page(s.page(c, "approvals", text(c, "approval.settings.title"))))
}

func (s *Server) saveApprovalSettings(c echo.Context) error {
	typed, err := c.FormParams()
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	}
	where := typed.Get("where")
	settings := approval.Settings{Everywhere: where == "all", OfRules: typed.Has("of_rules"), Contributors: typed.Has("contributors"), Version: version(c)}
	for _, value := range typed["connection"] {
		if id, err := strconv.ParseInt(value, 10, 64); err == nil {
			settings.Connections = append(settings.Connections, id)
		}
	}
	var check problem.Check
	check.Require(where == "none" || where == "some" || where == "all", "where", "problem.choose")
	check.Require(where != "some" || len(settings.Connections) > 0, approval.ConnectionField, approval.CodeNoConnection)
	if err = check.Err(); err == nil {
		kept := settings
		if where == "none" {
			kept.Connections = nil
		}
		err = s.Approvals.Save(ctx(c), actor(c), kept)
	}
	if changedMeanwhile(err) {
		conflict, err := s.approvalConflict(c, where, settings)
		if err != nil {
			return err
		}
		return s.renderApprovalSettings(c, http.StatusConflict, settings, where, component.Errors{}, conflict)
	}
	if errs, ok := formErrors(c, err, "where", "approval.where", approval.ConnectionField, "approval.connections"); ok {
		return s.renderApprovalSettings(c, http.StatusUnprocessableEntity, settings, where, errs, nil)
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "approval.saved")
	return redirect(c, views.SettingsPath)
}
