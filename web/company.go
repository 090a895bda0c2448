package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/oidc"
	"github.com/segue-app/segue/internal/problem"
	views "github.com/segue-app/segue/views/account"
)

// Where people go to the provider of their company and come back from it. The provider has been told of companyReturn.
const (
	companyPath   = "/sign-in/company"
	companyReturn = companyPath + "/return"
	companyLeave  = "/sign-out/company"
)

func (s *Server) companyRoutes(r *routes) {
	r.get(companyPath, public, s.goToCompany)
	r.get(companyReturn, public, s.returnFromCompany)
	r.get(companyConfirm, access.SecureOwnAccount, s.goToConfirm)
	r.get(companyLeave, public, s.leaveCompany) // and be signed out at the provider as well
}

// goToCompany sends somebody to the provider to sign in. It is a link and no form: a form's way may not lead to other sites.
func (s *Server) goToCompany(c echo.Context) error {
	next := internalPath(c.QueryParam("next"))
	if s.Provider == nil {
		return s.notFound(c)
	}
	return s.sendToCompany(c, oidc.Pending{Purpose: oidc.SignIn, Next: next}, signInPath(next))
}

// sendToCompany sends the browser to the provider with what it must bring back; to the page failed when the provider is away.
func (s *Server) sendToCompany(c echo.Context, pending oidc.Pending, failed string) error {
	address, pending, err := s.Provider.Begin(ctx(c), s.address(c, companyReturn), pending)
	if err != nil {
		return s.companyFailed(c, err, failed)
	}
	value, err := s.sealed.Encode("company", pending)
	if err != nil {
		return fmt.Errorf("go to the provider: %w", err)
	}
	s.setCookie(c, "company", value, int(oidc.PendingLife.Seconds()))
	return c.Redirect(http.StatusSeeOther, address)
}

// takePending takes what a browser was sent to the provider with: once. The zero Pending when there is none, which no answer fits.
func (s *Server) takePending(c echo.Context) (pending oidc.Pending) {
	cookie, err := c.Cookie(s.cookieName("company"))
	if err != nil {
		return oidc.Pending{}
	}
	s.setCookie(c, "company", "", -1)
	if err := s.sealed.Decode("company", cookie.Value, &pending); err != nil {
		return oidc.Pending{}
	}
	return pending
}

func (s *Server) returnFromCompany(c echo.Context) error {
	if s.Provider == nil {
		return s.notFound(c)
	}
	pending := s.takePending(c)
	next := internalPath(pending.Next)
	failed := signInPath(next)
	if pending.Purpose == oidc.Confirm {
		failed = confirmAgain(pending)
	}
	proof, err := s.Provider.Finish(ctx(c), s.address(c, companyReturn), pending, c.QueryParams())
	if err != nil {
		return s.companyFailed(c, err, failed)
	}
	if pending.Purpose == oidc.Confirm {
		return s.confirmedByCompany(c, pending, proof)
	}
	user, err := s.Accounts.SignInByProvider(ctx(c), account.Identity{
		Issuer: proof.Issuer, Subject: proof.Subject, Email: proof.Email, EmailVerified: proof.EmailVerified, Name: proof.Name, Role: proof.Role,
	}, s.Provider.MakesPeople())
	if err != nil {
		return s.companyFailed(c, err, failed)
	}
	return s.finishSignIn(c, user, account.ByProvider, next)
}

// companyFailed leads back with words that say what to do. What exactly was wrong is for the log.
func (s *Server) companyFailed(c echo.Context, err error, back string) error {
	p := problem.Of(err)
	if p == nil {
		return err
	}
	s.log.LogAttrs(ctx(c), slog.LevelWarn, "sign-in at the provider failed", slog.Any("error", err))
	s.flash(c, "error", p.Code, append(p.Args, "Name", s.Provider.Name())...)
	return redirect(c, back)
}

// companyToLeave gives where somebody who signed in at the provider is signed out there as well; "" for nowhere.
func (s *Server) companyToLeave(c echo.Context) string {
	if s.Provider == nil || user(c).Proof() != account.ByProvider {
		return ""
	}
	address, err := s.Provider.SignOutAddress(ctx(c), s.address(c, "/sign-in"))
	if err != nil { // she is signed out here all the same
		s.log.LogAttrs(ctx(c), slog.LevelWarn, "nobody is signed out at the provider", slog.Any("error", err))
	}
	return address
}

const leaveSeconds = 60

// leaveCompany leads on to the provider, which no redirect of a form may: the browser goes by itself, or the person by the link.
func (s *Server) leaveCompany(c echo.Context) error {
	var address string
	cookie, err := c.Cookie(s.cookieName("leave"))
	if err != nil || s.Provider == nil {
		return redirect(c, "/sign-in")
	}
	s.setCookie(c, "leave", "", -1)
	if err := s.sealed.Decode("leave", cookie.Value, &address); err != nil {
		return redirect(c, "/sign-in")
	}
	c.Response().Header().Set("Refresh", "0; url="+address)
	name := s.Provider.Name()
	page := s.page(c, "", text(c, "account.leave", "Name", name))
	s.flash(c, "success", "account.signed_out") // for the page that the provider leads back to
	return render(c, http.StatusOK, views.Leave(page, views.LeaveView{Name: name, Address: address}))
}

// companyHref is the link by which somebody signs in at the provider.
func companyHref(next string) string {
	if next = internalPath(next); next == "/" {
		return companyPath
	}
	return companyPath + "?" + url.Values{"next": {next}}.Encode()
}
