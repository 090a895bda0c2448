package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/source"
	"github.com/segue-app/segue/views/layout"
	views "github.com/segue-app/segue/views/source"
)

func (s *Server) sourceRoutes(r *routes) {
	r.get("/sources", access.ManageProfiles, s.listSources)   // in the order of trust
	r.get("/sources/new", access.ManageProfiles, s.newSource) // the ways in which profiles come in
	r.get("/sources/new/folder", access.ManageProfiles, s.newFolder)
	r.post("/sources/new/folder", access.ManageProfiles, s.addFolder)
	r.get("/sources/new/sql", access.ManageProfiles, s.newSQL)
	r.post("/sources/new/sql", access.ManageProfiles, s.addSQL)             // once it has answered
	r.post("/sources/new/sql/tables", access.ManageProfiles, s.offerTables) // which tables it has, before it is added
	r.post("/sources/:id/tables", access.ManageProfiles, s.offerTablesOf)   // and afterwards
	r.post("/sources/:id/refresh", access.ManageProfiles, s.refreshSource)  // read it again
	r.post("/sources/:id/check", access.ManageProfiles, s.checkSource)      // look at its columns again
	r.post("/sources/:id/test", access.ManageProfiles, s.testSource)        // ask the database
	r.get("/sources/:id", access.ManageProfiles, s.showSource)              // one, with its history
	r.get("/sources/:id/edit", access.ManageProfiles, s.editSource)         // its settings
	r.post("/sources/:id", access.ManageProfiles, s.saveSource)             //
	r.post("/sources/:id/move", access.ManageProfiles, s.moveSource)        // up or down in the order of trust
	r.get("/sources/:id/undo", access.ManageProfiles, s.askUndo)            // what undoing the last import means
	r.post("/sources/:id/undo", access.ManageProfiles, s.undoImport)        // do it
	r.get("/sources/:id/remove", access.ManageProfiles, s.askRemoveSource)  // what becomes of its profiles
	r.post("/sources/:id/remove", access.ManageProfiles, s.removeSource)    // do it
	r.get("/profiles/upload", access.ManageProfiles, s.leadToUpload)        // wherever a file belongs
	r.topic("sources", access.ManageProfiles)
}

func sourcePath(id int64) string { return fmt.Sprintf("/sources/%d", id) }

func sourcesCrumb(c echo.Context) layout.Crumb {
	return layout.Crumb{Label: text(c, "sources.title"), Href: "/sources"}
}

func sourceCrumb(of source.Source) layout.Crumb {
	return layout.Crumb{Label: of.Name, Href: sourcePath(of.ID)}
}

// leadToUpload sends people who have a file to where it most likely belongs: to the one source of files that there is, to a
// new one, or to the choice.
func (s *Server) leadToUpload(c echo.Context) error {
	list, err := s.Sources.List(ctx(c), actor(c))
	switch {
	case err != nil:
		return err
	case len(list) == 0:
		return redirect(c, "/sources/new/upload")
	case len(list) == 1 && list[0].Kind == source.Upload:
		return redirect(c, sourcePath(list[0].ID)+"/upload")
	}
	return redirect(c, "/sources")
}

func (s *Server) listSources(c echo.Context) error {
	list, err := s.Sources.List(ctx(c), actor(c))
	if err != nil {
		return err
	}
	var view views.ListView
	for n, of := range list {
		row := views.Row{
			Base: sourcePath(of.ID), Name: of.Name, Kind: text(c, "sources.kind."+string(of.Kind)), Profiles: i18n.Number(ctx(c), of.Rows),
			Up: n > 0, Down: n < len(list)-1,
		}
		if of.Place == source.Stays {
			row.Profiles, row.Stays = "–", true
		}
		if row.Next, err = s.nextReading(c, of); err != nil {
			return err
		}
		last, err := s.Sources.History(ctx(c), actor(c), of.ID, 1)
		if err != nil {
			return err
		}
		if len(last) > 0 {
			row.Last = s.importRow(c, last[0])
		}
		view.Rows = append(view.Rows, row)
	}
	if isHTMX(c) {
		return render(c, http.StatusOK, views.Rows(view, csrfToken(c)))
	}
	return render(c, http.StatusOK, views.List(s.page(c, "sources", text(c, "sources.title")), view))
}

