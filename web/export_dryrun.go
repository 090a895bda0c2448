package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/run"
	views "github.com/segue-app/segue/views/export"
)

// dryRunPatience is how long a page waits for a dry run: a million profiles take seconds.
const dryRunPatience = 20 * time.Second

// dryRun says what a run of the export would do, and does nothing of it.
func (s *Server) dryRun(c echo.Context) error {
	e, err := s.exportOf(c)
	if err != nil {
		return err
	}
	d := views.DryRunDetail{Export: e, DestinationName: s.Connections.DestinationName(e.DestinationType), MaySee: actor(c).Can(access.SeePersonalData)}
	latest, err := s.Runs.List(ctx(c), actor(c), e.ID, 1, 0)
	if err != nil {
		return err
	}
	if len(latest) > 0 && latest[0].State.Active() && !latest[0].Yields() {
		d.Active = &latest[0]
	}
	within, cancel := context.WithTimeout(ctx(c), dryRunPatience)
	defer cancel()
	by, err := s.revealing(c, e.Subject())
	if err != nil {
		return err
	}
	d.Masked = maskedFor(c, by)
	d.Forecast, err = s.Runs.DryRun(within, by, e.ID, run.Options{Complete: c.QueryParam("complete") == "1"})
	if errors.Is(err, context.DeadlineExceeded) {
		d.Forecast.Partial, err = true, nil
	}
	if err != nil {
		return err
	}
	title := text(c, "dryrun.title", "Name", e.Name)
	return render(c, http.StatusOK, views.DryRun(s.page(c, "exports", title, exportsCrumb(c), exportCrumb(e)), d))
}
