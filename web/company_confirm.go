package web

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/oidc"
	"github.com/segue-app/segue/internal/problem"
	views "github.com/segue-app/segue/views/account"
)

// companyConfirm is where somebody goes to the provider to confirm that it is she.
const companyConfirm = confirmPath + "/company"

// confirmByCompany offers the provider to who is known there.
func (s *Server) confirmByCompany(c echo.Context, v views.ConfirmView) views.ByCompany {
	if s.Provider == nil || !user(c).Identified {
		return views.ByCompany{}
	}
	return views.ByCompany{
		Name: s.Provider.Name(), Href: companyConfirm + "?" + url.Values{"form": {v.Form}, "next": {v.Next}}.Encode(),
		Proved: v.Form != "" && s.hasProved(c, v.Form),
	}
}

func (s *Server) goToConfirm(c echo.Context) error {
	if err := actor(c).Require(access.SecureOwnAccount); err != nil {
		return err
	}
	if s.Provider == nil {
		return s.notFound(c)
	}
	pending := oidc.Pending{Purpose: oidc.Confirm, UserID: user(c).ID, Form: c.QueryParam("form"), Next: internalPath(c.QueryParam("next"))}
	return s.sendToCompany(c, pending, confirmAgain(pending))
}

// confirmAgain is the page that asks who is there, for what somebody went to the provider for.
func confirmAgain(pending oidc.Pending) string {
	query := url.Values{"next": {internalPath(pending.Next)}}
	if pending.Form != "" {
		query = url.Values{"form": {pending.Form}}
	}
	return confirmPath + "?" + query.Encode()
}

// confirmedByCompany goes on with somebody who came back from the provider. What she sent waits for one more press of a button: it may
// not be carried out by a request that comes from another site.
func (s *Server) confirmedByCompany(c echo.Context, pending oidc.Pending, proof oidc.Proof) error {
	same, err := s.Accounts.HasIdentity(ctx(c), actor(c), proof.Issuer, proof.Subject)
	if err != nil {
		return err
	}
	if !same || user(c).ID != pending.UserID {
		return s.companyFailed(c, problem.New(problem.Conflict, "oidc.problem.somebody_else"), confirmAgain(pending))
	}
	if err := s.noteConfirmed(c); err != nil {
		return err
	}
	if pending.Form == "" {
		return redirect(c, pending.Next)
	}
	value, err := s.sealed.Encode("proved", proved{user(c).SessionID(), pending.Form})
	if err != nil {
		return fmt.Errorf("note what was proved: %w", err)
	}
	s.setCookie(c, "proved", value, provedSeconds)
	return c.Redirect(http.StatusSeeOther, confirmAgain(pending))
}

// proved says that the person proved at the provider that it is she, for the form that waits.
type proved struct {
	Session int64
	Form    string
}

const provedSeconds = 120

// hasProved reports whether the person proved just now that it is she, for that form.
func (s *Server) hasProved(c echo.Context, form string) bool {
	var p proved
	cookie, err := c.Cookie(s.cookieName("proved"))
	if err != nil || s.sealed.Decode("proved", cookie.Value, &p) != nil {
		return false
	}
	// How long the browser keeps the cookie is its matter: the session's own time says how long ago it was.
	return form != "" && p == proved{user(c).SessionID(), form} && actor(c).RequireFresh(s.Clock()) == nil
}
