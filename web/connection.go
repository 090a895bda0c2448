package web

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/views/component"
	views "github.com/segue-app/segue/views/connection"
	"github.com/segue-app/segue/views/layout"
)

func (s *Server) connectionRoutes(r *routes) {
	r.get("/connections", access.ManageConnections, s.listConnections)                       // all of them
	r.get("/connections/new", access.ManageConnections, s.setUpConnection)                   // the draft, at its stage
	r.post("/connections/new", access.ManageConnections, s.connectConnection)                // details, terms, Connect
	r.post("/connections/new/type", access.ManageConnections, s.beginConnection)             // kind of destination
	r.post("/connections/new/export-user", access.ManageConnections, s.confirmNewExportUser) // by password
	r.post("/connections/new/save", access.ManageConnections, s.saveConnection)              // the draft becomes a connection
	r.post("/connections/new/discard", access.ManageConnections, s.discardConnection)        // the draft is erased
	r.get("/connections/:id", access.ManageConnections, s.showConnection)                    // one, with its forms
	r.post("/connections/:id", access.ManageConnections, s.editConnection)                   // name and access
	r.post("/connections/:id/verify", access.ManageConnections, s.verifyConnection)          // prove the key again
	r.post("/connections/:id/key", access.ManageConnections, s.replaceKey)                   // a new key, to be proved
	r.post("/connections/:id/key/try", access.ManageConnections, s.tryKey)                   // prove the new key again
	r.post("/connections/:id/key/accept", access.ManageConnections, s.acceptBrand)           // the new key's other brand
	r.post("/connections/:id/key/discard", access.ManageConnections, s.discardKey)           // erase the new key
	r.post("/connections/:id/export-user", access.ManageConnections, s.becomeExportUser)     // by password
	r.get("/connections/:id/consent", access.ManageConnections, s.showConsent)               // terms and consent
	r.post("/connections/:id/consent", access.ManageConnections, s.agreeToTerms)             // give consent
	r.post("/connections/:id/consent/withdraw", access.ManageConnections, s.withdrawConsent) // end it
	r.get("/connections/:id/consents", access.ManageConnections, s.showConsents)             // all that were given, also to one that was removed
	r.get("/connections/:id/remove", access.ManageConnections, s.askRemoval)                 // what becomes of the exports
	r.post("/connections/:id/remove", access.ManageConnections, s.removeConnection)          // do it
}

func (s *Server) listConnections(c echo.Context) error {
	connections, err := s.Connections.List(ctx(c), actor(c))
	if err != nil {
		return err
	}
	contributors, err := s.Connections.Contributors(ctx(c), actor(c))
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.List(s.page(c, "connections", text(c, "connections.title")), connectionList(c, connections, contributors)))
}

// aboveConnection are the pages above a connection's.
func aboveConnection(c echo.Context, more ...layout.Crumb) []layout.Crumb {
	return append([]layout.Crumb{{Label: text(c, "connections.title"), Href: "/connections"}}, more...)
}

func (s *Server) setUpConnection(c echo.Context) error {
	draft, err := s.Connections.Draft(ctx(c), actor(c))
	if err != nil {
		return err
	}
	view, err := s.setupView(c, draft)
	if err != nil {
		return err
	}
	if c.QueryParam("step") == "details" && view.Stage > views.StageDetails {
		view.Stage = views.StageDetails
	}
	return s.renderSetup(c, http.StatusOK, view)
}

func (s *Server) renderSetup(c echo.Context, status int, view views.SetupView) error {
	return render(c, status, views.Setup(s.page(c, "connections", text(c, "connections.new"), aboveConnection(c)...), view))
}

// connectionErrors are the errors of any form about a connection.
func connectionErrors(c echo.Context, err error) (component.Errors, bool) {
	return formErrors(c, err, "name", "connections.name", "key", "connections.key.short", "key_from", "connections.key.from", "key_name", "connections.key.name", "agree", "connections.terms",
		"password", "connections.password", "people", "connections.access.named", "withdrawal", "connections.exports", "type", "connections.type")
}

// setupFailed shows the draft again with what went wrong; change puts in what was typed.
func (s *Server) setupFailed(c echo.Context, err error, change func(*views.SetupView)) error {
	errs, ok := connectionErrors(c, err)
	if !ok {
		return err
	}
	draft, failed := s.Connections.Draft(ctx(c), actor(c))
	if failed != nil {
		return failed
	}
	view, failed := s.setupView(c, draft)
	if failed != nil {
		return failed
	}
	view.Errors = errs
	change(&view)
	return s.renderSetup(c, http.StatusUnprocessableEntity, view)
}

