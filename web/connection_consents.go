package web

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/component"
	views "github.com/segue-app/segue/views/connection"
	"github.com/segue-app/segue/views/layout"
)

func (s *Server) showConsents(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	of, given, err := s.Connections.Consents(ctx(c), actor(c), id)
	if err != nil {
		return err
	}
	view := views.GivenView{}
	for _, key := range []string{"connections.given.by", "connections.given.at", "connections.given.terms", "connections.brand.id", "connections.given.ended"} {
		view.Columns = append(view.Columns, component.Column{Label: text(c, key)})
	}
	for _, g := range given {
		row := views.GivenRow{By: g.UserName, At: i18n.DateTime(ctx(c), g.At), Brand: g.BrandID,
			Terms: component.Link{Label: text(c, "connections.given.version", "Version", g.TermsVersion), Href: "#version-" + g.TermsVersion}}
		if !g.EndedAt.IsZero() {
			row.Ended = text(c, "connections.given.ended.by", "At", g.EndedAt, "Name", g.EndedBy)
		}
		view.Rows = append(view.Rows, row)
	}
	for _, edition := range connection.Editions {
		if !slices.ContainsFunc(given, func(g connection.Given) bool { return g.TermsVersion == edition.Version }) {
			continue
		}
		words, err := s.termsView(c, edition.Version, s.Connections.DestinationName(of.Type))
		if err != nil {
			return err
		}
		view.Editions = append(view.Editions, words)
	}
	above := layout.Crumb{Label: of.Name}
	if of.RemovedAt.IsZero() {
		above.Href = fmt.Sprintf("/connections/%d", id)
	}
	return render(c, http.StatusOK, views.Given(s.page(c, "connections", text(c, "connections.given"), aboveConnection(c, above)...), view))
}
