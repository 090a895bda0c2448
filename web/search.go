package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/find"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/views/component"
	"github.com/segue-app/segue/views/layout"
	runviews "github.com/segue-app/segue/views/run"
	"github.com/segue-app/segue/views/search"
)

func (s *Server) searchRoutes(r *routes) {
	r.get("/search", access.LookAround, s.search) // for htmx, what was found: below the field of the header, or on the page
}

// How many of each kind are shown: on the page, and below the field of the header.
const (
	mostOnPage  = 20
	mostInField = 4
)

func (s *Server) search(c echo.Context) error {
	most, inField := mostOnPage, isHTMX(c) && c.Request().Header.Get("HX-Target") == layout.FoundID
	if inField {
		most = mostInField
	}
	view := search.View{Text: c.QueryParam("q"), InField: inField}
	if runes := []rune(view.Text); len(runes) > find.MaxText {
		view.Text = string(runes[:find.MaxText])
	}
	var err error
	if view.Groups, err = s.found(c, view.Text, most); err != nil {
		return err
	}
	if isHTMX(c) {
		return render(c, http.StatusOK, view.Fragment())
	}
	return render(c, http.StatusOK, search.Page(s.page(c, layout.SearchSection, text(c, "search.title")), view))
}

// found gathers what fits a text; of an empty one, the pages that there are.
func (s *Server) found(c echo.Context, asked string, most int) (groups []search.Group, err error) {
	things, err := s.Finder.Find(ctx(c), actor(c), asked, most)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(asked) == "" {
		return []search.Group{{ID: "place", Title: text(c, "search.group.place"), Results: placesFor(c, "")}}, nil
	}
	add := func(id string, results []search.Result, more bool) {
		if len(results) > most {
			results, more = results[:most], true
		}
		if len(results) > 0 {
			groups = append(groups, search.Group{ID: id, Title: text(c, "search.group."+id), Results: results, More: more})
		}
	}
	add("place", placesFor(c, asked), false)
	for _, group := range things {
		var results []search.Result
		for _, hit := range group.Hits {
			results = append(results, s.result(c, group.Kind, hit))
		}
		add(string(group.Kind), results, group.More)
	}
	add("help", helpFor(c, asked), false)
	return groups, nil
}

// result is a thing that was found, with the page that tells of it. A connection leads those who may not see it itself to its exports.
func (s *Server) result(c echo.Context, kind find.Kind, hit find.Hit) search.Result {
	result := search.Result{Label: hit.Name, Note: hit.About}
	switch kind {
	case find.Segment:
		result.Icon, result.Href = "layers", segmentPath(hit.ID)
		if state := segment.State(hit.State); state != segment.Active {
			result.Badge = component.Badge{Tone: component.Neutral, Text: text(c, "segments.state."+hit.State)}
		}
	case find.Export:
		result.Icon, result.Href = "send", exportPath(hit.ID)
		if hit.State != "" {
			result.Badge = component.Badge{Tone: component.Neutral, Text: text(c, "search.paused"), Icon: "circle-pause"}
		}
	case find.Run:
		result.Label, result.Note = text(c, "search.run", "Number", strconv.FormatInt(hit.ID, 10), "Name", hit.Name), i18n.Ago(ctx(c), hit.At, s.Clock())
		result.Icon, result.Href, result.Badge = "play", runPath(hit.ID), runviews.StateBadge(ctx(c), run.State(hit.State))
	case find.Connection:
		result.Icon, result.Href = "plug", fmt.Sprintf("/connections/%d", hit.ID)
		if !actor(c).Can(access.ManageConnections) {
			result.Note, result.Href = text(c, "search.connection.exports"), exportsLink(export.Query{Search: hit.Name, Sort: "name"})
		}
	case find.Source:
		result.Icon, result.Href, result.Note = "database", sourcePath(hit.ID), text(c, "sources.kind."+hit.About)
	case find.Person:
		result.Icon, result.Href = "user", fmt.Sprintf("/users/%d", hit.ID)
		if hit.State != "" {
			result.Badge = component.Badge{Tone: component.Neutral, Text: text(c, "account.state."+hit.State)}
		}
	}
	return result
}
