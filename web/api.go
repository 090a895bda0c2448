package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/web/api"
)

// byToken is the action of the routes for programs: who comes is decided by a token and not by a session, and what they may do by
// the token's scopes.
const byToken access.Action = "by_token"

// apiRoutes mounts the JSON API.
func (s *Server) apiRoutes(r *routes) {
	s.api = api.New(api.Services{Tokens: s.Tokens, Exports: s.Exports, Runs: s.Runs, Segments: s.Segments, Connections: s.Connections, Sources: s.Sources,
		Schedule: s.Schedule, Records: s.Records, Chains: s.Chains, Alerts: s.Alerts, Stops: s.Stops, Blueprints: s.Blueprints, Audit: s.Audit, Events: s.Events, Clock: s.Clock},
		api.Options{Log: s.log, Closing: s.closing, Address: echo.Context.RealIP, RequestID: requestID,
			Noted: func(c echo.Context, user account.User) { c.Set(userKey, user) }})
	methods := map[string][]string{}
	for _, route := range s.api.Routes() {
		path := api.Prefix + route.Path
		r.program(route.Method, path, s.api.Handler(route))
		methods[path] = append(methods[path], route.Method)
	}
	for path, answered := range methods {
		s.refuseOthers(path, answered)
	}
}

// refuseOthers answers the methods that a path does not know: otherwise they were answered as if the path were none.
func (s *Server) refuseOthers(path string, answered []string) {
	allow := strings.Join(answered, ", ")
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions} {
		if !slices.Contains(answered, method) {
			s.echo.Add(method, path, func(c echo.Context) error {
				c.Response().Header().Set(echo.HeaderAllow, allow)
				return echo.NewHTTPError(http.StatusMethodNotAllowed)
			})
		}
	}
}

// program registers a route for programs. It looks at no cookie, so no page of another site can have a browser use it.
func (r *routes) program(method, path string, handler echo.HandlerFunc) {
	r.add(method, path, byToken, handler)
}

// forPrograms reports whether the request is for the JSON API, whether there is such a route or not.
func forPrograms(r *http.Request) bool {
	return r.URL.Path == api.Prefix || strings.HasPrefix(r.URL.Path, api.Prefix+"/")
}
