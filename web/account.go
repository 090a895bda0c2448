package web

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	views "github.com/segue-app/segue/views/account"
)

func (s *Server) accountRoutes(r *routes) {
	r.get("/sign-in", public, s.showSignIn)
	r.post("/sign-in", public, s.signInWithPassword)
	r.post("/sign-out", public, s.endSession)
	r.get(stillPath, access.SecureOwnAccount, s.stillSignedIn) // for pages that are open: whether to stay so

	r.get("/setup", public, s.showSetup) // the first administrator, by the token on the console
	r.post("/setup", public, s.setUp)
	r.get("/invitation", public, s.showInvitation) // choose a password, by a link that an administrator passed on
	r.post("/invitation", public, s.acceptInvitation)

	r.get("/account", access.ManageOwnAccount, s.showAccount)
	r.post("/account", access.ManageOwnAccount, s.savePreferences)
	r.post("/account/password", access.ManageOwnAccount, s.changePassword)
	r.post("/account/sign-out-others", access.ManageOwnAccount, s.signOutOthers)
	r.post("/account/sign-out-everywhere", access.ManageOwnAccount, s.signOutEverywhere)
	r.post("/account/sessions/:id/end", access.ManageOwnAccount, s.endOneSession)
}

func (s *Server) showSignIn(c echo.Context) error {
	next := internalPath(c.QueryParam("next"))
	if actor(c).Can(access.LookAround) {
		return redirect(c, next)
	}
	return s.renderSignIn(c, http.StatusOK, views.SignInView{Next: next})
}

func (s *Server) renderSignIn(c echo.Context, status int, view views.SignInView) error {
	needed, err := s.Accounts.NeedsSetup(ctx(c))
	if err != nil {
		return err
	}
	view.NeedsSetup, view.Passwords = needed, s.Accounts.Passwords()
	if site := s.passkeySite(c); view.Passwords && site.Possible() { // where only the company signs people in, nothing else does
		asked, err := s.Factors.AskAnybody(site)
		if err != nil {
			return err
		}
		view.Passkey = &asked
	}
	if s.Provider != nil {
		view.Company, view.CompanyHref = s.Provider.Name(), companyHref(view.Next)
	}
	return render(c, status, views.SignIn(s.page(c, "", text(c, "account.sign_in")), view))
}

func (s *Server) signInWithPassword(c echo.Context) error {
	email, next := c.FormValue("email"), internalPath(c.FormValue("next"))
	user, err := s.Accounts.SignIn(ctx(c), account.Attempt{
		Email: email, Password: c.FormValue("password"), Address: c.RealIP(), Device: s.wish(c, "device"),
	})
	if errs, ok := formErrors(c, err, "email", "account.email", "password", "account.password"); ok {
		return s.renderSignIn(c, tooOften(c, err), views.SignInView{Email: email, Next: next, Errors: errs})
	}
	if err != nil {
		return err
	}
	return s.finishSignIn(c, user, account.ByPassword, next)
}

const stillPath = "/session"

// stillSignedIn answers with nothing to whoever is signed in, and refuses anybody else.
func (s *Server) stillSignedIn(c echo.Context) error {
	if err := actor(c).Require(access.SecureOwnAccount); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (s *Server) endSession(c echo.Context) error {
	leave := s.companyToLeave(c)
	if err := s.signOut(c); err != nil {
		return err
	}
	// What the browser keeps of the pages goes with the session. Cookies stay: the browser is still known, and so is its language.
	c.Response().Header().Set("Clear-Site-Data", `"cache", "storage"`)
	if leave != "" {
		value, err := s.sealed.Encode("leave", leave)
		if err != nil {
			return fmt.Errorf("lead to the provider: %w", err)
		}
		s.setCookie(c, "leave", value, leaveSeconds)
		return redirect(c, companyLeave)
	}
	s.flash(c, "success", "account.signed_out")
	return redirect(c, "/sign-in")
}
