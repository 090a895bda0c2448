package web

import (
	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/views/layout"
)

const (
	flashSeconds = 60
	flashKey     = "segue.flash"
)

// flash leaves a message for the next page: what just happened. kind is success, info, warning or error.
func (s *Server) flash(c echo.Context, kind, key string, pairs ...any) {
	waiting, _ := c.Get(flashKey).([]layout.Flash)
	waiting = append(waiting, layout.Flash{Kind: kind, Text: text(c, key, pairs...)})
	c.Set(flashKey, waiting)
	value, err := s.sealed.Encode("flash", waiting)
	if err != nil { // longer than a cookie: the act is done all the same, and its page shows it
		s.log.Warn("message for the next page is lost", "request", requestID(c), "error", err)
		return
	}
	s.setCookie(c, "flash", value, flashSeconds)
}

// takeFlash takes the messages that an earlier answer left.
func (s *Server) takeFlash(c echo.Context) []layout.Flash {
	cookie, err := c.Cookie(s.cookieName("flash"))
	if err != nil {
		return nil
	}
	s.setCookie(c, "flash", "", -1)
	var waiting []layout.Flash
	if err := s.sealed.Decode("flash", cookie.Value, &waiting); err != nil {
		return nil // too old, or not ours
	}
	return waiting
}
