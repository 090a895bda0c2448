package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/exclusion"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/views/component"
	views "github.com/segue-app/segue/views/exclusion"
	"github.com/segue-app/segue/views/layout"
)

func (s *Server) exclusionRoutes(r *routes) {
	r.get("/exclusions", access.LookAround, s.showExclusions) // viewers get numbers only
	r.post("/exclusions", access.ManageExclusions, s.addExclusions)
	r.upload("/exclusions/upload", access.ManageExclusions, s.uploadExclusions)
	r.post("/exclusions/segments", access.ManageExclusions, s.excludeSegment)
	r.post("/exclusions/check", access.SeePersonalData, s.checkExclusion)                  // answers, and keeps nothing of the address
	r.get("/exclusions/emails/:entry/remove", access.ManageExclusions, s.askRemoveEmail)   // asks first, like the next ones
	r.post("/exclusions/emails/:entry/remove", access.ManageExclusions, s.removeEmail)     // by the keyed hash
	r.get("/exclusions/domains/:id/remove", access.ManageExclusions, s.askRemoveDomain)    //
	r.post("/exclusions/domains/:id/remove", access.ManageExclusions, s.removeDomain)      //
	r.get("/exclusions/segments/:id/remove", access.ManageExclusions, s.askIncludeSegment) //
	r.post("/exclusions/segments/:id/remove", access.ManageExclusions, s.includeSegment)   //
}

const exclusionsPath = "/exclusions"

func (s *Server) showExclusions(c echo.Context) error {
	return s.renderExclusions(c, http.StatusOK, views.View{})
}

// renderExclusions fills in what is on the list beside the forms that are given.
func (s *Server) renderExclusions(c echo.Context, status int, v views.View) error {
	page, err := strconv.Atoi(c.QueryParam("page"))
	if err != nil || page < 1 || page > 1_000_000 {
		page = 1
	}
	v.Query = exclusion.Query{Search: c.QueryParam("q"), Offset: (page - 1) * views.PageSize, Limit: views.PageSize}
	v.Link, v.MaySee, v.MayChange = exclusionsLink, actor(c).Can(access.SeePersonalData), actor(c).Can(access.ManageExclusions)
	if v.Overview, err = s.Exclusions.Overview(ctx(c), actor(c), v.Query); err != nil {
		return err
	}
	for _, one := range v.SegmentList {
		v.Segments = append(v.Segments, views.Row{Name: one.Name, Href: segmentPath(one.ID), RemoveHref: views.SegmentPath(one.ID), By: one.By, Reason: one.Reason, Added: s.moment(c, one.At)})
	}
	for _, one := range v.DomainList {
		v.Domains = append(v.Domains, views.Row{Name: one.Name, RemoveHref: views.DomainPath(one.ID), By: one.By, Reason: one.Reason, Added: s.moment(c, one.At)})
	}
	for _, one := range v.Additions {
		v.Added = append(v.Added, views.AdditionRow{Addition: one, When: s.moment(c, one.At)})
	}
	if v.MayChange {
		if v.Segment.Choices, err = s.excludable(c, v.SegmentList); err != nil {
			return err
		}
	}
	return render(c, status, views.List(s.page(c, "exclusions", text(c, "exclusions.title")), v))
}

// exclusionsLink is the address that asks for the query.
func exclusionsLink(query exclusion.Query) string {
	asked := url.Values{}
	if query.Search != "" {
		asked.Set("q", query.Search)
	}
	if query.Offset > 0 {
		asked.Set("page", strconv.Itoa(query.Offset/views.PageSize+1))
	}
	if len(asked) == 0 {
		return exclusionsPath
	}
	return exclusionsPath + "?" + asked.Encode()
}

// mostChoices is how many segments are offered at most.
const mostChoices = 1000

// excludable are the active segments that are not on the list.
func (s *Server) excludable(c echo.Context, listed []exclusion.Segment) (choices []component.Option, err error) {
	page, err := s.Segments.List(ctx(c), actor(c), segment.Query{State: segment.Active, Limit: mostChoices})
	if err != nil {
		return nil, err
	}
	for _, one := range page.Segments {
		if !slices.ContainsFunc(listed, func(l exclusion.Segment) bool { return l.ID == one.ID }) {
			choices = append(choices, component.Option{Value: strconv.FormatInt(one.ID, 10), Label: one.Name})
		}
	}
	return choices, nil
}

func (s *Server) addExclusions(c echo.Context) error {
	form := views.Form{Entries: c.FormValue("entries"), Reason: c.FormValue("reason")}
	report, err := s.Exclusions.Add(ctx(c), actor(c), strings.NewReader(form.Entries), form.Reason)
	var ok bool
	if form.Errors, ok = formErrors(c, err, "entries", "exclusions.entries", "reason", "exclusions.reason.label"); ok {
		return s.renderExclusions(c, http.StatusUnprocessableEntity, views.View{Typed: form})
	}
	return s.reportExclusions(c, report, err)
}

