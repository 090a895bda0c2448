package web

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	versions "github.com/segue-app/segue/internal/version"
	"github.com/segue-app/segue/views/component"
	"github.com/segue-app/segue/views/layout"
	scheduleviews "github.com/segue-app/segue/views/schedule"
	views "github.com/segue-app/segue/views/version"
)

func (s *Server) versionRoutes(r *routes) {
	for _, of := range []struct {
		path      string
		see, act  access.Action
		historied func(echo.Context) (historied, error)
	}{
		{"/exports/:id", access.LookAround, access.UseSomeConnections, s.exportHistory},
		{"/segments/:id", access.LookAround, access.EditSegments, s.segmentHistory},
		{scheduleviews.Path, access.ManageSchedule, access.ManageSchedule, s.scheduleHistory},
	} {
		r.get(of.path+"/history", of.see, func(c echo.Context) error { return s.showHistory(c, of.historied) })
		r.get(of.path+"/history/compare", of.see, func(c echo.Context) error { return s.compareVersions(c, of.historied) })
		r.post(of.path+"/history/:number", of.act, func(c echo.Context) error { return s.goBack(c, of.historied) })
	}
}

// historied is a thing that has versions, as the pages of its history need it.
type historied struct {
	section  string
	name     string // of the thing
	crumbs   []layout.Crumb
	path     string // of the thing
	edit     string // leads to its form; "" for those who may not change it
	now      int    // number of the version that holds
	list     func(before, limit int) ([]versions.Version, error)
	get      func(number int) (versions.Version, error)
	tell     func(v versions.Version, all bool) ([]views.Field, error) // all: also what the reader may not see, to compare by
	goBack   func(number, seen int) error
	inTheWay func(problem.Field) string // what a field is called
}

func (h historied) historyPath() string { return h.path + "/history" }

// versionsShown is how many versions a page of a history has.
const versionsShown = 50

func (s *Server) showHistory(c echo.Context, of func(echo.Context) (historied, error)) error {
	h, err := of(c)
	if err != nil {
		return err
	}
	before, _ := strconv.Atoi(c.QueryParam("before")) // what is no number asks for the latest
	found, err := h.list(max(before, 0), versionsShown+1)
	if err != nil {
		return err
	}
	view := views.History{Path: h.historyPath(), Lead: text(c, "version.lead")}
	if len(found) > versionsShown {
		view.Older = h.historyPath() + "?before=" + strconv.Itoa(found[versionsShown-1].Number)
	}
	for i, v := range found[:min(len(found), versionsShown)] {
		row := views.Row{Number: v.Number, Who: v.UserName, When: s.moment(c, v.At), Now: v.Number == h.now, Erased: v.Redacted}
		var changed []views.Difference
		if i+1 < len(found) {
			if changed, err = h.compare(c, found[i+1], v); err != nil {
				return err
			}
			row.Changes = views.Link(h.historyPath(), found[i+1].Number, v.Number)
		}
		row.What = whatWasDone(c, v, changed, i+1 < len(found))
		if !row.Now {
			row.Compare = views.Link(h.historyPath(), v.Number, h.now)
		}
		view.Rows = append(view.Rows, row)
		view.Options = append(view.Options, component.Option{Value: strconv.Itoa(v.Number),
			Label: text(c, "version.option", "Number", v.Number, "What", row.What)})
	}
	if len(view.Options) > 1 {
		view.From, view.To = view.Options[1].Value, view.Options[0].Value
	}
	return render(c, http.StatusOK, view.Show(s.page(c, h.section, text(c, "version.title", "Name", h.name), h.crumbs...)))
}

// whatWasDone says in a sentence what made a version.
func whatWasDone(c echo.Context, v versions.Version, changed []views.Difference, known bool) string {
	args := []any{"Number", v.BackTo, "Parts", views.Labels(changed)}
	switch v.Act {
	case versions.Changed, versions.WentBack, versions.Scheduled:
		switch {
		case !known:
			return text(c, "version.act."+string(v.Act), args...)
		case len(changed) == 0:
			return text(c, "version.act."+string(v.Act)+".same", args...)
		}
		return text(c, "version.act."+string(v.Act)+".parts", args...)
	}
	return text(c, "version.act."+string(v.Act), args...)
}

