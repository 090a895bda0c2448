package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/problem"
	views "github.com/segue-app/segue/views/account"
)

func (s *Server) resetRoutes(r *routes) {
	r.get("/forgotten", public, s.showForgotten)
	r.post("/forgotten", public, s.askReset)
	r.get("/reset", public, s.showReset) // by the link of a letter
	r.post("/reset", public, s.resetPassword)
}

func (s *Server) showForgotten(c echo.Context) error {
	return s.renderForgotten(c, http.StatusOK, views.ForgottenView{})
}

func (s *Server) renderForgotten(c echo.Context, status int, v views.ForgottenView) error {
	v.ByMail, v.Passwords = s.Accounts.CanReset(), s.Accounts.Passwords()
	if s.Provider != nil {
		v.Company, v.CompanyHref = s.Provider.Name(), companyHref("/")
	}
	return render(c, status, views.Forgotten(s.page(c, "", text(c, "account.forgotten")), v))
}

// askReset answers the same whoever has an account.
func (s *Server) askReset(c echo.Context) error {
	email := c.FormValue("email")
	err := s.Accounts.AskReset(ctx(c), email, c.RealIP())
	if errs, ok := formErrors(c, err, "email", "account.email"); ok {
		return s.renderForgotten(c, tooOften(c, err), views.ForgottenView{Email: email, Errors: errs})
	}
	if err != nil {
		return err
	}
	return s.renderForgotten(c, http.StatusOK, views.ForgottenView{Asked: true})
}

// tooOften is the status for who is to try again later, and says when; that of a form that is not in order otherwise.
func tooOften(c echo.Context, err error) int {
	switch p := problem.Of(err); p.Code {
	case account.WaitCode:
		c.Response().Header().Set("Retry-After", "60")
		return http.StatusTooManyRequests
	case account.BusyCode:
		c.Response().Header().Set("Retry-After", "10")
		return http.StatusServiceUnavailable
	}
	return http.StatusUnprocessableEntity
}

func (s *Server) showReset(c echo.Context) error {
	token := c.QueryParam("token")
	user, err := s.Accounts.ResetFor(ctx(c), token)
	if err != nil {
		return err
	}
	return s.renderReset(c, http.StatusOK, views.WelcomeView{Token: token, Email: user.Email})
}

func (s *Server) renderReset(c echo.Context, status int, v views.WelcomeView) error {
	return render(c, status, views.Reset(s.page(c, "", text(c, "account.reset")), v))
}

func (s *Server) resetPassword(c echo.Context) error {
	token := c.FormValue("token")
	err := s.Accounts.Reset(ctx(c), token, c.FormValue("password"))
	if errs, ok := formErrors(c, err, "password", "account.password.new"); ok {
		user, err := s.Accounts.ResetFor(ctx(c), token)
		if err != nil {
			return err
		}
		return s.renderReset(c, http.StatusUnprocessableEntity, views.WelcomeView{Token: token, Email: user.Email, Errors: errs})
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "account.reset.done")
	return redirect(c, "/sign-in")
}
