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
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
	views "github.com/segue-app/segue/views/export"
	"github.com/segue-app/segue/views/layout"
	segmentviews "github.com/segue-app/segue/views/segment"
)

func (s *Server) exportRoutes(r *routes) {
	r.get("/exports", access.LookAround, s.listExports) // for htmx, how the exports that the page shows stand
	r.get(views.GlancePath, access.LookAround, s.glanceExports)
	r.get("/exports/new", access.UseSomeConnections, s.newExport)
	r.post("/exports", access.UseSomeConnections, s.postExport) // the form: save, or a step of it
	r.post("/exports/run-all", access.RunAll, s.startAllRuns)
	r.get("/exports/:id", access.LookAround, s.showExport)
	r.get("/exports/:id/edit", access.UseSomeConnections, s.editExport)
	r.get("/exports/:id/duplicate", access.UseSomeConnections, s.duplicateExport) // the form, filled; nothing is made before it is saved
	r.post("/exports/:id", access.UseSomeConnections, s.postExport)               // as /exports
	r.post("/exports/:id/run", access.UseSomeConnections, s.startRun)
	r.get("/exports/:id/dry-run", access.LookAround, s.dryRun)
	r.get("/exports/:id/test", access.UseSomeConnections, s.showSpecimen)
	r.post("/exports/:id/test", access.UseSomeConnections, s.sendSpecimen)
	r.get(views.BulkPath, access.UseSomeConnections, s.askSchedules)
	r.post(views.BulkPath, access.UseSomeConnections, s.scheduleExports)
	r.get("/exports/:id/schedule", access.UseSomeConnections, s.askSchedule)
	r.post("/exports/:id/schedule", access.UseSomeConnections, s.scheduleExport)
	r.post("/exports/:id/pause", access.UseSomeConnections, s.pauseExport)
	r.post("/exports/:id/resume", access.UseSomeConnections, s.resumeExport)
	r.get("/exports/:id/detach", access.UseSomeConnections, s.askDetach)
	r.post("/exports/:id/detach", access.UseSomeConnections, s.detachExport)
	r.get("/exports/:id/remove", access.UseSomeConnections, s.askRemoveExport)
	r.post("/exports/:id/remove", access.UseSomeConnections, s.removeExport)
	r.topic(export.Topic, access.LookAround)
}

func exportPath(id int64) string { return views.Path(id, "") }

func exportsCrumb(c echo.Context) layout.Crumb {
	return layout.Crumb{Label: text(c, "exports.title"), Href: "/exports"}
}

func (s *Server) listExports(c echo.Context) error {
	query := exportQuery(c)
	rows, total, err := s.Exports.List(ctx(c), actor(c), query)
	if err != nil {
		return err
	}
	listing := views.Listing{
		Query: query, Total: total, Now: s.Clock(), CSRF: csrfToken(c), Link: exportsLink,
		MayAdd: actor(c).Can(access.UseSomeConnections), MayRun: actor(c).Can(access.RunAll),
	}
	for _, row := range rows {
		shown := views.Row{Row: row, DestinationName: s.Connections.DestinationName(row.DestinationType), MayEdit: row.MayEdit(actor(c))}
		if shown.Obstacle, err = s.Exports.Readiness(ctx(c), row.Export); err != nil {
			return err
		}
		if shown.NextRun, err = s.nextOf(c, row.Schedule); err != nil {
			return err
		}
		listing.Rows = append(listing.Rows, shown)
	}
	if err := s.recentOf(c, listing.Rows); err != nil {
		return err
	}
	if isHTMX(c) {
		shown := shownIDs(c, views.PageSize)
		listing.Changed = !slices.EqualFunc(shown, listing.Rows, func(id int64, row views.Row) bool { return id == row.ID })
		listing.Rows = slices.DeleteFunc(listing.Rows, func(row views.Row) bool { return !slices.Contains(shown, row.ID) })
		return render(c, http.StatusOK, views.Standing(listing))
	}
	return render(c, http.StatusOK, views.List(s.page(c, "exports", text(c, "exports.title")), listing))
}

// exportQuery reads what the address asks for: q, sort, direction, page.
func exportQuery(c echo.Context) export.Query {
	sort := c.QueryParam("sort")
	if sort == "" {
		sort = "name"
	}
	return export.Query{
		Search: c.QueryParam("q"), Sort: sort, Descending: c.QueryParam("direction") == "descending",
		Offset: (pageNumber(c) - 1) * views.PageSize, Limit: views.PageSize,
	}
}

// exportsLink is the address that asks for the query.
func exportsLink(query export.Query) string {
	asked := url.Values{}
	if query.Search != "" {
		asked.Set("q", query.Search)
	}
	if query.Sort != "name" {
		asked.Set("sort", query.Sort)
	}
	if query.Descending {
		asked.Set("direction", "descending")
	}
	if query.Offset > 0 {
		asked.Set("page", strconv.Itoa(query.Offset/views.PageSize+1))
	}
	if len(asked) == 0 {
		return "/exports"
	}
	return "/exports?" + asked.Encode()
}

