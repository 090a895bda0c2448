package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/alert"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/notice"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/views/component"
	views "github.com/segue-app/segue/views/hook"
	"github.com/segue-app/segue/views/layout"
)

func (s *Server) newHook(c echo.Context) error {
	return s.renderHookForm(c, http.StatusOK, notice.Hook{}, views.Form{Format: string(notice.Segue), Language: i18n.Language(ctx(c))})
}

func (s *Server) editHook(c echo.Context) error {
	h, err := s.hookOf(c)
	if err != nil {
		return err
	}
	return s.renderHookForm(c, http.StatusOK, h, views.Form{Version: h.Version, Name: h.Name, Format: string(h.Format), Template: h.Template, Language: h.Language, Kinds: h.Kinds})
}

// renderHookForm shows the form of a hook, or of a new one, which has no ID.
func (s *Server) renderHookForm(c echo.Context, status int, h notice.Hook, f views.Form) (err error) {
	if f.Hosts, err = s.hookHosts(c); err != nil {
		return err
	}
	f.HostFlag = notice.Flag
	for _, format := range notice.Formats {
		key := "notice.format." + string(format)
		f.Formats = append(f.Formats, component.Choice{Value: string(format), Title: text(c, key), Text: text(c, key+".text")})
	}
	for _, kind := range alert.Kinds {
		f.Kind = append(f.Kind, component.Choice{Value: string(kind), Title: text(c, "alert.kind."+string(kind))})
	}
	for _, language := range i18n.Languages() {
		f.Languages = append(f.Languages, component.Option{Value: language, Label: i18n.LanguageName(language)})
	}
	f.Action, f.Back = views.Path, views.Path
	title, above := text(c, "notice.add.title"), aboveOne(c)
	if h.ID != 0 {
		f.Action, f.Back, f.Masked = views.HookPath(h.ID), views.HookPath(h.ID), masked(h)
		title, above = text(c, "notice.edit.title", "Name", h.Name), aboveOne(c, layout.Crumb{Label: h.Name, Href: views.HookPath(h.ID)})
	}
	return render(c, status, views.Edit(s.page(c, "alerts", title, above...), f))
}

// hookForm reads the form of a hook.
func hookForm(c echo.Context) (notice.Draft, error) {
	values, err := c.FormParams()
	if err != nil {
		return notice.Draft{}, problem.New(problem.Invalid, "problem.invalid").Because(err)
	}
	d := notice.Draft{Name: values.Get("name"), Address: strings.TrimSpace(values.Get("address")), Language: values.Get("language"), Format: notice.Format(values.Get("format"))}
	if d.Format == notice.Own {
		d.Template = strings.ReplaceAll(values.Get("template"), "\r\n", "\n")
	}
	for _, kind := range values["kinds"] {
		if alert.Kind(kind).Valid() && !slices.Contains(d.Kinds, kind) {
			d.Kinds = append(d.Kinds, kind)
		}
	}
	return d, nil
}

// hookAgain shows the form again, with what is wrong; ok is false when the error is none of the form's.
func (s *Server) hookAgain(c echo.Context, h notice.Hook, d notice.Draft, err error) (again error, ok bool) {
	errs, ok := formErrors(c, err, "name", "notice.name", "address", "notice.address", "format", "notice.format", "template", "notice.template", "kinds", "notice.kinds", "language", "notice.language")
	if !ok {
		return nil, false
	}
	status := http.StatusUnprocessableEntity
	if problem.Is(err, problem.Conflict) {
		status = http.StatusConflict
	}
	typed := views.Form{Name: d.Name, Address: d.Address, Format: string(d.Format), Template: d.Template, Language: d.Language, Kinds: d.Kinds, Errors: errs}
	if h.ID != 0 {
		if typed.Version, _ = strconv.Atoi(c.FormValue("version")); typed.Version == 0 {
			typed.Version = -1 // no version of it
		}
	}
	if h.ID != 0 && changedMeanwhile(err) {
		conflict, failed := s.hookConflict(c, h, d, typed.Version)
		if failed != nil {
			return failed, true
		}
		typed.Conflict, typed.Errors = conflict, component.Errors{}
	}
	return s.renderHookForm(c, status, h, typed), true
}

// versionOf is the version of a thing that the person saw. What is no version fits none.
func versionOf(c echo.Context) int {
	version, err := strconv.Atoi(c.FormValue("version"))
	if err != nil || version < 1 {
		version = -1
	}
	return overOr(c, version)
}

func (s *Server) addHook(c echo.Context) error {
	d, err := hookForm(c)
	if err != nil {
		return err
	}
	h, key, err := s.Notices.Add(ctx(c), actor(c), d)
	if again, ok := s.hookAgain(c, notice.Hook{}, d, err); ok {
		return again
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "notice.added")
	return s.handSecretOver(c, h.ID, key)
}

func (s *Server) saveHook(c echo.Context) error {
	h, err := s.hookOf(c)
	if err != nil {
		return err
	}
	d, err := hookForm(c)
	if err != nil {
		return err
	}
	err = s.Notices.Save(ctx(c), actor(c), h.ID, d, versionOf(c))
	if again, ok := s.hookAgain(c, h, d, err); ok {
		return again
	}
	return s.hookDone(c, h.ID, err, "notice.saved")
}

// hookDone leads back to the hook's page.
func (s *Server) hookDone(c echo.Context, id int64, err error, done string) error {
	if err != nil {
		return err
	}
	s.flash(c, "success", done)
	return redirect(c, views.HookPath(id))
}
