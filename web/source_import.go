package web

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/source"
	"github.com/segue-app/segue/internal/tabular"
	"github.com/segue-app/segue/internal/warehouse"
	"github.com/segue-app/segue/views/component"
	"github.com/segue-app/segue/views/layout"
	views "github.com/segue-app/segue/views/source"
)

func (s *Server) importRoutes(r *routes) {
	r.get("/sources/new/upload", access.ManageProfiles, s.chooseFile) // a file of a new source
	r.upload("/sources/new/upload", access.ManageProfiles, s.receiveFile)
	r.get("/sources/:id/upload", access.ManageProfiles, s.chooseFile) // a new file of one that is there
	r.upload("/sources/:id/upload", access.ManageProfiles, s.receiveFile)
	r.get("/sources/upload/progress", access.ManageProfiles, s.showUploads) // the files on their way, as a fragment
	r.get("/sources/imports/:id", access.ManageProfiles, s.showImport)      // settings, progress, question or report
	r.post("/sources/imports/:id", access.ManageProfiles, s.confirmImport)
	r.post("/sources/imports/:id/delimiter", access.ManageProfiles, s.changeDelimiter)
	r.post("/sources/imports/:id/answer", access.ManageProfiles, s.answerImport)
	r.post("/sources/imports/:id/cancel", access.ManageProfiles, s.cancelImport)
	r.get("/sources/imports/:id/refused.csv", access.ManageProfiles, s.downloadRefusals)
	r.topic("import", access.ManageProfiles)
	r.topic("imports", access.ManageProfiles)
	r.topic("profiles", access.LookAround)
}

const (
	refusalsOnPage  = 100
	refusalsAtATime = 1_000 // of a download
	uploadsShown    = 20
)

func importPath(id int64) string { return fmt.Sprintf("/sources/imports/%d", id) }

// uploadOf is the source that a file is for; none when it is to be a new one.
func (s *Server) uploadOf(c echo.Context) (source.Source, error) {
	if c.Param("id") == "" {
		return source.Source{}, nil
	}
	of, err := s.ofPath(c)
	if err == nil && of.Kind != source.Upload {
		err = problem.New(problem.NotFound, "problem.not_found")
	}
	return of, err
}

func (s *Server) chooseFile(c echo.Context) error {
	of, err := s.uploadOf(c)
	if err != nil {
		return err
	}
	return s.renderUpload(c, http.StatusOK, of, component.Errors{})
}

func (s *Server) renderUpload(c echo.Context, status int, of source.Source, errs component.Errors) error {
	under, err := s.uploads(c)
	if err != nil {
		return err
	}
	all, err := s.Sources.List(ctx(c), actor(c))
	if err != nil {
		return err
	}
	view := views.UploadView{Action: "/sources/new/upload", Name: of.Name, Others: len(all) > 0, Errors: errs, Under: under}
	above := []layout.Crumb{sourcesCrumb(c)}
	if of.ID != 0 {
		view.Action = sourcePath(of.ID) + "/upload"
		above = append(above, sourceCrumb(of))
	}
	return render(c, status, views.Upload(s.page(c, "sources", text(c, "sources.upload"), above...), view))
}

func (s *Server) showUploads(c echo.Context) error {
	under, err := s.uploads(c)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.UploadProgress(under))
}

func (s *Server) uploads(c echo.Context) ([]component.Progress, error) {
	imports, err := s.Sources.Imports(ctx(c), actor(c), uploadsShown)
	if err != nil {
		return nil, err
	}
	var under []component.Progress
	for _, i := range imports {
		if i.State == source.Receiving {
			under = append(under, component.Progress{
				ID: fmt.Sprintf("upload-%d", i.ID), Label: i.FileName, Value: i.Bytes, Max: i.TotalBytes, Tone: component.Running,
				Text: text(c, "sources.percent", "Percent", i.Percent()),
			})
		}
	}
	return under, nil
}

