package web

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/views/component"
	factorviews "github.com/segue-app/segue/views/factor"
	"github.com/segue-app/segue/views/layout"
)

var statuses = map[problem.Kind]int{
	problem.Invalid:      http.StatusUnprocessableEntity,
	problem.NotFound:     http.StatusNotFound,
	problem.NotPermitted: http.StatusForbidden,
	problem.SignedOut:    http.StatusUnauthorized,
	problem.Conflict:     http.StatusConflict,
	problem.Unavailable:  http.StatusServiceUnavailable,
	problem.ConfirmFirst: http.StatusForbidden,
}

// statusGone is for the log alone: nobody is there any more to be answered.
const statusGone = 499

// formErrors turns a problem that the person can mend into what the form shows: a text beside each field, and a summary. It
// is false for every other error, which the handler returns. Render the form with status 422 and the values as typed. labels
// are field names and the keys of their labels, in turn: formErrors(c, err, "name", "account.name").
func formErrors(c echo.Context, err error, labels ...string) (component.Errors, bool) {
	p := problem.Of(err)
	if p == nil || (p.Kind != problem.Invalid && p.Kind != problem.Conflict && p.Kind != problem.Unavailable) {
		return component.Errors{}, false
	}
	summary := component.ErrorSummary{Title: text(c, p.Code, p.Args...)}
	for _, field := range p.Fields {
		line := component.FieldError{FieldID: field.Name, Text: text(c, field.Code, field.Args...)}
		for i := 0; i+1 < len(labels); i += 2 {
			if labels[i] == field.Name {
				line.Label = text(c, labels[i+1])
			}
		}
		summary.Errors = append(summary.Errors, line)
	}
	if len(p.Fields) == 0 {
		summary.Title, summary.Text = text(c, "web.not_done"), summary.Title
	}
	return component.Errors{Summary: summary}, true
}

// showProblem answers every request that failed.
func (s *Server) showProblem(err error, c echo.Context) {
	if c.Response().Committed {
		s.logFailure(c, err) // too late to say anything: the reader sees the answer break off
		return
	}
	if forPrograms(c.Request()) {
		if err := s.api.Fail(c, err); err != nil {
			s.logFailure(c, err)
		}
		return
	}
	s.logRefusal(c, err)
	if problem.Is(err, problem.ConfirmFirst) && c.Request().Header.Get("Accept") != eventStream {
		if err = s.sendToConfirm(c); err == nil {
			return
		}
	}
	if p := problem.Of(err); p != nil && p.Code == access.FactorCode && c.Request().Method == http.MethodGet && !isHTMX(c) && c.Request().Header.Get("Accept") != eventStream {
		if err = redirect(c, factorviews.Path); err == nil {
			return
		}
	}
	status, trouble := s.trouble(c, err)
	if status == statusGone {
		c.Response().Status = status
		return
	}
	if status >= http.StatusInternalServerError && !errors.Is(err, errStopping) {
		s.logFailure(c, err)
	}
	if status == http.StatusUnauthorized && s.sendToSignIn(c) {
		return
	}
	view := layout.Problem(s.page(c, "", trouble.Title), trouble)
	if isHTMX(c) {
		view = component.Alert{Tone: component.Danger, Title: trouble.Title, Text: trouble.Text, Live: true}.Around()
	}
	if err := render(c, status, view); err != nil {
		s.logFailure(c, err)
	}
}

// trouble says what a person is told about an error, and the status that goes with it.
func (s *Server) trouble(c echo.Context, err error) (int, layout.Trouble) {
	// A request that failed before anybody was identified is answered in the language that the browser asks for.
	if user(c).ID == 0 {
		language := i18n.Match(s.wish(c, "language"), c.Request().Header.Get("Accept-Language"))
		c.SetRequest(c.Request().WithContext(i18n.With(ctx(c), i18n.For(language, nil))))
	}
	var refused *echo.HTTPError
	switch p := problem.Of(err); {
	case ctx(c).Err() != nil:
		return statusGone, layout.Trouble{}
	case p != nil:
		status := statuses[p.Kind]
		said := advice(p.Kind)
		if p.Code == access.NotGranted {
			said = "web.problem.not_granted.advice"
		}
		return status, layout.Trouble{Status: status, Title: text(c, p.Code, p.Args...), Text: text(c, said)}
	case errors.As(err, &refused) && refused.Code < http.StatusInternalServerError:
		title := "web.problem.request"
		switch refused.Code {
		case http.StatusNotFound, http.StatusMethodNotAllowed:
			title = "problem.not_found"
		case http.StatusRequestEntityTooLarge:
			title = "web.problem.too_large"
		case http.StatusTooManyRequests:
			title = "web.problem.too_many"
		}
		return refused.Code, layout.Trouble{Status: refused.Code, Title: text(c, title)}
	}
	return http.StatusInternalServerError, layout.Trouble{
		Status: http.StatusInternalServerError, Title: text(c, "web.problem.internal"),
		Text: text(c, "web.problem.internal.advice"), Reference: requestID(c),
	}
}

func advice(kind problem.Kind) string {
	switch kind {
	case problem.NotFound:
		return "web.problem.not_found.advice"
	case problem.NotPermitted:
		return "web.problem.not_permitted.advice"
	case problem.SignedOut:
		return "web.problem.signed_out.advice"
	case problem.Conflict:
		return "web.problem.conflict.advice"
	case problem.Unavailable:
		return "web.problem.unavailable.advice"
	}
	return "web.problem.invalid.advice"
}

// sendToSignIn leads who is not signed in to the page for it, and back afterwards. An act is not repeated after signing in,
// so it is answered with a page that says so.
func (s *Server) sendToSignIn(c echo.Context) bool {
	r := c.Request()
	switch {
	case isHTMX(c):
		back := "/"
		if current, err := url.Parse(r.Header.Get("HX-Current-URL")); err == nil {
			back = current.RequestURI()
		}
		c.Response().Header().Set("HX-Redirect", signInPath(back))
		c.Response().WriteHeader(http.StatusUnauthorized)
		return true
	case r.Method == http.MethodGet && r.Header.Get("Accept") != eventStream:
		if err := redirect(c, signInPath(r.URL.RequestURI())); err != nil {
			s.logFailure(c, err)
		}
		return true
	}
	return false
}

func signInPath(back string) string {
	if back = internalPath(back); back == "/" {
		return "/sign-in"
	}
	return "/sign-in?" + url.Values{"next": {back}}.Encode()
}

// logRefusal writes down who was not permitted what: the user's id and the route's pattern.
func (s *Server) logRefusal(c echo.Context, err error) {
	p := problem.Of(err)
	if p == nil || p.Kind != problem.NotPermitted {
		return
	}
	s.log.LogAttrs(ctx(c), slog.LevelWarn, "not permitted",
		slog.String("method", c.Request().Method),
		slog.String("route", c.Path()),
		slog.Int64("user", actor(c).UserID),
		slog.String("code", p.Code),
	)
}

// logFailure writes down what people are not told.
func (s *Server) logFailure(c echo.Context, err error) {
	s.log.LogAttrs(ctx(c), slog.LevelError, "request failed",
		slog.String("method", c.Request().Method),
		slog.String("route", c.Path()),
		slog.Int64("user", actor(c).UserID),
		slog.Any("error", err),
	)
}
