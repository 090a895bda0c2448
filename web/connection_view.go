package web

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/component"
	views "github.com/segue-app/segue/views/connection"
	runviews "github.com/segue-app/segue/views/run"
)

// connectionOrders are the columns of the list that it can be sorted by, in their order on the page.
var connectionOrders = []struct {
	name, label string
	compare     func(a, b views.Row, x, y connection.Overview) int
}{
	{"name", "connections.name", nil}, // as the domain lists them
	{"type", "connections.type", func(a, b views.Row, _, _ connection.Overview) int { return cmp.Compare(a.Type, b.Type) }},
	{"brand", "connections.brand", func(a, b views.Row, _, _ connection.Overview) int { return cmp.Compare(a.Brand, b.Brand) }},
	{"access", "connections.access", func(a, b views.Row, _, _ connection.Overview) int { return cmp.Compare(a.Access, b.Access) }},
	{"state", "connections.state", func(a, b views.Row, _, _ connection.Overview) int { return cmp.Compare(a.State.Text, b.State.Text) }},
	{"exports", "connections.exports", func(_, _ views.Row, x, y connection.Overview) int {
		return cmp.Compare(len(x.Dependents), len(y.Dependents))
	}},
	{"created", "connections.created", func(_, _ views.Row, x, y connection.Overview) int { return x.CreatedAt.Compare(y.CreatedAt) }},
}

// connectionList makes the list, sorted as the address asks.
func connectionList(c echo.Context, connections []connection.Overview, contributors []access.Actor) views.ListView {
	type line struct {
		row views.Row
		of  connection.Overview
	}
	lines := make([]line, 0, len(connections))
	for _, o := range connections {
		row := views.Row{
			Name: o.Name, Href: fmt.Sprintf("/connections/%d", o.ID), Type: o.DestinationName, Brand: o.BrandName,
			Access: accessText(c, o.Grant, contributors), State: connectionState(c, o), Created: i18n.From(ctx(c)).Date(o.CreatedAt),
			Exports: usesOf(c, o),
		}
		lines = append(lines, line{row, o})
	}
	sorted, descending := c.QueryParam("sort"), c.QueryParam("order") == "descending"
	view := views.ListView{Count: i18n.N(ctx(c), "connections.count", len(lines))}
	for i, order := range connectionOrders {
		column := component.Column{Label: text(c, order.label)}
		next := url.Values{"sort": {order.name}}
		if sorted == order.name || (i == 0 && sorted == "") {
			column.Sorted = "ascending"
			if descending {
				column.Sorted = "descending"
			} else {
				next.Set("order", "descending")
			}
			if order.compare != nil {
				slices.SortStableFunc(lines, func(a, b line) int { return order.compare(a.row, b.row, a.of, b.of) })
			}
			if descending {
				slices.Reverse(lines)
			}
		}
		column.SortHref = "/connections?" + next.Encode()
		view.Columns = append(view.Columns, column)
	}
	for _, l := range lines {
		view.Rows = append(view.Rows, l.row)
	}
	return view
}

func dependentName(c echo.Context, d connection.Dependent) string {
	if d.Paused {
		return text(c, "connections.exports.paused", "Name", d.Name)
	}
	return d.Name
}

// mostUses is how many exports of a connection are named.
const mostUses = 5

// usesOf links to the exports that use a connection: to the first by name, and to the list where there are more.
func usesOf(c echo.Context, o connection.Overview) (links []component.Link) {
	for i, d := range o.Dependents {
		if i == mostUses {
			return append(links, component.Link{
				Label: i18n.N(ctx(c), "connections.exports.more", len(o.Dependents)-mostUses), Href: exportsLink(export.Query{Search: o.Name, Sort: "name"}),
			})
		}
		links = append(links, component.Link{Label: dependentName(c, d), Href: exportPath(d.ID)})
	}
	return links
}

// obstacleName is what the texts call the obstacle: a failed key by its failure.
func obstacleName(o connection.Overview) string {
	if o.Obstacle == connection.KeyFailed {
		return string(o.Failure)
	}
	return string(o.Obstacle)
}

func connectionState(c echo.Context, o connection.Overview) views.State {
	switch o.Obstacle {
	case connection.NoObstacle:
		return views.State{Tone: component.Success, Text: text(c, "connections.state.ready")}
	case connection.KeyFailed:
		return views.State{Tone: component.Danger, Text: text(c, "connections.state."+obstacleName(o))}
	default:
		return views.State{Tone: component.Warning, Text: text(c, "connections.state."+obstacleName(o))}
	}
}

