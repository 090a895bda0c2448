package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	views "github.com/segue-app/segue/views/export"
)

// glanceExports shows the last runs of all exports side by side: numbers only, for everybody who may look around.
func (s *Server) glanceExports(c echo.Context) error {
	page := pageNumber(c)
	rows, total, err := s.Exports.List(ctx(c), actor(c), export.Query{Sort: "name", Offset: (page - 1) * views.GlanceSize, Limit: views.GlanceSize})
	if err != nil {
		return err
	}
	if len(rows) == 0 && page > 1 { // exports went since the link was made
		return redirect(c, views.GlancePath)
	}
	glance := views.Glance{Page: page, Total: total, Now: s.Clock()}
	ids := make([]int64, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	recent, err := s.Runs.Recent(ctx(c), actor(c), ids, views.PicturedRuns)
	if err != nil {
		return err
	}
	for _, row := range rows {
		glance.Exports = append(glance.Exports, views.Glimpse{ID: row.ID, Name: row.Name, Recent: recent[row.ID]})
	}
	return render(c, http.StatusOK, views.AtAGlance(s.page(c, "exports", text(c, "chart.glance"), exportsCrumb(c)), glance))
}

// recentOf adds the last runs to the rows of a list, with one question.
func (s *Server) recentOf(c echo.Context, rows []views.Row) error {
	ids := make([]int64, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	recent, err := s.Runs.Recent(ctx(c), actor(c), ids, views.PicturedRuns)
	for i, id := range ids {
		rows[i].Recent = recent[id]
	}
	return err
}

// picture adds what the pictures of one export show.
func (s *Server) picture(c echo.Context, d *views.Detail) error {
	recent, err := s.Runs.Recent(ctx(c), actor(c), []int64{d.ID}, views.PicturedRuns)
	if err != nil {
		return err
	}
	d.Recent = recent[d.ID]
	d.Delivered, err = s.Runs.Delivered(ctx(c), actor(c), d.ID, views.PicturedDays, i18n.From(ctx(c)).Zone())
	return err
}
