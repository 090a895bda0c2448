package web

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/alert"
	"github.com/segue-app/segue/internal/i18n"
	accountviews "github.com/segue-app/segue/views/account"
	views "github.com/segue-app/segue/views/alert"
	"github.com/segue-app/segue/views/component"
	hookviews "github.com/segue-app/segue/views/hook"
)

func (s *Server) alertRoutes(r *routes) {
	r.get("/system/alerts", access.LookAround, s.showAlerts) // for htmx, those that are open
	r.post("/system/alerts/settings", access.ManageSchedule, s.saveAlertSettings)
	r.post("/system/alerts/test", access.ManageOwnAccount, s.sendTestAlert)
	r.post("/system/alerts/:id/look", access.RunAll, s.lookAtAlert)
	r.post("/account/alerts", access.ManageOwnAccount, s.saveAlertChoices)
	r.topic(alert.Topic, access.LookAround)
}

const (
	alertsPath        = "/system/alerts"
	openAlertsShown   = 100
	earlierAlertsPage = 25
)

func (s *Server) showAlerts(c echo.Context) error {
	if isHTMX(c) {
		now, err := s.openAlerts(c)
		if err != nil {
			return err
		}
		return render(c, http.StatusOK, now.Show())
	}
	kept, err := s.Alerts.Settings(ctx(c), actor(c))
	if err != nil {
		return err
	}
	return s.renderAlerts(c, http.StatusOK, alertSettings(c, kept))
}

func (s *Server) renderAlerts(c echo.Context, status int, settings views.Settings) (err error) {
	view := views.View{Settings: settings, MailOff: !s.Notices.Mail().On}
	if actor(c).Can(access.ManageHooks) {
		view.Hooks = hookviews.Path
	}
	if view.Now, err = s.openAlerts(c); err != nil {
		return err
	}
	if view.Earlier, err = s.earlierAlerts(c); err != nil {
		return err
	}
	return render(c, status, views.Page(s.page(c, "alerts", text(c, "alert.page")), view))
}

func (s *Server) openAlerts(c echo.Context) (now views.Now, err error) {
	now.CSRF = csrfToken(c)
	open, err := s.Alerts.Open(ctx(c), actor(c), openAlertsShown)
	if err != nil {
		return now, err
	}
	total, err := s.Alerts.CountOpen(ctx(c), actor(c))
	if err != nil {
		return now, err
	}
	now.More = max(total-len(open), 0)
	l := i18n.From(ctx(c))
	for _, a := range open {
		row := views.Row{ID: strconv.FormatInt(a.ID, 10), Title: a.Title(l), Why: a.Why(l), Mend: a.Mend(l), Go: component.Link{Label: a.Go(l), Href: a.Path()}, Since: s.moment(c, a.Since)}
		if a.Returns > 0 {
			row.Returned = i18n.N(ctx(c), "alert.returned", a.Returns)
		}
		if row.Looks = a.SeenBy != ""; row.Looks {
			row.Seen = text(c, "alert.seen", "Name", a.SeenBy, "Ago", i18n.Ago(ctx(c), a.SeenAt, s.Clock()))
		}
		if a.MayLookAt(actor(c)) {
			row.Look = fmt.Sprintf("%s/%d/look", alertsPath, a.ID)
		}
		now.Rows = append(now.Rows, row)
	}
	return now, nil
}

// earlierAlerts are the page of the history that the address asks for.
func (s *Server) earlierAlerts(c echo.Context) (earlier views.Earlier, err error) {
	page, err := strconv.Atoi(c.QueryParam("page"))
	if err != nil || page < 1 || page > 1_000_000 {
		page = 1
	}
	query := alert.Query{Search: c.QueryParam("q"), Kind: alert.Kind(c.QueryParam("kind")), Limit: earlierAlertsPage, Offset: (page - 1) * earlierAlertsPage}
	if !query.Kind.Valid() {
		query.Kind = ""
	}
	found, total, err := s.Alerts.Earlier(ctx(c), actor(c), query)
	if err != nil {
		return earlier, err
	}
	earlier.Search, earlier.Kind, earlier.Filtered = query.Search, string(query.Kind), query.Kind != "" || query.Search != ""
	for _, kind := range alert.Offered(user(c).Role) {
		earlier.Kinds = append(earlier.Kinds, component.Option{Value: string(kind), Label: text(c, "alert.kind."+string(kind))})
	}
	l := i18n.From(ctx(c))
	for _, a := range found {
		past := views.Past{Title: a.Title(l), Why: a.Why(l), Href: a.Path(), Opened: s.moment(c, a.OpenedAt), Closed: s.moment(c, a.ClosedAt),
			Lasted: i18n.Duration(ctx(c), a.ClosedAt.Sub(a.OpenedAt)), Ended: component.Badge{Tone: component.Neutral, Text: text(c, "alert.ended.gone")}}
		if a.Well {
			past.Ended = component.Badge{Tone: component.Success, Text: text(c, "alert.ended.well")}
		}
		earlier.Rows = append(earlier.Rows, past)
	}
	earlier.Pager = alertPager(c, query, page, len(found), total)
	return earlier, nil
}

func alertPager(c echo.Context, query alert.Query, page, shown, total int) component.Pager {
	link := func(page int) string {
		asked := url.Values{}
		for name, value := range map[string]string{"q": query.Search, "kind": string(query.Kind)} {
			if value != "" {
				asked.Set(name, value)
			}
		}
		asked.Set("page", strconv.Itoa(page))
		return alertsPath + "?" + asked.Encode() + "#earlier"
	}
	pager := component.Pager{Label: text(c, "alert.pager"), PreviousLabel: text(c, "alert.pager.previous"), NextLabel: text(c, "alert.pager.next"),
		Summary: text(c, "alert.pager.summary", "First", query.Offset+1, "Last", query.Offset+shown, "Total", total)}
	if page > 1 {
		pager.PreviousHref = link(page - 1)
	}
	if query.Offset+shown < total {
		pager.NextHref = link(page + 1)
	}
	return pager
}

