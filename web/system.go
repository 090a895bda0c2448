package web

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/static"
)

const preferenceSeconds = 365 * 24 * 3600

func (s *Server) systemRoutes(r *routes) {
	r.raw("/healthz", s.health)                                  // for whoever supervises the process
	r.raw(static.Prefix+"*", echo.WrapHandler(static.Handler())) // stylesheet, scripts, icons
	r.post("/language", public, s.chooseLanguage)                // the switch on every page
	r.post("/theme", public, s.chooseTheme)                      // light, dark, or as the device asks
	s.echo.RouteNotFound("/*", s.notFound)
}

// health answers ok when the database can be read.
func (s *Server) health(c echo.Context) error {
	if _, err := s.Accounts.NeedsSetup(ctx(c)); err != nil {
		s.logFailure(c, err)
		return c.String(http.StatusServiceUnavailable, "unavailable\n")
	}
	return c.String(http.StatusOK, "ok\n")
}

func (s *Server) chooseLanguage(c echo.Context) error {
	language := c.FormValue("language")
	if slices.Contains(i18n.Languages(), language) {
		s.setCookie(c, "language", language, preferenceSeconds)
		if user(c).ID != 0 {
			if err := s.Accounts.SetLanguage(ctx(c), actor(c), language); err != nil {
				return err
			}
		}
	}
	return redirect(c, c.FormValue("back"))
}

func (s *Server) chooseTheme(c echo.Context) error {
	theme := c.FormValue("theme")
	if theme == "" || theme == "light" || theme == "dark" {
		s.setCookie(c, "theme", theme, preferenceSeconds)
		if user(c).ID != 0 {
			if err := s.Accounts.SetTheme(ctx(c), actor(c), theme); err != nil {
				return err
			}
		}
	}
	return redirect(c, c.FormValue("back"))
}
