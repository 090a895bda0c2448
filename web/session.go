package web

import (
	"net/http"
	"time"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
)

// sessionStore keeps gorilla's sessions in the accounts: the cookie carries a token and nothing else. A session holds one
// value, the user; saving a session without an ID starts it, saving one with a MaxAge below zero ends it.
type sessionStore struct {
	server  *Server
	options sessions.Options
}

// What a session holds besides its ID.
const (
	sessionUser  = "user"
	sessionBegun = "begun" // how, while it begins
)

func (s *Server) sessionStore() *sessionStore {
	return &sessionStore{s, sessions.Options{
		Path: "/", MaxAge: int(account.AbsoluteLimit / time.Second),
		HttpOnly: true, Secure: s.options.Secure, SameSite: http.SameSiteLaxMode,
	}}
}

// Get returns the request's session, reading it once.
func (t *sessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(t, name)
}

// New reads the session that the cookie names; one that is over, or was never ours, comes back new and empty.
func (t *sessionStore) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(t, name)
	options := t.options
	session.Options, session.IsNew = &options, true
	cookie, err := r.Cookie(name)
	if err != nil {
		return session, nil // no cookie: nobody is signed in
	}
	read := t.server.Accounts.Identify
	if path := r.URL.Path; path == stillPath || path == eventsPath || path == newsPath { // pages ask by themselves, also when nobody is there
		read = t.server.Accounts.Glance
	}
	user, err := read(r.Context(), cookie.Value)
	if problem.Is(err, problem.SignedOut) {
		return session, nil
	}
	if err != nil {
		return session, err
	}
	session.ID, session.IsNew = cookie.Value, false
	session.Values[sessionUser] = user
	return session, nil
}

// Save starts or ends the session and tells the browser.
func (t *sessionStore) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	ctx := r.Context()
	if session.Options.MaxAge < 0 {
		if err := t.server.Accounts.EndSession(ctx, session.ID); err != nil {
			return err
		}
		http.SetCookie(w, sessions.NewCookie(session.Name(), "", session.Options))
		return nil
	}
	if session.ID == "" {
		user, _ := session.Values[sessionUser].(account.User)
		how, _ := session.Values[sessionBegun].(begun)
		token, err := t.server.Accounts.StartSession(ctx, account.Begun{
			UserID: user.ID, Proof: how.by, Confined: how.confined, Browser: r.UserAgent(), Address: t.server.echo.IPExtractor(r),
		})
		if err != nil {
			return err
		}
		session.ID = token
	}
	http.SetCookie(w, sessions.NewCookie(session.Name(), session.ID, session.Options))
	return nil
}

const (
	userKey    = "segue.user"
	sessionKey = "segue.session"
)

// identify finds out who asks, as they are now, and how they read.
func (s *Server) identify(next echo.HandlerFunc) echo.HandlerFunc {
	store := s.sessionStore()
	return func(c echo.Context) error {
		session, err := store.Get(c.Request(), s.cookieName("session"))
		if err != nil {
			return err
		}
		user, _ := session.Values[sessionUser].(account.User)
		c.Set(userKey, user)
		c.Set(sessionKey, session)
		language := i18n.Match(user.Language, s.wish(c, "language"), c.Request().Header.Get("Accept-Language"))
		reader := i18n.With(c.Request().Context(), i18n.For(language, user.Zone()))
		c.SetRequest(c.Request().WithContext(reader))
		return next(c)
	}
}

// deviceSeconds is how long the browser keeps the token by which it is known; the accounts decide for how long it counts.
const deviceSeconds = 90 * 24 * 3600

// begun is how a session begins.
type begun struct {
	by       account.Proof
	confined bool // the person must set up a second factor first
}

// signIn begins a session for a user, under a new token, and ends the one that the browser had.
func (s *Server) signIn(c echo.Context, user account.User, how begun) error {
	session, err := s.sessionStore().Get(c.Request(), s.cookieName("session"))
	if err != nil {
		return err
	}
	if session.ID != "" {
		if err := s.Accounts.EndSession(c.Request().Context(), session.ID); err != nil {
			return err
		}
	}
	session.ID = ""
	session.Values = map[any]any{sessionUser: user, sessionBegun: how}
	if err := session.Save(c.Request(), c.Response()); err != nil {
		return err
	}
	device, err := s.Accounts.RememberDevice(ctx(c), user.ID, account.Visit{
		Device: s.wish(c, "device"), Browser: s.browserName(c, c.Request().UserAgent()), Address: c.RealIP(),
	})
	if err != nil {
		return err
	}
	s.setCookie(c, "device", device, deviceSeconds)
	c.Set(userKey, user)
	return nil
}

// signOut ends the browser's session.
func (s *Server) signOut(c echo.Context) error {
	session, ok := c.Get(sessionKey).(*sessions.Session)
	if !ok {
		return nil
	}
	session.Options.MaxAge = -1
	return session.Save(c.Request(), c.Response())
}

// sessionToken is the token of the request's session, "" when nobody is signed in.
func sessionToken(c echo.Context) string {
	if session, ok := c.Get(sessionKey).(*sessions.Session); ok {
		return session.ID
	}
	return ""
}

// user is who asks; the zero User when nobody is signed in.
func user(c echo.Context) account.User {
	user, _ := c.Get(userKey).(account.User)
	return user
}

// actor is who acts, for the domain.
func actor(c echo.Context) access.Actor {
	u := user(c)
	if u.ID == 0 {
		return access.Actor{}
	}
	if ctx(c).Value(askedKey{}) != nil {
		return u.Actor().Asked()
	}
	return u.Actor()
}

// wish reads a preference of somebody who is not signed in, from a cookie.
func (s *Server) wish(c echo.Context, name string) string {
	if cookie, err := c.Cookie(s.cookieName(name)); err == nil {
		return cookie.Value
	}
	return ""
}
