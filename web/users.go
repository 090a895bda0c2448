package web

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/i18n"
	views "github.com/segue-app/segue/views/account"
	"github.com/segue-app/segue/views/component"
	factorviews "github.com/segue-app/segue/views/factor"
	"github.com/segue-app/segue/views/layout"
	tokenviews "github.com/segue-app/segue/views/token"
)

func (s *Server) userRoutes(r *routes) {
	r.get("/users", access.ManageUsers, s.listUsers)
	r.get("/users/new", access.ManageUsers, s.showInvite)
	r.post("/users", access.ManageUsers, s.inviteUser)
	r.get("/users/:id", access.ManageUsers, s.showUser)
	r.post("/users/:id/role", access.ManageUsers, s.setRole)
	r.post("/users/:id/link", access.ManageUsers, s.reissueLink)
	r.post("/users/:id/disable", access.ManageUsers, s.disableUser)
	r.post("/users/:id/enable", access.ManageUsers, s.enableUser)
}

func (s *Server) listUsers(c echo.Context) error {
	return s.renderUsers(c, http.StatusOK, component.Errors{})
}

func (s *Server) renderUsers(c echo.Context, status int, errs component.Errors) error {
	required, err := s.Factors.Required(ctx(c), actor(c))
	if err != nil {
		return err
	}
	users, err := s.Accounts.Users(ctx(c), actor(c))
	if err != nil {
		return err
	}
	var rows []views.UserRow
	for _, user := range users {
		rows = append(rows, s.userRow(c, user))
	}
	policy := factorviews.PolicyView{Required: required, Errors: errs}
	return render(c, status, views.Users(s.page(c, "users", text(c, "account.users")), rows, policy))
}

func userPath(id int64) string { return fmt.Sprintf("/users/%d", id) }

func (s *Server) userRow(c echo.Context, u account.User) views.UserRow {
	last := text(c, "account.last_sign_in.never")
	if !u.LastSignIn.IsZero() {
		last = i18n.Ago(ctx(c), u.LastSignIn, s.Clock())
	}
	return views.UserRow{
		Name: u.DisplayName(), Email: u.Email, Href: userPath(u.ID), Role: u.Role, State: string(u.State()),
		LastSignIn: last, Yourself: u.ID == actor(c).UserID,
	}
}

func (s *Server) usersCrumb(c echo.Context) layout.Crumb {
	return layout.Crumb{Label: text(c, "account.users"), Href: "/users"}
}

func (s *Server) showInvite(c echo.Context) error {
	return s.renderInvite(c, http.StatusOK, views.InviteView{Role: access.Viewer})
}

func (s *Server) renderInvite(c echo.Context, status int, v views.InviteView) error {
	return render(c, status, views.Invite(s.page(c, "users", text(c, "account.invite"), s.usersCrumb(c)), v))
}

func (s *Server) inviteUser(c echo.Context) error {
	v := views.InviteView{Email: c.FormValue("email"), Name: c.FormValue("name"), Role: access.Role(c.FormValue("role"))}
	user, token, err := s.Accounts.Invite(ctx(c), actor(c), account.NewUser{Email: v.Email, Name: v.Name, Role: v.Role})
	if errs, ok := formErrors(c, err, "email", "account.email", "name", "account.name", "role", "account.role"); ok {
		v.Errors = errs
		return s.renderInvite(c, http.StatusUnprocessableEntity, v)
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "account.invited", "Email", user.Email)
	return s.handOver(c, user.ID, token)
}

// freshLink travels to the user's page in a cookie that only this server reads: the token is in no address and no log.
type freshLink struct {
	UserID int64
	Token  string
}

const freshLinkSeconds = 60

// handOver shows the link once, on the user's page.
func (s *Server) handOver(c echo.Context, userID int64, token string) error {
	value, err := s.sealed.Encode("link", freshLink{userID, token})
	if err != nil {
		return fmt.Errorf("hand link over: %w", err)
	}
	s.setCookie(c, "link", value, freshLinkSeconds)
	return redirect(c, userPath(userID))
}

func (s *Server) takeLink(c echo.Context, userID int64) string {
	var link freshLink
	cookie, err := c.Cookie(s.cookieName("link"))
	if err != nil {
		return ""
	}
	s.setCookie(c, "link", "", -1)
	if err := s.sealed.Decode("link", cookie.Value, &link); err != nil || link.UserID != userID {
		return "" // too old, or of another user
	}
	return s.address(c, "/invitation?"+url.Values{"token": {link.Token}}.Encode())
}

func (s *Server) showUser(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return s.renderUser(c, http.StatusOK, id, func(v *views.UserView) { v.Link = s.takeLink(c, id) })
}

func (s *Server) renderUser(c echo.Context, status int, id int64, change func(*views.UserView)) error {
	user, err := s.Accounts.UserFor(ctx(c), actor(c), id)
	if err != nil {
		return err
	}
	tokens, err := s.Tokens.ListOf(ctx(c), actor(c), id)
	if err != nil {
		return err
	}
	factors, err := s.Factors.OfUser(ctx(c), actor(c), id)
	if err != nil {
		return err
	}
	v := views.UserView{Factors: factors, UserRow: s.userRow(c, user), Role: user.Role, Created: i18n.DateTime(ctx(c), user.CreatedAt), Tokens: tokenviews.Of(s.tokenRows(c, tokens))}
	change(&v)
	return render(c, status, views.User(s.page(c, "users", v.Name, s.usersCrumb(c)), v))
}

func (s *Server) setRole(c echo.Context) error {
	role := access.Role(c.FormValue("role"))
	return s.changeUser(c, "account.role.saved", func(id int64) error {
		return s.Accounts.SetRole(ctx(c), actor(c), id, role)
	})
}

func (s *Server) disableUser(c echo.Context) error {
	return s.changeUser(c, "account.disabled", func(id int64) error { return s.Accounts.Disable(ctx(c), actor(c), id) })
}

func (s *Server) enableUser(c echo.Context) error {
	return s.changeUser(c, "account.enabled", func(id int64) error { return s.Accounts.Enable(ctx(c), actor(c), id) })
}

// changeUser does one thing to the user whom the address names, and returns to their page.
func (s *Server) changeUser(c echo.Context, done string, change func(id int64) error) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	err = change(id)
	if errs, ok := formErrors(c, err); ok {
		return s.renderUser(c, http.StatusUnprocessableEntity, id, func(v *views.UserView) { v.Errors = errs })
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", done)
	if id == actor(c).UserID {
		return redirect(c, "/") // one who is no administrator any more may not see the page
	}
	return redirect(c, userPath(id))
}

func (s *Server) reissueLink(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	token, err := s.Accounts.Reissue(ctx(c), actor(c), id)
	if errs, ok := formErrors(c, err); ok {
		return s.renderUser(c, http.StatusUnprocessableEntity, id, func(v *views.UserView) { v.Errors = errs })
	}
	if err != nil {
		return err
	}
	return s.handOver(c, id, token)
}
