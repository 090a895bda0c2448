package web

import (
	"fmt"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/chain"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/warehouse"
	"github.com/segue-app/segue/views/component"
	runviews "github.com/segue-app/segue/views/run"
	views "github.com/segue-app/segue/views/status"
)

const unknown = "–"

// workRow says in words how a piece of work stands.
func (s *Server) workRow(c echo.Context, w chain.Work, stopped bool) (row views.Row, err error) {
	row = views.Row{
		Key: fmt.Sprintf("%s-%d", w.Origin, w.ID), Name: workName(c, w.Kind, w.Name), Href: workHref(c, w), Kind: text(c, "status.kind."+string(w.Kind)),
		State: views.StateBadge(ctx(c), w.State), Started: s.moment(c, w.StartedAt), Lasted: s.lasted(c, w.Task), Waited: unknown, Count: unknown, Refused: unknown,
	}
	switch {
	case w.ChainID != 0:
		row.Of = component.Link{Label: text(c, "status.chain.title", "Number", fmt.Sprint(w.ChainID)), Href: views.ChainPath(w.ChainID)}
	case w.RequestedBy != "":
		row.Of.Label = text(c, "status.by_hand", "Name", w.RequestedBy)
	default:
		row.Of.Label = text(c, "status.alone")
	}
	if !w.StartedAt.IsZero() && w.State != chain.Skipped {
		row.Count, row.Refused = i18n.Number(ctx(c), w.Count), i18n.Number(ctx(c), w.Rejected)
		if w.State == chain.Running && w.RunID != 0 && w.Count > 0 {
			row.Count = text(c, "home.running.of", "Done", w.Settled, "All", w.Count)
		}
	}
	if waited := s.waited(w.Task); waited >= time.Second {
		row.Waited = i18n.Duration(ctx(c), waited)
	}
	if w.Because != nil {
		row.Because = component.Link{Label: text(c, "status.because", "Name", workName(c, w.Because.Kind, w.Because.Name)), Href: fmt.Sprintf("%s#step-%d", views.ChainPath(w.ChainID), w.Because.ID)}
	} else if reason := s.workReason(c, w); reason != "" {
		row.Reasons = append(row.Reasons, reason)
	}
	if w.State.Active() {
		now, err := s.workNow(c, w, stopped)
		if err != nil {
			return row, err
		}
		if now != "" {
			row.Reasons = append(row.Reasons, now)
		}
	}
	if w.WaitedFor != "" && (w.State.Active() || w.EndedAt.Sub(w.QueuedAt) >= time.Second) {
		row.For = s.waitedFor(c, w)
	}
	row.Mend = workMend(c, w)
	return row, nil
}

// workName is what a piece of work is called; to put profiles together has no name of its own.
func workName(c echo.Context, kind chain.Kind, name string) string {
	if kind == chain.Profiles {
		return text(c, "status.profiles")
	}
	return name
}

// workHref leads to where the reader sees more of it.
func workHref(c echo.Context, w chain.Work) string {
	manages := actor(c).Can(access.ManageProfiles)
	switch {
	case w.RunID != 0:
		return runPath(w.RunID)
	case w.ImportID != 0 && manages:
		return importPath(w.ImportID)
	case w.Kind == chain.Profiles:
		return "/profiles/unification"
	case w.Gone || w.TargetID == 0:
		return ""
	case w.Kind == chain.Source && manages:
		return sourcePath(w.TargetID)
	case w.Kind == chain.Segment:
		return segmentPath(w.TargetID)
	case w.Kind == chain.Export:
		return exportPath(w.TargetID)
	}
	return ""
}

// lasted is how long the work took, or has taken so far.
func (s *Server) lasted(c echo.Context, t chain.Task) string {
	switch {
	case t.StartedAt.IsZero():
		return unknown
	case t.EndedAt.IsZero():
		return i18n.Duration(ctx(c), max(s.Clock().Sub(t.StartedAt), 0))
	}
	return i18n.Duration(ctx(c), t.EndedAt.Sub(t.StartedAt))
}

// waited is how long the work waited before it began, or was passed over; so far, when it waits still.
func (s *Server) waited(t chain.Task) time.Duration {
	for _, until := range []time.Time{t.StartedAt, t.EndedAt} {
		if !until.IsZero() {
			return until.Sub(t.QueuedAt)
		}
	}
	return s.Clock().Sub(t.QueuedAt)
}

// words are what texts about work may speak of.
func (s *Server) words(w chain.Work) []any {
	return []any{"Most", "2 GiB", "Names", w.ReasonDetail, "Name", w.ReasonDetail, "Column", w.ReasonDetail, "Host", w.ReasonDetail, "Attribute", w.ReasonDetail, "Detail", "",
		"Type", "", "Flag", warehouse.Flag, "Destination", s.Connections.DestinationName(w.Destination)}
}

// workReason says why the work did not end well. The codes are those of whose work it is: of sources and segments they are
// translation keys themselves.
func (s *Server) workReason(c echo.Context, w chain.Work) string {
	switch {
	case w.ReasonCode == "":
		return ""
	case w.Kind == chain.Export && runviews.Knows(w.ReasonCode):
		return runviews.ErrorText(ctx(c), w.ReasonCode, w.ReasonDetail, s.Connections.DestinationName(w.Destination))
	}
	for _, key := range []string{w.ReasonCode, "obstacle." + w.ReasonCode, "status.reason." + w.ReasonCode} {
		if said := text(c, key, s.words(w)...); said != key { // a text that there is not is its key
			return said
		}
	}
	return text(c, "status.reason.other", "Code", w.ReasonCode)
}

// workNow says what work does that has not ended, or what it waits for, as far as that is known.
func (s *Server) workNow(c echo.Context, w chain.Work, stopped bool) (string, error) {
	switch w.RunState {
	case "waiting", "receiving", "asking":
		return text(c, "status.import."+w.RunState), nil
	}
	if w.RunID == 0 {
		return "", nil
	}
	r, err := s.Runs.Get(ctx(c), actor(c), w.RunID)
	if err != nil {
		return "", err
	}
	now, err := s.waitsFor(c, r, stopped)
	if r.State == run.Paused {
		now = text(c, "status.paused", "Why", now)
	}
	return now, err
}

// waitedFor says what kept the work from starting, or from going on.
func (s *Server) waitedFor(c echo.Context, w chain.Work) string {
	for _, key := range []string{"status.waited." + w.WaitedFor, "obstacle." + w.WaitedFor} {
		if said := text(c, key, s.words(w)...); said != key { // a text that there is not is its key
			return said
		}
	}
	return ""
}

// workMend leads to where what went wrong is mended, where that is not the page of the work itself.
func workMend(c echo.Context, w chain.Work) component.Link {
	if !slices.Contains([]chain.State{chain.Failed, chain.Warnings}, w.State) || w.Gone {
		return component.Link{}
	}
	manages := actor(c).Can(access.ManageProfiles)
	switch {
	case w.Kind == chain.Source && w.ImportID != 0 && manages:
		return component.Link{Label: text(c, "status.mend.source"), Href: sourcePath(w.TargetID)}
	case w.Kind == chain.Export && w.RunID != 0:
		return component.Link{Label: text(c, "status.mend.export"), Href: exportPath(w.TargetID)}
	}
	return component.Link{}
}
