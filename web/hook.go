package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/notice"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/views/component"
	views "github.com/segue-app/segue/views/hook"
	"github.com/segue-app/segue/views/layout"
)

func (s *Server) hookRoutes(r *routes) {
	r.get(views.Path, access.ManageHooks, s.listHooks) // and email; for htmx, the last emails
	r.get(views.Path+"/new", access.ManageHooks, s.newHook)
	r.post(views.Path, access.ManageHooks, s.addHook)
	r.get(views.Path+"/:id", access.ManageHooks, s.showHook) // for htmx, the last messages
	r.get(views.Path+"/:id/edit", access.ManageHooks, s.editHook)
	r.post(views.Path+"/:id", access.ManageHooks, s.saveHook)
	r.post(views.Path+"/:id/test", access.ManageHooks, s.testHook)
	r.post(views.Path+"/:id/secret", access.ManageHooks, s.rotateHook) // the new one is shown once
	r.post(views.Path+"/:id/on", access.ManageHooks, s.switchHookOn)
	r.post(views.Path+"/:id/off", access.ManageHooks, s.switchHookOff)
	r.get(views.Path+"/:id/remove", access.ManageHooks, s.askRemoveHook) // asks first
	r.post(views.Path+"/:id/remove", access.ManageHooks, s.removeHook)
	r.topic(notice.Topic, access.ManageHooks)
}

const messagesShown = 25

// aboveHook are the pages above those of hooks.
func aboveHook(c echo.Context, more ...layout.Crumb) []layout.Crumb {
	return append([]layout.Crumb{{Label: text(c, "alert.page"), Href: alertsPath}}, more...)
}

func aboveOne(c echo.Context, more ...layout.Crumb) []layout.Crumb {
	return append(aboveHook(c, layout.Crumb{Label: text(c, "notice.title"), Href: views.Path}), more...)
}

func (s *Server) listHooks(c echo.Context) error {
	mails, err := s.lastMails(c)
	if err != nil {
		return err
	}
	if isHTMX(c) {
		return render(c, http.StatusOK, mails.Show())
	}
	v := views.View{Mails: mails, Flag: notice.Flag, NoLinks: !s.Notices.HasLinks()}
	if v.Hosts, err = s.hookHosts(c); err != nil {
		return err
	}
	if mail := s.Notices.Mail(); mail.On {
		v.MailText = text(c, "notice.mail.on", "From", mail.From, "Host", mail.Host)
	}
	hooks, err := s.Notices.List(ctx(c), actor(c))
	if err != nil {
		return err
	}
	for _, h := range hooks {
		row := views.Row{Name: h.Name, Href: views.HookPath(h.ID), Host: h.Host, Format: text(c, "notice.format."+string(h.Format)), Kinds: kindsText(c, h.Kinds), State: hookBadge(c, h)}
		last, err := s.Notices.Deliveries(ctx(c), actor(c), h.ID, 1)
		if err != nil {
			return err
		}
		if len(last) > 0 {
			row.Last = noticeBadge(c, last[0])
		}
		v.Hooks = append(v.Hooks, row)
	}
	return render(c, http.StatusOK, views.List(s.page(c, "alerts", text(c, "notice.title"), aboveHook(c)...), v))
}

// hookHosts says which hosts the operator allows; "" for none.
func (s *Server) hookHosts(c echo.Context) (string, error) {
	hosts, err := s.Notices.Hosts(actor(c))
	if err != nil || len(hosts) == 0 {
		return "", err
	}
	return text(c, "notice.hosts", "Hosts", strings.Join(hosts, ", ")), nil
}

func (s *Server) lastMails(c echo.Context) (views.Messages, error) {
	m := views.Messages{Title: text(c, "notice.mail.last"), None: text(c, "notice.mail.none")}
	mails, err := s.Notices.Mails(ctx(c), actor(c), messagesShown)
	if err != nil {
		return m, err
	}
	users, err := s.Accounts.Users(ctx(c), actor(c))
	if err != nil {
		return m, err
	}
	names := map[int64]string{}
	for _, u := range users {
		names[u.ID] = u.DisplayName()
	}
	for _, n := range mails {
		row := s.messageRow(c, n)
		row.To = names[n.UserID]
		m.Rows = append(m.Rows, row)
	}
	return m, nil
}

func (s *Server) messageRow(c echo.Context, n notice.Notice) views.Message {
	row := views.Message{Subject: n.Message.Subject, When: s.moment(c, n.Created), State: noticeBadge(c, n), Tries: i18n.Number(ctx(c), n.Tries)}
	switch {
	case n.Reason != "" && n.Status != 0:
		row.Answer = text(c, "notice.answer.with", "Reason", text(c, n.Reason), "Status", strconv.Itoa(n.Status))
	case n.Reason != "":
		row.Answer = text(c, n.Reason)
	case n.Status != 0:
		row.Answer = strconv.Itoa(n.Status)
	}
	if n.State == notice.Waiting && n.Tries > 0 {
		row.Retrying = text(c, "notice.retrying", "At", i18n.From(ctx(c)).Clock(n.Next))
	}
	return row
}

func noticeBadge(c echo.Context, n notice.Notice) component.Badge {
	tone := map[notice.State]component.Tone{notice.Waiting: component.Info, notice.Sent: component.Success, notice.GivenUp: component.Danger}[n.State]
	return component.Badge{Tone: tone, Text: text(c, "notice."+string(n.State))}
}

func hookBadge(c echo.Context, h notice.Hook) component.Badge {
	if h.Off.IsZero() {
		return component.Badge{Tone: component.Success, Text: text(c, "notice.on")}
	}
	return component.Badge{Tone: component.Neutral, Text: text(c, "notice.off")}
}

