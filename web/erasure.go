package web

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/unicode/norm"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/erasure"
	"github.com/segue-app/segue/views/component"
	views "github.com/segue-app/segue/views/erasure"
	"github.com/segue-app/segue/views/layout"
	versionviews "github.com/segue-app/segue/views/version"
)

// Whoever is looked for is in the body of requests alone: in no address, and so in no log and no history.
func (s *Server) erasureRoutes(r *routes) {
	r.get(views.Path, access.ManagePrivacy, s.showPrivacy)
	r.post(views.FindPath, access.ManagePrivacy, s.findPerson)
	r.post(views.DownloadPath, access.ManagePrivacy, s.downloadPerson)
	r.post(views.ErasePath, access.ManagePrivacy, s.erasePerson)
	r.post(views.AllowPath, access.ManagePrivacy, s.allowPerson)
	r.get(views.Path+"/erasures/:id", access.ManagePrivacy, s.showErasure)
	r.post(views.Path+"/erasures/:id/again", access.ManagePrivacy, s.untagAgain)
	r.get(views.RetentionPath, access.ManagePrivacy, s.showRetention)
	r.post(views.RetentionPath, access.ManagePrivacy, s.saveRetention)
}

// proofsShown is how many erasures a page lists.
const proofsShown = 25

func (s *Server) showPrivacy(c echo.Context) error {
	return s.renderPrivacy(c, http.StatusOK, views.View{})
}

func (s *Server) renderPrivacy(c echo.Context, status int, v views.View) error {
	page, err := strconv.Atoi(c.QueryParam("page"))
	if err != nil || page < 1 || page > 1_000_000 {
		page = 1
	}
	list, total, err := s.Erasures.List(ctx(c), actor(c), (page-1)*proofsShown, proofsShown)
	if err != nil {
		return err
	}
	for _, e := range list {
		v.Proofs = append(v.Proofs, s.proof(c, e))
	}
	first, last := (page-1)*proofsShown+1, (page-1)*proofsShown+len(list)
	v.Pager = component.Pager{Label: text(c, "erasure.list"), Summary: text(c, "erasure.page", "First", first, "Last", last, "Total", total),
		PreviousLabel: text(c, "erasure.previous"), NextLabel: text(c, "erasure.next")}
	if page > 1 {
		v.Pager.PreviousHref = views.Path + "?page=" + strconv.Itoa(page-1)
	}
	if last < total {
		v.Pager.NextHref = views.Path + "?page=" + strconv.Itoa(page+1)
	}
	v.CSRF = csrfToken(c)
	return render(c, status, views.Find(s.page(c, "privacy", text(c, "erasure.title")), v))
}

func (s *Server) proof(c echo.Context, e erasure.Erasure) views.Proof {
	p := views.Proof{Erasure: e, When: s.moment(c, e.At), Rewritten: s.moment(c, e.RewrittenAt), Lifted: s.moment(c, e.LiftedAt)}
	for _, t := range e.Tags {
		p.Answered = append(p.Answered, s.moment(c, t.AnsweredAt))
	}
	return p
}

// asked reads who is meant. A form that lets choose among profiles says so, since none that is ticked is a choice as well.
func asked(c echo.Context) (erasure.Query, error) {
	form, err := c.FormParams()
	if err != nil {
		return erasure.Query{}, err
	}
	query := erasure.Query{Text: norm.NFC.String(strings.TrimSpace(form.Get("q")))}
	if form.Get("choose") != "" {
		query.Chosen = append([]string{}, form["profile"]...)
	}
	return query, nil
}

func (s *Server) findPerson(c echo.Context) error {
	query, err := asked(c)
	if err != nil {
		return err
	}
	found, err := s.Erasures.Find(ctx(c), actor(c), query)
	if errs, ok := formErrors(c, err, "q", "erasure.query"); ok {
		return s.renderPrivacy(c, http.StatusUnprocessableEntity, views.View{Query: query.Text, Errors: errs})
	}
	if err != nil {
		return err
	}
	if err := s.lookedFor(c, found); err != nil {
		return err
	}
	return s.renderFound(c, http.StatusOK, views.FoundView{Found: found})
}

func (s *Server) renderFound(c echo.Context, status int, v views.FoundView) error {
	v.CSRF, v.Places = csrfToken(c), s.keptPlaces(c, v.Found)
	frame := s.page(c, "privacy", text(c, "erasure.found.title"), layout.Crumb{Label: text(c, "erasure.title"), Href: views.Path})
	frame.Path = views.Path // the title names nobody, since browsers remember titles; and a change of language cannot come back to a search
	return render(c, status, views.Found(frame, v))
}

// lookedFor writes at whom the person is about to look, who was looked for to be erased.
func (s *Server) lookedFor(c echo.Context, found erasure.Found) error {
	for _, id := range found.Chosen() {
		if err := s.lookedAt(c, audit.SawFound, id); err != nil {
			return err
		}
	}
	return s.looked(c, audit.SawFound, audit.Subject{Kind: "profile"})
}

