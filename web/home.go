package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/views/home"
	"github.com/segue-app/segue/views/layout"
)

func (s *Server) homeRoutes(r *routes) {
	r.get("/", access.LookAround, s.showHome) // where one starts; for htmx, the part that changes
	r.topic(run.ListTopic, access.LookAround)
	r.topic(export.Topic, access.LookAround)
}

// mostLooked is how many exports and segments Home looks through for what needs somebody.
const mostLooked = 200

// standing is what Home is made of.
type standing struct {
	snapshot    profile.Snapshot // without ID: there are no profiles
	segments    segment.Page
	exports     []export.Row
	exportTotal int
}

func (s *Server) readStanding(c echo.Context) (now standing, err error) {
	now.snapshot, err = s.Profiles.Current(ctx(c))
	if err != nil && !problem.Is(err, problem.NotFound) {
		return now, err
	}
	if now.segments, err = s.Segments.List(ctx(c), actor(c), segment.Query{Limit: mostLooked}); err != nil {
		return now, err
	}
	now.exports, now.exportTotal, err = s.Exports.List(ctx(c), actor(c), export.Query{Limit: mostLooked})
	return now, err
}

// exported reports whether a run of an export that is there ended well.
func (now standing) exported() bool {
	for _, row := range now.exports {
		if !row.RefreshedAt.IsZero() {
			return true
		}
	}
	return now.exportTotal > len(now.exports) // of so many, one has
}

// homeCrumb is the page where one starts, above another.
func homeCrumb(c echo.Context) layout.Crumb {
	return layout.Crumb{Label: text(c, "home.title"), Href: "/"}
}

func (s *Server) showHome(c echo.Context) error {
	now, err := s.readStanding(c)
	if err != nil {
		return err
	}
	live, err := s.live(c, now)
	if err != nil {
		return err
	}
	if isHTMX(c) {
		return render(c, http.StatusOK, live.Show())
	}
	view := home.View{Name: user(c).DisplayName(), Live: live}
	switch {
	case now.exported():
	case actor(c).Can(access.UseSomeConnections):
		steps, err := s.firstSteps(c, now)
		if err != nil {
			return err
		}
		view.Steps = &steps
	default:
		view.Quiet = len(live.Running) == 0
	}
	return render(c, http.StatusOK, home.Page(s.page(c, "home", text(c, "home.title")), view))
}
