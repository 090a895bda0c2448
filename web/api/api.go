// Package api is the JSON API for programs: under /api/v1, with a personal token and nothing else. It looks at no cookie and
// sets none, so no page of another site can make a browser act here, and forms' tokens are not needed. What a token may do is
// decided by the domain, which gets the person within the token's scopes as its actor; what is asked and answered is described
// in openapi.yaml, and a test holds every answer to it.
//
// It owns how things are written as JSON, paging, and the limits of requests. It decides nothing that the domain decides.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/alert"
	"github.com/segue-app/segue/internal/chain"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/schedule"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/source"
	"github.com/segue-app/segue/internal/stop"
	"github.com/segue-app/segue/internal/token"
)

// Prefix is what the path of everything here begins with.
const Prefix = "/api/v1"

// Services are the parts of the domain that the API calls.
type Services struct {
	Tokens      *token.Service
	Exports     *export.Service
	Runs        *run.Service
	Segments    *segment.Service
	Connections *connection.Service
	Sources     *source.Service
	Schedule    *schedule.Service
	Records     *chain.Records
	Chains      Chains
	Alerts      *alert.Service
	Stops       *stop.Service
	Events      *event.Hub
	Clock       func() time.Time
}

// Chains is what the API has done with chains.
type Chains interface {
	// StartNow begins a chain of the system at once. It is a Conflict problem when one is under way.
	StartNow(ctx context.Context, actor access.Actor) (chain.Chain, error)
}

// Options are how the API meets the world.
type Options struct {
	Log       *slog.Logger
	Closing   context.Context                         // ends the streams
	Address   func(echo.Context) string               // who asks, for limiting those without a token
	RequestID func(echo.Context) string               // to be quoted
	Noted     func(c echo.Context, user account.User) // is told who asks
}

// Limits.
const (
	mostBody     = 64 << 10         // bytes of a request
	perSecond    = rate.Limit(10)   // requests of one token, in the long run
	burst        = 60               // requests of one token at once
	wrongEach    = rate.Limit(1)    // requests a second without a token that counts, from one address
	wrongBurst   = 30               // of those at once
	mostWatching = 10               // streams of one token at once
	mostFetching = 3                // downloads of one token at once
	retrySlow    = 29 * time.Second // to wait when those are all under way
	writeWithin  = 10 * time.Second // of an event
	readWithin   = time.Minute      // of a piece of a download
)

// API answers programs.
type API struct {
	Services
	options  Options
	callers  *limits[int64]
	wrong    *limits[string]
	watching *counts
	fetching *counts
	recheck  time.Duration // how long a stream may outlive its token
	described
}

// Route is one address of the API, with parameters as Echo writes them.
type Route struct {
	Method, Path string
	Open         bool // needs no token

	handle echo.HandlerFunc
}

// New makes the API.
func New(services Services, options Options) *API {
	a := &API{Services: services, options: options, watching: &counts{most: mostWatching, open: map[int64]int{}},
		fetching: &counts{most: mostFetching, open: map[int64]int{}}, recheck: 30 * time.Second, described: describe()}
	a.callers = newLimits[int64](perSecond, burst, services.Clock)
	a.wrong = newLimits[string](wrongEach, wrongBurst, services.Clock)
	return a
}

// Routes lists everything that the API answers.
func (a *API) Routes() []Route {
	return []Route{
		{http.MethodGet, "/openapi.json", true, a.showDescription},
		{http.MethodGet, "/status", false, a.showStatus},
		{http.MethodGet, "/exports", false, a.listExports},
		{http.MethodGet, "/exports/:id", false, a.showExport},
		{http.MethodGet, "/exports/:id/readiness", false, a.showReadiness},
		{http.MethodGet, "/exports/:id/runs", false, a.listRunsOf},
		{http.MethodPost, "/exports/:id/runs", false, a.startRun},
		{http.MethodPost, "/exports/:id/pause", false, a.pauseExport},
		{http.MethodPost, "/exports/:id/resume", false, a.resumeExport},
		{http.MethodGet, "/runs", false, a.listRuns},
		{http.MethodGet, "/runs/:id", false, a.showRun},
		{http.MethodPost, "/runs/:id/cancel", false, a.cancelRun},
		{http.MethodPost, "/runs/:id/pause", false, a.pauseRun},
		{http.MethodPost, "/runs/:id/resume", false, a.resumeRun},
		{http.MethodPost, "/runs/:id/retry", false, a.retryRun},
		{http.MethodGet, "/runs/:id/outcomes", false, a.streamOutcomes},
		{http.MethodGet, "/runs/:id/watch", false, a.watchRun},
		{http.MethodGet, "/segments", false, a.listSegments},
		{http.MethodGet, "/segments/:id", false, a.showSegment},
		{http.MethodGet, "/segments/:id/sizes", false, a.listSizes},
		{http.MethodPost, "/segments/:id/calculate", false, a.calculateSegment},
		{http.MethodGet, "/chains", false, a.listChains},
		{http.MethodPost, "/chains", false, a.startChain},
		{http.MethodGet, "/chains/:id", false, a.showChain},
		{http.MethodGet, "/connections", false, a.listConnections},
		{http.MethodGet, "/sources", false, a.listSources},
		{http.MethodPost, "/sources/:id/refresh", false, a.refreshSource},
	}
}

// Handler is what answers a route. What fails is answered as a problem.
func (a *API) Handler(r Route) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := a.prepare(c)
		if err == nil && !r.Open {
			err = a.identify(c)
		}
		if err == nil {
			err = r.handle(c)
		}
		if err != nil {
			return a.Fail(c, err)
		}
		return nil
	}
}