// alertSettings shows the limits that are kept: thousandths as percent, tenths as a number.
func alertSettings(c echo.Context, kept alert.Settings) views.Settings {
	l := i18n.From(ctx(c))
	tenths := func(n int) string {
		if n%10 == 0 {
			return strconv.Itoa(n / 10)
		}
		return l.Decimal(float64(n)/10, 1)
	}
	settings := views.Settings{May: actor(c).Can(access.ManageSchedule), Share: tenths(kept.RejectedShare), Factor: tenths(kept.SizeFactor),
		Minutes: strconv.Itoa(kept.StartMinutes), Quiet: strconv.Itoa(kept.QuietMinutes), Version: strconv.Itoa(kept.Version)}
	if kept.ChangedBy != "" {
		settings.Changed = text(c, "alert.settings.changed", "Name", kept.ChangedBy, "Time", kept.ChangedAt)
	}
	return settings
}

// typedTenths reads a number with at most one decimal, with a point or a comma, in tenths; -1 for what is none.
func typedTenths(typed string) int {
	n, err := strconv.ParseFloat(strings.Replace(strings.TrimSpace(typed), ",", ".", 1), 64)
	tenths := n * 10
	if err != nil || math.IsNaN(n) || math.Abs(n) > 1e6 || math.Abs(tenths-math.Round(tenths)) > 1e-6 {
		return -1
	}
	return int(math.Round(tenths))
}

func typedWhole(typed string) int {
	n, err := strconv.Atoi(strings.TrimSpace(typed))
	if err != nil {
		return -1
	}
	return n
}

func (s *Server) saveAlertSettings(c echo.Context) error {
	typed := views.Settings{May: true, Share: c.FormValue("rejected_share"), Minutes: c.FormValue("start_minutes"), Factor: c.FormValue("size_factor"),
		Quiet: c.FormValue("quiet_minutes"), Version: c.FormValue("version")}
	err := s.Alerts.SaveSettings(ctx(c), actor(c), alert.Settings{RejectedShare: typedTenths(typed.Share), StartMinutes: typedWhole(typed.Minutes),
		SizeFactor: typedTenths(typed.Factor), QuietMinutes: typedWhole(typed.Quiet), Version: version(c)})
	if changedMeanwhile(err) {
		if typed.Conflict, err = s.alertConflict(c, typed); err != nil {
			return err
		}
		return s.renderAlerts(c, http.StatusConflict, typed)
	}
	if errs, ok := formErrors(c, err, "rejected_share", "alert.settings.share", "start_minutes", "alert.settings.minutes", "size_factor", "alert.settings.factor", "quiet_minutes", "alert.settings.quiet"); ok {
		typed.Errors = errs
		return s.renderAlerts(c, http.StatusUnprocessableEntity, typed)
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "alert.settings.saved")
	return redirect(c, alertsPath)
}

func (s *Server) sendTestAlert(c echo.Context) error {
	if err := s.Alerts.SendTest(ctx(c), actor(c)); err != nil {
		return err
	}
	if !s.Notices.Mail().On {
		s.flash(c, "warning", "notice.mail.off")
		return redirect(c, alertsPath)
	}
	s.flash(c, "success", "alert.test.sent")
	return redirect(c, alertsPath)
}

func (s *Server) lookAtAlert(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	look := c.FormValue("do") != "leave"
	if err := s.Alerts.LookAt(ctx(c), actor(c), id, look); err != nil {
		return err
	}
	s.flash(c, "success", map[bool]string{true: "alert.looked", false: "alert.left"}[look])
	return redirect(c, alertsPath)
}

// ownAlerts are what the person hears of, for the page of their account.
func (s *Server) ownAlerts(c echo.Context) (own views.Own, err error) {
	chosen, err := s.Alerts.Choices(ctx(c), actor(c))
	if err != nil {
		return own, err
	}
	own.MailOff = !s.Notices.Mail().On
	own.Lead, own.Language = text(c, "alert.own.lead"), chosen.Language
	if user(c).Role == access.Contributor {
		own.Lead = text(c, "alert.own.lead.contributor")
	}
	for _, kind := range alert.Offered(user(c).Role) {
		own.Kinds = append(own.Kinds, component.Choice{Value: string(kind), Title: text(c, "alert.kind."+string(kind)), Text: text(c, "alert.hint."+string(kind))})
		if chosen.Wanted[kind] {
			own.Wanted = append(own.Wanted, string(kind))
		}
	}
	return own, nil
}

func (s *Server) saveAlertChoices(c echo.Context) error {
	typed, err := c.FormParams()
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest)
	}
	chosen := alert.Choices{Language: typed.Get("language"), Wanted: map[alert.Kind]bool{}}
	for _, kind := range alert.Offered(user(c).Role) {
		chosen.Wanted[kind] = slices.Contains(typed["kind"], string(kind))
	}
	err = s.Alerts.SaveChoices(ctx(c), actor(c), chosen)
	if errs, ok := formErrors(c, err, "language", "alert.own.language"); ok {
		rename(errs, "language", "alert-language")
		return s.renderAccount(c, http.StatusUnprocessableEntity, func(v *accountviews.OwnView) {
			v.Alerts.Wanted, v.Alerts.Language, v.Alerts.Errors = typed["kind"], chosen.Language, errs
		})
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "alert.own.saved")
	return redirect(c, "/account")
}
