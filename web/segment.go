package web

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/views/layout"
	views "github.com/segue-app/segue/views/segment"
)

func (s *Server) segmentRoutes(r *routes) {
	r.get("/segments", access.LookAround, s.listSegments)
	r.get("/segments/new", access.EditSegments, s.newSegment)                // asks which kind, then shows its form
	r.post("/segments", access.EditSegments, s.postSegment)                  // the form of a rule: save, or a step of the builder
	r.upload("/segments/list", access.EditSegments, s.postSegmentList)       // the form of an uploaded list
	r.get("/segments/:id", access.LookAround, s.showSegment)                 // size, rule, exports, sample
	r.get("/segments/:id/edit", access.EditSegments, s.editSegment)          //
	r.post("/segments/:id", access.EditSegments, s.postSegment)              // as /segments
	r.upload("/segments/:id/list", access.EditSegments, s.postSegmentList)   // as /segments/list
	r.post("/segments/:id/calculate", access.EditSegments, s.recountSegment) // counts it again now
	r.get("/segments/:id/delete", access.EditSegments, s.askDeleteSegment)   // asks, or says what uses it
	r.post("/segments/:id/delete", access.EditSegments, s.deleteSegment)
}

func (s *Server) listSegments(c echo.Context) error {
	query := segmentQuery(c)
	page, err := s.Segments.List(ctx(c), actor(c), query)
	if err != nil {
		return err
	}
	_, err = s.Segments.Profiles(ctx(c), actor(c))
	noProfiles := isNoProfiles(err)
	if err != nil && !noProfiles {
		return err
	}
	listing := views.Listing{
		Query: query, Total: page.Total, Now: s.Clock(), MayEdit: actor(c).Can(access.EditSegments),
		NoProfiles: noProfiles && page.Total == 0 && query.Search == "", Link: segmentsLink,
	}
	for _, one := range page.Segments {
		uses, err := s.Segments.UsedBy(ctx(c), actor(c), one.ID)
		if err != nil {
			return err
		}
		listing.Rows = append(listing.Rows, views.Row{Segment: one, Uses: len(views.Exports(uses))})
	}
	return render(c, http.StatusOK, views.List(s.page(c, "segments", text(c, "segments.title")), listing))
}

// segmentQuery reads what the address asks for: q, sort, direction, page.
func segmentQuery(c echo.Context) segment.Query {
	page, err := strconv.Atoi(c.QueryParam("page"))
	if err != nil || page < 1 || page > 1_000_000 {
		page = 1
	}
	order := segment.Order(c.QueryParam("sort"))
	if order == "" {
		order = segment.ByName
	}
	return segment.Query{
		Search: c.QueryParam("q"), Order: order, Descending: c.QueryParam("direction") == "descending",
		Offset: (page - 1) * views.PageSize, Limit: views.PageSize,
	}
}

// segmentsLink is the address that asks for the query.
func segmentsLink(query segment.Query) string {
	asked := url.Values{}
	if query.Search != "" {
		asked.Set("q", query.Search)
	}
	if query.Order != segment.ByName {
		asked.Set("sort", string(query.Order))
	}
	if query.Descending {
		asked.Set("direction", "descending")
	}
	if query.Offset > 0 {
		asked.Set("page", strconv.Itoa(query.Offset/views.PageSize+1))
	}
	if len(asked) == 0 {
		return "/segments"
	}
	return "/segments?" + asked.Encode()
}

// sampleRows is how many members the page of a segment shows.
const sampleRows = 20

func (s *Server) showSegment(c echo.Context) error {
	found, err := s.segmentOf(c)
	if err != nil {
		return err
	}
	detail := views.Detail{
		Segment: found, Now: s.Clock(), CSRF: csrfToken(c),
		MayEdit: actor(c).Can(access.EditSegments), MaySee: actor(c).Can(access.SeePersonalData),
	}
	if detail.Uses, err = s.Segments.UsedBy(ctx(c), actor(c), found.ID); err != nil {
		return err
	}
	snapshot, err := s.Segments.Profiles(ctx(c), actor(c))
	if err != nil && !isNoProfiles(err) {
		return err
	}
	detail.Attributes, detail.Profiles = snapshot.Attributes, snapshot.Rows
	if found.Definition.Kind == segment.ByList && err == nil {
		if detail.List, err = s.Segments.ListReport(ctx(c), actor(c), found.Definition.ListID); err != nil {
			return err
		}
	}
	if detail.MaySee {
		detail.Sample, err = s.Segments.Sample(ctx(c), actor(c), found.Definition, sampleRows)
		if p := problem.Of(err); p != nil {
			detail.Trouble = text(c, p.Code, p.Args...)
		} else if err != nil {
			return err
		}
	}
	return render(c, http.StatusOK, views.Show(s.page(c, "segments", found.Name, segmentsCrumb(c)), detail))
}

func (s *Server) recountSegment(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	found, err := s.Segments.Calculate(ctx(c), actor(c), id)
	if err != nil {
		return err
	}
	if found.Failure == "" {
		s.flash(c, "success", "segments.calculated.done")
	}
	return redirect(c, segmentPath(id))
}

func (s *Server) askDeleteSegment(c echo.Context) error {
	found, err := s.segmentOf(c)
	if err != nil {
		return err
	}
	return s.renderDeletion(c, http.StatusOK, found)
}

func (s *Server) deleteSegment(c echo.Context) error {
	found, err := s.segmentOf(c)
	if err != nil {
		return err
	}
	err = s.Segments.Delete(ctx(c), actor(c), found.ID)
	if problem.Is(err, problem.Conflict) {
		return s.renderDeletion(c, http.StatusConflict, found)
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "segments.deleted", "Name", found.Name)
	return redirect(c, "/segments")
}

func (s *Server) renderDeletion(c echo.Context, status int, found segment.Segment) error {
	uses, err := s.Segments.UsedBy(ctx(c), actor(c), found.ID)
	if err != nil {
		return err
	}
	title := "segments.delete.title"
	if len(uses) > 0 {
		title = "segments.delete.in_use.title"
	}
	frame := s.page(c, "segments", text(c, title, "Name", found.Name), segmentsCrumb(c),
		layout.Crumb{Label: found.Name, Href: segmentPath(found.ID)})
	return render(c, status, views.Delete(frame, views.Deletion{Segment: found, Uses: uses, CSRF: csrfToken(c)}))
}

// segmentOf reads the segment that the path names.
func (s *Server) segmentOf(c echo.Context) (segment.Segment, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return segment.Segment{}, err
	}
	return s.Segments.Get(ctx(c), actor(c), id)
}

func segmentsCrumb(c echo.Context) layout.Crumb {
	return layout.Crumb{Label: text(c, "segments.title"), Href: "/segments"}
}

func segmentPath(id int64) string { return "/segments/" + strconv.FormatInt(id, 10) }

func isNoProfiles(err error) bool {
	p := problem.Of(err)
	return p != nil && p.Code == segment.CodeNoProfiles
}
