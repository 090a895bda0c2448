package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/views/component"
	"github.com/segue-app/segue/views/layout"
	views "github.com/segue-app/segue/views/profile"
)

func (s *Server) profileRoutes(r *routes) {
	r.get("/profiles", access.LookAround, s.listProfiles) // search and page through; viewers get numbers only
	r.get("/profiles/id/:profile", access.SeePersonalData, s.showProfile)
	r.get("/profiles/attributes", access.LookAround, s.showAttributes)
	r.post("/profiles/attributes", access.ManageProfiles, s.correctAttributes)
}

const (
	profilesOnPage  = 25
	columnsOnPage   = 4 // beside the id
	attributeValues = 3 // samples of an attribute
)

func (s *Server) listProfiles(c echo.Context) error {
	view := views.ListView{
		MayUpload: actor(c).Can(access.ManageProfiles), MaySee: actor(c).Can(access.SeePersonalData), Query: strings.TrimSpace(c.QueryParam("q")),
	}
	snapshot, err := s.Profiles.Look(ctx(c), actor(c))
	switch {
	case problem.Is(err, problem.NotFound):
		view.Empty = true
	case err != nil:
		return err
	default:
		view.Count, view.FileName = i18n.Number(ctx(c), snapshot.Rows), snapshot.FileName
		view.Filled, view.Created = i18n.Number(ctx(c), len(snapshot.Attributes)), s.moment(c, snapshot.CreatedAt)
	}
	if view.MaySee && !view.Empty {
		if err := s.findProfiles(c, &view); err != nil {
			return err
		}
	}
	if view.MaySources, err = s.sourceLines(c, &view); err != nil {
		return err
	}
	return render(c, http.StatusOK, views.List(s.page(c, "profiles", text(c, "profiles.title")), view))
}

// sourceLines names where the profiles come from, with numbers only; to whom it leads further is who manages sources.
func (s *Server) sourceLines(c echo.Context, view *views.ListView) (manages bool, err error) {
	manages = actor(c).Can(access.ManageProfiles)
	names, err := s.Sources.Names(ctx(c), actor(c))
	for _, of := range names {
		if of.Rows == 0 {
			continue // nothing yet, or its profiles stay where they are
		}
		line := views.SourceLine{Name: of.Name, Profiles: i18n.N(ctx(c), "profiles.count", of.Rows)}
		if manages {
			line.Href = sourcePath(of.ID)
		}
		view.Sources = append(view.Sources, line)
	}
	return manages, err
}

// findProfiles fills in the rows that the address asks for.
func (s *Server) findProfiles(c echo.Context, view *views.ListView) error {
	after, err := strconv.Atoi(c.QueryParam("after"))
	if err != nil || after < 0 {
		after = 0
	}
	found, err := s.Profiles.Search(ctx(c), actor(c), view.Query, after, profilesOnPage)
	if err != nil {
		return err
	}
	if err := s.looked(c, audit.SawSearch, audit.Subject{Kind: "profile"}); err != nil {
		return err
	}
	shown := found.Snapshot.Attributes[:min(columnsOnPage, len(found.Snapshot.Attributes))]
	view.IDLabel, view.Partial = found.Snapshot.IDLabel, found.Partial
	for _, a := range shown {
		view.Headings = append(view.Headings, a.Label)
	}
	for _, record := range found.Records {
		row := views.Row{ID: record.ID, Href: "/profiles/id/" + url.PathEscape(record.ID)}
		for i, a := range shown {
			row.Cells = append(row.Cells, valueText(ctx(c), a, record.Values[i]))
		}
		view.Rows = append(view.Rows, row)
	}
	view.Summary = i18n.N(ctx(c), "profiles.shown", len(found.Records))
	address := func(after int) string {
		query := url.Values{}
		if view.Query != "" {
			query.Set("q", view.Query)
		}
		if after > 0 {
			query.Set("after", strconv.Itoa(after))
		}
		return strings.TrimSuffix("/profiles?"+query.Encode(), "?")
	}
	if after > 0 {
		view.FirstHref = address(0)
	}
	if found.Next > 0 {
		view.NextHref = address(found.Next)
	}
	return nil
}

func (s *Server) showProfile(c echo.Context) error {
	id, err := url.PathUnescape(c.Param("profile"))
	if err != nil {
		return problem.New(problem.NotFound, "problem.not_found")
	}
	e, err := s.Profiles.Explain(ctx(c), actor(c), id)
	if err != nil {
		return err
	}
	if err := s.lookedAt(c, audit.SawProfile, e.Record.ID); err != nil {
		return err
	}
	snapshot, record := e.Snapshot, e.Record
	view := views.ShowView{ID: record.ID}
	if len(e.From) > 0 {
		explained := explainedView(ctx(c), e)
		view.Explained = &explained
	}
	var absent []string
	for i, a := range snapshot.Attributes {
		if record.Values[i] == nil {
			absent = append(absent, a.Label)
			continue
		}
		view.Known = append(view.Known, component.Term{Label: a.Label, Text: valueText(ctx(c), a, record.Values[i])})
	}
	view.Absent = strings.Join(absent, ", ")
	return render(c, http.StatusOK, views.Show(s.page(c, "profiles", record.ID, profilesCrumb(c)), view))
}

func profilesCrumb(c echo.Context) layout.Crumb {
	return layout.Crumb{Label: text(c, "profiles.title"), Href: "/profiles"}
}

func (s *Server) showAttributes(c echo.Context) error {
	return s.renderAttributes(c, http.StatusOK, component.Errors{}, nil)
}

