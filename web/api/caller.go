package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/token"
)

const (
	bearerKey = "segue.bearer"
	keyKey    = "segue.key"
)

// prepare limits what is read of a request, and finds out in which language its problems are written: English unless another
// is asked for.
func (a *API) prepare(c echo.Context, most int64) error {
	r := c.Request()
	if r.ContentLength > most {
		return echo.NewHTTPError(http.StatusRequestEntityTooLarge)
	}
	r.Body = http.MaxBytesReader(c.Response(), r.Body, most)
	speak(c)
	c.Response().Header().Set(echo.HeaderVary, "Authorization, Accept, Accept-Language")
	return nil
}

func speak(c echo.Context) {
	r := c.Request()
	language := "en"
	if wish := r.Header.Get("Accept-Language"); wish != "" {
		language = i18n.Match(wish)
	}
	c.Response().Header().Set("Content-Language", language)
	c.SetRequest(r.WithContext(i18n.With(r.Context(), i18n.For(language, nil))))
}

// identify finds out who asks, and whether the token has asked too often. Whoever comes without a token that counts is slowed down by
// the address; those who come from the same one with a good token are not.
func (a *API) identify(c echo.Context) error {
	key := bearerToken(c.Request().Header.Get(echo.HeaderAuthorization))
	if key == "" {
		return a.strange(c, problem.New(problem.SignedOut, "api.problem.no_token"))
	}
	bearer, err := a.Tokens.Identify(ctx(c), key)
	if problem.Is(err, problem.SignedOut) {
		return a.strange(c, err)
	}
	if err != nil {
		return err
	}
	a.options.Noted(c, bearer.User)
	c.Set(bearerKey, bearer)
	c.Set(keyKey, key)
	if wait := a.callers.take(bearer.Token.ID); wait > 0 {
		return tooMany(c, wait)
	}
	return nil
}

// strange refuses whoever has no token that counts.
func (a *API) strange(c echo.Context, why error) error {
	if wait := a.wrong.take(a.options.Address(c)); wait > 0 {
		return tooMany(c, wait)
	}
	return why
}

// bearerToken reads the header of RFC 6750.
func bearerToken(header string) string {
	scheme, key, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(key)
}

func tooMany(c echo.Context, wait time.Duration) error {
	seconds := int(wait/time.Second) + 1
	c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(seconds))
	return echo.NewHTTPError(http.StatusTooManyRequests)
}

// bearer is who asks.
func bearer(c echo.Context) token.Bearer {
	b, _ := c.Get(bearerKey).(token.Bearer)
	return b
}

// actor is who acts, for the domain: nobody, unless identify has been passed.
func actor(c echo.Context) access.Actor {
	if b := bearer(c); b.User.ID != 0 {
		return b.Actor()
	}
	return access.Actor{}
}

func ctx(c echo.Context) context.Context { return c.Request().Context() }

// limits are the requests of many, each with a limiter of its own. Those who have not asked for long are forgotten.
type limits[K comparable] struct {
	mutex sync.Mutex
	each  rate.Limit
	burst int
	now   func() time.Time
	known map[K]*rate.Limiter
	swept time.Time
}

func newLimits[K comparable](each rate.Limit, burst int, now func() time.Time) *limits[K] {
	return &limits[K]{each: each, burst: burst, now: now, known: map[K]*rate.Limiter{}, swept: now()}
}

func (l *limits[K]) of(who K, now time.Time) *rate.Limiter {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if now.Sub(l.swept) > time.Minute {
		l.swept = now
		for key, limiter := range l.known {
			if limiter.TokensAt(now) >= float64(l.burst) { // as if it had never been asked
				delete(l.known, key)
			}
		}
	}
	if l.known[who] == nil {
		l.known[who] = rate.NewLimiter(l.each, l.burst)
	}
	return l.known[who]
}

// take counts a request; it returns how long to wait when there is no room for it.
func (l *limits[K]) take(who K) (wait time.Duration) {
	now := l.now()
	limiter := l.of(who, now)
	if limiter.AllowN(now, 1) {
		return 0
	}
	missing := 1 - limiter.TokensAt(now)
	return max(time.Duration(missing/float64(l.each)*float64(time.Second)), time.Millisecond)
}

// still fails when who asks may not do the action any more: the token was revoked meanwhile, say. Answers that take long ask it
// again and again.
func (a *API) still(c echo.Context, action access.Action) error {
	key, _ := c.Get(keyKey).(string)
	now, err := a.Tokens.Glance(ctx(c), key)
	if err != nil {
		return err
	}
	return now.Actor().Require(action)
}

// counts are the answers that take long, of each token.
type counts struct {
	most  int // at once
	mutex sync.Mutex
	open  map[int64]int
}

// enter begins one for who asks, and refuses one too many. Call leave at its end.
func (s *counts) enter(c echo.Context) (leave func(), err error) {
	leave, ok := s.begin(bearer(c).Token.ID)
	if !ok {
		return nil, tooMany(c, retrySlow)
	}
	return leave, nil
}

func (s *counts) begin(id int64) (leave func(), ok bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.open[id] >= s.most {
		return nil, false
	}
	s.open[id]++
	return func() {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		if s.open[id]--; s.open[id] == 0 {
			delete(s.open, id)
		}
	}, true
}
