package web

import (
	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/layout"
)

const (
	flashSeconds = 60
	flashKey     = "segue.flash"
)

// flash leaves a message for the next page: what just happened. kind is success, info, warning or error.
func (s *Server) flash(c echo.Context, kind, key string, pairs ...any) {
	s.leave(c, layout.Flash{Kind: kind, Text: text(c, key, pairs...)})
}

// flashCount is flash for a text that has a plural form for n.
func (s *Server) flashCount(c echo.Context, kind, key string, n int) {
	s.leave(c, layout.Flash{Kind: kind, Text: i18n.N(ctx(c), key, n)})
}

func (s *Server) leave(c echo.Context, message layout.Flash) {
	waiting, _ := c.Get(flashKey).([]layout.Flash)
	waiting = append(waiting, message)
	c.Set(flashKey, waiting)
	value, err := s.sealed.Encode("flash", waiting)
	if err != nil { // longer than a cookie: the act is done all the same, and its page shows it
		s.log.WarnContext(ctx(c), "message for the next page is lost", "error", err)
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
