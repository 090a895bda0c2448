package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/source"
	"github.com/segue-app/segue/internal/warehouse"
	"github.com/segue-app/segue/views/component"
	"github.com/segue-app/segue/views/layout"
	views "github.com/segue-app/segue/views/source"
)

// The forms of a new folder and of a new database.
func (s *Server) newFolder(c echo.Context) error {
	return s.renderNewSource(c, http.StatusOK, views.FormView{Kind: string(source.Folder), Pattern: "*.csv", OnChange: true, WithSchedule: true})
}

func (s *Server) newSQL(c echo.Context) error {
	return s.renderNewSource(c, http.StatusOK, views.FormView{Kind: string(source.SQL), Engine: string(warehouse.PostgreSQL), TLS: string(warehouse.TLSVerify),
		Place: string(source.Copied), WithSchedule: true})
}

func (s *Server) renderNewSource(c echo.Context, status int, view views.FormView) error {
	view.New, view.Action, view.Cancel, view.ListTables = true, "/sources/new/"+view.Kind, "/sources/new", "/sources/new/sql/tables"
	if view.ShrinkShare == "" {
		view.ShrinkShare = strconv.Itoa(source.DefaultShrinkShare)
	}
	above := []layout.Crumb{sourcesCrumb(c), {Label: text(c, "sources.add"), Href: "/sources/new"}}
	return s.renderSourceForm(c, status, s.page(c, "sources", text(c, "sources.kind."+view.Kind), above...), view)
}

func (s *Server) renderSourceForm(c echo.Context, status int, page layout.Page, view views.FormView) error {
	folders, err := s.Sources.FoldersAllowed(actor(c))
	if err != nil {
		return err
	}
	for _, folder := range folders {
		view.Folders = append(view.Folders, component.Option{Value: folder, Label: folder})
	}
	for _, kind := range warehouse.Kinds {
		view.Engines = append(view.Engines, component.Option{Value: string(kind), Label: text(c, "warehouse.kind."+string(kind))})
	}
	return render(c, status, views.Form(page, view))
}

// typedSource reads the form of a source. An own number for what is none is refused by the domain.
func typedSource(c echo.Context, kind source.Kind) (views.FormView, source.Entry) {
	ticked := func(name string) bool { return c.FormValue(name) != "" }
	number := func(name string) int {
		n, err := strconv.Atoi(strings.TrimSpace(c.FormValue(name)))
		if err != nil {
			return -1
		}
		return n
	}
	view := views.FormView{
		Kind: string(kind), Version: c.FormValue("version"), Name: c.FormValue("name"), ShrinkShare: c.FormValue("shrink_share"),
		WithSchedule: ticked("with_schedule"), OnChange: ticked("on_change"),
		Folder: c.FormValue("folder"), Pattern: c.FormValue("pattern"), Engine: c.FormValue("kind"), Host: c.FormValue("host"), Port: c.FormValue("port"),
		Database: c.FormValue("database"), User: c.FormValue("user"), TLS: c.FormValue("tls"), Authority: c.FormValue("authority"),
		TableSchema: c.FormValue("table_schema"), Table: c.FormValue("table"), Query: c.FormValue("query"), Place: c.FormValue("place"),
	}
	if table, ok := listedTable(c.FormValue("listed")); ok {
		view.TableSchema, view.Table = table.Schema, table.Name
	}
	entry := source.Entry{
		Name: view.Name, WithSchedule: view.WithSchedule, OnChange: view.OnChange,
		ShrinkShare: number("shrink_share"), Watched: source.Folders{Folder: view.Folder, Pattern: view.Pattern},
		Remote: source.Remote{
			Address: warehouse.Address{Kind: warehouse.Kind(view.Engine), Host: strings.TrimSpace(view.Host), Database: strings.TrimSpace(view.Database),
				Schema: strings.TrimSpace(view.TableSchema), User: strings.TrimSpace(view.User), TLS: warehouse.TLS(view.TLS), Authority: strings.TrimSpace(view.Authority)},
			What: warehouse.What{Schema: strings.TrimSpace(view.TableSchema), Table: strings.TrimSpace(view.Table), Query: strings.TrimSpace(view.Query)},
		},
	}
	if strings.TrimSpace(view.Port) != "" {
		entry.Remote.Address.Port = number("port")
	}
	return view, entry
}

// sourceErrors are the errors of any form about a source.
func sourceErrors(c echo.Context, err error) (component.Errors, bool) {
	return formErrors(c, err, "name", "sources.name", "shrink_share", "sources.shrink_share", "folder", "sources.folder", "pattern", "sources.pattern",
		"kind", "sources.sql.kind", "host", "sources.sql.host", "port", "sources.sql.port", "database", "sources.sql.database", "user", "sources.sql.user",
		"password", "sources.sql.password", "tls", "sources.sql.tls", "authority", "sources.sql.authority", "schema", "sources.sql.schema",
		"table", "sources.sql.table", "query", "sources.sql.query", "place", "sources.place")
}

func (s *Server) addFolder(c echo.Context) error {
	view, entry := typedSource(c, source.Folder)
	added, err := s.Sources.AddFolder(ctx(c), actor(c), entry)
	if errs, ok := sourceErrors(c, err); ok {
		view.Errors = errs
		return s.renderNewSource(c, http.StatusUnprocessableEntity, view)
	}
	if err != nil {
		return err
	}
	return s.leadToCheck(c, added.ID)
}

