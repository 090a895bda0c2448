package web

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/factor"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
	views "github.com/segue-app/segue/views/factor"
	"github.com/segue-app/segue/views/layout"
)

func (s *Server) factorRoutes(r *routes) {
	r.get(views.Path, access.SecureOwnAccount, s.showFactors)
	r.post(views.CodesPath, access.SecureOwnAccount, s.beginCodes)
	r.get(views.CodesPath, access.SecureOwnAccount, s.showCodes)
	r.post(views.CodesPath+"/confirm", access.SecureOwnAccount, s.confirmCodes)
	r.post(views.CodesPath+"/remove", access.SecureOwnAccount, s.removeCodes)
	r.post(views.RecoveryPath, access.SecureOwnAccount, s.renewRecovery)
	r.get(views.RecoveryPath, access.SecureOwnAccount, s.showRecovery) // once
	r.get(views.PasskeysPath+"/new", access.SecureOwnAccount, s.newPasskey)
	r.post(views.PasskeysPath, access.SecureOwnAccount, s.addPasskey)
	r.post(views.PasskeysPath+"/:id/remove", access.SecureOwnAccount, s.removePasskey)

	r.post("/users/factors", access.ManageUsers, s.requireFactors)
	r.post("/users/:id/factors", access.ManageUsers, s.resetFactors)

	r.get(views.SecondPath, public, s.showSecond)
	r.post(views.SecondPath, public, s.proveSecond)
	r.post(views.PasskeyPath, public, s.signInWithPasskey)
}

// passkeySite is where this request came to, for passkeys: they are bound to the address that the browser shows.
func (s *Server) passkeySite(c echo.Context) factor.Site {
	return factor.Site{Origin: s.address(c, ""), Browser: csrfToken(c)}
}

func passkeyReply(c echo.Context) factor.Reply {
	return factor.Reply{Asked: c.FormValue("asked"), Answer: c.FormValue("answer")}
}

// factorsView shows the person's own factors.
func (s *Server) factorsView(c echo.Context) (v views.OwnView, err error) {
	have, err := s.Factors.Mine(ctx(c), actor(c))
	if err != nil {
		return v, err
	}
	v = views.OwnView{Recovery: have.Recovery, Any: have.Any(), Possible: s.passkeySite(c).Possible(), Confined: actor(c).IsConfined()}
	if have.Codes() {
		v.Codes = i18n.Date(ctx(c), have.CodesSince)
	}
	for _, p := range have.Passkeys {
		row := views.PasskeyRow{Name: p.Name, Created: i18n.Date(ctx(c), p.Created), Used: text(c, "factor.passkey.never"),
			Remove: fmt.Sprintf("%s/%d/remove", views.PasskeysPath, p.ID)}
		if !p.Used.IsZero() {
			row.Used = i18n.Ago(ctx(c), p.Used, s.Clock())
		}
		if !p.Suspect.IsZero() {
			row.Suspect = i18n.Date(ctx(c), p.Suspect)
		}
		v.Passkeys = append(v.Passkeys, row)
	}
	return v, nil
}

func (s *Server) showFactors(c echo.Context) error { return s.renderFactors(c, http.StatusOK, nil) }

// renderFactors shows them, with what went wrong.
func (s *Server) renderFactors(c echo.Context, status int, failed error) error {
	v, err := s.factorsView(c)
	if err != nil {
		return err
	}
	v.Errors, _ = formErrors(c, failed)
	return render(c, status, views.Own(s.page(c, "account", text(c, "factor.title"), accountCrumb(c)), v))
}