func (s *Server) termsView(c echo.Context, version, destination string) (views.TermsView, error) {
	terms, err := connection.ReadTerms(version, i18n.Language(ctx(c)), destination)
	if err != nil {
		return views.TermsView{}, err
	}
	view := views.TermsView{Version: terms.Version, Changed: terms.Changed,
		Edition: text(c, "connections.terms.version", "Version", terms.Version, "Day", i18n.From(ctx(c)).Date(terms.Published)), Opening: terms.Opening, Agree: terms.Agree}
	for _, point := range terms.Points {
		view.Points = append(view.Points, views.TermsPoint(point))
	}
	return view, nil
}

var stages = map[connection.Step]views.Stage{
	connection.StepType: views.StageType, connection.StepExportUser: views.StageExportUser, connection.StepSave: views.StageSave,
	connection.StepName: views.StageDetails, connection.StepKey: views.StageDetails,
	connection.StepTerms: views.StageDetails, connection.StepConnect: views.StageDetails,
}

func (s *Server) setupView(c echo.Context, d connection.Draft) (views.SetupView, error) {
	contributors, err := s.Connections.Contributors(ctx(c), actor(c))
	if err != nil {
		return views.SetupView{}, err
	}
	view := views.SetupView{
		Stage: stages[d.Next()], Type: d.Type, Destination: s.Connections.DestinationName(d.Type), Name: d.Name, Access: accessChoice(d.Grant, contributors), AccessText: accessText(c, d.Grant, contributors),
		Key: s.keyView(c, d.Type, d.KeyFrom, d.HasKey), KeyHeld: keyHeld(c, d.KeyFrom), AgreeTicked: d.Done(connection.StepTerms), Brand: views.Brand(d.Brand),
		Person: text(c, "connections.export_user.you", "Name", user(c).DisplayName()),
	}
	for _, kind := range s.Connections.Kinds() {
		view.Kinds = append(view.Kinds, component.Choice{
			Value: kind.Type, Title: kind.Name, Icon: "send", Text: text(c, "connections.new.type.text", "Most", kind.MaxProfiles),
		})
	}
	if view.Type == "" && len(view.Kinds) > 0 {
		view.Type = view.Kinds[0].Value
	}
	if !d.AgreedAt.IsZero() {
		view.Agreed = text(c, "connections.agreed.you", "Version", d.TermsVersion, "At", d.AgreedAt)
	}
	if d.Brand.ID != "" {
		view.Connected = text(c, "connections.connected.text", "Destination", view.Destination, "At", d.VerifiedAt)
	}
	if !d.ExportUserAt.IsZero() {
		view.ExportUser = view.Person
	}
	view.Terms, err = s.termsView(c, connection.CurrentTerms, view.Destination)
	return view, err
}

// connectionView makes the page of the connection that the address names.
func (s *Server) connectionView(c echo.Context) (views.View, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return views.View{}, err
	}
	o, err := s.Connections.Get(ctx(c), actor(c), id)
	if err != nil {
		return views.View{}, err
	}
	contributors, err := s.Connections.Contributors(ctx(c), actor(c))
	if err != nil {
		return views.View{}, err
	}
	locale := i18n.From(ctx(c))
	view := views.View{
		Base: fmt.Sprintf("/connections/%d", id), Version: strconv.Itoa(o.Version), Name: o.Name, Destination: o.DestinationName,
		Brand: views.Brand(o.Brand()), State: connectionState(c, o), Access: accessText(c, o.Grant, contributors),
		Key: s.keyView(c, o.Type, o.KeyFrom, false), KeyHeld: keyHeld(c, o.KeyFrom), Created: locale.DateTime(o.CreatedAt), Verified: locale.DateTime(o.VerifiedAt),
		TypedName: o.Name, TypedAccess: accessChoice(o.Grant, contributors),
	}
	if o.Obstacle != connection.NoObstacle {
		view.NeedsExportUser = o.Obstacle == connection.NoExportUser || o.Obstacle == connection.ExportUserUnable
		view.Mend = mend(c, view.Base, obstacleName(o))
		view.Obstacle = text(c, "connections.obstacle."+obstacleName(o), "Destination", o.DestinationName, "Brand", o.BrandName, "Name", o.ExportUser)
	}
	if o.ExportUserID != 0 {
		view.ExportUser = text(c, "connections.export_user.since", "Name", o.ExportUser, "At", o.ExportUserAt)
	}
	view.Asked = s.askedAgain(c, o)
	if o.Consent.TermsVersion != "" {
		view.Consent = text(c, "connections.agreed", "Name", o.Consent.UserName, "Version", o.Consent.TermsVersion, "At", o.Consent.At)
	}
	view.Exports = usesOf(c, o)
	view.Waiting = waitingKey(c, o)
	minutes, err := s.Pace.Hour(ctx(c), actor(c), o.BrandID)
	if err != nil {
		return views.View{}, err
	}
	view.Hour = runviews.Hour(ctx(c), o.BrandName, minutes)
	view.Terms, err = s.termsView(c, connection.CurrentTerms, o.DestinationName)
	return view, err
}

