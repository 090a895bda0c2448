// Package web is Segue's HTTP side: routes, the middleware that every request passes, and one file of handlers per area.
// A handler binds the form, calls the domain, and renders a view or redirects; it decides nothing that the domain decides.
package web

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/alert"
	"github.com/segue-app/segue/internal/approval"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/blueprint"
	"github.com/segue-app/segue/internal/chain"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/erasure"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/exclusion"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/factor"
	"github.com/segue-app/segue/internal/find"
	"github.com/segue-app/segue/internal/kept"
	"github.com/segue-app/segue/internal/notice"
	"github.com/segue-app/segue/internal/oidc"
	"github.com/segue-app/segue/internal/outcome"
	"github.com/segue-app/segue/internal/pace"
	"github.com/segue-app/segue/internal/processing"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/pushdown"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/schedule"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/source"
	"github.com/segue-app/segue/internal/stop"
	"github.com/segue-app/segue/internal/token"
	"github.com/segue-app/segue/web/api"
)

// Services are the parts of the domain that the pages call.
type Services struct {
	Accounts    *account.Service
	Factors     *factor.Service
	Kept        *kept.Service
	Provider    *oidc.Provider // of the company; nil for none
	Tokens      *token.Service
	Profiles    *profile.Service
	Sources     *source.Service
	Pushdown    *pushdown.Service
	Segments    *segment.Service
	Exclusions  *exclusion.Service
	Connections *connection.Service
	Exports     *export.Service
	Approvals   *approval.Service
	Runs        *run.Service
	Schedule    *schedule.Service
	Alerts      *alert.Service
	Notices     *notice.Service
	Records     *chain.Records
	Chains      Chains
	Stops       *stop.Service
	Erasures    *erasure.Service
	Processing  *processing.Service
	Blueprints  *blueprint.Service
	Audit       *audit.Service
	Pace        *pace.Service
	Outcomes    *outcome.Service
	Finder      *find.Service
	Events      *event.Hub
	Clock       func() time.Time // time.Now unless set
}

// Options are how the server meets the world. Sealer must be set.
type Options struct {
	Sealer         *secret.Sealer
	Logger         *slog.Logger                 // slog.Default() unless set
	Secure         bool                         // people come by HTTPS: cookies and browsers are held to it
	PublicURL      string                       // "https://segue.example.com", for links to pass on; as the request has it unless set
	Hosts          []string                     // host names that requests may name, without port; any when empty
	TrustedProxies []netip.Prefix               // who may say, in X-Forwarded-For, whom a request comes from; nobody unless set
	Ready          func(context.Context) string // why requests cannot be served now; "" when they can. Always "" unless set
	Observer       Observer                     // hears of requests; nobody unless set
	Demo           bool                         // the pages say that data and destination are samples
}

// Observer measures how requests are answered.
type Observer interface {
	// Request is called when one was answered. The route is its pattern; a stream is none.
	Request(method, route string, status int, took time.Duration)
	// Stream is called when one is opened, and what it returns when it has ended.
	Stream() (closed func())
}

type nobody struct{}

func (nobody) Request(string, string, int, time.Duration) {}
func (nobody) Stream() func()                             { return func() {} }

// Server answers requests.
type Server struct {
	Services
	options Options
	log     *slog.Logger
	echo    *echo.Echo
	routes  *routes
	api     *api.API
	csrfKey func() []byte              // behind a function, as a secret.Text is
	sealed  *securecookie.SecureCookie // for cookies that only this server can read
	streams streams
	origins *http.CrossOriginProtection

	require      func(access.Actor, access.Action) error // the router's look at who asks; the domain looks again
	recheckEvery time.Duration                           // how often a stream looks whether its session still stands

	closing context.Context // ends the streams
	close   context.CancelFunc
}

// New makes the server with all its routes.
func New(services Services, options Options) *Server {
	if services.Clock == nil {
		services.Clock = time.Now
	}
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	if options.Observer == nil {
		options.Observer = nobody{}
	}
	if options.Ready == nil {
		options.Ready = func(context.Context) string { return "" }
	}
	s := &Server{
		Services: services, options: options, log: options.Logger, echo: echo.New(),
		require: access.Actor.Require, recheckEvery: recheckEvery,
		csrfKey: sync.OnceValue(func() []byte { return options.Sealer.Derive("csrf", 32) }),
		sealed:  securecookie.New(options.Sealer.Derive("cookie/sign", 32), options.Sealer.Derive("cookie/encrypt", 32)),
	}
	s.origins = s.ownOrigins()
	s.closing, s.close = context.WithCancel(context.Background())
	s.echo.HTTPErrorHandler = s.showProblem
	s.echo.IPExtractor = ipExtractor(options.TrustedProxies)
	s.routes = &routes{server: s, raws: map[string]bool{}, topics: map[string]topic{}}
	s.echo.Use(s.identifyRequest, s.traceRequest, s.logRequest, s.recoverPanic, s.secureHeaders, s.checkHost, s.traceOrigin, s.greet)
	for _, area := range []func(*routes){
		s.systemRoutes, s.homeRoutes, s.stepRoutes, s.eventRoutes, s.accountRoutes, s.confirmRoutes, s.factorRoutes, s.companyRoutes, s.resetRoutes, s.userRoutes, s.segmentRoutes, s.exclusionRoutes,
		s.profileRoutes, s.unificationRoutes, s.sourceRoutes, s.importRoutes, s.connectionRoutes, s.scheduleRoutes, s.statusRoutes, s.helpRoutes, s.searchRoutes,
		s.exportRoutes, s.runRoutes, s.newsRoutes, s.outcomeRoutes, s.storyRoutes, s.erasureRoutes, s.termsRoutes, s.recordRoutes, s.alertRoutes, s.hookRoutes, s.tokenRoutes, s.auditRoutes, s.versionRoutes, s.approvalRoutes, s.apiRoutes,
	} {
		area(s.routes)
	}
	return s
}

// Handler is the server for net/http.
func (s *Server) Handler() http.Handler { return s.echo }

// Routes lists every route.
func (s *Server) Routes() []Route { return s.routes.all }

// Close ends the streams, so that a server that shuts down need not wait for them.
func (s *Server) Close() { s.close() }

// Limits in time. Streams, uploads and downloads extend them for themselves as long as something moves.
const (
	headerTimeout  = 10 * time.Second
	requestTimeout = time.Minute
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 64 << 10
)

// HTTPServer gives a server for the address with the limits that the handlers expect. Its Shutdown ends the streams.
func (s *Server) HTTPServer(address string) *http.Server {
	server := &http.Server{
		Addr: address, Handler: s.echo, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
		ReadHeaderTimeout: headerTimeout, ReadTimeout: requestTimeout, WriteTimeout: requestTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
	}
	server.RegisterOnShutdown(s.Close)
	return server
}

func ipExtractor(trusted []netip.Prefix) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, prefix := range trusted {
		options = append(options, echo.TrustIPRange(&net.IPNet{
			IP: prefix.Addr().AsSlice(), Mask: net.CIDRMask(prefix.Bits(), prefix.Addr().BitLen()),
		}))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}

// streams counts the open streams of each user.
type streams struct {
	mutex sync.Mutex
	open  map[int64]int
}

// maxStreams is how many pages one user may watch at once.
const maxStreams = 20

func (s *streams) enter(userID int64) (leave func(), ok bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.open == nil {
		s.open = map[int64]int{}
	}
	if s.open[userID] >= maxStreams {
		return nil, false
	}
	s.open[userID]++
	return func() {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		if s.open[userID]--; s.open[userID] == 0 {
			delete(s.open, userID)
		}
	}, true
}
