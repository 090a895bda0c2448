package web

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/static"
)

const preferenceSeconds = 365 * 24 * 3600

const (
	healthPath = "/healthz"
	readyPath  = "/readyz"
)

func (s *Server) systemRoutes(r *routes) {
	r.raw(healthPath, s.health)                                  // for whoever supervises the process: it lives
	r.raw(readyPath, s.ready)                                    // and can do its work
	r.raw(static.Prefix+"*", echo.WrapHandler(static.Handler())) // stylesheet, scripts, icons
	r.post("/language", public, s.chooseLanguage)                // the switch on every page
	r.post("/theme", public, s.chooseTheme)                      // light, dark, high contrast, or as the device asks
	s.echo.RouteNotFound("/*", s.notFound)
}

// health answers ok: a process that does so need not be started again, whatever else is wrong.
func (s *Server) health(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

// ready answers ok when everything is there that requests need, and else says in a few words what is not.
func (s *Server) ready(c echo.Context) error {
	reason := "stopping"
	if s.closing.Err() == nil {
		reason = s.options.Ready(ctx(c))
	}
	if reason != "" {
		return c.String(http.StatusServiceUnavailable, "not ready: "+reason+"\n")
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
	if account.ValidTheme(theme) {
		s.setCookie(c, "theme", theme, preferenceSeconds)
		if user(c).ID != 0 {
			if err := s.Accounts.SetTheme(ctx(c), actor(c), theme); err != nil {
				return err
			}
		}
	}
	return redirect(c, c.FormValue("back"))
}
