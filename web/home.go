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
	"github.com/segue-app/segue/views/component"
	"github.com/segue-app/segue/views/home"
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
	return false
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
		if view.Steps, err = s.firstSteps(c, now); err != nil {
			return err
		}
	default:
		view.Quiet = len(live.Running) == 0
	}
	return render(c, http.StatusOK, home.Page(s.page(c, "home", text(c, "home.title")), view))
}

// firstSteps leads from nothing to the first export. The link is shown at the first step that is open, if this person may
// do it; where another role must, the text says so.
func (s *Server) firstSteps(c echo.Context, now standing) ([]home.Step, error) {
	usable, err := s.Connections.Usable(ctx(c), actor(c))
	if err != nil {
		return nil, err
	}
	list := []struct {
		name string
		done bool
		may  bool
		href string
	}{
		{"profiles", now.snapshot.ID != 0, actor(c).Can(access.ManageProfiles), "/profiles/upload"},
		{"segment", now.segments.Total > 0, actor(c).Can(access.EditSegments), "/segments/new"},
		{"connection", len(usable) > 0, actor(c).Can(access.ManageConnections), "/connections/new"},
		{"export", now.exportTotal > 0, true, "/exports/new"},
		{"run", false, true, "/exports"},
	}
	var steps []home.Step
	open := true // everything before is done
	for _, item := range list {
		key := "home.step." + item.name
		step := home.Step{Title: text(c, key), Text: text(c, key+".text"), Done: item.done}
		switch {
		case item.done:
		case !item.may:
			step.Text = text(c, key+".by_administrator")
		case open:
			step.Link = component.Link{Label: text(c, key+".link"), Href: item.href}
		}
		open = open && item.done
		steps = append(steps, step)
	}
	return steps, nil
}