// compare tells how two versions differ.
func (h historied) compare(c echo.Context, before, after versions.Version) ([]views.Difference, error) {
	var told [4][]views.Field
	for i, v := range []versions.Version{before, after, before, after} {
		var err error
		if told[i], err = h.tell(v, i >= 2); err != nil {
			return nil, err
		}
	}
	return views.Compare(ctx(c), told[0], told[1], told[2], told[3]), nil
}

func (s *Server) compareVersions(c echo.Context, of func(echo.Context) (historied, error)) error {
	h, err := of(c)
	if err != nil {
		return err
	}
	to, err := strconv.Atoi(c.QueryParam("to"))
	if err != nil {
		to = h.now
	}
	from, err := strconv.Atoi(c.QueryParam("from"))
	if err != nil { // the one before it, or itself when it is the first
		if from, err = h.before(to); err != nil {
			return err
		}
	}
	return s.renderComparison(c, http.StatusOK, h, from, to, nil)
}

// before is the number of the version before another, or its own when there is none.
func (h historied) before(number int) (int, error) {
	found, err := h.list(number, 1)
	if err != nil || len(found) == 0 {
		return number, err
	}
	return found[0].Number, nil
}

func (s *Server) renderComparison(c echo.Context, status int, h historied, from, to int, inTheWay []string) error {
	view := views.Comparison{Path: h.historyPath(), Seen: h.now, CSRF: csrfToken(c), InTheWay: inTheWay, Edit: h.edit}
	before, err := h.get(from)
	if err != nil {
		return err
	}
	after, err := h.get(to)
	if err != nil {
		return err
	}
	view.From, view.To = s.sideOf(c, before), s.sideOf(c, after)
	if view.Differences, err = h.compare(c, before, after); err != nil {
		return err
	}
	if h.edit != "" && from != h.now {
		view.GoBack = h.historyPath() + "/" + strconv.Itoa(from)
	}
	crumbs := append(slices.Clone(h.crumbs), layout.Crumb{Label: text(c, "version.history"), Href: h.historyPath()})
	return render(c, status, view.Show(s.page(c, h.section, text(c, "version.compare.title", "From", from, "To", to), crumbs...)))
}

func (s *Server) sideOf(c echo.Context, v versions.Version) views.Side {
	return views.Side{Number: v.Number, Who: v.UserName, When: s.moment(c, v.At), Erased: v.Redacted}
}

// goBack has a version hold again. What is in the way is said on the page of the comparison, and nothing is changed.
func (s *Server) goBack(c echo.Context, of func(echo.Context) (historied, error)) error {
	h, err := of(c)
	if err != nil {
		return err
	}
	number, err := pathID(c, "number")
	if err != nil {
		return err
	}
	err = h.goBack(int(number), version(c))
	p := problem.Of(err)
	switch {
	case p != nil && (p.Kind == problem.Invalid || p.Kind == problem.Conflict):
		lines := []string{}
		for _, field := range p.Fields {
			said := text(c, field.Code, field.Args...)
			if label := h.inTheWay(field); label != "" {
				said = text(c, "version.in_the_way.line", "Part", label, "What", said)
			}
			if !slices.Contains(lines, said) {
				lines = append(lines, said)
			}
		}
		if len(p.Fields) == 0 {
			lines = append(lines, text(c, p.Code, p.Args...))
		}
		return s.renderComparison(c, http.StatusUnprocessableEntity, h, int(number), h.now, lines)
	case err != nil:
		return err
	}
	s.flash(c, "success", "version.went_back", "Number", number)
	return redirect(c, h.path)
}

// attributesOf are the attributes of the profiles that something is made from; none while those are gone.
func (s *Server) attributesOf(c echo.Context, base int64) ([]profile.Attribute, error) {
	snapshot, err := s.Segments.ProfilesOf(ctx(c), actor(c), base)
	if err != nil && !isNoProfiles(err) && !problem.Is(err, problem.NotFound) && !problem.Is(err, problem.Unavailable) {
		return nil, err
	}
	return snapshot.Attributes, nil
}
