package web

import (
	"net/http"
	"net/netip"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/trace"
)

// traceRequest makes a request a span, but for those that a supervisor makes, and static files. A trace that a trusted proxy began
// goes on. Streams take hours and say nothing by that: their span is not ended, and what is not ended is not sent.
func (s *Server) traceRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if s.routes.raws[c.Path()] {
			return next(c)
		}
		r, inner := c.Request(), ctx(c)
		if s.trusts(r.RemoteAddr) {
			inner = trace.Continue(inner, r.Header.Get("Traceparent"))
		}
		inner, span := trace.Begin(inner, trace.Incoming, methodOf(r.Method)+" "+c.Path())
		defer func() {
			if isStream(c) {
				return
			}
			status := c.Response().Status
			span.Word("http.request.method", methodOf(r.Method))
			span.Word("http.route", c.Path())
			span.Number("http.response.status_code", int64(status))
			if status >= http.StatusInternalServerError {
				span.Fail()
			}
			span.End()
		}()
		c.SetRequest(r.WithContext(inner))
		return next(c)
	}
}

// methodOf keeps what clients make up out of traces.
func methodOf(method string) string {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE":
		return method
	}
	return "_OTHER" // as OpenTelemetry's conventions for HTTP want it
}

// trusts reports whether a connection comes from one of the trusted proxies.
func (s *Server) trusts(remote string) bool {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	for _, network := range s.options.TrustedProxies {
		if network.Contains(at.Addr().Unmap()) {
			return true
		}
	}
	return false
}