func (s *Server) beginConnection(c echo.Context) error {
	if _, err := s.Connections.Begin(ctx(c), actor(c), c.FormValue("type")); err != nil {
		return s.setupFailed(c, err, func(v *views.SetupView) { v.Stage = views.StageType })
	}
	return redirect(c, "/connections/new")
}

func (s *Server) connectConnection(c echo.Context) error {
	typed := connection.Entry{
		Name: c.FormValue("name"), Grant: grantOf(c),
		Key: connection.CleanKey(c.FormValue("key")), From: keyFrom(c), TermsVersion: c.FormValue("terms_version"), Agree: c.FormValue("agree") != "",
	}
	_, err := s.Connections.Fill(ctx(c), actor(c), typed)
	if err == nil {
		err = checkGrant(c)
	}
	if err == nil {
		_, err = s.Connections.Connect(ctx(c), actor(c))
	}
	if err == nil {
		return redirect(c, "/connections/new")
	}
	return s.setupFailed(c, err, func(v *views.SetupView) {
		if v.Stage > views.StageType {
			v.Stage, v.Name, v.AgreeTicked = views.StageDetails, typed.Name, typed.Agree
			v.Key.From, v.Key.Name = chosenKey(typed.From)
			v.Access.Typed(c.FormValue("access"), c.Request().PostForm["people"])
		}
	})
}

func (s *Server) confirmNewExportUser(c echo.Context) error {
	if _, err := s.Connections.ConfirmExportUser(ctx(c), actor(c)); err != nil {
		return s.setupFailed(c, err, func(*views.SetupView) {})
	}
	return redirect(c, "/connections/new")
}

func (s *Server) saveConnection(c echo.Context) error {
	saved, err := s.Connections.Save(ctx(c), actor(c))
	if err != nil {
		return s.setupFailed(c, err, func(v *views.SetupView) {
			if problem.Is(err, problem.Invalid) {
				v.Stage = views.StageDetails // where the field in error is
			}
		})
	}
	s.flash(c, "success", "connections.saved", "Name", saved.Name)
	return redirect(c, "/connections")
}

func (s *Server) discardConnection(c echo.Context) error {
	if err := s.Connections.Discard(ctx(c), actor(c)); err != nil {
		return err
	}
	s.flash(c, "info", "connections.new.discarded")
	return redirect(c, "/connections")
}

func (s *Server) showConnection(c echo.Context) error {
	view, err := s.connectionView(c)
	if err != nil {
		return err
	}
	return s.renderConnection(c, http.StatusOK, view)
}

func (s *Server) renderConnection(c echo.Context, status int, view views.View) error {
	return render(c, status, views.Show(s.page(c, "connections", view.Name, aboveConnection(c)...), view))
}

// connectionFailed shows the connection again with what went wrong; change puts in what was typed.
func (s *Server) connectionFailed(c echo.Context, err error, change func(*views.View)) error {
	status := http.StatusUnprocessableEntity
	if changedMeanwhile(err) {
		status = http.StatusConflict
	}
	errs, ok := connectionErrors(c, err)
	if !ok {
		return err
	}
	view, failed := s.connectionView(c)
	if failed != nil {
		return failed
	}
	view.Errors = errs
	change(&view)
	return s.renderConnection(c, status, view)
}

// connectionDone goes back to the connection, saying what was done, or shows it with what went wrong.
func (s *Server) connectionDone(c echo.Context, err error, key string, pairs ...any) error {
	if err != nil {
		return s.connectionFailed(c, err, func(*views.View) {})
	}
	s.flash(c, "success", key, pairs...)
	return redirect(c, connectionPath(c))
}

func connectionPath(c echo.Context) string { return "/connections/" + c.Param("id") }

// version reads which version of the thing the form was made of. What is no number is a version that never was.
func version(c echo.Context) int {
	n, err := strconv.Atoi(c.FormValue("version"))
	if err != nil {
		n = -1
	}
	return overOr(c, n)
}

func (s *Server) verifyConnection(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := s.Connections.Verify(ctx(c), actor(c), id); err != nil {
		return s.connectionFailed(c, err, func(*views.View) {})
	}
	now, err := s.Connections.Get(ctx(c), actor(c), id)
	if err != nil {
		return err
	}
	return s.connectionDone(c, nil, "connections.verified.now", "Brand", now.BrandName)
}