// renderAttributes shows the attributes, with a person's corrections in place of what is stored when they were not accepted.
func (s *Server) renderAttributes(c echo.Context, status int, errs component.Errors, typed []profile.Correction) error {
	snapshot, err := s.Profiles.Look(ctx(c), actor(c))
	if err != nil {
		return err
	}
	view := views.AttributesView{MayEdit: actor(c).Can(access.ManageProfiles), Marks: markOptions(c), Errors: errs, Most: profile.MostIndexed}
	_, parts, err := s.Profiles.Rules(ctx(c), actor(c))
	if err != nil {
		return err
	}
	uses, err := s.attributeUses(c)
	if err != nil {
		return err
	}
	sources := map[string][]string{}
	for _, p := range parts {
		for _, a := range p.Snapshot.Attributes {
			sources[a.Key] = append(sources[a.Key], p.Name)
		}
	}
	if actor(c).Can(access.SeePersonalData) {
		if err := s.looked(c, audit.SawSamples, audit.Subject{Kind: "profile"}); err != nil {
			return err
		}
	}
	by, err := s.revealing(c, audit.Subject{Kind: "profile"})
	if err != nil {
		return err
	}
	view.Masked = maskedFor(c, by)
	for i, a := range snapshot.Attributes {
		samples, err := s.Profiles.Samples(ctx(c), by, snapshot, a.Key, attributeValues)
		if err != nil {
			return err
		}
		was := a.Mark
		if i < len(typed) {
			a.Label, a.Address, a.Indexed = typed[i].Label, typed[i].Address, typed[i].Indexed
			if typed[i].Mark != typed[i].Was { // else it may be somebody else who chose another meanwhile
				a.Mark = typed[i].Mark
			}
		}
		view.Rows = append(view.Rows, views.AttributeRow{
			Key: a.Key, Label: a.Label, Kind: text(c, "profiles.kind."+string(a.Kind)), Filled: i18n.Number(ctx(c), a.Filled),
			Share: share(c, a.Filled, snapshot.Rows), Samples: strings.Join(samples, " · "), Sources: strings.Join(sources[a.Key], ", "), Uses: uses[a.Key],
			Mark: a.Mark.String(), Was: was.String(), Address: a.Address, Indexed: a.Indexed || a.Address, IsText: a.Kind == profile.Text, IsList: a.Kind == profile.List,
		})
	}
	return render(c, status, views.Attributes(s.page(c, "profiles", text(c, "profiles.attributes"), profilesCrumb(c)), view))
}

// markOptions are the marks of attributes, to choose from.
func markOptions(c echo.Context) (options []component.Option) {
	for _, m := range profile.Marks {
		options = append(options, component.Option{Value: m.String(), Label: text(c, "profiles.mark."+m.String())})
	}
	return options
}

func (s *Server) correctAttributes(c echo.Context) error {
	snapshot, err := s.Profiles.Look(ctx(c), actor(c))
	if err != nil {
		return err
	}
	var corrections []profile.Correction
	for _, a := range snapshot.Attributes {
		corrections = append(corrections, profile.Correction{
			Key: a.Key, Label: c.FormValue("label-" + a.Key), Mark: profile.ParseMark(c.FormValue("mark-" + a.Key)), Was: profile.ParseMark(c.FormValue("was-" + a.Key)),
			Address: a.Kind == profile.Text && c.FormValue("address-"+a.Key) != "", Indexed: a.Kind != profile.List && c.FormValue("indexed-"+a.Key) != "",
		})
	}
	err = s.Profiles.CorrectAttributes(ctx(c), actor(c), corrections)
	if errs, ok := formErrors(c, err); ok {
		return s.renderAttributes(c, http.StatusUnprocessableEntity, errs, corrections)
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "profiles.attributes.saved")
	return redirect(c, "/profiles/attributes")
}

// share is how many of all profiles have a value, in percent. It is 100 only when all have one.
func share(c echo.Context, filled, rows int) string {
	if rows == 0 {
		return ""
	}
	return text(c, "profiles.attribute.share", "Percent", 100*filled/rows)
}

// valueText writes a stored value for the reader.
func valueText(ctx context.Context, a profile.Attribute, value any) string {
	stored := a.Format(value)
	switch {
	case stored == "":
		return ""
	case a.Kind == profile.Boolean && stored == "true":
		return i18n.T(ctx, "profiles.yes")
	case a.Kind == profile.Boolean:
		return i18n.T(ctx, "profiles.no")
	case a.Kind == profile.Date:
		if day, err := time.Parse(time.DateOnly, stored); err == nil {
			// A day is the same everywhere: it is written without the reader's zone.
			return i18n.For(i18n.Language(ctx), nil).Date(day)
		}
	case a.Kind == profile.DateTime:
		if at, err := time.Parse(time.RFC3339, stored); err == nil {
			return i18n.DateTime(ctx, at)
		}
	case a.Kind == profile.Number:
		return strings.Replace(stored, ".", decimalMark(ctx), 1)
	}
	return stored
}

func decimalMark(ctx context.Context) string {
	return strings.Trim(i18n.From(ctx).Decimal(0.5, 1), "05")
}

// moment shows when something was, and exactly when to those who point at it.
func (s *Server) moment(c echo.Context, at time.Time) component.Moment {
	if at.IsZero() {
		return component.Moment{}
	}
	return component.Moment{
		Text: i18n.Ago(ctx(c), at, s.Clock()), Title: fmt.Sprintf("%s (%s)", i18n.DateTime(ctx(c), at), at.UTC().Format("2006-01-02 15:04:05 UTC")),
		ISO: at.UTC().Format(time.RFC3339),
	}
}