func (s *Server) receiveFile(c echo.Context, form *upload) error {
	of, err := s.uploadOf(c)
	if err != nil {
		return err
	}
	if form.File == nil {
		var check problem.Check
		check.Add("file", "sources.upload.none")
		errs, _ := formErrors(c, check.Err())
		return s.renderUpload(c, http.StatusUnprocessableEntity, of, errs)
	}
	i, err := s.Sources.Receive(ctx(c), actor(c), of.ID, form.FileName, max(0, c.Request().ContentLength), form.File)
	if p := problem.Of(err); p != nil && p.Kind == problem.Invalid {
		var check problem.Check
		check.Add("file", p.Code, p.Args...)
		err = check.Err()
	}
	if errs, ok := formErrors(c, err); ok {
		return s.renderUpload(c, http.StatusUnprocessableEntity, of, errs)
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
	if i.State == source.Waiting || i.Refused > 0 {
		if err := s.looked(c, audit.SawUpload, audit.Of("source", i.SourceID, i.SourceName)); err != nil {
			return err
		}
	}
	if i.State == source.Waiting {
		preview, err := s.Sources.Preview(ctx(c), actor(c), id)
		if err != nil {
			return err
		}
		if view.Preview, err = s.previewView(c, preview, preview.Import.Settings, component.Errors{}); err != nil {
			return err
		}
	}
	if i.Refused > 0 {
		list, err := s.Sources.Refusals(ctx(c), actor(c), id, 0, refusalsOnPage)
		if err != nil {
			return err
		}
		view.Refused = refusedRows(c, list)
		if i.Refused > len(list) {
			view.More = text(c, "sources.refused.more", "Shown", len(list), "Kept", source.KeptRefusals)
		}
	}
	if isHTMX(c) {
		return render(c, http.StatusOK, views.ImportState(view, csrfToken(c)))
	}
	return render(c, http.StatusOK, views.Import(s.importPage(c, i), view))
}

func (s *Server) importPage(c echo.Context, i source.Import) layout.Page {
	title := i.FileName
	if i.State == source.Waiting {
		title = text(c, "sources.check")
	}
	return s.page(c, "sources", title, sourcesCrumb(c), layout.Crumb{Label: i.SourceName, Href: sourcePath(i.SourceID)})
}

// importView is what every state of an import shows.
func (s *Server) importView(c echo.Context, i source.Import) views.ImportView {
	view := views.ImportView{
		Href: importPath(i.ID), Topic: i.Topic(), Source: component.Link{Label: i.SourceName, Href: sourcePath(i.SourceID)}, FileName: i.FileName, Badge: importBadge(c, i), Done: i.State == source.Done && i.UndoneAt.IsZero(), Ended: i.State.Ended(),
		Stats: []component.Stat{
			{Label: text(c, "sources.import.read"), Number: i18n.Number(ctx(c), i.Lines)},
			{Label: text(c, "sources.import.good"), Number: i18n.Number(ctx(c), i.Good), Tone: component.Success},
			{Label: text(c, "sources.import.refused"), Number: i18n.Number(ctx(c), i.Refused), Tone: component.Warning},
		},
		Facts: []component.Term{
			{Label: text(c, "sources.import.by"), Text: i.CreatedByName},
			{Label: text(c, "sources.import.cause"), Text: text(c, "sources.cause."+string(i.Cause))},
			{Label: text(c, "sources.import.when"), Content: s.moment(c, i.CreatedAt)},
			{Label: text(c, "sources.mode"), Text: text(c, "sources.mode."+string(i.Settings.Mode))},
		},
	}
	if i.Erased > 0 {
		view.Stats = append(view.Stats, component.Stat{Label: text(c, "erasure.import.left_out"), Number: i18n.Number(ctx(c), i.Erased), Note: text(c, "erasure.import.left_out.note")})
	}
	switch {
	case !i.UndoneAt.IsZero():
		view.Ending = text(c, "sources.undone", "At", i.UndoneAt)
	case i.Code != "" && i.State == source.Failed:
		view.Failure = text(c, i.Code, "Most", "2 GiB", "Names", i.Detail, "Column", i.Detail, "Host", i.Detail, "Detail", "", "Type", "", "Flag", warehouse.Flag)
	case i.Code != "":
		view.Ending = text(c, i.Code)
	}
	if i.Compared && i.State != source.Asking {
		for _, count := range []struct {
			key string
			n   int
		}{{"sources.import.added", i.Added}, {"sources.import.changed", i.Changed}, {"sources.import.removed", i.Removed}} {
			view.Stats = append(view.Stats, component.Stat{Label: text(c, count.key), Number: i18n.Number(ctx(c), count.n)})
		}
	}
	if i.State == source.Asking {
		view.Question = &views.Question{Text: text(c, "sources.question.text", "Name", i.SourceName), Facts: []component.Term{
			{Label: text(c, "sources.question.before"), Text: i18n.Number(ctx(c), i.Before)},
			{Label: text(c, "sources.question.now"), Text: i18n.Number(ctx(c), i.Good)},
			{Label: text(c, "sources.import.removed"), Text: i18n.Number(ctx(c), i.Removed)},
			{Label: text(c, "sources.import.added"), Text: i18n.Number(ctx(c), i.Added)},
			{Label: text(c, "sources.import.changed"), Text: i18n.Number(ctx(c), i.Changed)},
		}}
	}
	if !i.EndedAt.IsZero() && !i.StartedAt.IsZero() {
		view.Facts = append(view.Facts, component.Term{Label: text(c, "sources.import.took"), Text: i18n.Duration(ctx(c), i.EndedAt.Sub(i.StartedAt))})
	}
	if !i.State.Ended() && i.State != source.Asking {
		view.Progress = &component.Progress{
			ID: "import-progress", Label: text(c, "sources.import.progress"), Value: int64(i.Percent()), Max: 100, Tone: component.Running,
			Text: text(c, "sources.percent", "Percent", i.Percent()),
		}
	}
	for _, column := range i.Settings.LeftOut {
		why := text(c, column.Reason)
		if column.Line > 0 {
			why = text(c, "sources.left_out.late", "Reason", why, "Line", i18n.Number(ctx(c), column.Line), "Lines", i18n.Number(ctx(c), column.Lines))
		}
		view.LeftOut = append(view.LeftOut, component.Term{Label: column.Heading, Text: why})
	}
	for _, code := range slices.Sorted(maps.Keys(i.Reasons)) {
		view.Reasons = append(view.Reasons, component.Term{Label: text(c, code), Text: i18n.N(ctx(c), "sources.lines", i.Reasons[code])})
	}
	return view
}

func importBadge(c echo.Context, i source.Import) component.Badge {
	tones := map[source.State]component.Tone{
		source.Receiving: component.Running, source.Waiting: component.Info, source.Queued: component.Running, source.Running: component.Running,
		source.Asking: component.Warning, source.Done: component.Success, source.Failed: component.Danger,
	}
	if !i.UndoneAt.IsZero() {
		return component.Badge{Text: text(c, "sources.state.undone")}
	}
	return component.Badge{Tone: tones[i.State], Text: text(c, "sources.state."+string(i.State))}
}

func refusedRows(c echo.Context, list []source.Refusal) []views.RefusedRow {
	rows := make([]views.RefusedRow, len(list))
	for n, r := range list {
		rows[n] = views.RefusedRow{Line: i18n.Number(ctx(c), r.Line), Column: r.Column, Reason: text(c, r.Code)}
	}
	return rows
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
	if own := c.FormValue("own_keys"); own != "" {
		if err := s.Sources.Recognise(ctx(c), actor(c), preview.Import.SourceID, own == views.OwnKeys, c.FormValue("match_email") != ""); err != nil {
			return err
		}
	}
	err = s.Sources.Confirm(ctx(c), actor(c), id, settings)
	if errs, ok := formErrors(c, err); ok {
		view := s.importView(c, preview.Import)
		if view.Preview, err = s.previewView(c, preview, settings, errs); err != nil {
			return err
		}
		return render(c, http.StatusUnprocessableEntity, views.Import(s.importPage(c, preview.Import), view))
	}
	if err != nil {
		return err
	}
	of, err := s.Sources.Get(ctx(c), actor(c), preview.Import.SourceID)
	if err != nil {
		return err
	}
	if of.Place == source.Stays { // nothing is imported
		s.flash(c, "success", "sources.learned")
		return redirect(c, sourcePath(of.ID))
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
		column.Attribute = c.FormValue("attribute-" + column.Key)
		column.Mark, column.Include = profile.ParseMark(c.FormValue("mark-"+column.Key)), c.FormValue("include-"+column.Key) != ""
	}
	return settings
}

func (s *Server) changeDelimiter(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := s.Sources.ReadAs(ctx(c), actor(c), id, delimiters[c.FormValue("delimiter")], tabular.Encoding(c.FormValue("encoding"))); err != nil {
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
	s.flash(c, "info", "sources.import.cancelled")
	return redirect(c, "/sources")
}

// answerImport says whether far fewer profiles are meant.
func (s *Server) answerImport(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if _, err := s.Sources.Import(ctx(c), actor(c), id); err != nil {
		return err
	}
	answer := c.FormValue("answer")
	if answer != "use" && answer != "discard" {
		return problem.New(problem.Invalid, "problem.choose")
	}
	if err := s.Sources.Answer(ctx(c), actor(c), id, answer == "use"); err != nil {
		return err
	}
	if answer == "use" {
		s.flash(c, "success", "sources.question.used")
	} else {
		s.flash(c, "info", "sources.question.discarded")
	}
	return redirect(c, importPath(id))
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
	out := tabular.NewWriter(s.attachment(c, fmt.Sprintf("refused-%d.csv", id), "text/csv; charset=utf-8"))
	if err := out.Write(text(c, "sources.refused.line"), text(c, "sources.refused.column"), text(c, "sources.refused.reason")); err != nil {
		return err
	}
	for written := 0; len(list) > 0; {
		for _, r := range list {
			if err := out.Write(strconv.Itoa(r.Line), r.Column, text(c, r.Code)); err != nil {
				return err
			}
		}
		written += len(list)
		if list, err = s.Sources.Refusals(ctx(c), actor(c), id, written, refusalsAtATime); err != nil {
			return err
		}
	}
	return out.Flush()
}
