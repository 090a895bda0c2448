package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/token"
	"github.com/segue-app/segue/views/layout"
	views "github.com/segue-app/segue/views/token"
)

func (s *Server) tokenRoutes(r *routes) {
	r.get("/account/tokens", access.ManageOwnAccount, s.listTokens)
	r.post("/account/tokens", access.ManageOwnAccount, s.makeToken)
	r.get("/account/tokens/:id/revoke", access.ManageOwnAccount, s.askRevokeToken) // administrators: anybody's
	r.post("/account/tokens/:id/revoke", access.ManageOwnAccount, s.revokeToken)
}

func (s *Server) listTokens(c echo.Context) error {
	return s.renderTokens(c, http.StatusOK, func(v *views.OwnView) { v.Made = s.takeKey(c) })
}

// renderTokens shows the person's tokens and a form that is as change leaves it.
func (s *Server) renderTokens(c echo.Context, status int, change func(*views.OwnView)) error {
	list, err := s.Tokens.List(ctx(c), actor(c))
	if err != nil {
		return err
	}
	v := views.OwnView{Rows: s.tokenRows(c, list), Days: strconv.Itoa(token.DefaultDays), Scopes: []string{string(access.Read)}, Offers: offeredScopes(actor(c))}
	change(&v)
	return render(c, status, views.Own(s.page(c, "account", text(c, "token.title"), accountCrumb(c)), v))
}

func accountCrumb(c echo.Context) layout.Crumb {
	return layout.Crumb{Label: text(c, "account.own"), Href: "/account"}
}

// offeredScopes are those by which the person's role could do anything.
func offeredScopes(a access.Actor) (offered []access.Scope) {
	useful := map[access.Scope]access.Action{
		access.Read: access.LookAround, access.Run: access.RunSomeExports, access.Results: access.SeePersonalData, access.Edit: access.EditSegments,
	}
	for _, scope := range access.AllScopes {
		if a.Can(useful[scope]) {
			offered = append(offered, scope)
		}
	}
	return offered
}

func (s *Server) tokenRows(c echo.Context, list []token.Token) (rows []views.Row) {
	now := s.Clock()
	for _, t := range list {
		row := views.Row{ID: t.ID, Name: t.Name, Handle: t.Handle, Scopes: t.Scopes, State: t.StateAt(now), Created: i18n.Date(ctx(c), t.CreatedAt),
			Used: text(c, "token.used.never"), Expires: i18n.Date(ctx(c), t.ExpiresAt)}
		if !t.UsedAt.IsZero() {
			row.Used = i18n.Ago(ctx(c), t.UsedAt, now)
		}
		switch {
		case row.State == token.Ended && t.EndedBy != "":
			row.EndedBy = text(c, "token.ended_by", "Name", t.EndedBy, "At", i18n.Date(ctx(c), t.EndedAt))
		case row.State == token.Ended:
			row.EndedBy = text(c, "token.ended_disabled", "At", i18n.Date(ctx(c), t.EndedAt))
		}
		rows = append(rows, row)
	}
	return rows
}

func (s *Server) makeToken(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return err
	}
	days, err := strconv.Atoi(form.Get("days"))
	if err != nil {
		days = 0 // what is no number is refused as too few
	}
	draft := token.Draft{Name: form.Get("name"), Days: days}
	var chosen []access.Scope
	for _, scope := range form["scopes"] {
		if slices.Contains(offeredScopes(actor(c)), access.Scope(scope)) {
			chosen = append(chosen, access.Scope(scope))
		}
	}
	draft.Scopes = access.ScopesOf(chosen...)
	made, key, err := s.Tokens.Create(ctx(c), actor(c), draft)
	if errs, ok := formErrors(c, err, "name", "token.name", "scopes", "token.scopes", "days", "token.days"); ok {
		return s.renderTokens(c, http.StatusUnprocessableEntity, func(v *views.OwnView) {
			v.Name, v.Days, v.Scopes, v.Errors = form.Get("name"), form.Get("days"), form["scopes"], errs
		})
	}
	if err != nil {
		return err
	}
	value, err := s.sealed.Encode("token", freshKey{made.UserID, key.Reveal()})
	if err != nil {
		return fmt.Errorf("hand token over: %w", err)
	}
	s.setCookie(c, "token", value, freshLinkSeconds)
	s.flash(c, "success", "token.made.flash", "Name", made.Name)
	return redirect(c, views.Path)
}

// freshKey travels to the page that shows it in a cookie that only this server reads, as a freshLink does.
type freshKey struct {
	UserID int64
	Key    string
}

func (s *Server) takeKey(c echo.Context) string {
	var key freshKey
	cookie, err := c.Cookie(s.cookieName("token"))
	if err != nil {
		return ""
	}
	s.setCookie(c, "token", "", -1)
	if err := s.sealed.Decode("token", cookie.Value, &key); err != nil || key.UserID != actor(c).UserID {
		return "" // too old, or of somebody else who used this browser
	}
	return key.Key
}

func (s *Server) askRevokeToken(c echo.Context) error {
	found, err := s.tokenOf(c)
	if err != nil {
		return err
	}
	back, above := s.tokenList(c, found)
	title := text(c, "token.revoke.title", "Name", found.Name)
	return render(c, http.StatusOK, views.Revoke(s.page(c, "account", title, above...), views.RevokeView{ID: found.ID, Name: found.Name, Back: back}))
}

func (s *Server) revokeToken(c echo.Context) error {
	found, err := s.tokenOf(c)
	if err != nil {
		return err
	}
	if err := s.Tokens.Revoke(ctx(c), actor(c), found.ID); err != nil {
		return err
	}
	s.flash(c, "success", "token.revoked", "Name", found.Name)
	back, _ := s.tokenList(c, found)
	return redirect(c, back)
}

func (s *Server) tokenOf(c echo.Context) (token.Token, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return token.Token{}, err
	}
	return s.Tokens.Get(ctx(c), actor(c), id)
}

// tokenList is the page that lists the token: one's own, or that of the person.
func (s *Server) tokenList(c echo.Context, of token.Token) (path string, above []layout.Crumb) {
	if of.UserID == actor(c).UserID {
		return views.Path, []layout.Crumb{accountCrumb(c), {Label: text(c, "token.title"), Href: views.Path}}
	}
	return userPath(of.UserID), []layout.Crumb{s.usersCrumb(c)}
}
