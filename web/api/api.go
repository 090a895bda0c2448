// Package api is the JSON API for programs: under /api/v1, with a personal token and nothing else. It looks at no cookie and
// sets none, so no page of another site can make a browser act here, and forms' tokens are not needed. What a token may do is
// decided by the domain, which gets the person within the token's scopes as its actor; what is asked and answered is described
// in openapi.yaml, and a test holds every answer to it.
//
// It owns how things are written as JSON, paging, and the limits of requests. It decides nothing that the domain decides.
package api

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/alert"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/blueprint"
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
	Blueprints  *blueprint.Service
	Audit       *audit.Service
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
	mostBody     = 64 << 10         // bytes of a request, unless its route takes more
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
	most   int64 // bytes of a request; 0: mostBody
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
		{Method: http.MethodGet, Path: "/openapi.json", Open: true, handle: a.showDescription},
		{Method: http.MethodGet, Path: "/status", handle: a.showStatus},
		{Method: http.MethodGet, Path: "/exports", handle: a.listExports},
		{Method: http.MethodGet, Path: "/exports/:id", handle: a.showExport},
		{Method: http.MethodGet, Path: "/exports/:id/readiness", handle: a.showReadiness},
		{Method: http.MethodGet, Path: "/exports/:id/runs", handle: a.listRunsOf},
		{Method: http.MethodPost, Path: "/exports/:id/runs", handle: a.startRun},
		{Method: http.MethodPost, Path: "/exports/:id/pause", handle: a.pauseExport},
		{Method: http.MethodPost, Path: "/exports/:id/resume", handle: a.resumeExport},
		{Method: http.MethodGet, Path: "/runs", handle: a.listRuns},
		{Method: http.MethodGet, Path: "/runs/:id", handle: a.showRun},
		{Method: http.MethodPost, Path: "/runs/:id/cancel", handle: a.cancelRun},
		{Method: http.MethodPost, Path: "/runs/:id/pause", handle: a.pauseRun},
		{Method: http.MethodPost, Path: "/runs/:id/resume", handle: a.resumeRun},
		{Method: http.MethodPost, Path: "/runs/:id/retry", handle: a.retryRun},
		{Method: http.MethodGet, Path: "/runs/:id/outcomes", handle: a.streamOutcomes},
		{Method: http.MethodGet, Path: "/runs/:id/watch", handle: a.watchRun},
		{Method: http.MethodGet, Path: "/segments", handle: a.listSegments},
		{Method: http.MethodGet, Path: "/segments/:id", handle: a.showSegment},
		{Method: http.MethodGet, Path: "/segments/:id/sizes", handle: a.listSizes},
		{Method: http.MethodPost, Path: "/segments/:id/calculate", handle: a.calculateSegment},
		{Method: http.MethodGet, Path: "/chains", handle: a.listChains},
		{Method: http.MethodPost, Path: "/chains", handle: a.startChain},
		{Method: http.MethodGet, Path: "/chains/:id", handle: a.showChain},
		{Method: http.MethodGet, Path: "/connections", handle: a.listConnections},
		{Method: http.MethodGet, Path: "/sources", handle: a.listSources},
		{Method: http.MethodPost, Path: "/sources/:id/refresh", handle: a.refreshSource},
		{Method: http.MethodGet, Path: "/config", handle: a.showConfig},
		{Method: http.MethodPost, Path: "/config/diff", handle: a.compareConfig, most: blueprint.MaxSize},
		{Method: http.MethodPost, Path: "/config/apply", handle: a.applyConfig, most: blueprint.MaxSize},
	}
}

// Handler is what answers a route. What fails is answered as a problem.
func (a *API) Handler(r Route) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := a.prepare(c, cmp.Or(r.most, mostBody))
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
