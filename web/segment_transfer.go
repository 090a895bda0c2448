package web

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/problem"
	views "github.com/segue-app/segue/views/segment"
)

func (s *Server) segmentTransferRoutes(r *routes) {
	r.get("/segments/:id/rule.json", access.SeePersonalData, s.downloadRule)
	r.get("/segments/import", access.EditSegments, s.askRule)
	r.upload("/segments/import", access.EditSegments, s.takeRule)
}

// downloadRule gives a rule to be taken elsewhere; segment.Portable describes the format.
func (s *Server) downloadRule(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	rule, err := s.Segments.Export(ctx(c), actor(c), id)
	if err != nil {
		return err
	}
	if err := s.looked(c, audit.SawRule, audit.Of("segment", id, rule.Name)); err != nil {
		return err
	}
	content, err := rule.Encode()
	if err != nil {
		return err
	}
	_, err = s.attachment(c, fmt.Sprintf("%s.json", fileName(rule.Name)), "application/json").Write(content)
	return err
}

// fileName leaves of a name what every file system takes.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, name)
}

func (s *Server) askRule(c echo.Context) error {
	return s.renderTransfer(c, http.StatusOK, views.Transfer{})
}

// takeRule takes a rule as a file or as text, and leads to its form.
func (s *Server) takeRule(c echo.Context, sent *upload) error {
	form := views.Transfer{Text: sent.Values.Get("text")}
	var from io.Reader = strings.NewReader(form.Text)
	if sent.File != nil {
		from = sent.File
	}
	done, err := s.Segments.Import(ctx(c), actor(c), from)
	if errs, ok := formErrors(c, err); ok && problem.Is(err, problem.Invalid) {
		if form.Errors = errs; sent.File == nil {
			for n := range form.Errors.Summary.Errors {
				form.Errors.Summary.Errors[n].FieldID = "text" // what was pasted
			}
		}
		return s.renderTransfer(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "segments.transfer.done", "Name", done.Segment.Name)
	if len(done.Matched) > 0 {
		s.flash(c, "info", "segments.transfer.matched", "Names", strings.Join(done.Matched, ", "))
	}
	if len(done.Made) > 0 {
		s.flash(c, "info", "segments.transfer.made", "Names", strings.Join(done.Made, ", "))
	}
	return redirect(c, segmentPath(done.Segment.ID)+"/edit?check=1")
}

func (s *Server) renderTransfer(c echo.Context, status int, form views.Transfer) error {
	form.CSRF = csrfToken(c)
	return render(c, status, views.Bring(s.page(c, "segments", text(c, "segments.transfer.title"), segmentsCrumb(c)), form))
}