// nextReading says when a source is read again.
func (s *Server) nextReading(c echo.Context, of source.Source) (string, error) {
	if of.Place == source.Stays {
		return text(c, "sources.next.stays"), nil
	}
	var when []string
	if of.OnChange {
		when = append(when, text(c, "sources.next.change"))
	}
	if of.WithSchedule {
		next, on, err := s.Schedule.NextRun(ctx(c))
		if err != nil {
			return "", err
		}
		if on {
			when = append(when, i18n.DateTime(ctx(c), next))
		} else {
			when = append(when, text(c, "sources.next.off"))
		}
	}
	switch {
	case len(when) > 0:
		return strings.Join(when, " · "), nil
	case of.Kind == source.Upload:
		return text(c, "sources.next.upload"), nil
	}
	return text(c, "sources.next.demand"), nil
}

func (s *Server) newSource(c echo.Context) error {
	if _, err := s.Sources.List(ctx(c), actor(c)); err != nil {
		return err
	}
	return render(c, http.StatusOK, views.New(s.page(c, "sources", text(c, "sources.add"), sourcesCrumb(c))))
}

// ofPath is the source that the address names.
func (s *Server) ofPath(c echo.Context) (source.Source, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return source.Source{}, err
	}
	return s.Sources.Get(ctx(c), actor(c), id)
}

func (s *Server) showSource(c echo.Context) error {
	of, err := s.ofPath(c)
	if err != nil {
		return err
	}
	view, err := s.sourceView(c, of)
	if err != nil {
		return err
	}
	if isHTMX(c) {
		return render(c, http.StatusOK, views.State(view))
	}
	return s.renderSource(c, http.StatusOK, of, view)
}

func (s *Server) renderSource(c echo.Context, status int, of source.Source, view views.ShowView) error {
	return render(c, status, views.Show(s.page(c, "sources", of.Name, sourcesCrumb(c)), view))
}

// sourceDone goes back to the source, saying what was done, or shows it with what went wrong.
func (s *Server) sourceDone(c echo.Context, of source.Source, err error, key string, pairs ...any) error {
	if err == nil {
		s.flash(c, "success", key, pairs...)
		return redirect(c, sourcePath(of.ID))
	}
	errs, ok := formErrors(c, err)
	if !ok {
		return err
	}
	view, failed := s.sourceView(c, of)
	if failed != nil {
		return failed
	}
	view.Errors = errs
	return s.renderSource(c, http.StatusUnprocessableEntity, of, view)
}

func (s *Server) moveSource(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := s.Sources.Move(ctx(c), actor(c), id, c.FormValue("way") == "up"); err != nil {
		return err
	}
	return redirect(c, "/sources")
}

func (s *Server) askUndo(c echo.Context) error {
	of, err := s.ofPath(c)
	if err != nil {
		return err
	}
	if of.PreviousID == 0 {
		return problem.New(problem.Conflict, "sources.undo.none")
	}
	return render(c, http.StatusOK, views.Confirm(s.page(c, "sources", text(c, "sources.undo"), sourcesCrumb(c), sourceCrumb(of)), views.ConfirmView{
		Base: sourcePath(of.ID), Title: text(c, "sources.undo"), Action: sourcePath(of.ID) + "/undo", Label: text(c, "sources.undo.confirm"), Icon: "history",
		Text: text(c, "sources.undo.text", "Name", of.Name), Points: []string{text(c, "sources.undo.gone"), text(c, "sources.undo.segments"), text(c, "sources.undo.runs")},
	}))
}

func (s *Server) undoImport(c echo.Context) error {
	of, err := s.ofPath(c)
	if err != nil {
		return err
	}
	return s.sourceDone(c, of, s.Sources.Undo(ctx(c), actor(c), of.ID), "sources.undo.done")
}

func (s *Server) askRemoveSource(c echo.Context) error {
	of, err := s.ofPath(c)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.Confirm(s.page(c, "sources", text(c, "sources.remove"), sourcesCrumb(c), sourceCrumb(of)), views.ConfirmView{
		Base: sourcePath(of.ID), Title: text(c, "sources.remove"), Action: sourcePath(of.ID) + "/remove", Label: text(c, "sources.remove"), Icon: "trash",
		Text: text(c, "sources.remove.text", "Name", of.Name), Points: []string{i18n.N(ctx(c), "sources.remove.profiles", of.Rows), text(c, "sources.remove.segments")},
	}))
}

func (s *Server) removeSource(c echo.Context) error {
	of, err := s.ofPath(c)
	if err != nil {
		return err
	}
	err = s.Sources.Remove(ctx(c), actor(c), of.ID)
	if p := problem.Of(err); p != nil && p.Kind == problem.Conflict {
		s.flash(c, "error", p.Code, p.Args...)
		return redirect(c, sourcePath(of.ID))
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "sources.remove.done", "Name", of.Name)
	return redirect(c, "/sources")
}
