package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/views/component"
	views "github.com/segue-app/segue/views/profile"
)

func (s *Server) unificationRoutes(r *routes) {
	r.get("/profiles/unification", access.LookAround, s.showUnification) // how profiles come together; an example for who may see people
	r.post("/profiles/unification", access.ManageProfiles, s.saveUnification)
	r.post("/profiles/unification/undo", access.ManageProfiles, s.undoUnification)
	r.topic(profile.UnificationTopic, access.LookAround)
}

func (s *Server) showUnification(c echo.Context) error {
	view, err := s.unificationView(c, nil)
	if err != nil {
		return err
	}
	if isHTMX(c) {
		return render(c, http.StatusOK, views.UnificationLive(view))
	}
	return s.renderUnification(c, http.StatusOK, view)
}

func (s *Server) renderUnification(c echo.Context, status int, view views.UnificationView) error {
	return render(c, status, views.Unification(s.page(c, "profiles", text(c, "unification.title"), profilesCrumb(c)), view))
}

// unificationView gathers the page. typed are rules that were not accepted, to be shown in place of those that hold.
func (s *Server) unificationView(c echo.Context, typed *profile.Rules) (views.UnificationView, error) {
	rules, parts, err := s.Profiles.Rules(ctx(c), actor(c))
	if err != nil {
		return views.UnificationView{}, err
	}
	report, state, err := s.Profiles.Unification(ctx(c), actor(c))
	if err != nil {
		return views.UnificationView{}, err
	}
	view := views.UnificationView{MayEdit: actor(c).Can(access.ManageProfiles), State: unificationState(c, state)}
	if report.Total > 0 {
		view.Total = i18n.N(ctx(c), "unification.total", report.Total)
	}
	trust := rules.Trust
	if typed != nil {
		trust = typed.Trust
	}
	for i, p := range parts {
		row := views.UnifiedSource{ID: strconv.FormatInt(p.SourceID, 10), Name: p.Name, Place: strconv.Itoa(i + 1), OwnKeys: p.OwnKeys, MatchEmail: p.MatchEmail}
		if typed != nil {
			row.OwnKeys, row.MatchEmail, row.Place = typed.Sources[i].OwnKeys, typed.Sources[i].MatchEmail, c.FormValue("place-"+row.ID)
		}
		for _, r := range report.Parts {
			if r.SourceID == p.SourceID {
				row.Rows, row.ByKey, row.ByEmail = i18n.Number(ctx(c), r.Rows), i18n.Number(ctx(c), r.ByKey), i18n.Number(ctx(c), r.ByEmail)
				row.New, row.Apart = i18n.Number(ctx(c), r.New), i18n.Number(ctx(c), r.Apart)
			}
		}
		view.Sources = append(view.Sources, row)
		view.Places = append(view.Places, component.Option{Value: strconv.Itoa(i + 1), Label: strconv.Itoa(i + 1)})
	}
	view.Attributes = trustedAttributes(c, parts, trust)
	if last, err := s.Profiles.LastChange(ctx(c), actor(c)); err == nil {
		view.Undo = &views.UndoRules{ID: strconv.FormatInt(last.ID, 10),
			Text: text(c, "unification.undo.text", "Name", last.SavedByName, "When", i18n.DateTime(ctx(c), last.SavedAt))}
	} else if !problem.Is(err, problem.NotFound) {
		return views.UnificationView{}, err
	}
	if actor(c).Can(access.SeePersonalData) {
		view.Example, err = s.example(c)
	}
	return view, err
}

func unificationState(c echo.Context, state profile.State) (view views.UnificationState) {
	if state.Waiting {
		view.Progress = &component.Progress{ID: "unifying", Label: text(c, "unification.progress"), Value: int64(state.Done), Max: int64(state.Total),
			Text: text(c, "unification.progress.waiting"), Tone: component.Running}
		if state.Total > 0 {
			view.Progress.Text = text(c, "unification.progress.text", "Done", i18n.Number(ctx(c), state.Done), "Total", i18n.Number(ctx(c), state.Total))
		}
	}
	if state.Failure != nil {
		view.Failure = text(c, state.Failure.Code, state.Failure.Args...)
	}
	return view
}

// trustedAttributes are those that several sources have, and which of them is trusted first.
func trustedAttributes(c echo.Context, parts []profile.Part, trust profile.Trust) (list []views.TrustedAttribute) {
	for _, p := range parts {
		for _, a := range p.Snapshot.Attributes {
			if slices.ContainsFunc(list, func(known views.TrustedAttribute) bool { return known.Key == a.Key }) {
				continue
			}
			row := views.TrustedAttribute{Key: a.Key, Label: a.Label, Text: text(c, "unification.trusted.order")}
			for _, q := range parts {
				if _, has := q.Snapshot.Attribute(a.Key); !has {
					continue
				}
				id := strconv.FormatInt(q.SourceID, 10)
				row.Sources = append(row.Sources, component.Option{Value: id, Label: q.Name})
				if trust[a.Key] == q.SourceID {
					row.Value, row.Text = id, q.Name
				}
			}
			list = append(list, row)
		}
	}
	return slices.DeleteFunc(list, func(a views.TrustedAttribute) bool { return len(a.Sources) < 2 })
}

