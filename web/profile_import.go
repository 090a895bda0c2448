package web

import (
	"encoding/csv"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/source"
	"github.com/segue-app/segue/views/component"
	"github.com/segue-app/segue/views/layout"
	views "github.com/segue-app/segue/views/profile"
)

func (s *Server) profileImportRoutes(r *routes) {
	r.get("/profiles/upload", access.ManageProfiles, s.chooseFile)
	r.upload("/profiles/upload", access.ManageProfiles, s.receiveFile)
	r.get("/profiles/upload/progress", access.ManageProfiles, s.showUploads) // the files on their way, as a fragment
	r.get("/profiles/imports/:id", access.ManageProfiles, s.showImport)      // settings, progress or report
	r.post("/profiles/imports/:id", access.ManageProfiles, s.confirmImport)
	r.post("/profiles/imports/:id/delimiter", access.ManageProfiles, s.changeDelimiter)
	r.post("/profiles/imports/:id/cancel", access.ManageProfiles, s.cancelImport)
	r.get("/profiles/imports/:id/refused.csv", access.ManageProfiles, s.downloadRefusals)
	r.topic("import", access.ManageProfiles)
	r.topic("imports", access.ManageProfiles)
	r.topic("profiles", access.LookAround)
}

const (
	refusalsOnPage  = 100
	refusalsAtATime = 1_000 // of a download
)

func importPath(id int64) string { return fmt.Sprintf("/profiles/imports/%d", id) }

func (s *Server) chooseFile(c echo.Context) error {
	return s.renderUpload(c, http.StatusOK, component.Errors{})
}

func (s *Server) renderUpload(c echo.Context, status int, errs component.Errors) error {
	under, err := s.uploads(c)
	if err != nil {
		return err
	}
	return render(c, status, views.Upload(s.page(c, "profiles", text(c, "profiles.upload"), profilesCrumb(c)), views.UploadView{Errors: errs, Under: under}))
}

func (s *Server) showUploads(c echo.Context) error {
	under, err := s.uploads(c)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.UploadProgress(under))
}

func (s *Server) uploads(c echo.Context) ([]component.Progress, error) {
	imports, err := s.Sources.Imports(ctx(c), actor(c), importsOnPage)
	if err != nil {
		return nil, err
	}
	var under []component.Progress
	for _, i := range imports {
		if i.State == source.Receiving {
			under = append(under, component.Progress{
				ID: fmt.Sprintf("upload-%d", i.ID), Label: i.FileName, Value: i.Bytes, Max: i.TotalBytes, Tone: component.Running,
				Text: text(c, "profiles.percent", "Percent", i.Percent()),
			})
		}
	}
	return under, nil
}

func (s *Server) receiveFile(c echo.Context, form *upload) error {
	if form.File == nil {
		var check problem.Check
		check.Add("file", "profiles.upload.none")
		errs, _ := formErrors(c, check.Err())
		return s.renderUpload(c, http.StatusUnprocessableEntity, errs)
	}
	i, err := s.Sources.Receive(ctx(c), actor(c), form.FileName, max(0, c.Request().ContentLength), form.File)
	if p := problem.Of(err); p != nil && p.Kind == problem.Invalid {
		var check problem.Check
		check.Add("file", p.Code, p.Args...)
		err = check.Err()
	}
	if errs, ok := formErrors(c, err); ok {
		return s.renderUpload(c, http.StatusUnprocessableEntity, errs)
	}
	if err != nil {
		return err
	}
	return redirect(c, importPath(i.ID))
}

