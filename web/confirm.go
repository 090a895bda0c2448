package web

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/kept"
	"github.com/segue-app/segue/internal/problem"
	views "github.com/segue-app/segue/views/account"
)

// An act of weight is refused by the domain until the person has confirmed that it is she. The form that she sent is kept on the
// server meanwhile; one page asks her, and carries the form out as if it came just now.

func (s *Server) confirmRoutes(r *routes) {
	r.get(confirmPath, access.SecureOwnAccount, s.showConfirm)
	r.post(confirmPath, access.SecureOwnAccount, s.confirmPerson)
}

const confirmPath = "/confirm"

// sendToConfirm leads who must confirm that it is she to the page for it. What she sent goes on from there.
func (s *Server) sendToConfirm(c echo.Context) error {
	r := c.Request()
	next := r.URL.RequestURI()
	if isHTMX(c) || r.Method != http.MethodGet {
		next = cameFrom(c)
	}
	query := url.Values{"next": {next}}
	if r.Method == http.MethodPost {
		switch token, err := s.keepForm(c, next); {
		case errors.Is(err, kept.ErrTooLarge):
			s.flash(c, "info", "confirm.too_large")
		case err != nil:
			return err
		default:
			query = url.Values{"form": {token}}
		}
	}
	target := confirmPath + "?" + query.Encode()
	if isHTMX(c) {
		c.Response().Header().Set("HX-Redirect", target)
		return c.NoContent(http.StatusForbidden)
	}
	return redirect(c, target)
}

// keepForm keeps what was sent. A file that was sent with it is more than is kept.
func (s *Server) keepForm(c echo.Context, from string) (token string, err error) {
	r := c.Request()
	if r.PostForm == nil || r.MultipartForm != nil && len(r.MultipartForm.File) > 0 {
		return "", kept.ErrTooLarge
	}
	values := maps.Clone(r.PostForm)
	values.Del(csrfField)
	return s.Kept.Keep(ctx(c), user(c).SessionID(), kept.Form{Path: r.URL.RequestURI(), From: from, Values: values})
}

func (s *Server) showConfirm(c echo.Context) error {
	v := views.ConfirmView{Form: c.QueryParam("form"), Next: internalPath(c.QueryParam("next"))}
	if v.Form != "" {
		form, err := s.Kept.Look(ctx(c), user(c).SessionID(), v.Form)
		if problem.Is(err, problem.NotFound) {
			return s.formGone(c)
		}
		if err != nil {
			return err
		}
		v.Next = form.From
	}
	return s.renderConfirm(c, http.StatusOK, v)
}

func (s *Server) formGone(c echo.Context) error {
	s.flash(c, "warning", "confirm.problem.gone")
	return redirect(c, "/")
}

func (s *Server) renderConfirm(c echo.Context, status int, v views.ConfirmView) error {
	v.Email, v.Password, v.Company = user(c).Email, s.Accounts.Passwords() && user(c).HasPassword(), s.confirmByCompany(c, v)
	have, err := s.Factors.Mine(ctx(c), actor(c))
	if err != nil {
		return err
	}
	v.Codes = have.Codes()
	if site := s.passkeySite(c); len(have.Passkeys) > 0 && site.Possible() {
		asked, err := s.Factors.AskFor(ctx(c), actor(c).UserID, site)
		if err != nil {
			return err
		}
		v.Passkey = &asked
	}
	return render(c, status, views.Confirm(s.page(c, "account", text(c, "confirm.title")), v))
}

func (s *Server) confirmPerson(c echo.Context) error {
	v := views.ConfirmView{Form: c.FormValue("form"), Next: internalPath(c.FormValue("next"))}
	if s.hasProved(c, v.Form) {
		s.setCookie(c, "proved", "", -1)
		return s.goOn(c, v.Form, v.Next) // noted when she came back: the cookie is no proof anew
	}
	err := s.proveHere(c)
	if errs, ok := formErrors(c, err, "password", "account.password", "code", "factor.code"); ok {
		v.Errors = errs
		return s.renderConfirm(c, http.StatusUnprocessableEntity, v)
	}
	if err != nil {
		return err
	}
	return s.confirmed(c, v.Form, v.Next)
}

// proveHere has who is signed in prove that it is she: by a passkey, a code or the password, whichever was sent.
func (s *Server) proveHere(c echo.Context) error {
	person := actor(c)
	if reply := passkeyReply(c); reply.Answer != "" {
		return s.Factors.ProvePasskey(ctx(c), person.UserID, s.passkeySite(c), reply)
	}
	if form, err := c.FormParams(); err == nil && form.Has("code") {
		_, err := s.Factors.ProveCode(ctx(c), account.Guess{Kind: "confirm_code", UserID: person.UserID}, form.Get("code"), false)
		return err
	}
	return s.Accounts.ConfirmPassword(ctx(c), person, c.FormValue("password"))
}

// confirmed notes that the person has proved just now that it is she, and goes on.
func (s *Server) confirmed(c echo.Context, form, next string) error {
	if err := s.noteConfirmed(c); err != nil {
		return err
	}
	return s.goOn(c, form, next)
}

// goOn carries the form out that waits, or leads to the page.
func (s *Server) goOn(c echo.Context, form, next string) error {
	if form == "" {
		return redirect(c, next)
	}
	waiting, err := s.Kept.Take(ctx(c), user(c).SessionID(), form)
	if problem.Is(err, problem.NotFound) {
		return s.formGone(c)
	}
	if err != nil {
		return err
	}
	return s.carryOut(c, waiting)
}

// noteConfirmed makes who asks fresh, for this request too, and gives the session another token.
func (s *Server) noteConfirmed(c echo.Context) error {
	session, ok := c.Get(sessionKey).(*sessions.Session)
	if !ok {
		return problem.New(problem.SignedOut, "problem.signed_out")
	}
	token, err := s.Accounts.Confirm(ctx(c), actor(c), session.ID)
	if err != nil {
		return err
	}
	now, err := s.Accounts.Glance(ctx(c), token)
	if err != nil {
		return err
	}
	session.ID, session.Values[sessionUser] = token, now
	c.Set(userKey, now)
	return session.Save(c.Request(), c.Response())
}

// askedKey marks a request in whose course the person proved that it is she, for what it asks for.
type askedKey struct{}

// carryOut answers the request as the form would have been, had it come just now. It passes every check once more.
func (s *Server) carryOut(c echo.Context, form kept.Form) error {
	target, err := url.Parse(internalPath(form.Path))
	if err != nil {
		return err
	}
	body := form.Values.Encode()
	r := c.Request().Clone(context.WithValue(ctx(c), askedKey{}, requestID(c)))
	r.URL, r.RequestURI = target, target.RequestURI()
	r.Form, r.PostForm, r.MultipartForm = nil, nil, nil
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	r.Header.Set(echo.HeaderContentType, echo.MIMEApplicationForm)
	r.Header.Set(csrfHeader, csrfToken(c))
	r.Header.Set("Referer", s.ownOrigin(c)+form.From)
	s.echo.ServeHTTP(c.Response(), r)
	return nil
}

func (s *Server) ownOrigin(c echo.Context) string {
	scheme := "http"
	if s.options.Secure {
		scheme = "https"
	}
	return scheme + "://" + c.Request().Host
}
