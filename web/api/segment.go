package api

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/segment"
)

func (a *API) listSegments(c echo.Context) error {
	after, limit, err := place(c, "segments")
	if err != nil {
		return err
	}
	query := segment.Query{Search: c.QueryParam("search"), State: segment.State(c.QueryParam("state")), Order: segment.ByID, After: after, Limit: limit + 1}
	switch query.State {
	case "", segment.Active, segment.Inactive, segment.InDraft:
	default:
		return bad("api.problem.state")
	}
	page, err := a.Segments.List(ctx(c), needs(c, access.LookAround), query)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, pageOf("segments", page.Segments, limit, func(s segment.Segment) int64 { return s.ID },
		func(s segment.Segment) Segment { return newSegment(ctx(c), s) }))
}

func (a *API) showSegment(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	found, err := a.Segments.Get(ctx(c), needs(c, access.LookAround), id)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, newSegment(ctx(c), found))
}

// usualSizes is since when sizes are told unless the request says otherwise.
const usualSizes = 90 * 24 * time.Hour

func (a *API) listSizes(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	since := a.Clock().Add(-usualSizes)
	if text := c.QueryParam("since"); text != "" {
		if since, err = time.Parse(time.RFC3339, text); err != nil {
			return bad("api.problem.since")
		}
	}
	if _, err := a.Segments.Get(ctx(c), needs(c, access.LookAround), id); err != nil {
		return err
	}
	points, err := a.Segments.Sizes(ctx(c), actor(c), id, since)
	if err != nil {
		return err
	}
	page := Page[Size]{Items: []Size{}}
	for _, point := range points {
		page.Items = append(page.Items, Size{moment(point.At), point.Size})
	}
	return write(c, http.StatusOK, page)
}

// calculateSegment counts a segment: at once when that is quick, otherwise the answer says that it is being calculated.
func (a *API) calculateSegment(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	found, err := a.Segments.Calculate(ctx(c), needs(c, access.EditSegments), id)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, newSegment(ctx(c), found))
}
