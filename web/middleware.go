package web

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/logline"
	"github.com/segue-app/segue/internal/problem"
)

const requestIDKey = "segue.request"

// identifyRequest gives each request an id of our own, for people to quote and for every line of the log that is written for it.
func (s *Server) identifyRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if id, ok := ctx(c).Value(askedKey{}).(string); ok { // carried out in the course of another
			c.Set(requestIDKey, id)
			return next(c)
		}
		id := make([]byte, 8)
		_, _ = rand.Read(id) // crypto/rand.Read does not fail; it ends the program instead
		c.Set(requestIDKey, hex.EncodeToString(id))
		c.SetRequest(c.Request().WithContext(logline.With(ctx(c), slog.String("request", requestID(c)))))
		c.Response().Header().Set(echo.HeaderXRequestID, requestID(c))
		return next(c)
	}
}

// traceOrigin says for the audit log from where the acts of the request come.
func (s *Server) traceOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		via := audit.Browser
		if forPrograms(c.Request()) {
			via = audit.Token
		}
		c.SetRequest(c.Request().WithContext(audit.From(ctx(c), audit.Origin{Via: via, Address: c.RealIP()})))
		return next(c)
	}
}

func requestID(c echo.Context) string {
	id, _ := c.Get(requestIDKey).(string)
	return id
}

// logRequest writes one line per request: the route's pattern and not the address, the user's id and nothing else of them.
func (s *Server) logRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		started := s.Clock()
		err := next(c)
		broken := err != nil && c.Response().Committed
		if err != nil {
			c.Error(err)
		}
		took := s.Clock().Sub(started)
		if !isStream(c) {
			s.options.Observer.Request(c.Request().Method, c.Path(), c.Response().Status, took)
		}
		s.log.LogAttrs(c.Request().Context(), slog.LevelInfo, "request",
			slog.String("method", c.Request().Method),
			slog.String("route", c.Path()),
			slog.Int("status", c.Response().Status),
			slog.Int64("bytes", c.Response().Size),
			slog.Int64("ms", took.Milliseconds()),
			slog.Int64("user", actor(c).UserID),
		)
		if broken { // the end of an answer must not look like its end when half of it is missing
			panic(http.ErrAbortHandler)
		}
		return nil
	}
}

// recoverPanic makes a panic an error like others. A handler that was aborted on purpose stays aborted.
func (s *Server) recoverPanic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch cause := recover(); cause {
			case nil:
			case http.ErrAbortHandler:
				panic(cause)
			default:
				err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
			}
		}()
		return next(c)
	}
}

// policy lets a page load nothing but what this server serves, and nobody frame it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"

func (s *Server) secureHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cache-Control", "no-store") // the static files, which are nobody's, say otherwise
		if s.options.Secure {
			h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		return next(c)
	}
}

// checkHost refuses names that are not ours, so that a foreign name that resolves to this machine reaches nothing.
// Whoever supervises the process may call it by any.
func (s *Server) checkHost(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if len(s.options.Hosts) == 0 || c.Path() == healthPath || c.Path() == readyPath {
			return next(c)
		}
		host := c.Request().Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		host = strings.Trim(host, "[]")
		if !slices.ContainsFunc(s.options.Hosts, func(ours string) bool { return strings.EqualFold(ours, host) }) {
			return echo.NewHTTPError(http.StatusMisdirectedRequest)
		}
		return next(c)
	}
}

// greet finds out who asks, and prepares for the forms of the page that they get. Raw routes, and those for programs, do without.
func (s *Server) greet(next echo.HandlerFunc) echo.HandlerFunc {
	greeted := s.identify(s.prepareForm(next))
	return func(c echo.Context) error {
		if s.routes.raws[c.Path()] || forPrograms(c.Request()) {
			return next(c)
		}
		return greeted(c)
	}
}

// limitBody refuses bodies of more bytes.
func limitBody(most int64) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			if r.ContentLength > most {
				return echo.NewHTTPError(http.StatusRequestEntityTooLarge)
			}
			r.Body = http.MaxBytesReader(c.Response(), r.Body, most)
			return next(c)
		}
	}
}

// tooLarge reports whether reading failed because of limitBody.
func tooLarge(err error) bool {
	var limit *http.MaxBytesError
	return errors.As(err, &limit)
}

// authorise refuses whoever may not do the action.
func (s *Server) authorise(action access.Action) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if action != public {
				if err := s.require(actor(c), action); err != nil {
					return err
				}
			}
			return next(c)
		}
	}
}

// notFound answers what no route answers.
func (s *Server) notFound(echo.Context) error {
	return problem.New(problem.NotFound, "problem.not_found")
}
