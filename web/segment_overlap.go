package web

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/segment"
	views "github.com/segue-app/segue/views/segment"
)

// compareSegments shows how two segments lie to each other. Which, is in the address: first, second.
func (s *Server) compareSegments(c echo.Context) error {
	page, err := s.Segments.List(ctx(c), actor(c), segment.Query{State: segment.Active, Limit: mostChoices})
	if err != nil {
		return err
	}
	shown := views.Comparison{Segments: page.Segments, MayEdit: actor(c).Can(access.EditSegments)}
	if shown.First, err = s.asked(c, "first"); err != nil {
		return err
	}
	if shown.Second, err = s.asked(c, "second"); err != nil {
		return err
	}
	if shown.First.ID != 0 && shown.Second.ID != 0 {
		shown.Overlap, err = s.Segments.Overlap(ctx(c), actor(c), shown.First.ID, shown.Second.ID)
		shown.Counted = err == nil
		if p := problem.Of(err); p != nil && (p.Kind == problem.Invalid || p.Kind == problem.Conflict || p.Kind == problem.Unavailable) {
			shown.Trouble = text(c, p.Code, p.Args...)
		} else if err != nil {
			return err
		}
	}
	return render(c, http.StatusOK, views.Compare(s.page(c, "segments", text(c, "segments.overlap.title"), segmentsCrumb(c)), shown))
}

// asked is the segment that a parameter of the address names; one without an id when it names none.
func (s *Server) asked(c echo.Context, parameter string) (segment.Segment, error) {
	id, err := strconv.ParseInt(c.QueryParam(parameter), 10, 64)
	if err != nil {
		return segment.Segment{}, nil
	}
	return s.Segments.Get(ctx(c), actor(c), id)
}
