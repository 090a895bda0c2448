package web

import (
	"bytes"
	"context"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/views/layout"
)

// page is the frame's view of this request. title is in the reader's language: text(c, "segments.title"), or the name of a
// thing. It takes the messages that wait for the person, so call it for whole pages only, and once.
func (s *Server) page(c echo.Context, section, title string, above ...layout.Crumb) layout.Page {
	p := layout.Page{
		Title: title, Section: section, Breadcrumbs: above, CSRF: csrfToken(c),
		Flash: s.takeFlash(c), Demo: s.options.Demo, Path: c.Request().URL.RequestURI(), Theme: s.wish(c, "theme"),
	}
	if c.Request().Method != http.MethodGet {
		p.Path = cameFrom(c) // an act is no page to return to; its form is
	}
	if u := user(c); u.ID != 0 {
		p.Person = &layout.Person{Name: u.DisplayName(), Email: u.Email, Role: u.Role}
		p.Theme = u.Theme
		p.Stopped = s.stopped(c)
		p.News = actor(c).Can(access.LookAround)
	}
	return p
}

// cameFrom is the page of ours that the request came from.
func cameFrom(c echo.Context) string {
	from, err := url.Parse(c.Request().Referer())
	if err != nil || from.Host != c.Request().Host {
		return "/"
	}
	return internalPath(from.RequestURI())
}

// text is the text of a key in the reader's language.
func text(c echo.Context, key string, pairs ...any) string { return i18n.T(ctx(c), key, pairs...) }

// ctx is the request's context: it ends with the request, and knows the reader's language and zone.
func ctx(c echo.Context) context.Context { return c.Request().Context() }

// render answers with a view. Nothing is sent if it fails.
func render(c echo.Context, status int, view templ.Component) error {
	var page bytes.Buffer
	if err := view.Render(ctx(c), &page); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	return c.HTMLBlob(status, page.Bytes())
}

// redirect sends the browser on to a path of ours, which it gets by GET.
func redirect(c echo.Context, path string) error {
	return c.Redirect(http.StatusSeeOther, internalPath(path))
}

// isHTMX reports whether htmx asks for a fragment, and not the browser for a page.
func isHTMX(c echo.Context) bool {
	h := c.Request().Header
	return h.Get("HX-Request") == "true" && h.Get("HX-Boosted") != "true" && h.Get("HX-History-Restore-Request") != "true"
}

// pathID reads a numeric parameter of the path. What is no number is not found.
func pathID(c echo.Context, name string) (int64, error) {
	id, err := strconv.ParseInt(c.Param(name), 10, 64)
	if err != nil || id <= 0 {
		return 0, problem.New(problem.NotFound, "problem.not_found")
	}
	return id, nil
}

// internalPath gives the path if it is one of ours, and "/" otherwise, so that nobody is sent to another site.
func internalPath(path string) string {
	target, err := url.Parse(path)
	bad := func(r rune) bool { return r < ' ' || r == '\\' || r == 0x7f }
	if err != nil || target.Host != "" || target.Scheme != "" || target.User != nil ||
		!strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsFunc(path, bad) {
		return "/"
	}
	return path
}

// address makes a full address of a path, for a link to be passed on.
func (s *Server) address(c echo.Context, path string) string {
	if s.options.PublicURL != "" {
		return strings.TrimSuffix(s.options.PublicURL, "/") + path
	}
	scheme := "http"
	if s.options.Secure {
		scheme = "https"
	}
	return scheme + "://" + c.Request().Host + path
}

// attachment begins a download, and returns where to write it. It may take as long as the reader keeps reading, and stays who they
// were at its beginning.
func (s *Server) attachment(c echo.Context, name, contentType string) *patientWriter {
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, contentType)
	h.Set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	c.Response().WriteHeader(http.StatusOK)
	return &patientWriter{c.Response(), http.NewResponseController(c.Response()), func() error { return s.stays(c) }}
}

// stays fails when the reader is signed in no more, or has another role than when the request came.
func (s *Server) stays(c echo.Context) error {
	now, err := s.Accounts.Glance(ctx(c), sessionToken(c))
	if err == nil && now.Role != actor(c).Role {
		err = problem.New(problem.NotPermitted, "problem.not_permitted")
	}
	return err
}

// patientWriter gives every write a minute, and asks before it whether the reader may still have it.
type patientWriter struct {
	response   http.ResponseWriter
	controller *http.ResponseController
	stays      func() error
}

// Write sends a piece.
func (w *patientWriter) Write(p []byte) (int, error) {
	if err := w.stays(); err != nil {
		return 0, err
	}
	// A recorder in a test has no deadlines; a connection has.
	_ = w.controller.SetWriteDeadline(time.Now().Add(requestTimeout))
	return w.response.Write(p)
}