func (s *Server) showImport(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	i, err := s.Sources.Import(ctx(c), actor(c), id)
	if err != nil {
		return err
	}
	view := s.importView(c, i)
	if i.State == source.Waiting {
		preview, err := s.Sources.Preview(ctx(c), actor(c), id)
		if err != nil {
			return err
		}
		view.Preview = previewView(c, preview, preview.Import.Settings, component.Errors{})
	}
	if i.Refused > 0 {
		list, err := s.Sources.Refusals(ctx(c), actor(c), id, 0, refusalsOnPage)
		if err != nil {
			return err
		}
		view.Refused = refusedRows(c, list)
		if i.Refused > len(list) {
			view.More = text(c, "profiles.refused.more", "Shown", len(list), "Kept", source.KeptRefusals)
		}
	}
	if isHTMX(c) {
		return render(c, http.StatusOK, views.ImportState(view, csrfToken(c)))
	}
	return render(c, http.StatusOK, views.Import(s.importPage(c, i), view))
}

func (s *Server) importPage(c echo.Context, i source.Import) layout.Page {
	return s.page(c, "profiles", i.FileName, profilesCrumb(c))
}

// importView is what every state of an import shows.
func (s *Server) importView(c echo.Context, i source.Import) views.ImportView {
	view := views.ImportView{
		Href: importPath(i.ID), Topic: i.Topic(), FileName: i.FileName, Badge: importBadge(c, i), Done: i.State == source.Done, Ended: i.State.Ended(),
		Stats: []component.Stat{
			{Label: text(c, "profiles.import.read"), Number: i18n.Number(ctx(c), i.Lines)},
			{Label: text(c, "profiles.import.good"), Number: i18n.Number(ctx(c), i.Good), Tone: component.Success},
			{Label: text(c, "profiles.import.refused"), Number: i18n.Number(ctx(c), i.Refused), Tone: component.Warning},
		},
		Facts: []component.Term{
			{Label: text(c, "profiles.import.by"), Text: i.CreatedByName},
			{Label: text(c, "profiles.import.when"), Content: s.moment(c, i.CreatedAt)},
			{Label: text(c, "profiles.mode"), Text: text(c, "profiles.mode."+string(i.Settings.Mode))},
		},
	}
	if i.Code != "" {
		view.Failure = text(c, i.Code, "Most", "2 GiB")
	}
	if !i.EndedAt.IsZero() && !i.StartedAt.IsZero() {
		view.Facts = append(view.Facts, component.Term{Label: text(c, "profiles.import.took"), Text: i18n.Duration(ctx(c), i.EndedAt.Sub(i.StartedAt))})
	}
	if !i.State.Ended() {
		view.Progress = &component.Progress{
			ID: "import-progress", Label: text(c, "profiles.import.progress"), Value: int64(i.Percent()), Max: 100, Tone: component.Running,
			Text: text(c, "profiles.percent", "Percent", i.Percent()),
		}
	}
	for _, code := range slices.Sorted(maps.Keys(i.Reasons)) {
		view.Reasons = append(view.Reasons, component.Term{Label: text(c, code), Text: i18n.N(ctx(c), "profiles.lines", i.Reasons[code])})
	}
	return view
}

func importBadge(c echo.Context, i source.Import) component.Badge {
	tones := map[source.State]component.Tone{
		source.Receiving: component.Running, source.Waiting: component.Info, source.Queued: component.Running, source.Running: component.Running,
		source.Done: component.Success, source.Failed: component.Danger,
	}
	return component.Badge{Tone: tones[i.State], Text: text(c, "profiles.state."+string(i.State))}
}

func refusedRows(c echo.Context, list []source.Refusal) []views.RefusedRow {
	rows := make([]views.RefusedRow, len(list))
	for n, r := range list {
		rows[n] = views.RefusedRow{Line: i18n.Number(ctx(c), r.Line), Column: r.Column, Reason: text(c, r.Code)}
	}
	return rows
}

var delimiters = map[string]string{views.Comma: ",", views.Semicolon: ";", views.Tab: "\t"}