func (s *Server) showExport(c echo.Context) error {
	e, err := s.exportOf(c)
	if err != nil {
		return err
	}
	d := views.Detail{
		Export: e, Now: s.Clock(), CSRF: csrfToken(c), MayEdit: e.MayEdit(actor(c)), MayMend: actor(c).Can(access.ManageConnections),
		Labels: map[string]string{}, Sizes: map[int64]int{}, Sentences: map[int64]string{},
	}
	driver, err := s.Exports.Driver(e.DestinationType)
	if err != nil {
		return err
	}
	d.DestinationName, d.MaxProfiles, d.Channels = driver.Info().Name, driver.Info().MaxProfiles, driver.Info().Channels
	if d.Obstacle, err = s.Exports.Readiness(ctx(c), e); err != nil {
		return err
	}
	if d.Unconfirmed, err = s.unconfirmed(c, e); err != nil {
		return err
	}
	if err := s.addComing(c, &d); err != nil {
		return err
	}
	if err := s.describe(c, &d); err != nil {
		return err
	}
	if err := s.picture(c, &d); err != nil {
		return err
	}
	if d.Runs, err = s.runHistory(c, e.ID, exportPath(e.ID)); err != nil {
		return err
	}
	latest, err := s.Runs.List(ctx(c), actor(c), e.ID, 1, 0)
	if err != nil {
		return err
	}
	if len(latest) > 0 && latest[0].Yields() {
		d.Waiting = &latest[0]
	} else if len(latest) > 0 && latest[0].State.Active() {
		d.Active = &latest[0]
	}
	return render(c, http.StatusOK, views.Show(s.page(c, "exports", e.Name, exportsCrumb(c)), d))
}

// describe adds what the export's segments and attributes are called and how large they are now.
func (s *Server) describe(c echo.Context, d *views.Detail) error {
	var ids []int64
	segments := make([]segment.Segment, len(d.Segments))
	for i, part := range d.Segments {
		ids = append(ids, part.SegmentID)
		found, err := s.Segments.Get(ctx(c), actor(c), part.SegmentID)
		if err != nil {
			return err
		}
		segments[i] = found
		if !found.CalculatedAt.IsZero() {
			d.Sizes[part.SegmentID] = found.Size
		}
	}
	if d.Base() != 0 {
		return s.describeThere(c, d, segments)
	}
	snapshot, err := s.Profiles.Current(ctx(c))
	if err != nil && !problem.Is(err, problem.NotFound) {
		return err
	}
	say(c, d, segments, snapshot.Attributes)
	d.Profiles = s.profilesOf(c, ids)
	return nil
}

// say adds what attributes are called and what the segments' rules say.
func say(c echo.Context, d *views.Detail, segments []segment.Segment, attributes []profile.Attribute) {
	for _, a := range attributes {
		d.Labels[a.Key] = a.Label
	}
	for _, one := range segments {
		d.Sentences[one.ID] = segmentviews.Short(ctx(c), one, attributes, actor(c).Can(access.SeePersonalData))
	}
}

// describeThere does so for profiles that stay where they are. Who only looks at the page has nobody ask over there.
func (s *Server) describeThere(c echo.Context, d *views.Detail, segments []segment.Segment) error {
	snapshot, err := s.Segments.ProfilesOf(ctx(c), actor(c), d.Base())
	if err != nil && !problem.Is(err, problem.NotFound) {
		return err
	}
	say(c, d, segments, snapshot.Attributes)
	d.BaseName = snapshot.FileName
	d.Profiles = -1
	if size, ok := d.Sizes[d.Segments[0].SegmentID]; ok && len(d.Segments) == 1 {
		d.Profiles = size
	}
	return nil
}

// unionPatience is how long a page waits for the number of profiles in several segments.
const unionPatience = 3 * time.Second

// profilesOf counts the profiles of some segments, each once; -1 when that cannot be said, or not soon.
func (s *Server) profilesOf(c echo.Context, segmentIDs []int64) int {
	if len(segmentIDs) == 0 {
		return 0
	}
	within, cancel := context.WithTimeout(ctx(c), unionPatience)
	defer cancel()
	definitions, err := s.Segments.Definitions(within, segmentIDs)
	if err != nil {
		return -1
	}
	n, err := s.Segments.CountMembers(within, definitions)
	if err != nil {
		return -1
	}
	return n
}

// exportOf reads the export that the path names.
func (s *Server) exportOf(c echo.Context) (export.Export, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return export.Export{}, err
	}
	return s.Exports.Get(ctx(c), actor(c), id)
}

// editableExport reads the export that the path names, for a person who may change it.
func (s *Server) editableExport(c echo.Context) (export.Export, error) {
	e, err := s.exportOf(c)
	if err == nil && !e.MayEdit(actor(c)) {
		err = actor(c).RequireUse(e.Grant)
	}
	return e, err
}