// leadToCheck leads to the columns that wait for a person, and else to the source.
func (s *Server) leadToCheck(c echo.Context, sourceID int64) error {
	last, err := s.Sources.History(ctx(c), actor(c), sourceID, 1)
	if err != nil {
		return err
	}
	if len(last) > 0 && last[0].State == source.Waiting {
		return redirect(c, importPath(last[0].ID))
	}
	return redirect(c, sourcePath(sourceID))
}

func (s *Server) addSQL(c echo.Context) error {
	view, entry := typedSource(c, source.SQL)
	password, err := s.typedPassword(c, entry, &view)
	var i source.Import
	if err == nil {
		_, i, err = s.Sources.AddSQL(ctx(c), actor(c), entry, source.Place(view.Place), password)
	}
	if errs, ok := sourceErrors(c, err); ok {
		view.Errors = errs
		return s.renderNewSource(c, http.StatusUnprocessableEntity, view)
	}
	if err != nil {
		return err
	}
	return redirect(c, importPath(i.ID))
}

func (s *Server) editSource(c echo.Context) error {
	of, err := s.ofPath(c)
	if err != nil {
		return err
	}
	return s.renderEditSource(c, http.StatusOK, of, keptSource(of))
}

// keptSource is the form of a source as it is kept.
func keptSource(of source.Source) views.FormView {
	address, what := of.Remote.Address, of.Remote.What
	view := views.FormView{
		Kind: string(of.Kind), Name: of.Name, Version: strconv.Itoa(of.Version), ShrinkShare: strconv.Itoa(of.ShrinkShare),
		WithSchedule: of.WithSchedule, OnChange: of.OnChange, Folder: of.Watched.Folder, Pattern: of.Watched.Pattern,
		Engine: string(address.Kind), Host: address.Host, Database: address.Database, User: address.User, TLS: string(address.TLS), Authority: address.Authority,
		TableSchema: what.Schema, Table: what.Table, Query: what.Query,
	}
	if address.Port != 0 {
		view.Port = strconv.Itoa(address.Port)
	}
	return view
}

func (s *Server) renderEditSource(c echo.Context, status int, of source.Source, view views.FormView) error {
	view.Action, view.Cancel, view.Stays, view.ListTables = sourcePath(of.ID), sourcePath(of.ID), of.Place == source.Stays, sourcePath(of.ID)+"/tables"
	return s.renderSourceForm(c, status, s.page(c, "sources", text(c, "sources.edit.title"), sourcesCrumb(c), sourceCrumb(of)), view)
}

func (s *Server) saveSource(c echo.Context) error {
	of, err := s.ofPath(c)
	if err != nil {
		return err
	}
	view, entry := typedSource(c, of.Kind)
	if of.Kind == source.SQL {
		var password secret.Text
		if password, err = s.typedPassword(c, entry, &view); err == nil {
			_, err = s.Sources.EditSQL(ctx(c), actor(c), of.ID, version(c), entry, password)
		}
	} else {
		_, err = s.Sources.Edit(ctx(c), actor(c), of.ID, version(c), entry)
	}
	if changedMeanwhile(err) {
		if view.Conflict, err = s.sourceConflict(c, of, view); err != nil {
			return err
		}
		return s.renderEditSource(c, http.StatusConflict, of, view)
	}
	if errs, ok := sourceErrors(c, err); ok {
		view.Errors = errs
		return s.renderEditSource(c, http.StatusUnprocessableEntity, of, view)
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "sources.saved")
	return redirect(c, sourcePath(of.ID))
}

// refreshSource reads a folder or a database again, now.
func (s *Server) refreshSource(c echo.Context) error {
	of, err := s.ofPath(c)
	if err != nil {
		return err
	}
	i, err := s.Sources.Refresh(ctx(c), actor(c), of.ID, false)
	if err != nil {
		return s.sourceDone(c, of, notFoundAsConflict(err), "")
	}
	return redirect(c, importPath(i.ID))
}

// notFoundAsConflict lets a page say that there is no file: the page itself is there.
func notFoundAsConflict(err error) error {
	if p := problem.Of(err); p != nil && p.Kind == problem.NotFound {
		return problem.New(problem.Conflict, p.Code, p.Args...)
	}
	return err
}

// checkSource reads a source's columns again for a person to look at.
func (s *Server) checkSource(c echo.Context) error {
	of, err := s.ofPath(c)
	if err != nil {
		return err
	}
	i, err := s.Sources.Refresh(ctx(c), actor(c), of.ID, true)
	if err != nil {
		return s.sourceDone(c, of, notFoundAsConflict(err), "")
	}
	return redirect(c, importPath(i.ID))
}

func (s *Server) testSource(c echo.Context) error {
	of, err := s.ofPath(c)
	if err != nil {
		return err
	}
	tested, err := s.Sources.Test(ctx(c), actor(c), of.ID)
	key := "sources.tested"
	if err == nil && !tested.ReadOnly {
		key = "sources.tested.writes"
	}
	return s.sourceDone(c, of, err, key, "Version", tested.Version, "Time", i18n.Duration(ctx(c), tested.Latency))
}
