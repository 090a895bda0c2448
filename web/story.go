package web

import (
	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/problem"
	views "github.com/segue-app/segue/views/run"
)

func (s *Server) storyRoutes(r *routes) {
	r.post("/runs/:id/retry", access.UseSomeConnections, s.retryRun)
}

// retryRun queues a run for those whom another rejected, and leads to it.
func (s *Server) retryRun(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	retry, err := s.Runs.Retry(ctx(c), actor(c), id)
	if problem.Is(err, problem.Conflict) {
		p := problem.Of(err)
		s.flash(c, "error", p.Code, p.Args...)
		return redirect(c, views.Path(id))
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "story.retry.started")
	return redirect(c, views.Path(retry.ID))
}