// askedAgain says until when somebody must agree to the terms of now, where the consent is to older ones.
func (s *Server) askedAgain(c echo.Context, o connection.Overview) views.Asked {
	if o.AgreeBy.IsZero() {
		return views.Asked{}
	}
	key, tone := "connections.newer", component.Warning
	if !s.Clock().Before(o.AgreeBy) {
		key, tone = "connections.newer.over", component.Danger
	}
	day := i18n.From(ctx(c)).Date(o.AgreeBy)
	return views.Asked{Tone: tone, Title: text(c, key, "Until", day),
		Text: text(c, key+".text", "Until", day, "Name", o.Consent.UserName, "Version", o.Consent.TermsVersion, "At", o.Consent.At)}
}

// mend leads to the place where the obstacle is dealt with, if that is one of ours and not the button to verify.
func mend(c echo.Context, base, obstacle string) component.Link {
	switch obstacle {
	case string(connection.NoConsent):
		return component.Link{Label: text(c, "connections.consent.show"), Href: base + "/consent"}
	case string(connection.KeyRefused), string(connection.BrandChanged), string(connection.SecretMissing):
		return component.Link{Label: text(c, "connections.replace"), Href: "#replace"}
	default:
		return component.Link{}
	}
}

func waitingKey(c echo.Context, o connection.Overview) views.Waiting {
	switch k := o.KeyChange; {
	case !k.Waiting():
		return views.Waiting{}
	case k.Brand.ID == "":
		return views.Waiting{
			Exists: true, Title: text(c, "connections.waiting"), Text: text(c, "connections.waiting.text", "At", k.At),
		}
	default:
		return views.Waiting{
			Exists: true, Brand: views.Brand(k.Brand), Title: text(c, "connections.other", "New", k.Brand.Name),
			Text:   text(c, "connections.other.text", "Old", o.BrandName, "New", k.Brand.Name),
			Accept: text(c, "connections.other.accept", "New", k.Brand.Name),
		}
	}
}

// removeView asks for a fate of every export, and for confirmation once each has one.
func (s *Server) removeView(c echo.Context) (views.RemoveView, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return views.RemoveView{}, err
	}
	o, err := s.Connections.Get(ctx(c), actor(c), id)
	if err != nil {
		return views.RemoveView{}, err
	}
	view := views.RemoveView{
		Base: fmt.Sprintf("/connections/%d", id), Version: strconv.Itoa(o.Version), Name: o.Name,
		Uses:   i18n.N(ctx(c), "connections.remove.uses", len(o.Dependents)),
		Text:   text(c, "connections.remove.text", "Name", o.Name, "Destination", o.DestinationName),
		Review: true,
	}
	asked := c.QueryParam("review") != ""
	counts := map[connection.Fate]int{}
	for _, d := range o.Dependents {
		export := views.Dependent{
			Name: d.Name, Field: fateField(d.ID), Legend: text(c, "connections.remove.export", "Name", d.Name), Fate: c.FormValue(fateField(d.ID)),
		}
		switch fate := connection.Fate(export.Fate); fate {
		case connection.DetachExport, connection.RemoveExport:
			counts[fate]++
		default:
			export.Fate, view.Review = "", false
			if asked {
				export.Error = text(c, "connections.problem.in_use", "Export", d.Name)
				view.Errors.Summary.Title = text(c, "problem.invalid")
				view.Errors.Summary.Errors = append(view.Errors.Summary.Errors, component.FieldError{FieldID: export.Field, Text: export.Error})
			}
		}
		view.Exports = append(view.Exports, export)
	}
	view.Detached = i18n.N(ctx(c), "connections.remove.detached", counts[connection.DetachExport])
	view.Erased = i18n.N(ctx(c), "connections.remove.erased", counts[connection.RemoveExport])
	return view, nil
}