func (s *Server) replaceKey(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if from := keyFrom(c); !from.Empty() {
		err = s.Connections.TakeFrom(ctx(c), actor(c), id, version(c), from)
	} else {
		err = s.Connections.ReplaceKey(ctx(c), actor(c), id, version(c), connection.CleanKey(c.FormValue("key")))
	}
	if err != nil {
		return s.connectionFailed(c, err, func(v *views.View) { v.Key.From, v.Key.Name = chosenKey(keyFrom(c)) })
	}
	return s.connectionDone(c, nil, "connections.replaced")
}

func (s *Server) tryKey(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return s.connectionDone(c, s.Connections.TryKey(ctx(c), actor(c), id), "connections.replaced")
}

func (s *Server) acceptBrand(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	err = s.Connections.AcceptBrand(ctx(c), actor(c), id, version(c), c.FormValue("brand"), c.FormValue("terms_version"), c.FormValue("agree") != "")
	if err != nil {
		return s.connectionFailed(c, err, func(*views.View) {})
	}
	now, err := s.Connections.Get(ctx(c), actor(c), id)
	if err != nil {
		return err
	}
	return s.connectionDone(c, nil, "connections.other.accepted", "New", now.BrandName)
}

func (s *Server) discardKey(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return s.connectionDone(c, s.Connections.DiscardKey(ctx(c), actor(c), id), "connections.waiting.discarded")
}

func (s *Server) becomeExportUser(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	_, err = s.Connections.BecomeExportUser(ctx(c), actor(c), id, version(c))
	return s.connectionDone(c, err, "connections.changed")
}

func (s *Server) showConsent(c echo.Context) error {
	view, err := s.connectionView(c)
	if err != nil {
		return err
	}
	return s.renderConsent(c, http.StatusOK, view)
}

func (s *Server) renderConsent(c echo.Context, status int, view views.View) error {
	above := aboveConnection(c, layout.Crumb{Label: view.Name, Href: view.Base})
	return render(c, status, views.Consent(s.page(c, "connections", text(c, "connections.consent.show"), above...), view))
}

func (s *Server) agreeToTerms(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	_, err = s.Connections.Agree(ctx(c), actor(c), id, version(c), c.FormValue("terms_version"), c.FormValue("agree") != "")
	return s.consentDone(c, err, "connections.consent.given")
}

func (s *Server) withdrawConsent(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	_, err = s.Connections.WithdrawConsent(ctx(c), actor(c), id, version(c))
	return s.consentDone(c, err, "connections.consent.withdrawn")
}

func (s *Server) consentDone(c echo.Context, err error, key string) error {
	if err == nil {
		return s.connectionDone(c, nil, key)
	}
	errs, ok := connectionErrors(c, err)
	if !ok {
		return err
	}
	view, failed := s.connectionView(c)
	if failed != nil {
		return failed
	}
	view.Errors = errs
	return s.renderConsent(c, http.StatusUnprocessableEntity, view)
}

func (s *Server) askRemoval(c echo.Context) error {
	view, err := s.removeView(c)
	if err != nil {
		return err
	}
	return s.renderRemoval(c, http.StatusOK, view)
}

func (s *Server) renderRemoval(c echo.Context, status int, view views.RemoveView) error {
	above := aboveConnection(c, layout.Crumb{Label: view.Name, Href: view.Base})
	return render(c, status, views.Remove(s.page(c, "connections", text(c, "connections.remove"), above...), view))
}

func (s *Server) removeConnection(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	now, err := s.Connections.Get(ctx(c), actor(c), id)
	if err != nil {
		return err
	}
	fates := map[int64]connection.Fate{}
	for _, d := range now.Dependents {
		fates[d.ID] = connection.Fate(c.FormValue(fateField(d.ID)))
	}
	err = s.Connections.Remove(ctx(c), actor(c), id, version(c), fates)
	if errs, ok := connectionErrors(c, err); ok {
		view, failed := s.removeView(c)
		if failed != nil {
			return failed
		}
		view.Review, view.Errors = false, errs
		return s.renderRemoval(c, http.StatusUnprocessableEntity, view)
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "connections.removed", "Name", now.Name)
	return redirect(c, "/connections")
}

func fateField(exportID int64) string { return fmt.Sprintf("export-%d", exportID) }
