package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/component"
	"github.com/segue-app/segue/views/erasure"
	"github.com/segue-app/segue/views/layout"
	views "github.com/segue-app/segue/views/processing"
)

func (s *Server) termsRoutes(r *routes) {
	r.get(erasure.TermsPath, access.ManagePrivacy, s.showTerms)
	r.post(erasure.TermsPath, access.ManagePrivacy, s.saveGrace)
}

func (s *Server) showTerms(c echo.Context) error {
	grace, err := s.Connections.Grace(ctx(c), actor(c))
	if err != nil {
		return err
	}
	return s.renderTerms(c, http.StatusOK, strconv.Itoa(grace.Days), component.Errors{})
}

func (s *Server) renderTerms(c echo.Context, status int, days string, errs component.Errors) error {
	grace, err := s.Connections.Grace(ctx(c), actor(c))
	if err != nil {
		return err
	}
	locale := i18n.From(ctx(c))
	view := views.TermsView{CSRF: csrfToken(c), Days: days, Most: connection.MostGrace, Errors: errs}
	if grace.ChangedBy != "" {
		view.Set = text(c, "processing.grace.set", "Name", grace.ChangedBy, "At", grace.ChangedAt)
	}
	older, err := s.Connections.AskedAgain(ctx(c), actor(c))
	if err != nil {
		return err
	}
	for _, o := range older {
		view.Older = append(view.Older, views.OlderRow{
			Connection: component.Link{Label: o.Name, Href: fmt.Sprintf("/connections/%d/consent", o.ID)},
			Agreed:     text(c, "connections.agreed", "Name", o.Consent.UserName, "Version", o.Consent.TermsVersion, "At", o.Consent.At),
			Until:      locale.Date(o.AgreeBy), Over: !s.Clock().Before(o.AgreeBy),
		})
	}
	versions, err := s.Connections.Versions(ctx(c), actor(c))
	if err != nil {
		return err
	}
	for _, v := range versions {
		words, err := connection.ReadTerms(v.Version, i18n.Language(ctx(c)), "")
		if err != nil {
			return err
		}
		row := views.VersionRow{Version: v.Version, Published: locale.Date(v.Published), Changed: words.Changed, Begun: "–"}
		if !v.Begun.IsZero() {
			row.Begun = locale.DateTime(v.Begun)
		}
		if row.Changed == "" {
			row.Changed = text(c, "processing.changed.first")
		}
		view.Versions = append(view.Versions, row)
	}
	return render(c, status, views.Terms(s.page(c, "privacy", text(c, "processing.terms.title"), layout.Crumb{Label: text(c, "erasure.title"), Href: erasure.Path}), view))
}

func (s *Server) saveGrace(c echo.Context) error {
	typed := strings.TrimSpace(c.FormValue("grace"))
	days, err := strconv.Atoi(typed)
	if err != nil {
		days = -1 // out of bounds
	}
	err = s.Connections.SetGrace(ctx(c), actor(c), days)
	if errs, ok := formErrors(c, err, "grace", "processing.grace.days"); ok {
		return s.renderTerms(c, http.StatusUnprocessableEntity, typed, errs)
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "processing.grace.saved")
	return redirect(c, erasure.TermsPath)
}
