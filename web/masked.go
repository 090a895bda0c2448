package web

import (
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/views/component"
)

// showField is what stands in the address of a page on which an administrator wants to see what is masked.
const showField = "show"

// revealing is who looks at a page. An administrator who asks for what is masked sees it, and that is written first.
func (s *Server) revealing(c echo.Context, at audit.Subject) (access.Actor, error) {
	by := actor(c).Revealing()
	if c.QueryParam(showField) != "values" || !by.Reveals() {
		return actor(c), nil
	}
	return by, s.looked(c, audit.SawUnmasked, at)
}

// maskedFor says whether values are masked on a page, and how they are shown.
func maskedFor(c echo.Context, by access.Actor) component.Masked {
	m := component.Masked{Is: by.Can(access.SeePersonalData) && !by.Reveals()}
	if by.Can(access.ManagePrivacy) {
		asked := c.Request().URL.Query()
		asked.Set(showField, "values")
		m.Show = (&url.URL{Path: c.Request().URL.Path, RawQuery: asked.Encode()}).String()
	}
	return m
}