func (s *Server) uploadExclusions(c echo.Context, upload *upload) error {
	form := views.Form{Reason: upload.Values.Get("reason")}
	report, err := s.Exclusions.Add(ctx(c), actor(c), upload.File, form.Reason)
	var ok bool
	if form.Errors, ok = formErrors(c, err, "entries", "exclusions.file", "reason", "exclusions.reason.label"); ok {
		rename(form.Errors, "entries", "file", "reason", "file-reason")
		return s.renderExclusions(c, http.StatusUnprocessableEntity, views.View{File: form})
	}
	return s.reportExclusions(c, report, err)
}

// rename gives fields the ids that they have in a page with several forms.
func rename(errs component.Errors, pairs ...string) {
	for i, line := range errs.Summary.Errors {
		for p := 0; p+1 < len(pairs); p += 2 {
			if line.FieldID == pairs[p] {
				errs.Summary.Errors[i].FieldID = pairs[p+1]
			}
		}
	}
}

// reportExclusions says what came of an adding. Numbers of faulty lines need room, so they come with the page.
func (s *Server) reportExclusions(c echo.Context, report exclusion.Report, err error) error {
	if err != nil {
		return err
	}
	if report.Faulty > 0 || report.Cut {
		return s.renderExclusions(c, http.StatusOK, views.View{Report: &report})
	}
	s.flash(c, "success", "exclusions.report", "Emails", report.Emails, "Domains", report.Domains, "Known", report.Known)
	return redirect(c, exclusionsPath)
}

func (s *Server) excludeSegment(c echo.Context) error {
	form := views.SegmentForm{Chosen: c.FormValue("segments"), Reason: c.FormValue("reason")}
	var ids []int64
	if id, err := strconv.ParseInt(form.Chosen, 10, 64); err == nil {
		ids = append(ids, id)
	}
	_, err := s.Exclusions.AddSegments(ctx(c), actor(c), ids, form.Reason)
	var ok bool
	if form.Errors, ok = formErrors(c, err, "segments", "exclusions.segment", "reason", "exclusions.reason.label"); ok {
		rename(form.Errors, "reason", "segments-reason")
		return s.renderExclusions(c, http.StatusUnprocessableEntity, views.View{Segment: form})
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "exclusions.segment.done")
	return redirect(c, exclusionsPath)
}

func (s *Server) checkExclusion(c echo.Context) error {
	form := views.CheckForm{Address: c.FormValue("address")}
	answer, err := s.Exclusions.Check(ctx(c), actor(c), form.Address)
	var ok bool
	if form.Errors, ok = formErrors(c, err, "address", "exclusions.address"); ok {
		return s.renderExclusions(c, http.StatusUnprocessableEntity, views.View{Check: form})
	}
	if err != nil {
		return err
	}
	if err := s.looked(c, audit.SawExclusion, audit.Subject{}); err != nil {
		return err
	}
	form.Answer, form.Added = &answer, s.moment(c, answer.At)
	return s.renderExclusions(c, http.StatusOK, views.View{Check: form})
}

// askTakingOff shows the question before something is taken off the list.
func (s *Server) askTakingOff(c echo.Context, action, title, what string, facts []component.Term) error {
	frame := s.page(c, "exclusions", title, layout.Crumb{Label: text(c, "exclusions.title"), Href: exclusionsPath})
	return render(c, http.StatusOK, views.Remove(frame, views.Removal{Action: action, CSRF: csrfToken(c), Text: what, Facts: facts}))
}

func (s *Server) removed(c echo.Context, err error) error {
	if err != nil {
		return err
	}
	s.flash(c, "success", "exclusions.remove.done")
	return redirect(c, exclusionsPath)
}

func (s *Server) askRemoveEmail(c echo.Context) error {
	found, err := s.Exclusions.Email(ctx(c), actor(c), c.Param("entry"))
	if err != nil {
		return err
	}
	return s.askTakingOff(c, views.EmailPath(found.ID), text(c, "exclusions.remove.email"), text(c, "exclusions.remove.email.text"),
		views.Facts(ctx(c), s.moment(c, found.At), found.By, found.Reason))
}

func (s *Server) removeEmail(c echo.Context) error {
	return s.removed(c, s.Exclusions.RemoveEmail(ctx(c), actor(c), c.Param("entry")))
}

func (s *Server) askRemoveDomain(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	found, err := s.Exclusions.Domain(ctx(c), actor(c), id)
	if err != nil {
		return err
	}
	return s.askTakingOff(c, views.DomainPath(id), text(c, "exclusions.remove.title", "Name", found.Name), text(c, "exclusions.remove.domain.text"),
		views.Facts(ctx(c), s.moment(c, found.At), found.By, found.Reason))
}

func (s *Server) removeDomain(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return s.removed(c, s.Exclusions.RemoveDomain(ctx(c), actor(c), id))
}

func (s *Server) askIncludeSegment(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	found, err := s.Exclusions.Segment(ctx(c), actor(c), id)
	if err != nil {
		return err
	}
	return s.askTakingOff(c, views.SegmentPath(id), text(c, "exclusions.remove.title", "Name", found.Name), text(c, "exclusions.remove.segment.text"),
		views.Facts(ctx(c), s.moment(c, found.At), found.By, found.Reason))
}

func (s *Server) includeSegment(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return s.removed(c, s.Exclusions.RemoveSegment(ctx(c), actor(c), id))
}
