package web

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/export"
	views "github.com/segue-app/segue/views/export"
	runviews "github.com/segue-app/segue/views/run"
)

func (s *Server) outcomeRoutes(r *routes) {
	r.get("/runs/:id/outcomes", access.LookAround, s.showOutcomes) // for htmx: whether they are written
	r.post("/runs/:id/outcomes", access.UseSomeConnections, s.writeOutcomes)
}

// readOutcomes reads where outcomes are to be written. A form that did not ask says nowhere.
func readOutcomes(values url.Values) views.Outcomes {
	typed := views.Outcomes{Way: values.Get(export.OutcomeWayField), Format: values.Get(export.OutcomeFormatField), Folder: values.Get(export.OutcomeFolderField),
		Table: values.Get(export.OutcomeTableField)}
	if typed.Way == "" {
		typed.Way = views.WayOff
	}
	return typed
}

// addWriting says how far the outcomes of a run are, if they are to be written.
func (s *Server) addWriting(c echo.Context, d *runviews.Detail) error {
	writing, ok, err := s.Outcomes.Of(ctx(c), actor(c), d.ID)
	if ok {
		d.Writing = &writing
	}
	return err
}

// showOutcomes is asked by the page of a run again and again until the outcomes are written. Without htmx it leads to that page.
func (s *Server) showOutcomes(c echo.Context) error {
	r, err := s.runOf(c)
	if err != nil {
		return err
	}
	if !isHTMX(c) {
		return redirect(c, runviews.Path(r.ID))
	}
	e, err := s.Exports.Recall(ctx(c), actor(c), r.ExportID)
	if err != nil {
		return err
	}
	d := runviews.Detail{Run: r, Now: s.Clock(), CSRF: csrfToken(c), MayCancel: e.MayEdit(actor(c))}
	if err := s.addWriting(c, &d); err != nil {
		return err
	}
	if d.Writing == nil {
		return echo.ErrNotFound
	}
	return render(c, http.StatusOK, runviews.Outcomes(d))
}

// writeOutcomes has outcomes written that could not be.
func (s *Server) writeOutcomes(c echo.Context) error {
	return s.changeRun(c, "outcomes.asked", s.Outcomes.Again)
}
