package web

import (
	"fmt"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/source"
	"github.com/segue-app/segue/views/component"
	views "github.com/segue-app/segue/views/source"
)

const historyOnPage = 20

// sourceView is what the page of a source shows.
func (s *Server) sourceView(c echo.Context, of source.Source) (views.ShowView, error) {
	view := views.ShowView{Base: sourcePath(of.ID), Name: of.Name, Topic: source.SourcesTopic, Upload: of.Kind == source.Upload,
		Remote: of.Kind == source.SQL, Stays: of.Place == source.Stays,
		Segment: fmt.Sprintf("/segments/new?kind=rule&base=%d", of.ID)}
	next, err := s.nextReading(c, of)
	if err != nil {
		return view, err
	}
	view.Facts = []component.Term{
		{Label: text(c, "sources.kind"), Text: text(c, "sources.kind."+string(of.Kind))},
		{Label: text(c, "sources.next"), Text: next},
	}
	if of.Place != source.Stays {
		view.Facts = append(view.Facts,
			component.Term{Label: text(c, "sources.keys"), Text: text(c, map[bool]string{true: "sources.keys.own", false: "sources.keys.shared"}[of.OwnKeys])},
			component.Term{Label: text(c, "sources.shrink_share"), Text: shrinkText(c, of.ShrinkShare)})
	}
	if of.Kind == source.Folder {
		view.Facts = append(view.Facts, component.Term{Label: text(c, "sources.folder"), Text: of.Watched.Folder + "/" + of.Watched.Pattern})
	}
	if of.Kind == source.SQL {
		view.Facts = append(view.Facts, component.Term{Label: text(c, "sources.sql.host"), Text: of.Remote.Address.Host},
			component.Term{Label: text(c, "sources.place"), Text: text(c, "sources.place."+string(of.Place))})
	}
	history, err := s.Sources.History(ctx(c), actor(c), of.ID, historyOnPage)
	if err != nil {
		return view, err
	}
	for _, i := range history {
		row := s.importRow(c, i)
		view.History = append(view.History, *row)
		if view.Waiting == nil && (i.State == source.Waiting || i.State == source.Asking) {
			view.Waiting, view.WaitingFor = row, text(c, "sources.waits."+string(i.State))
		}
	}
	if of.Place == source.Stays {
		view.Badge = component.Badge{Text: text(c, "sources.last.stays")}
	} else if len(history) > 0 {
		view.Badge = importBadge(c, history[0])
	} else {
		view.Badge = component.Badge{Text: text(c, "sources.last.none")}
	}
	if of.PreviousID != 0 {
		view.Undo = text(c, "sources.undo.lead", "At", of.ReplacedAt)
	}
	return view, s.sourceSchema(c, of, &view)
}

// sourceSchema fills in what the source holds now.
func (s *Server) sourceSchema(c echo.Context, of source.Source, view *views.ShowView) error {
	if of.Place == source.Stays {
		for _, column := range of.Reading.Columns {
			if column.Include {
				view.Attributes = append(view.Attributes, views.AttributeRow{Label: column.Label, Kind: text(c, "profiles.kind."+string(column.Kind)),
					Filled: "–", ShareText: "–", Share: -1, Mark: text(c, "profiles.mark."+column.Mark.String())})
			}
		}
	}
	if of.SnapshotID == 0 {
		return nil
	}
	snapshot, err := s.Profiles.Snapshot(ctx(c), of.SnapshotID)
	if problem.Is(err, problem.NotFound) {
		return nil // replaced this moment
	}
	if err != nil {
		return err
	}
	view.Stats = []component.Stat{
		{Label: text(c, "sources.profiles"), Number: i18n.Number(ctx(c), snapshot.Rows)},
		{Label: text(c, "profiles.attributes"), Number: i18n.Number(ctx(c), len(snapshot.Attributes))},
	}
	view.Facts = append(view.Facts, component.Term{Label: text(c, "sources.key"), Text: snapshot.IDLabel},
		component.Term{Label: text(c, "sources.since"), Content: s.moment(c, of.ReplacedAt)})
	for _, a := range snapshot.Attributes {
		share := 0
		if snapshot.Rows > 0 {
			share = a.Filled * 100 / snapshot.Rows
		}
		view.Attributes = append(view.Attributes, views.AttributeRow{
			Label: a.Label, Kind: text(c, "profiles.kind."+string(a.Kind)), Filled: i18n.Number(ctx(c), a.Filled), Share: share,
			ShareText: text(c, "sources.percent", "Percent", share), Mark: text(c, "profiles.mark."+a.Mark.String()),
		})
	}
	return nil
}

func shrinkText(c echo.Context, share int) string {
	if share == 0 {
		return text(c, "sources.shrink_share.never")
	}
	return text(c, "sources.percent", "Percent", share)
}

// importRow is one import in a list.
func (s *Server) importRow(c echo.Context, i source.Import) *views.ImportRow {
	row := &views.ImportRow{
		Href: importPath(i.ID), FileName: i.FileName, By: i.CreatedByName, Cause: text(c, "sources.cause."+string(i.Cause)), Created: s.moment(c, i.CreatedAt),
		State: importBadge(c, i), Good: "–", Added: "–", Changed: "–", Removed: "–", Refused: "–",
	}
	if !i.StartedAt.IsZero() {
		row.Good, row.Refused = i18n.Number(ctx(c), i.Good), i18n.Number(ctx(c), i.Refused)
	}
	if i.Compared {
		row.Added, row.Changed, row.Removed = i18n.Number(ctx(c), i.Added), i18n.Number(ctx(c), i.Changed), i18n.Number(ctx(c), i.Removed)
	}
	return row
}
