package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
)

// Route is one address that the server answers, and what a person must be allowed to do to use it.
type Route struct {
	Method string
	Path   string        // with parameters as Echo writes them: /users/:id
	Action access.Action // public: anybody
}

// public is the action of routes that need no sign-in.
const public access.Action = "public"

// routes registers the areas' routes. The action given is checked before the handler runs, and again by the domain.
type routes struct {
	server *Server
	all    []Route
	raws   map[string]bool // paths of raw routes
	topics map[string]topic
}

// topic is a kind of event that a page may watch.
type topic struct{ action access.Action }

// Limits of a request's body, in bytes.
const (
	maxOpenForm = 16 << 10 // of somebody who need not be signed in
	maxForm     = 1 << 20
	maxUpload   = 2<<30 + maxForm
)

// get registers a page, a fragment or a download.
func (r *routes) get(path string, action access.Action, handler echo.HandlerFunc) {
	r.add(http.MethodGet, path, action, handler, r.server.authorise(action))
}

// post registers an act: a form, checked to come from one of our own pages.
func (r *routes) post(path string, action access.Action, handler echo.HandlerFunc) {
	most := int64(maxForm)
	if action == public {
		most = maxOpenForm
	}
	r.add(http.MethodPost, path, action, handler,
		limitBody(most), r.server.sameOrigin, r.server.authorise(action), r.server.checkForm)
}

// upload registers a form with a file, which the handler reads as a stream: see upload in upload.go.
func (r *routes) upload(path string, action access.Action, handler func(c echo.Context, form *upload) error) {
	r.add(http.MethodPost, path, action, r.server.openUpload(handler),
		limitBody(maxUpload), r.server.sameOrigin, r.server.authorise(action))
}

// raw registers a public route that neither looks at cookies nor sets any.
func (r *routes) raw(path string, handler echo.HandlerFunc) {
	r.raws[path] = true
	r.add(http.MethodGet, path, public, handler)
}

// topic lets pages watch events: the topic itself ("runs"), and those of one thing ("run" allows "run/12").
func (r *routes) topic(name string, action access.Action) { r.topics[name] = topic{action} }

func (r *routes) add(method, path string, action access.Action, handler echo.HandlerFunc, middleware ...echo.MiddlewareFunc) {
	r.all = append(r.all, Route{method, path, action})
	r.server.echo.Add(method, path, handler, middleware...)
}
