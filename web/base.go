package web

import (
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/views/component"
)

// bases are what segments can be made from, as links that begin anew with each: the unified profiles, and the sources whose profiles
// stay where they are. There are none while there is no such source.
func (s *Server) bases(c echo.Context, chosen int64, path string) ([]component.Tab, error) {
	found, err := s.Pushdown.Bases(ctx(c))
	if err != nil || len(found) == 0 && chosen == 0 {
		return nil, err
	}
	tabs := []component.Tab{{Label: text(c, "pushdown.base.unified"), Href: path + "0", Current: chosen == 0}}
	for _, base := range found {
		tabs = append(tabs, component.Tab{Label: base.Name, Href: path + strconv.FormatInt(base.SourceID, 10), Current: base.SourceID == chosen})
	}
	if !slices.ContainsFunc(tabs, func(t component.Tab) bool { return t.Current }) {
		tabs = append(tabs, component.Tab{Label: text(c, "pushdown.base.gone"), Href: path + strconv.FormatInt(chosen, 10), Current: true})
	}
	return tabs, nil
}