// example explains one profile that several sources know, nil when there is none.
func (s *Server) example(c echo.Context) (*views.ExplainedView, error) {
	id, err := s.Profiles.Example(ctx(c), actor(c))
	if problem.Is(err, problem.NotFound) || id == "" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := s.lookedAt(c, audit.SawProfile, id); err != nil {
		return nil, err
	}
	e, err := s.Profiles.Explain(ctx(c), actor(c), id)
	if problem.Is(err, problem.NotFound) {
		return nil, nil // other profiles took their place just now
	}
	if err != nil {
		return nil, err
	}
	view := explainedView(ctx(c), e)
	// Where several sources say something is what explains; a few others show that one source may be enough.
	slices.SortStableFunc(view.Rows, func(a, b views.ExplainedRow) int { return min(len(b.Others), 1) - min(len(a.Others), 1) })
	view.Rows = view.Rows[:min(len(view.Rows), exampleRows)]
	return &view, nil
}

const exampleRows = 8

// explainedView writes where a profile comes from.
func explainedView(ctx context.Context, e profile.Explained) views.ExplainedView {
	view := views.ExplainedView{ID: e.Record.ID, Href: "/profiles/id/" + url.PathEscape(e.Record.ID)}
	var known []string
	for _, f := range e.From {
		known = append(known, i18n.T(ctx, "unification.known.key", "Source", f.Name, "Key", f.Key))
	}
	view.Known = strings.Join(known, ", ")
	for i, a := range e.Snapshot.Attributes {
		if len(e.Said[i]) == 0 {
			continue
		}
		row := views.ExplainedRow{Label: a.Label, Value: valueText(ctx, a, e.Record.Values[i]), From: e.Said[i][0].Source}
		var others []string
		for _, said := range e.Said[i][1:] {
			if value := valueText(ctx, a, said.Value); value == row.Value {
				others = append(others, i18n.T(ctx, "unification.others.same", "Source", said.Source))
			} else {
				others = append(others, i18n.T(ctx, "unification.others.value", "Source", said.Source, "Value", value))
			}
		}
		row.Others = strings.Join(others, "; ")
		view.Rows = append(view.Rows, row)
	}
	return view
}

func (s *Server) saveUnification(c echo.Context) error {
	_, parts, err := s.Profiles.Rules(ctx(c), actor(c))
	if err != nil {
		return err
	}
	rules, err := typedRules(c, parts)
	if err == nil {
		ordered := rules
		ordered.Sources = slices.Clone(rules.Sources)
		slices.SortStableFunc(ordered.Sources, func(a, b profile.Rule) int { return place(c, a.SourceID) - place(c, b.SourceID) })
		err = s.Profiles.SaveRules(ctx(c), actor(c), ordered)
	}
	if errs, ok := formErrors(c, err); ok {
		view, err := s.unificationView(c, &rules)
		if err != nil {
			return err
		}
		view.Errors = errs
		return s.renderUnification(c, http.StatusUnprocessableEntity, view)
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "unification.saved")
	return redirect(c, "/profiles/unification")
}

// typedRules reads the form, in the order in which the sources stand now.
func typedRules(c echo.Context, parts []profile.Part) (profile.Rules, error) {
	rules := profile.Rules{Trust: profile.Trust{}}
	var check problem.Check
	places := map[int]bool{}
	for _, p := range parts {
		id := strconv.FormatInt(p.SourceID, 10)
		rules.Sources = append(rules.Sources, profile.Rule{SourceID: p.SourceID, OwnKeys: c.FormValue("own-"+id) != "", MatchEmail: c.FormValue("email-"+id) != ""})
		if len(parts) > 1 {
			at := place(c, p.SourceID)
			check.Require(!places[at], "place-"+id, "unification.place.taken")
			places[at] = true
		}
		for _, a := range p.Snapshot.Attributes {
			if chosen, err := strconv.ParseInt(c.FormValue("trust-"+a.Key), 10, 64); err == nil {
				rules.Trust[a.Key] = chosen
			}
		}
	}
	return rules, check.Err()
}

// place is where a person puts a source; 0 when the form does not say.
func place(c echo.Context, sourceID int64) int {
	at, err := strconv.Atoi(c.FormValue("place-" + strconv.FormatInt(sourceID, 10)))
	if err != nil {
		return 0
	}
	return at
}

func (s *Server) undoUnification(c echo.Context) error {
	version, err := strconv.ParseInt(c.FormValue("version"), 10, 64)
	if err != nil {
		version = 0 // of no change
	}
	if err := s.Profiles.UndoRules(ctx(c), actor(c), version); err != nil {
		return err
	}
	s.flash(c, "success", "unification.undone")
	return redirect(c, "/profiles/unification")
}
