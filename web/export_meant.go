package web

import (
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/views/component"
	views "github.com/segue-app/segue/views/export"
)

// readMeant reads what was ticked as meant to be sent.
func readMeant(values url.Values) map[string]views.Meant {
	meant := map[string]views.Meant{}
	for name := range values {
		if key, is := strings.CutPrefix(name, export.MeantField("")); is {
			one := meant[key]
			one.Ticked, one.As = true, profile.Sensitive // whatever the form said of it
			meant[key] = one
		}
		if key, is := strings.CutPrefix(name, export.ReasonField("")); is {
			one := meant[key]
			one.Reason = values.Get(name)
			meant[key] = one
		}
	}
	return meant
}

// meantOf is what was ticked in an export, by whom and when. What was marked higher since is to be ticked again.
func meantOf(c echo.Context, e export.Export) map[string]views.Meant {
	meant := map[string]views.Meant{}
	for _, sent := range e.Mapping.Sends() {
		if sent.Meant {
			one := views.Meant{Ticked: true, As: sent.Tick.As, Reason: sent.Reason}
			if !sent.Tick.At.IsZero() {
				one.By = text(c, "exports.meant.by", "Name", sent.Tick.By, "At", sent.Tick.At)
			}
			meant[sent.Attribute] = one
		}
	}
	return meant
}

// unconfirmed says what of an export was marked higher since somebody meant it to be sent, and leads whoever may edit it there.
func (s *Server) unconfirmed(c echo.Context, e export.Export) (component.Alert, error) {
	found, err := s.Exports.Unconfirmed(ctx(c), actor(c), e)
	if err != nil || len(found) == 0 {
		return component.Alert{}, err
	}
	var names []string
	for _, a := range found {
		names = append(names, a.Label)
	}
	alert := component.Alert{Tone: component.Warning, Title: text(c, "exports.unconfirmed"), Text: text(c, "exports.unconfirmed.text", "Names", strings.Join(names, ", "))}
	if e.MayEdit(actor(c)) {
		alert.Action = component.Button{Label: text(c, "exports.unconfirmed.edit"), Href: exportPath(e.ID) + "/edit#" + views.MeantID, Small: true}
	}
	return alert, nil
}
