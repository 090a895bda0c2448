package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/i18n"
	views "github.com/segue-app/segue/views/account"
)

func (s *Server) showAccount(c echo.Context) error {
	return s.renderAccount(c, http.StatusOK, func(*views.OwnView) {})
}

// renderAccount shows the account as it is kept, except for what change puts back of a form that was not accepted.
func (s *Server) renderAccount(c echo.Context, status int, change func(*views.OwnView)) error {
	u := user(c)
	sessions, err := s.Accounts.Sessions(ctx(c), actor(c), sessionToken(c))
	if err != nil {
		return err
	}
	v := views.OwnView{
		Email: u.Email, Role: text(c, "role."+string(u.Role)), Name: u.Name,
		Language: u.Language, TimeZone: u.TimeZone, Theme: u.Theme, Zones: account.Zones,
	}
	for _, session := range sessions {
		v.Sessions = append(v.Sessions, views.SessionRow{
			End: fmt.Sprintf("/account/sessions/%d/end", session.ID), Proof: text(c, "account.sessions.proof."+string(session.Proof)),
			Browser: s.browserName(c, session.Browser), Address: session.Address, Current: session.Current,
			Started: i18n.DateTime(ctx(c), session.CreatedAt), Seen: i18n.Ago(ctx(c), session.SeenAt, s.Clock()),
		})
	}
	if v.Factors, err = s.factorsView(c); err != nil {
		return err
	}
	if v.Alerts, err = s.ownAlerts(c); err != nil {
		return err
	}
	change(&v)
	return render(c, status, views.Own(s.page(c, "account", text(c, "account.own")), v))
}

func (s *Server) savePreferences(c echo.Context) error {
	typed := account.Preferences{
		Name: c.FormValue("name"), Language: c.FormValue("language"), TimeZone: c.FormValue("time_zone"), Theme: c.FormValue("theme"),
	}
	err := s.Accounts.SavePreferences(ctx(c), actor(c), typed)
	if errs, ok := formErrors(c, err, "name", "account.name", "time_zone", "account.time_zone"); ok {
		return s.renderAccount(c, http.StatusUnprocessableEntity, func(v *views.OwnView) {
			v.Name, v.Language, v.TimeZone, v.Theme = typed.Name, typed.Language, typed.TimeZone, typed.Theme
			v.Preferences = errs
		})
	}
	if err != nil {
		return err
	}
	if typed.Language != "" { // the answer is in the language that was chosen just now
		c.SetRequest(c.Request().WithContext(i18n.With(ctx(c), i18n.For(typed.Language, i18n.From(ctx(c)).Zone()))))
	}
	s.flash(c, "success", "account.saved")
	return redirect(c, "/account")
}

func (s *Server) changePassword(c echo.Context) error {
	err := s.Accounts.ChangePassword(ctx(c), actor(c), c.FormValue("current_password"), c.FormValue("new_password"), sessionToken(c))
	if errs, ok := formErrors(c, err, "current_password", "account.password.current", "new_password", "account.password.new"); ok {
		return s.renderAccount(c, http.StatusUnprocessableEntity, func(v *views.OwnView) { v.Password = errs })
	}
	if err != nil {
		return err
	}
	if err := s.signIn(c, user(c), begun{by: user(c).Proof()}); err != nil { // a new token: the old one may be known to whom the old password was
		return err
	}
	s.flash(c, "success", "account.password.changed")
	return redirect(c, "/account")
}

func (s *Server) signOutOthers(c echo.Context) error {
	if err := s.Accounts.EndOtherSessions(ctx(c), actor(c), sessionToken(c)); err != nil {
		return err
	}
	s.flash(c, "success", "account.sessions.ended")
	return redirect(c, "/account")
}

func (s *Server) signOutEverywhere(c echo.Context) error {
	if err := s.Accounts.EndEverywhere(ctx(c), actor(c)); err != nil {
		return err
	}
	if err := s.signOut(c); err != nil {
		return err
	}
	s.flash(c, "success", "account.sessions.ended_all")
	return redirect(c, "/sign-in")
}

func (s *Server) endOneSession(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := s.Accounts.EndOwnSession(ctx(c), actor(c), id); err != nil {
		return err
	}
	s.flash(c, "success", "account.sessions.ended_one")
	return redirect(c, "/account")
}

// named pairs what browsers call themselves with what people call them. The first that fits counts: most pretend to be
// others as well.
type named struct{ mark, name string }

var (
	browsers = []named{
		{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"},
	}
	systems = []named{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
	}
)

func (s *Server) browserName(c echo.Context, agent string) string {
	find := func(list []named) string {
		for _, entry := range list {
			if strings.Contains(agent, entry.mark) {
				return entry.name
			}
		}
		return ""
	}
	browser, system := find(browsers), find(systems)
	switch {
	case browser == "":
		return text(c, "account.sessions.unknown")
	case system == "":
		return browser
	}
	return text(c, "account.sessions.browser_on", "Browser", browser, "System", system)
}