func kindsText(c echo.Context, kinds []string) string {
	if len(kinds) == 0 {
		return text(c, "notice.kinds.all")
	}
	var names []string
	for _, kind := range kinds {
		names = append(names, text(c, "alert.kind."+kind))
	}
	return strings.Join(names, ", ")
}

// masked is what is shown of an address.
func masked(h notice.Hook) string { return h.Host + "/••••••••" }

func (s *Server) hookOf(c echo.Context) (notice.Hook, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return notice.Hook{}, err
	}
	return s.Notices.Hook(ctx(c), actor(c), id)
}

func (s *Server) showHook(c echo.Context) error {
	h, err := s.hookOf(c)
	if err != nil {
		return err
	}
	if isHTMX(c) {
		messages, err := s.lastMessages(c, h)
		if err != nil {
			return err
		}
		return render(c, http.StatusOK, messages.Show())
	}
	return s.renderHook(c, http.StatusOK, h, component.Errors{})
}

func (s *Server) lastMessages(c echo.Context, h notice.Hook) (views.Messages, error) {
	m := views.Messages{Title: text(c, "notice.deliveries"), Lead: text(c, "notice.deliveries.lead"), None: text(c, "notice.deliveries.none")}
	last, err := s.Notices.Deliveries(ctx(c), actor(c), h.ID, messagesShown)
	for _, n := range last {
		m.Rows = append(m.Rows, s.messageRow(c, n))
	}
	return m, err
}

func (s *Server) renderHook(c echo.Context, status int, h notice.Hook, errs component.Errors) (err error) {
	v := views.OneView{Base: views.HookPath(h.ID), Name: h.Name, Version: h.Version, Template: h.Template, Errors: errs, Secret: s.takeSecret(c, h.ID),
		Facts: []component.Term{
			{Label: text(c, "notice.state"), Content: hookBadge(c, h)},
			{Label: text(c, "notice.address"), Text: masked(h)},
			{Label: text(c, "notice.format"), Text: text(c, "notice.format."+string(h.Format))},
			{Label: text(c, "notice.kinds"), Text: kindsText(c, h.Kinds)},
			{Label: text(c, "notice.language"), Text: i18n.LanguageName(h.Language)},
			{Label: text(c, "notice.created"), Text: text(c, "notice.created.by", "When", i18n.DateTime(ctx(c), h.Created), "Name", h.CreatedBy)},
		}}
	if h.Earlier.After(s.Clock()) {
		v.Earlier = text(c, "notice.secret.earlier", "Until", i18n.DateTime(ctx(c), h.Earlier))
	}
	if !h.Off.IsZero() {
		v.Off = text(c, "notice.off.text")
		if h.OffBecause != "" {
			v.Off = text(c, "notice.off.gone")
		}
	}
	if v.Messages, err = s.lastMessages(c, h); err != nil {
		return err
	}
	return render(c, status, views.One(s.page(c, "alerts", h.Name, aboveOne(c)...), v))
}

func (s *Server) testHook(c echo.Context) error {
	id, err := pathID(c, "id")
	if err == nil {
		err = s.Notices.Test(ctx(c), actor(c), id)
	}
	return s.hookDone(c, id, err, "notice.tested")
}

func (s *Server) switchHookOn(c echo.Context) error {
	return s.switchHook(c, true, "notice.switched_on")
}

func (s *Server) switchHookOff(c echo.Context) error {
	return s.switchHook(c, false, "notice.switched_off")
}

func (s *Server) switchHook(c echo.Context, on bool, done string) error {
	id, err := pathID(c, "id")
	if err == nil {
		err = s.Notices.Switch(ctx(c), actor(c), id, versionOf(c), on)
	}
	return s.hookDone(c, id, err, done)
}

func (s *Server) rotateHook(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	key, err := s.Notices.Rotate(ctx(c), actor(c), id, versionOf(c))
	if err != nil {
		return err
	}
	return s.handSecretOver(c, id, key)
}

func (s *Server) askRemoveHook(c echo.Context) error {
	h, err := s.hookOf(c)
	if err != nil {
		return err
	}
	frame := s.page(c, "alerts", text(c, "notice.remove.title", "Name", h.Name), aboveOne(c, layout.Crumb{Label: h.Name, Href: views.HookPath(h.ID)})...)
	return render(c, http.StatusOK, views.Remove(frame, views.HookPath(h.ID)))
}

func (s *Server) removeHook(c echo.Context) error {
	id, err := pathID(c, "id")
	if err == nil {
		err = s.Notices.Remove(ctx(c), actor(c), id)
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "notice.removed")
	return redirect(c, views.Path)
}

// freshSecret travels to the hook's page in a cookie that only this server reads.
type freshSecret struct {
	HookID int64
	Secret string
}

// handSecretOver shows the secret once, on the hook's page.
func (s *Server) handSecretOver(c echo.Context, hookID int64, key secret.Text) error {
	value, err := s.sealed.Encode("hook", freshSecret{hookID, key.Reveal()})
	if err != nil {
		return fmt.Errorf("hand a secret over: %w", err)
	}
	s.setCookie(c, "hook", value, freshLinkSeconds)
	return redirect(c, views.HookPath(hookID))
}

func (s *Server) takeSecret(c echo.Context, hookID int64) string {
	cookie, err := c.Cookie(s.cookieName("hook"))
	if err != nil {
		return ""
	}
	s.setCookie(c, "hook", "", -1)
	var fresh freshSecret
	if err := s.sealed.Decode("hook", cookie.Value, &fresh); err != nil || fresh.HookID != hookID {
		return "" // too old, or of another hook
	}
	return fresh.Secret
}
