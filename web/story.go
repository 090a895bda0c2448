package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/unicode/norm"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/views/component"
	"github.com/segue-app/segue/views/layout"
	runviews "github.com/segue-app/segue/views/run"
	views "github.com/segue-app/segue/views/story"
)

func (s *Server) storyRoutes(r *routes) {
	r.get("/story", access.SeePersonalData, s.askStory)
	r.post("/story", access.SeePersonalData, s.findStory) // by POST, so that an address is in no URL and no log
	r.get("/story/:profile", access.SeePersonalData, s.showStory)
	r.get("/runs/:id/evidence/:profile", access.SeePersonalData, s.showEvidence) // and who may edit the export
	r.post("/runs/:id/retry", access.UseSomeConnections, s.retryRun)
}

// storiesFound is how many profiles a search offers.
const storiesFound = 20

func (s *Server) askStory(c echo.Context) error {
	return s.renderSearch(c, http.StatusOK, views.SearchView{})
}

func (s *Server) renderSearch(c echo.Context, status int, v views.SearchView) error {
	if err := actor(c).Require(access.SeePersonalData); err != nil {
		return err
	}
	v.CSRF = csrfToken(c)
	return render(c, status, views.Search(s.page(c, "profiles", text(c, "story.title"), profilesCrumb(c)), v))
}

// findStory leads to the story of the only profile that is found, or offers several.
func (s *Server) findStory(c echo.Context) error {
	v := views.SearchView{Query: norm.NFC.String(strings.TrimSpace(c.FormValue("q"))), Asked: true}
	if v.Query == "" {
		v.Asked = false
		v.Errors.Summary = component.ErrorSummary{Title: text(c, "story.search.empty"), Errors: []component.FieldError{{FieldID: "q", Label: text(c, "story.search"), Text: text(c, "story.search.empty")}}}
		return s.renderSearch(c, http.StatusUnprocessableEntity, v)
	}
	remembered, err := s.Runs.Remember(ctx(c), actor(c), v.Query)
	if err != nil {
		return err
	}
	for _, r := range remembered {
		v.Hits = append(v.Hits, views.Hit{ProfileID: r.ProfileID, Address: r.Identity})
	}
	if err := s.findInData(c, &v); err != nil {
		return err
	}
	if len(v.Hits) == 1 {
		return redirect(c, runviews.StoryPath(v.Hits[0].ProfileID))
	}
	if err := s.looked(c, audit.SawSearch, audit.Subject{Kind: "profile"}); err != nil {
		return err
	}
	if len(v.Hits) > storiesFound {
		v.Hits, v.More = v.Hits[:storiesFound], true
	}
	return s.renderSearch(c, http.StatusOK, v)
}

// findInData adds the profiles of the current data, and says of those that the exports remember whether they are in it.
func (s *Server) findInData(c echo.Context, v *views.SearchView) error {
	found, err := s.Profiles.Search(ctx(c), actor(c), v.Query, 0, storiesFound+1)
	if problem.Is(err, problem.NotFound) { // nothing was uploaded yet
		return nil
	}
	if err != nil {
		return err
	}
	for _, record := range found.Records {
		hit := views.Hit{ProfileID: record.ID, InData: true}
		for i, a := range found.Snapshot.Attributes {
			if a.Indexed && record.Values[i] != nil { // an address
				hit.Address = valueText(ctx(c), a, record.Values[i])
				break
			}
		}
		at := slices.IndexFunc(v.Hits, func(known views.Hit) bool { return known.ProfileID == hit.ProfileID })
		if at < 0 {
			v.Hits = append(v.Hits, hit)
		} else {
			v.Hits[at].InData = true
		}
	}
	for i := range v.Hits { // those that were delivered under another address than they have now
		if !v.Hits[i].InData {
			if v.Hits[i].InData, err = s.inData(c, v.Hits[i].ProfileID); err != nil {
				return err
			}
		}
	}
	return nil
}

// inData reports whether a profile is in the current data.
func (s *Server) inData(c echo.Context, profileID string) (bool, error) {
	_, _, err := s.Profiles.Profile(ctx(c), actor(c), 0, profileID)
	if problem.Is(err, problem.NotFound) {
		return false, nil
	}
	return err == nil, err
}

func (s *Server) showStory(c echo.Context) error {
	id, err := url.PathUnescape(c.Param("profile"))
	if err != nil {
		return problem.New(problem.NotFound, "problem.not_found")
	}
	v := views.ShowView{MayEvidence: map[int64]bool{}, Destinations: map[string]string{}, HistoryKept: s.Runs.Retention().History}
	if v.Story, err = s.Runs.Story(ctx(c), actor(c), id); err != nil {
		return err
	}
	if v.InData, err = s.inData(c, id); err != nil {
		return err
	}
	if !v.InData && len(v.Now)+len(v.Chapters) == 0 {
		return problem.New(problem.NotFound, "problem.not_found")
	}
	if err := s.lookedAt(c, audit.SawStory, id); err != nil {
		return err
	}
	for _, standing := range v.Now {
		v.Destinations[standing.DestinationType] = s.Connections.DestinationName(standing.DestinationType)
	}
	for _, chapter := range v.Chapters {
		v.Destinations[chapter.DestinationType] = s.Connections.DestinationName(chapter.DestinationType)
		if chapter.EvidenceRun == 0 {
			continue
		}
		e, err := s.Exports.Recall(ctx(c), actor(c), chapter.ExportID)
		if err != nil {
			return err
		}
		v.MayEvidence[chapter.ExportID] = e.MayEdit(actor(c)) && !e.Removed
	}
	return render(c, http.StatusOK, views.Show(s.page(c, "profiles", text(c, "story.title.one", "ID", id), profilesCrumb(c),
		layout.Crumb{Label: text(c, "story.title"), Href: "/story"}), v))
}

func (s *Server) showEvidence(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	profileID, err := url.PathUnescape(c.Param("profile"))
	if err != nil {
		return problem.New(problem.NotFound, "problem.not_found")
	}
	found, err := s.Runs.Evidence(ctx(c), actor(c), id, profileID)
	if err != nil {
		return err
	}
	if err := s.lookedAt(c, audit.SawEvidence, profileID); err != nil {
		return err
	}
	destinationName, err := s.destinationOf(c, found.Run)
	if err != nil {
		return err
	}
	v := views.EvidenceView{Evidence: found, DestinationName: destinationName, Until: found.At.Add(s.Runs.Retention().Evidence)}
	above := []layout.Crumb{{Label: text(c, "runs.title"), Href: "/runs"}, {Label: found.Run.ExportName, Href: runviews.Path(id)}}
	return render(c, http.StatusOK, views.Evidence(s.page(c, "runs", text(c, "story.evidence.title", "ID", profileID), above...), v))
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
		return redirect(c, runviews.Path(id))
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "story.retry.started")
	return redirect(c, runviews.Path(retry.ID))
}
