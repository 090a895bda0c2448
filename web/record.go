package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/processing"
	"github.com/segue-app/segue/internal/tabular"
	"github.com/segue-app/segue/views/component"
	"github.com/segue-app/segue/views/erasure"
	"github.com/segue-app/segue/views/layout"
	views "github.com/segue-app/segue/views/processing"
)

func (s *Server) recordRoutes(r *routes) {
	r.get(erasure.RecordPath, access.ManagePrivacy, s.showRecord)
	r.get(views.CSVPath, access.ManagePrivacy, s.downloadRecordCSV)
	r.get(views.HTMLPath, access.ManagePrivacy, s.downloadRecordHTML)
	r.get(erasure.RecordPath+"/exports/:id", access.ManagePrivacy, s.showPurpose)
	r.post(erasure.RecordPath+"/exports/:id", access.ManagePrivacy, s.savePurpose)
}

func privacyCrumb(c echo.Context) layout.Crumb {
	return layout.Crumb{Label: text(c, "erasure.title"), Href: erasure.Path}
}

func (s *Server) showRecord(c echo.Context) error {
	record, err := s.Processing.Record(ctx(c), actor(c))
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.Record(s.page(c, "privacy", text(c, "processing.record.title"), privacyCrumb(c)), recordView(c, record)))
}

func (s *Server) downloadRecordHTML(c echo.Context) error {
	record, err := s.Processing.Record(ctx(c), actor(c))
	if err != nil {
		return err
	}
	return views.Printable(recordView(c, record)).Render(ctx(c), s.attachment(c, "record-of-processing.html", "text/html; charset=utf-8"))
}

// downloadRecordCSV writes a line for each attribute that an export sends.
func (s *Server) downloadRecordCSV(c echo.Context) error {
	record, err := s.Processing.Record(ctx(c), actor(c))
	if err != nil {
		return err
	}
	csv := tabular.NewWriter(s.attachment(c, "record-of-processing.csv", "text/csv; charset=utf-8"))
	var heads []string
	for _, name := range []string{"export", "purpose", "basis", "people", "attribute", "change", "field", "mark", "meant", "recipient", "brand", "connection", "consent", "export_user", "may_use", "often", "since", "last_run"} {
		heads = append(heads, text(c, "processing.fact."+name))
	}
	if err := csv.Write(heads...); err != nil {
		return err
	}
	for _, a := range record.Activities {
		f := factsOf(c, a, record)
		for _, sent := range a.Sent {
			err := csv.Write(a.Export.Name, a.Purpose.Purpose, a.Purpose.Basis, joinLines(f.people), sent.Label, transformedText(c, sent), fieldName(c, sent), text(c, "profiles.mark."+sent.Mark.String()),
				meantText(c, sent), joinLines(f.recipient), joinLines(f.brand), a.Connection.Name, joinLines(f.consent), joinLines(f.exportUser), joinLines(f.mayUse), f.often, f.since, f.lastRun)
			if err != nil {
				return err
			}
		}
	}
	return csv.Flush()
}

func joinLines(lines []string) string { return strings.Join(lines, "; ") }

func (s *Server) showPurpose(c echo.Context) error {
	return s.renderPurpose(c, http.StatusOK, nil, component.Errors{})
}

// renderPurpose shows the form with what was typed, or else with what is stated.
func (s *Server) renderPurpose(c echo.Context, status int, typed *processing.Purpose, errs component.Errors) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	e, stated, err := s.Processing.Stated(ctx(c), actor(c), id)
	if err != nil {
		return err
	}
	view := views.PurposeView{CSRF: csrfToken(c), Action: views.PurposePath(id), Purpose: stated.Purpose, Basis: stated.Basis, Errors: errs}
	if stated.ChangedBy != "" {
		view.Set = text(c, "processing.purpose.set", "Name", stated.ChangedBy, "At", stated.ChangedAt)
	}
	if typed != nil {
		view.Purpose, view.Basis = typed.Purpose, typed.Basis
	}
	above := layout.Crumb{Label: text(c, "processing.record.title"), Href: erasure.RecordPath}
	return render(c, status, views.State(s.page(c, "privacy", text(c, "processing.purpose.title", "Name", e.Name), privacyCrumb(c), above), view))
}

func (s *Server) savePurpose(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	typed := processing.Purpose{Purpose: c.FormValue("purpose"), Basis: c.FormValue("basis")}
	err = s.Processing.State(ctx(c), actor(c), id, typed)
	if errs, ok := formErrors(c, err, "purpose", "processing.purpose", "basis", "processing.basis"); ok {
		return s.renderPurpose(c, http.StatusUnprocessableEntity, &typed, errs)
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "processing.purpose.saved")
	return redirect(c, erasure.RecordPath+"#export-"+strconv.FormatInt(id, 10))
}

func recordView(c echo.Context, record processing.Record) views.RecordView {
	v := views.RecordView{Language: i18n.Language(ctx(c)), At: i18n.From(ctx(c)).DateTime(record.At), Common: commonFacts(c, record)}
	for _, a := range record.Activities {
		v.Activities = append(v.Activities, views.Activity{ID: a.Export.ID, Name: a.Export.Name, Facts: factsOf(c, a, record).list(c, a),
			State: component.Link{Label: text(c, "processing.purpose.edit", "Name", a.Export.Name), Href: views.PurposePath(a.Export.ID)}})
	}
	return v
}
