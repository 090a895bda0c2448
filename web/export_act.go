package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	views "github.com/segue-app/segue/views/export"
	"github.com/segue-app/segue/views/layout"
)

func (s *Server) pauseExport(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := s.Exports.Pause(ctx(c), actor(c), id); err != nil {
		return err
	}
	s.flash(c, "success", "exports.paused")
	return redirect(c, exportPath(id))
}

func (s *Server) resumeExport(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := s.Exports.Resume(ctx(c), actor(c), id); err != nil {
		return err
	}
	s.flash(c, "success", "exports.resumed")
	return redirect(c, exportPath(id))
}

func (s *Server) askDetach(c echo.Context) error { return s.askExport(c, "detach") }

func (s *Server) detachExport(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := s.Exports.DetachConnection(ctx(c), actor(c), id); err != nil {
		return err
	}
	s.flash(c, "success", "exports.detached")
	return redirect(c, exportPath(id))
}

func (s *Server) askRemoveExport(c echo.Context) error { return s.askExport(c, "remove") }

func (s *Server) removeExport(c echo.Context) error {
	e, err := s.exportOf(c)
	if err != nil {
		return err
	}
	if err := s.Exports.RemoveExport(ctx(c), actor(c), e.ID); err != nil {
		return err
	}
	s.flash(c, "success", "exports.removed", "Name", e.Name)
	return redirect(c, "/exports")
}

// askExport asks before an export loses something.
func (s *Server) askExport(c echo.Context, do string) error {
	e, err := s.editableExport(c)
	if err != nil {
		return err
	}
	if do == "detach" && e.ConnectionID == 0 {
		return problem.New(problem.Conflict, "exports.detach.none")
	}
	title := text(c, "exports."+do+".title", "Name", e.Name)
	return render(c, http.StatusOK, views.Confirm(s.page(c, "exports", title, exportsCrumb(c), exportCrumb(e)), views.Act{Export: e, Do: do, CSRF: csrfToken(c)}))
}

func exportCrumb(e export.Export) layout.Crumb {
	return layout.Crumb{Label: e.Name, Href: exportPath(e.ID)}
}
