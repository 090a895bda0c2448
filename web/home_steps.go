package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/views/component"
	"github.com/segue-app/segue/views/home"
)

func (s *Server) stepRoutes(r *routes) {
	r.get("/first-steps", access.LookAround, s.showSteps)         // the way to the first export, also when it is put away or gone
	r.post("/first-steps", access.ManageOwnAccount, s.placeSteps) // puts it away from Home, or back
}

const stepsPath = "/first-steps"

func (s *Server) showSteps(c echo.Context) error {
	now, err := s.readStanding(c)
	if err != nil {
		return err
	}
	steps, err := s.firstSteps(c, now)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, home.StepsPage(s.page(c, "home", text(c, "home.steps"), homeCrumb(c)), steps))
}

func (s *Server) placeSteps(c echo.Context) error {
	hidden := c.FormValue("hidden") == "1"
	if err := s.Accounts.HideFirstSteps(ctx(c), actor(c), hidden); err != nil {
		return err
	}
	if hidden {
		s.flash(c, "info", "home.steps.hidden")
	}
	return redirect(c, "/")
}

// firstSteps leads from nothing to the first export. Each step is ticked by what is there, and has one link: what is done leads to it, what
// this person may do leads there, what another role must do to what the help says of it.
func (s *Server) firstSteps(c echo.Context, now standing) (steps home.Steps, err error) {
	data := now.snapshot.ID != 0
	if !data { // profiles of a database may stay there
		staying, err := s.Sources.StayingNames(ctx(c))
		if err != nil {
			return steps, err
		}
		data = len(staying) > 0
	}
	connected, err := s.anyConnection(c, now)
	if err != nil {
		return steps, err
	}
	steps.CSRF, steps.Hidden = csrfToken(c), user(c).FirstStepsHidden
	for _, item := range []struct {
		name   string
		done   bool
		action access.Action
		do     string // the page where it is done
		see    string // the page where it can be seen
		help   string // part of the help
	}{
		{"profiles", data, access.ManageProfiles, "/profiles/upload", "/profiles", "profiles"},
		{"segment", now.segments.Total > 0, access.EditSegments, "/segments/new", "/segments", "segments"},
		{"connection", connected, access.ManageConnections, "/connections/new", "/connections", "connections"},
		{"export", now.exportTotal > 0, access.UseSomeConnections, "/exports/new", "/exports", "exports"},
		{"run", now.exported(), access.RunSomeExports, "/exports", "/runs", "runs"},
	} {
		key := "home.step." + item.name
		step := home.Step{ID: "step-" + item.name, Title: text(c, key), Text: text(c, key+".text"), Done: item.done}
		switch {
		case item.done && (item.name != "connection" || actor(c).Can(item.action)):
			step.Link = component.Link{Label: text(c, key+".see"), Href: item.see}
		case !item.done && actor(c).Can(item.action):
			step.Link, step.Next = component.Link{Label: text(c, key+".link"), Href: item.do}, steps.Next() == nil
		default:
			step.Link = component.Link{Label: text(c, "home.steps.about"), Href: "/help#" + item.help}
			if !item.done {
				step.Text = text(c, key+".by_others")
			}
		}
		steps.List = append(steps.List, step)
	}
	return steps, nil
}

// anyConnection reports whether there is a connection that the person may use; for who may use none, one that an export is on.
func (s *Server) anyConnection(c echo.Context, now standing) (bool, error) {
	if !actor(c).Can(access.UseSomeConnections) {
		return now.exportTotal > 0, nil
	}
	usable, err := s.Connections.Usable(ctx(c), actor(c))
	return len(usable) > 0, err
}
