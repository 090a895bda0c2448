package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/tabular"
	"github.com/segue-app/segue/views/layout"
	views "github.com/segue-app/segue/views/segment"
)

func (s *Server) segmentListRoutes(r *routes) {
	r.get("/segments/:id/unmatched", access.SeePersonalData, s.showUnmatched) // what of an uploaded list no profile has
	r.get("/segments/:id/unmatched.csv", access.SeePersonalData, s.downloadUnmatched)
}

const (
	unmatchedShown   = 100
	unmatchedAtATime = 10_000
)

func (s *Server) showUnmatched(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var left views.Leftovers
	if left.Entries, err = s.Segments.Unmatched(ctx(c), actor(c), id, "", unmatchedShown); err != nil {
		return err
	}
	if left.Segment, err = s.segmentOf(c); err != nil {
		return err
	}
	if err := s.looked(c, audit.SawUnmatched, left.Segment.Subject()); err != nil {
		return err
	}
	if left.List, err = s.Segments.ListReport(ctx(c), actor(c), left.Definition.ListID); err != nil {
		return err
	}
	if left.Lines, err = s.Segments.Lines(ctx(c), actor(c), left.Definition.ListID); err != nil {
		return err
	}
	frame := s.page(c, "segments", text(c, "segments.leftovers.title", "Name", left.Name), segmentsCrumb(c), layout.Crumb{Label: left.Name, Href: segmentPath(id)})
	return render(c, http.StatusOK, views.Unmatched(frame, left))
}

// downloadUnmatched streams all of them.
func (s *Server) downloadUnmatched(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	entries, err := s.Segments.Unmatched(ctx(c), actor(c), id, "", unmatchedAtATime)
	if err != nil {
		return err
	}
	found, err := s.segmentOf(c)
	if err != nil {
		return err
	}
	if err := s.looked(c, audit.SawUnmatched, found.Subject()); err != nil {
		return err
	}
	heading := "segments.profile_id"
	if found.Definition.ListBy == segment.Addresses {
		heading = "segments.list.address"
	}
	out := tabular.NewWriter(s.attachment(c, text(c, "segments.leftovers.file"), "text/csv; charset=utf-8"))
	if err := out.Write(text(c, heading)); err != nil {
		return err
	}
	for len(entries) > 0 {
		for _, entry := range entries {
			if err := out.Write(entry); err != nil {
				return err
			}
		}
		if len(entries) < unmatchedAtATime {
			break
		}
		if entries, err = s.Segments.Unmatched(ctx(c), actor(c), id, entries[len(entries)-1], unmatchedAtATime); err != nil {
			return err
		}
	}
	return out.Flush()
}
