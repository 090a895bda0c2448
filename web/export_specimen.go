package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/problem"
	views "github.com/segue-app/segue/views/export"
)

// specimenHits is how many profiles a search offers.
const specimenHits = 10

// showSpecimen shows what is sent for one profile: the one asked for, or the first one. q searches for others.
func (s *Server) showSpecimen(c echo.Context) error {
	e, err := s.editableExport(c)
	if err != nil {
		return err
	}
	d := views.SpecimenDetail{Export: e, DestinationName: s.Connections.DestinationName(e.DestinationType), Query: c.QueryParam("q"), CSRF: csrfToken(c)}
	if d.Query != "" && e.Base() != 0 { // there is no searching over there, but asking for one
		return redirect(c, views.SpecimenPath(e.ID, strings.TrimSpace(d.Query)))
	}
	if d.Query != "" {
		if err := s.searchSpecimen(c, &d); err != nil {
			return err
		}
	}
	if d.Query == "" {
		by, err := s.revealing(c, e.Subject())
		if err != nil {
			return err
		}
		d.Masked = maskedFor(c, by)
		found, err := s.Runs.Specimen(ctx(c), by, e.ID, c.QueryParam("profile"))
		switch {
		case problem.Is(err, problem.NotFound):
			d.Missing = true
		case err != nil:
			return err
		default:
			if err := s.lookedAt(c, audit.SawSpecimen, found.ProfileID); err != nil {
				return err
			}
			d.Specimen = &found
			answer, ok, err := s.Runs.LastAnswer(ctx(c), actor(c), e.ID, found.ProfileID)
			if err != nil {
				return err
			}
			if ok {
				d.Answer = &answer
			}
		}
	}
	title := text(c, "specimen.title", "Name", e.Name)
	return render(c, http.StatusOK, views.Specimen(s.page(c, "exports", title, exportsCrumb(c), exportCrumb(e)), d))
}

// searchSpecimen adds the profiles that the search finds, with the address that they would be sent under.
func (s *Server) searchSpecimen(c echo.Context, d *views.SpecimenDetail) error {
	found, err := s.Profiles.Search(ctx(c), actor(c), d.Query, 0, specimenHits+1)
	if problem.Is(err, problem.NotFound) { // nothing was uploaded yet
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.looked(c, audit.SawSearch, audit.Subject{Kind: "profile"}); err != nil {
		return err
	}
	email := -1
	for i, a := range found.Snapshot.Attributes {
		if a.Key == d.Mapping.Attribute(destination.Email) {
			email = i
		}
	}
	for _, record := range found.Records {
		if len(d.Hits) == specimenHits {
			d.More = true
			break
		}
		hit := views.Hit{ID: record.ID}
		if email >= 0 && record.Values[email] != nil {
			hit.Email = fmt.Sprint(record.Values[email])
		}
		d.Hits = append(d.Hits, hit)
	}
	return nil
}

// sendSpecimen sends one profile, and leads back to where its answer is shown.
func (s *Server) sendSpecimen(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	profileID := c.FormValue("profile")
	err = s.Runs.SendOne(ctx(c), actor(c), id, profileID)
	if p := problem.Of(err); p != nil && p.Kind == problem.Conflict {
		s.flash(c, "error", p.Code, p.Args...)
	} else if err != nil {
		return err
	}
	return redirect(c, views.SpecimenPath(id, profileID))
}
