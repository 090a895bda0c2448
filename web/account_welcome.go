package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/account"
	views "github.com/segue-app/segue/views/account"
)

func (s *Server) showSetup(c echo.Context) error {
	token := c.QueryParam("token")
	if err := s.Accounts.CheckSetup(ctx(c), token); err != nil {
		return err
	}
	return render(c, http.StatusOK, views.Setup(s.page(c, "", text(c, "account.setup")), views.WelcomeView{Token: token}))
}

func (s *Server) setUp(c echo.Context) error {
	v := views.WelcomeView{Token: c.FormValue("token"), Email: c.FormValue("email"), Name: c.FormValue("name")}
	user, err := s.Accounts.Setup(ctx(c), v.Token, account.NewUser{Email: v.Email, Name: v.Name, Password: c.FormValue("password")})
	if errs, ok := formErrors(c, err, "email", "account.email", "name", "account.name", "password", "account.password"); ok {
		v.Errors = errs
		return render(c, http.StatusUnprocessableEntity, views.Setup(s.page(c, "", text(c, "account.setup")), v))
	}
	if err != nil {
		return err
	}
	return s.welcome(c, user)
}

func (s *Server) showInvitation(c echo.Context) error {
	token := c.QueryParam("token")
	user, err := s.Accounts.Invitation(ctx(c), token)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.Invitation(s.page(c, "", text(c, "account.invitation")), views.WelcomeView{
		Token: token, Email: user.Email, Name: user.Name,
	}))
}

func (s *Server) acceptInvitation(c echo.Context) error {
	v := views.WelcomeView{Token: c.FormValue("token"), Name: c.FormValue("name")}
	user, err := s.Accounts.Accept(ctx(c), v.Token, v.Name, c.FormValue("password"))
	if errs, ok := formErrors(c, err, "email", "account.email", "name", "account.name", "password", "account.password"); ok {
		invited, err := s.Accounts.Invitation(ctx(c), v.Token)
		if err != nil {
			return err
		}
		v.Email, v.Errors = invited.Email, errs
		return render(c, http.StatusUnprocessableEntity, views.Invitation(s.page(c, "", text(c, "account.invitation")), v))
	}
	if err != nil {
		return err
	}
	return s.welcome(c, user)
}

// welcome signs somebody in who has just chosen a password.
func (s *Server) welcome(c echo.Context, user account.User) error {
	s.flash(c, "success", "account.welcome", "Name", user.DisplayName())
	return s.finishSignIn(c, user, account.ByLink, "/")
}
