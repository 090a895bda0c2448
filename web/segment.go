package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
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
	s.segmentStateRoutes(r)
	s.segmentListRoutes(r)
	s.segmentTransferRoutes(r)
	r.get("/segments/overlap", access.LookAround, s.compareSegments) // two segments: who is in which
	r.topic(segment.Topic, access.LookAround)
	r.topic("segment", access.LookAround)
}

func (s *Server) listSegments(c echo.Context) error {
	query := segmentQuery(c)
	page, err := s.Segments.List(ctx(c), actor(c), query)
	if last := (page.Total - 1) / views.PageSize * views.PageSize; err == nil && query.Offset > max(last, 0) { // the rest was removed, or filtered
		query.Offset = max(last, 0)
		page, err = s.Segments.List(ctx(c), actor(c), query)
	}
	if err != nil {
		return err
	}
	snapshot, err := s.Segments.Profiles(ctx(c), actor(c))
	noProfiles := isNoProfiles(err)
	if err != nil && !noProfiles {
		return err
	}
	listing := views.Listing{
		Query: query, Total: page.Total, Now: s.Clock(), MayEdit: actor(c).Can(access.EditSegments),
		NoProfiles: noProfiles && page.Total == 0 && query.Search == "" && query.State == "", Link: segmentsLink,
		Attributes: snapshot.Attributes, MaySee: actor(c).Can(access.SeePersonalData),
	}
	for _, one := range page.Segments {
		uses, err := s.Segments.UsedBy(ctx(c), actor(c), one.ID)
		if err != nil {
			return err
		}
		listing.Rows = append(listing.Rows, views.Row{Segment: one, Uses: len(views.Exports(uses))})
	}
	if isHTMX(c) && c.Request().Header.Get("HX-Target") == views.RowsID {
		return render(c, http.StatusOK, views.Rows(listing))
	}
	return render(c, http.StatusOK, views.List(s.page(c, "segments", text(c, "segments.title")), listing))
}

// segmentQuery reads what the address asks for: q, state, sort, direction, page.
func segmentQuery(c echo.Context) segment.Query {
	page, err := strconv.Atoi(c.QueryParam("page"))
	if err != nil || page < 1 || page > 1_000_000 {
		page = 1
	}
	order := segment.Order(c.QueryParam("sort"))
	if order == "" {
		order = segment.ByName
	}
	state := segment.State(c.QueryParam("state"))
	if !slices.Contains(segment.States, state) {
		state = ""
	}
	return segment.Query{
		Search: c.QueryParam("q"), State: state, Order: order, Descending: c.QueryParam("direction") == "descending",
		Offset: (page - 1) * views.PageSize, Limit: views.PageSize,
	}
}

// segmentsLink is the address that asks for the query.
func segmentsLink(query segment.Query) string {
	asked := url.Values{}
	if query.Search != "" {
		asked.Set("q", query.Search)
	}
	if query.State != "" {
		asked.Set("state", string(query.State))
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
	snapshot, err := s.Segments.ProfilesOf(ctx(c), actor(c), found.Definition.SourceID)
	if err != nil && !isNoProfiles(err) && !problem.Is(err, problem.NotFound) { // without its source the page is worth showing, too
		return err
	}
	if detail.Bases, err = s.bases(c, found.Definition.SourceID, "/segments/new?kind=rule&base="); err != nil {
		return err
	}
	detail.Attributes, detail.Profiles = snapshot.Attributes, snapshot.Rows
	if isHTMX(c) && c.Request().Header.Get("HX-Target") == views.NowID {
		return render(c, http.StatusOK, views.Now(detail))
	}
	if found.Definition.Kind == segment.ByList && snapshot.ID != 0 {
		detail.List, err = s.Segments.ListReport(ctx(c), actor(c), found.Definition.ListID)
		if err != nil && !problem.Is(err, problem.Unavailable) { // the page is worth showing without
			return err
		}
	}
	if err := s.addSample(c, &detail); err != nil {
		return err
	}
	if detail.Chart, err = s.sizesOf(c, found.ID); err != nil {
		return err
	}
	return render(c, http.StatusOK, views.Show(s.page(c, "segments", found.Name, segmentsCrumb(c)), detail))
}

// samplePatience is how long the page of a segment waits for its members.
const samplePatience = 2 * time.Second

// addSample adds some members, or why there are none.
func (s *Server) addSample(c echo.Context, detail *views.Detail) (err error) {
	if !detail.MaySee {
		return nil
	}
	if err := s.looked(c, audit.SawMembers, detail.Subject()); err != nil {
		return err
	}
	by, err := s.revealing(c, detail.Subject())
	if err != nil {
		return err
	}
	detail.Masked = maskedFor(c, by)
	within, cancel := context.WithTimeout(ctx(c), samplePatience)
	defer cancel()
	detail.Sample, err = s.Segments.Sample(within, by, detail.Definition, sampleRows)
	p := problem.Of(err)
	switch {
	case p != nil && detail.State == segment.InDraft:
		detail.Trouble = text(c, "segments.draft.incomplete")
	case p != nil:
		detail.Trouble = text(c, p.Code, p.Args...)
	default:
		return err
	}
	return nil
}

// sizesOf reads the sizes of a segment over the time that the address asks for.
func (s *Server) sizesOf(c echo.Context, id int64) (chart views.Chart, err error) {
	chart.Range = views.Range(c.QueryParam("range"))
	if !slices.Contains(views.Ranges, chart.Range) {
		chart.Range = views.Quarter
	}
	chart.Link = func(r views.Range) string { return segmentPath(id) + "?range=" + string(r) + "#segment-sizes" }
	chart.Points, err = s.Segments.Sizes(ctx(c), actor(c), id, chart.Range.Since(s.Clock()))
	return chart, err
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
	if found.Failure == "" && found.WaitingSince.IsZero() {
		s.flash(c, "success", "segments.calculated.done")
	}
	return redirect(c, segmentPath(id))
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