// factorDone goes back to the page of factors, or shows it with what went wrong.
func (s *Server) factorDone(c echo.Context, err error, key string) error {
	if _, ok := formErrors(c, err); ok {
		return s.renderFactors(c, http.StatusUnprocessableEntity, err)
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", key)
	return redirect(c, views.Path)
}

func factorCrumbs(c echo.Context) []layout.Crumb {
	return []layout.Crumb{accountCrumb(c), {Label: text(c, "factor.title"), Href: views.Path}}
}

func (s *Server) beginCodes(c echo.Context) error {
	err := s.Factors.BeginCodes(ctx(c), actor(c))
	if _, ok := formErrors(c, err); ok {
		return s.renderFactors(c, http.StatusUnprocessableEntity, err)
	}
	if err != nil {
		return err
	}
	return redirect(c, views.CodesPath)
}

func (s *Server) showCodes(c echo.Context) error { return s.renderCodes(c, http.StatusOK, nil) }

func (s *Server) renderCodes(c echo.Context, status int, failed error) error {
	setup, err := s.Factors.ShowCodes(ctx(c), actor(c), "Segue "+c.Request().Host)
	if problem.Is(err, problem.NotFound) { // set up by now, or never begun
		return redirect(c, views.Path)
	}
	if err != nil {
		return err
	}
	v := views.CodesView{Secret: setup.Secret.Reveal(), Picture: setup.Picture}
	v.Errors, _ = formErrors(c, failed, "code", "factor.code")
	return render(c, status, views.Codes(s.page(c, "account", text(c, "factor.codes.new"), factorCrumbs(c)...), v))
}

func (s *Server) confirmCodes(c echo.Context) error {
	recovery, err := s.Factors.ConfirmCodes(ctx(c), actor(c), c.FormValue("code"))
	if _, ok := formErrors(c, err); ok {
		return s.renderCodes(c, http.StatusUnprocessableEntity, err)
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "factor.codes.added")
	return s.handRecovery(c, recovery)
}

func (s *Server) removeCodes(c echo.Context) error {
	return s.factorDone(c, s.Factors.RemoveCodes(ctx(c), actor(c)), "factor.codes.removed")
}

func (s *Server) renewRecovery(c echo.Context) error {
	recovery, err := s.Factors.RenewRecovery(ctx(c), actor(c))
	if _, ok := formErrors(c, err); ok {
		return s.renderFactors(c, http.StatusUnprocessableEntity, err)
	}
	if err != nil {
		return err
	}
	return s.handRecovery(c, recovery)
}

// freshCodes travel to the page that shows them in a cookie that only this server reads, as a freshLink does.
type freshCodes struct {
	UserID int64
	Codes  []string
}

// handRecovery shows fresh recovery codes once, where there are some.
func (s *Server) handRecovery(c echo.Context, codes []string) error {
	if len(codes) == 0 {
		return redirect(c, views.Path)
	}
	value, err := s.sealed.Encode("recovery", freshCodes{actor(c).UserID, codes})
	if err != nil {
		return fmt.Errorf("hand recovery codes over: %w", err)
	}
	s.setCookie(c, "recovery", value, freshLinkSeconds)
	return redirect(c, views.RecoveryPath)
}

func (s *Server) showRecovery(c echo.Context) error {
	var fresh freshCodes
	cookie, err := c.Cookie(s.cookieName("recovery"))
	if err != nil {
		return redirect(c, views.Path)
	}
	s.setCookie(c, "recovery", "", -1)
	if err := s.sealed.Decode("recovery", cookie.Value, &fresh); err != nil || fresh.UserID != actor(c).UserID {
		return redirect(c, views.Path) // too old, or of somebody else who used this browser
	}
	return render(c, http.StatusOK, views.Recovery(s.page(c, "account", text(c, "factor.recovery"), factorCrumbs(c)...), fresh.Codes))
}

func (s *Server) newPasskey(c echo.Context) error {
	return s.renderNewPasskey(c, http.StatusOK, nil)
}

func (s *Server) renderNewPasskey(c echo.Context, status int, failed error) error {
	asked, err := s.Factors.AskNew(ctx(c), actor(c), s.passkeySite(c))
	if _, ok := formErrors(c, err); ok {
		return s.renderFactors(c, http.StatusUnprocessableEntity, err)
	}
	if err != nil {
		return err
	}
	v := views.NewView{Name: c.FormValue("name"), Asked: asked}
	v.Errors, _ = formErrors(c, failed, "name", "factor.passkey.name")
	return render(c, status, views.New(s.page(c, "account", text(c, "factor.passkey.add"), factorCrumbs(c)...), v))
}

func (s *Server) addPasskey(c echo.Context) error {
	name := c.FormValue("name")
	recovery, err := s.Factors.AddPasskey(ctx(c), actor(c), s.passkeySite(c), passkeyReply(c), name)
	if _, ok := formErrors(c, err); ok {
		return s.renderNewPasskey(c, http.StatusUnprocessableEntity, err)
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "factor.passkey.added", "Name", name)
	return s.handRecovery(c, recovery)
}

func (s *Server) removePasskey(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return s.factorDone(c, s.Factors.RemovePasskey(ctx(c), actor(c), id), "factor.passkey.removed")
}

func (s *Server) requireFactors(c echo.Context) error {
	err := s.Factors.Require(ctx(c), actor(c), factor.Policy(c.FormValue("required")))
	if errs, ok := formErrors(c, err, "required", "factor.policy.who"); ok {
		return s.renderUsers(c, http.StatusUnprocessableEntity, errs)
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "factor.policy.saved")
	return redirect(c, "/users")
}

func (s *Server) resetFactors(c echo.Context) error {
	return s.changeUser(c, "factor.user.done", func(id int64) error { return s.Factors.Reset(ctx(c), actor(c), id) })
}
