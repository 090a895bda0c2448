package web

import (
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/factor"
	"github.com/segue-app/segue/internal/problem"
	accountviews "github.com/segue-app/segue/views/account"
	"github.com/segue-app/segue/views/component"
	views "github.com/segue-app/segue/views/factor"
)

// halfSignIn is a sign-in of which one factor is proved. It is no session: it travels in a cookie that only this server reads, and
// opens nothing but the page of the second step.
type halfSignIn struct {
	UserID int64
	Next   string
	Until  int64 // Unix seconds
}

// halfSeconds is how long somebody has for the second step.
const halfSeconds = 10 * 60

// finishSignIn goes on with somebody who proved who she is: asks for a second factor where there is one and the proof was not of
// two, else begins a session and leads to the page. Whoever must have a second factor and has none comes to the page that sets one
// up, and no further. Every way to sign in ends here.
func (s *Server) finishSignIn(c echo.Context, user account.User, by account.Proof, next string) error {
	step := factor.Enough
	if !by.Strong() {
		var err error
		if step, _, err = s.Factors.Next(ctx(c), user.ID, user.Role); err != nil {
			return err
		}
	}
	switch step {
	case factor.Prove:
		half := halfSignIn{UserID: user.ID, Next: next, Until: s.Clock().Unix() + halfSeconds}
		value, err := s.sealed.Encode("half", half)
		if err != nil {
			return fmt.Errorf("keep half a sign-in: %w", err)
		}
		s.setCookie(c, "half", value, halfSeconds)
		return redirect(c, views.SecondPath)
	case factor.SetUp:
		next = views.Path
	}
	if err := s.signIn(c, user, begun{by, step == factor.SetUp}); err != nil {
		return err
	}
	return redirect(c, next)
}

// half is the sign-in that this browser is in the middle of.
func (s *Server) half(c echo.Context) (half halfSignIn, ok bool) {
	cookie, err := c.Cookie(s.cookieName("half"))
	if err != nil || s.sealed.Decode("half", cookie.Value, &half) != nil {
		return halfSignIn{}, false
	}
	return half, time.Unix(half.Until, 0).After(s.Clock())
}

func (s *Server) beginAgain(c echo.Context) error {
	s.setCookie(c, "half", "", -1)
	s.flash(c, "info", "factor.second.over")
	return redirect(c, "/sign-in")
}

func (s *Server) showSecond(c echo.Context) error {
	half, ok := s.half(c)
	if !ok {
		return redirect(c, "/sign-in")
	}
	return s.renderSecond(c, http.StatusOK, half, component.Errors{})
}

func (s *Server) renderSecond(c echo.Context, status int, half halfSignIn, errs component.Errors) error {
	have, err := s.Factors.Of(ctx(c), half.UserID)
	if err != nil {
		return err
	}
	v := views.SecondView{Codes: have.Codes(), Recovery: have.Recovery > 0, Errors: errs}
	if site := s.passkeySite(c); len(have.Passkeys) > 0 && site.Possible() {
		asked, err := s.Factors.AskFor(ctx(c), half.UserID, site)
		if err != nil {
			return err
		}
		v.Passkey = &asked
	}
	return render(c, status, views.Second(s.page(c, "", text(c, "factor.second")), v))
}

func (s *Server) proveSecond(c echo.Context) error {
	half, ok := s.half(c)
	if !ok {
		return s.beginAgain(c)
	}
	by := account.ByPasskey
	var err error
	if reply := passkeyReply(c); reply.Answer != "" {
		err = s.Factors.ProvePasskey(ctx(c), half.UserID, s.passkeySite(c), reply)
	} else {
		guess := account.Guess{Kind: "second", UserID: half.UserID, Address: c.RealIP(), Device: s.wish(c, "device")}
		by, err = s.Factors.ProveCode(ctx(c), guess, c.FormValue("code"), true)
	}
	if errs, ok := formErrors(c, err, "code", "factor.code"); ok {
		return s.renderSecond(c, tooOften(c, err), half, errs)
	}
	if err != nil {
		return err
	}
	s.setCookie(c, "half", "", -1)
	return s.finishFor(c, half.UserID, by, half.Next)
}

func (s *Server) signInWithPasskey(c echo.Context) error {
	if !s.Accounts.Passwords() { // nor by anything else than the company
		return problem.New(problem.NotPermitted, "account.problem.no_passwords")
	}
	userID, err := s.Factors.SignIn(ctx(c), s.passkeySite(c), passkeyReply(c))
	if err == nil {
		err = s.finishFor(c, userID, account.ByPasskey, internalPath(c.FormValue("next")))
	}
	if errs, ok := formErrors(c, err); ok {
		return s.renderSignIn(c, tooOften(c, err), accountviews.SignInView{Next: internalPath(c.FormValue("next")), Errors: errs})
	}
	return err
}

// finishFor is finishSignIn for a person of whom the id is known. One who may not sign in any more is refused like a wrong passkey.
func (s *Server) finishFor(c echo.Context, userID int64, by account.Proof, next string) error {
	user, err := s.Accounts.User(ctx(c), userID)
	if problem.Is(err, problem.NotFound) || err == nil && user.State() != account.Active {
		return problem.New(problem.Conflict, "factor.problem.passkey")
	}
	if err != nil {
		return err
	}
	return s.finishSignIn(c, user, by, next)
}