func (s *Server) downloadPerson(c echo.Context) error {
	query, err := asked(c)
	if err != nil {
		return err
	}
	found, err := s.Erasures.Find(ctx(c), actor(c), query)
	if err != nil {
		return err
	}
	if err := s.lookedFor(c, found); err != nil {
		return err
	}
	encoder := json.NewEncoder(s.attachment(c, "person.json", "application/json; charset=utf-8"))
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(found.Record(s.Clock()))
}

func (s *Server) erasePerson(c echo.Context) error {
	query, err := asked(c)
	if err != nil {
		return err
	}
	order := erasure.Order{Query: query, Confirm: norm.NFC.String(c.FormValue("confirm")), Reason: erasure.Reason(c.FormValue("reason")), Reference: c.FormValue("reference")}
	id, err := s.Erasures.Erase(ctx(c), actor(c), order)
	if errs, ok := formErrors(c, err, "confirm", "erasure.confirm", "reason", "erasure.reason", "reference", "erasure.reference.label"); ok {
		found, err := s.Erasures.Find(ctx(c), actor(c), query)
		if err != nil {
			return err
		}
		return s.renderFound(c, http.StatusUnprocessableEntity, views.FoundView{Found: found, Order: order, Errors: errs})
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "erasure.done")
	return redirect(c, views.ProofPath(id))
}

func (s *Server) allowPerson(c echo.Context) error {
	typed := norm.NFC.String(c.FormValue("allow"))
	_, err := s.Erasures.Allow(ctx(c), actor(c), typed)
	if errs, ok := formErrors(c, err, "allow", "erasure.query"); ok {
		return s.renderPrivacy(c, http.StatusUnprocessableEntity, views.View{Allow: typed, Allowing: errs})
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "erasure.allowed")
	return redirect(c, views.Path)
}

func (s *Server) showErasure(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	e, err := s.Erasures.Get(ctx(c), actor(c), id)
	if err != nil {
		return err
	}
	frame := s.page(c, "privacy", text(c, "erasure.proof.title", "Number", id), layout.Crumb{Label: text(c, "erasure.title"), Href: views.Path})
	return render(c, http.StatusOK, views.Show(frame, views.ProofView{Proof: s.proof(c, e), CSRF: csrfToken(c)}))
}

func (s *Server) untagAgain(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := s.Erasures.TryAgain(ctx(c), actor(c), id); err != nil {
		return err
	}
	s.flash(c, "info", "erasure.again.done")
	return redirect(c, views.ProofPath(id))
}

func (s *Server) showRetention(c echo.Context) error {
	return s.renderRetention(c, http.StatusOK, nil, views.RetentionView{})
}

func (s *Server) renderRetention(c echo.Context, status int, typed map[string]string, v views.RetentionView) error {
	list, err := s.Erasures.Retention(ctx(c), actor(c))
	if err != nil {
		return err
	}
	v.CSRF = csrfToken(c)
	if v.Opened == "" {
		v.Opened = erasure.Standing(list)
	}
	for _, k := range list {
		row := views.RetentionRow{Keeping: k, Typed: strconv.Itoa(k.Days), Tidied: s.moment(c, k.TidiedAt), Emptied: s.moment(c, k.RemovedAt)}
		if value, ok := typed[k.Name]; ok {
			row.Typed = value
		}
		v.Rows = append(v.Rows, row)
	}
	return render(c, status, views.Retention(s.page(c, "privacy", text(c, "erasure.retention.title"), layout.Crumb{Label: text(c, "erasure.title"), Href: views.Path}), v))
}

func (s *Server) saveRetention(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return err
	}
	typed, chosen := map[string]string{}, map[string]int{}
	for name := range form {
		kind, is := strings.CutPrefix(name, "days-")
		if !is {
			continue
		}
		typed[kind] = form.Get(name)
		if chosen[kind], err = strconv.Atoi(strings.TrimSpace(typed[kind])); err != nil {
			chosen[kind] = 0 // below every bound
		}
	}
	opened := form.Get("version")
	err = s.Erasures.Keep(ctx(c), actor(c), chosen, cmp.Or(form.Get(versionviews.OverField), opened))
	if changedMeanwhile(err) {
		conflict, err := s.retentionConflict(c, typed)
		if err != nil {
			return err
		}
		return s.renderRetention(c, http.StatusConflict, typed, views.RetentionView{Opened: opened, Conflict: conflict})
	}
	labels := make([]string, 0, 2*len(typed))
	for kind := range typed {
		labels = append(labels, "days-"+kind, "erasure.keep."+kind)
	}
	if errs, ok := formErrors(c, err, labels...); ok {
		return s.renderRetention(c, http.StatusUnprocessableEntity, typed, views.RetentionView{Opened: opened, Errors: errs})
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "erasure.retention.saved")
	return redirect(c, views.RetentionPath)
}
