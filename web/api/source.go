package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
)

// listConnections tells names and types of the connections that the person may use: of the others, and of what is in them, nothing.
func (a *API) listConnections(c echo.Context) error {
	choices, err := a.Connections.Usable(ctx(c), needs(c, access.SeeSomeConnections))
	if err != nil {
		return err
	}
	page := Page[Connection]{Items: []Connection{}}
	for _, one := range choices {
		page.Items = append(page.Items, Connection{Named{one.ID, one.Name}, one.Type})
	}
	return write(c, http.StatusOK, page)
}

func (a *API) listSources(c echo.Context) error {
	names, err := a.Sources.Names(ctx(c), needs(c, access.LookAround))
	if err != nil {
		return err
	}
	page := Page[Source]{Items: []Source{}}
	for _, one := range names {
		page.Items = append(page.Items, Source{Named{one.ID, one.Name}, one.Rows})
	}
	return write(c, http.StatusOK, page)
}

// refreshSource has a source read again that Segue reads by itself. What follows is done in the background.
func (a *API) refreshSource(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	begun, err := a.Sources.Refresh(ctx(c), needs(c, access.RefreshNow), id, false)
	if err != nil {
		return err
	}
	return write(c, http.StatusAccepted, Import{begun.ID, begun.SourceID, string(begun.State)})
}
