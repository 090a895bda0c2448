package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/views/layout"
	views "github.com/segue-app/segue/views/segment"
)

func (s *Server) segmentStateRoutes(r *routes) {
	r.post("/segments/:id/activate", access.EditSegments, s.activateSegment)
	r.get("/segments/:id/deactivate", access.EditSegments, s.askDeactivateSegment) // asks, or says what is in the way
	r.post("/segments/:id/deactivate", access.EditSegments, s.deactivateSegment)
	r.get("/segments/:id/delete", access.EditSegments, s.askDeleteSegment) // asks, or says what uses it
	r.post("/segments/:id/delete", access.EditSegments, s.deleteSegment)
}

// activateSegment has a segment count. One with faults is shown in its form, with the faults.
func (s *Server) activateSegment(c echo.Context) error {
	found, err := s.segmentOf(c)
	if err != nil {
		return err
	}
	_, err = s.Segments.Activate(ctx(c), actor(c), found.ID)
	if errs, ok := formErrors(c, err); ok && problem.Is(err, problem.Invalid) {
		snapshot, err := s.Segments.ProfilesOf(ctx(c), actor(c), found.Definition.SourceID)
		if err != nil {
			return err
		}
		form := keptForm(found)
		form.Errors = errs
		return s.renderSegmentForm(c, http.StatusUnprocessableEntity, form, snapshot)
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "segments.activated", "Name", found.Name)
	return redirect(c, segmentPath(found.ID))
}

func (s *Server) askDeactivateSegment(c echo.Context) error {
	found, err := s.segmentOf(c)
	if err != nil {
		return err
	}
	return s.renderDeactivation(c, http.StatusOK, found)
}

func (s *Server) deactivateSegment(c echo.Context) error {
	found, err := s.segmentOf(c)
	if err != nil {
		return err
	}
	err = s.Segments.Deactivate(ctx(c), actor(c), found.ID, c.FormValue("knowing") == "1")
	if p := problem.Of(err); p != nil && (p.Code == segment.CodeInUse || p.Code == segment.CodeInExports) {
		return s.renderDeactivation(c, http.StatusConflict, found)
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "segments.deactivated", "Name", found.Name)
	return redirect(c, segmentPath(found.ID))
}

func (s *Server) renderDeactivation(c echo.Context, status int, found segment.Segment) error {
	holding, exports, err := s.Segments.Hold(ctx(c), actor(c), found.ID)
	if err != nil {
		return err
	}
	title := "segments.deactivate.title"
	if len(holding) > 0 {
		title = "segments.deactivate.in_use.title"
	}
	frame := s.page(c, "segments", text(c, title, "Name", found.Name), segmentsCrumb(c),
		layout.Crumb{Label: found.Name, Href: segmentPath(found.ID)})
	return render(c, status, views.Deactivate(frame, views.Deactivation{Segment: found, Holding: holding, Exports: exports, CSRF: csrfToken(c)}))
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