func previewView(c echo.Context, preview source.Preview, settings source.Settings, errs component.Errors) *views.PreviewView {
	view := &views.PreviewView{
		Errors: errs, ID: strconv.Itoa(settings.ID), Mode: string(settings.Mode), DecimalComma: settings.DecimalComma,
		MonthFirst: settings.MonthFirst, Refused: refusedRows(c, preview.Refused),
	}
	for name, delimiter := range delimiters {
		if delimiter == settings.Delimiter {
			view.Delimiter = name
		}
	}
	for _, kind := range profile.Kinds {
		view.Kinds = append(view.Kinds, component.Option{Value: string(kind), Label: text(c, "profiles.kind."+string(kind))})
	}
	for n, column := range settings.Columns {
		view.IDs = append(view.IDs, component.Option{Value: strconv.Itoa(n), Label: column.Heading})
		view.Columns = append(view.Columns, views.ColumnRow{
			Key: column.Key, Heading: column.Heading, Label: column.Label, Kind: string(column.Kind), Personal: column.Personal, Include: column.Include,
			Samples: strings.Join(preview.Samples[n], " · "),
		})
	}
	return view
}

func (s *Server) confirmImport(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	preview, err := s.Sources.Preview(ctx(c), actor(c), id)
	if err != nil {
		return err
	}
	settings := settingsForm(c, preview.Import.Settings)
	err = s.Sources.Confirm(ctx(c), actor(c), id, settings)
	if errs, ok := formErrors(c, err); ok {
		view := s.importView(c, preview.Import)
		view.Preview = previewView(c, preview, settings, errs)
		return render(c, http.StatusUnprocessableEntity, views.Import(s.importPage(c, preview.Import), view))
	}
	if err != nil {
		return err
	}
	return redirect(c, importPath(id))
}

// settingsForm puts what was typed into the settings that were guessed.
func settingsForm(c echo.Context, guessed source.Settings) source.Settings {
	settings := guessed
	settings.Columns = slices.Clone(guessed.Columns)
	id, err := strconv.Atoi(c.FormValue("id"))
	if err != nil {
		id = -1
	}
	settings.ID, settings.Mode = id, source.Mode(c.FormValue("mode"))
	settings.DecimalComma, settings.MonthFirst = c.FormValue("decimal") == "true", c.FormValue("dates") == views.MonthFirst
	for n := range settings.Columns {
		column := &settings.Columns[n]
		column.Label, column.Kind = c.FormValue("label-"+column.Key), profile.Kind(c.FormValue("kind-"+column.Key))
		column.Personal, column.Include = c.FormValue("personal-"+column.Key) != "", c.FormValue("include-"+column.Key) != ""
	}
	return settings
}

func (s *Server) changeDelimiter(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := s.Sources.ChangeDelimiter(ctx(c), actor(c), id, delimiters[c.FormValue("delimiter")]); err != nil {
		return err
	}
	return redirect(c, importPath(id))
}

func (s *Server) cancelImport(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := s.Sources.Cancel(ctx(c), actor(c), id); err != nil {
		return err
	}
	s.flash(c, "info", "profiles.import.cancelled")
	return redirect(c, "/profiles")
}

// downloadRefusals writes the refused lines as CSV.
func (s *Server) downloadRefusals(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if _, err := s.Sources.Import(ctx(c), actor(c), id); err != nil {
		return err
	}
	list, err := s.Sources.Refusals(ctx(c), actor(c), id, 0, refusalsAtATime)
	if err != nil {
		return err
	}
	out := csv.NewWriter(attachment(c, fmt.Sprintf("refused-%d.csv", id), "text/csv; charset=utf-8"))
	if err := out.Write([]string{text(c, "profiles.refused.line"), text(c, "profiles.refused.column"), text(c, "profiles.refused.reason")}); err != nil {
		return err
	}
	for written := 0; len(list) > 0; {
		for _, r := range list {
			if err := out.Write([]string{strconv.Itoa(r.Line), plainCell(r.Column), text(c, r.Code)}); err != nil {
				return err
			}
		}
		written += len(list)
		if list, err = s.Sources.Refusals(ctx(c), actor(c), id, written, refusalsAtATime); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// plainCell keeps a spreadsheet from taking text of others for a formula (CWE-1236).
func plainCell(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
