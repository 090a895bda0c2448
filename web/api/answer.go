package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
)

// Problem is an answer to what failed, as RFC 9457 has it. Code is stable, and what programs should look at; the texts are for people.
type Problem struct {
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Status    int            `json:"status"`
	Detail    string         `json:"detail,omitempty"`
	Code      string         `json:"code"`
	RequestID string         `json:"request_id"`
	Scope     access.Scope   `json:"scope,omitempty"` // that the token lacks
	Run       int64          `json:"run,omitempty"`   // that is in the way
	Fields    []FieldProblem `json:"fields,omitempty"`
	Applied   *ConfigApplied `json:"applied,omitempty"` // of a configuration, before it failed
}

// FieldProblem is one value that was not accepted.
type FieldProblem struct {
	Field  string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

const problemType = "application/problem+json"

var statuses = map[problem.Kind]int{
	problem.Invalid:      http.StatusUnprocessableEntity,
	problem.NotFound:     http.StatusNotFound,
	problem.NotPermitted: http.StatusForbidden,
	problem.SignedOut:    http.StatusUnauthorized,
	problem.Conflict:     http.StatusConflict,
	problem.Unavailable:  http.StatusServiceUnavailable,
	problem.ConfirmFirst: http.StatusForbidden,
}

// codes of what Echo and the readers of requests refuse.
var codes = map[int]string{
	http.StatusBadRequest:            "api.problem.request",
	http.StatusNotFound:              "problem.not_found",
	http.StatusMethodNotAllowed:      "api.problem.method",
	http.StatusNotAcceptable:         "api.problem.accept",
	http.StatusRequestEntityTooLarge: "api.problem.too_large",
	http.StatusUnsupportedMediaType:  "api.problem.media_type",
	http.StatusMisdirectedRequest:    "api.problem.host",
	http.StatusTooManyRequests:       "api.problem.too_many",
}

// bad refuses a request that cannot be read.
func bad(code string, args ...any) error {
	return &refusal{http.StatusBadRequest, code, args}
}

// refusal is what is wrong with a request itself, before the domain is asked.
type refusal struct {
	status int
	code   string
	args   []any
}

// Error gives the code, for logs.
func (r *refusal) Error() string { return r.code }

// Fail answers what failed. When the answer has begun it cannot say so: it breaks off, so that nobody takes it for whole.
func (a *API) Fail(c echo.Context, err error) error {
	if c.Response().Committed {
		return err
	}
	if c.Response().Header().Get("Content-Language") == "" { // it failed before anything was prepared
		speak(c)
	}
	p := a.problemOf(c, err)
	if p.Status >= http.StatusInternalServerError && p.Status != http.StatusServiceUnavailable {
		a.options.Log.LogAttrs(ctx(c), slog.LevelError, "request failed", slog.String("request", p.RequestID),
			slog.String("method", c.Request().Method), slog.String("route", c.Path()), slog.Int64("user", bearer(c).User.ID), slog.Any("error", err))
	}
	if p.Status == http.StatusForbidden {
		a.options.Log.LogAttrs(ctx(c), slog.LevelWarn, "not permitted", slog.String("method", c.Request().Method), slog.String("route", c.Path()),
			slog.Int64("user", bearer(c).User.ID), slog.String("code", p.Code))
	}
	h := c.Response().Header()
	switch {
	case p.Status == http.StatusUnauthorized && p.Code == "api.problem.no_token":
		h.Set(echo.HeaderWWWAuthenticate, `Bearer realm="segue"`)
	case p.Status == http.StatusUnauthorized:
		h.Set(echo.HeaderWWWAuthenticate, `Bearer realm="segue", error="invalid_token"`)
	case p.Scope != "":
		h.Set(echo.HeaderWWWAuthenticate, fmt.Sprintf(`Bearer realm="segue", error="insufficient_scope", scope="%s"`, p.Scope))
	}
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return c.Blob(p.Status, problemType, body)
}

func (a *API) problemOf(c echo.Context, err error) Problem {
	said := Problem{Status: http.StatusInternalServerError, Code: "api.problem.internal", RequestID: a.options.RequestID(c)}
	var args []any
	var http4 *echo.HTTPError
	var refused *refusal
	var large *http.MaxBytesError
	switch p := problem.Of(err); {
	case p != nil:
		said.Status, said.Code, args = statuses[p.Kind], p.Code, p.Args
		for _, field := range p.Fields {
			said.Fields = append(said.Fields, FieldProblem{field.Name, field.Code, i18n.T(ctx(c), field.Code, field.Args...)})
		}
		if p.Kind == problem.NotPermitted {
			if said.Scope = lackedScope(c); said.Scope != "" {
				said.Code, args = "api.problem.scope", []any{"Scope", string(said.Scope)}
			}
		}
		for i := 0; i+1 < len(p.Args); i += 2 {
			if id, ok := p.Args[i+1].(int64); ok && p.Args[i] == "Run" {
				said.Run = id
			}
		}
	case errors.As(err, &refused):
		said.Status, said.Code, args = refused.status, refused.code, refused.args
	case errors.As(err, &large):
		said.Status, said.Code = http.StatusRequestEntityTooLarge, codes[http.StatusRequestEntityTooLarge]
	case errors.As(err, &http4) && http4.Code < http.StatusInternalServerError:
		said.Status = http4.Code
		if said.Code = codes[http4.Code]; said.Code == "" {
			said.Code = codes[http.StatusBadRequest]
		}
	case errors.Is(err, context.Canceled) && ctx(c).Err() != nil:
		said.Status, said.Code = 499, codes[http.StatusBadRequest] // the reader went away
	}
	var interrupted *broken
	if errors.As(err, &interrupted) {
		said.Applied = &interrupted.applied
	}
	said.Type = "urn:segue:" + said.Code
	said.Title = i18n.T(ctx(c), "api.title."+strconv.Itoa(titled(said.Status)))
	said.Detail = i18n.T(ctx(c), said.Code, args...)
	return said
}

// titled is the status whose title fits.
func titled(status int) int {
	if _, known := codes[status]; known {
		return status
	}
	for _, known := range statuses {
		if status == known {
			return status
		}
	}
	if status < http.StatusInternalServerError {
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

const neededKey = "segue.needed"

// needs says which action a handler is about, so that a refusal can name the scope that the token lacks. The domain decides.
func needs(c echo.Context, action access.Action) access.Actor {
	c.Set(neededKey, action)
	return actor(c)
}

func lackedScope(c echo.Context) access.Scope {
	action, _ := c.Get(neededKey).(access.Action)
	person := bearer(c).User.Actor()
	if action == "" || !person.Can(action) {
		return "" // she may not do it herself: another token would not help
	}
	return actor(c).Lacks(action)
}

// write answers with a value. What is read again by the same version is not sent again.
func write(c echo.Context, status int, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return c.Blob(status, echo.MIMEApplicationJSON, body)
}

// read reads the body as JSON into a value; without a body the value stays as it is.
func read(c echo.Context, into any) error {
	r := c.Request()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType)); err != nil || kind != echo.MIMEApplicationJSON {
		return echo.NewHTTPError(http.StatusUnsupportedMediaType)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return bad("api.problem.body")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return bad("api.problem.body")
	}
	return nil
}

// pathID reads the id of the path. What is no id is not found.
func pathID(c echo.Context) (int64, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, problem.New(problem.NotFound, "problem.not_found")
	}
	return id, nil
}

// moment is a time as JSON; nil when there is none.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	utc := t.UTC().Truncate(time.Millisecond)
	return &utc
}
