package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/problem"
)

// A form shows that it is ours in two ways: the browser says where the request comes from (Sec-Fetch-Site or Origin), and the
// form carries a token that belongs to a cookie which only this browser has. The cookie outlives a session, so that a form
// that was open when the session ended can still be sent after signing in again.
const (
	csrfField  = "csrf"
	csrfHeader = "X-CSRF-Token"
	csrfKey    = "segue.csrf"
)

var errForeign = problem.New(problem.NotPermitted, "web.problem.foreign")

// sameOrigin refuses acts that a page of another site asks for.
func (s *Server) sameOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := s.origins.Check(c.Request()); err != nil {
			return errForeign.Because(err)
		}
		return next(c)
	}
}

// ownOrigins takes acts from the host that a request names, and from the public address in case a proxy names another.
func (s *Server) ownOrigins() *http.CrossOriginProtection {
	protection := http.NewCrossOriginProtection()
	if s.options.PublicURL == "" {
		return protection
	}
	public, err := url.Parse(s.options.PublicURL)
	if err == nil {
		err = protection.AddTrustedOrigin(public.Scheme + "://" + public.Host)
	}
	if err != nil {
		s.log.Error("the public URL is no address that people can come by", "error", err)
	}
	return protection
}

// prepareForm gives the request the token that its page's forms carry.
func (s *Server) prepareForm(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		var visitor string
		if cookie, err := c.Cookie(s.cookieName("visitor")); err == nil && len(cookie.Value) >= 32 {
			visitor = cookie.Value
		} else {
			random := make([]byte, 32)
			_, _ = rand.Read(random) // crypto/rand.Read does not fail; it ends the program instead
			visitor = base64.RawURLEncoding.EncodeToString(random)
			s.setCookie(c, "visitor", visitor, 365*24*3600)
		}
		mac := hmac.New(sha256.New, s.csrfKey())
		mac.Write([]byte(visitor))
		c.Set(csrfKey, base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))
		return next(c)
	}
}

func csrfToken(c echo.Context) string {
	token, _ := c.Get(csrfKey).(string)
	return token
}

func validToken(c echo.Context, given string) bool {
	want := csrfToken(c)
	return want != "" && hmac.Equal([]byte(want), []byte(given))
}

// checkForm refuses a form without its token, and reads the form.
func (s *Server) checkForm(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if _, err := c.FormParams(); tooLarge(err) {
			return echo.NewHTTPError(http.StatusRequestEntityTooLarge).SetInternal(err)
		} else if err != nil {
			return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
		}
		if !validToken(c, c.Request().Header.Get(csrfHeader)) && !validToken(c, c.Request().PostFormValue(csrfField)) {
			return errForeign
		}
		c.Request().Form = c.Request().PostForm // what an address says by itself is no field of a form
		return next(c)
	}
}

// cookieName gives a cookie its full name. Browsers accept the prefix only from the host itself, by HTTPS.
func (s *Server) cookieName(name string) string {
	if s.options.Secure {
		return "__Host-segue-" + name
	}
	return "segue-" + name
}

// setCookie sets a cookie that scripts do not see. Seconds below zero remove it.
func (s *Server) setCookie(c echo.Context, name, value string, seconds int) {
	c.SetCookie(&http.Cookie{
		Name: s.cookieName(name), Value: value, Path: "/", MaxAge: seconds,
		HttpOnly: true, Secure: s.options.Secure, SameSite: http.SameSiteLaxMode,
	})
}
