package alert

import (
	"fmt"
	"slices"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/notice"
	"github.com/segue-app/segue/internal/run"
)

// Title names the alert: what is wrong with what.
func (a Alert) Title(l *i18n.Locale) string {
	if a.Thing == Schedule {
		return l.T("alert.title", "Kind", l.T("alert.kind."+string(a.Kind)), "Name", l.T("alert.schedule"))
	}
	return l.T("alert.title", "Kind", l.T("alert.kind."+string(a.Kind)), "Name", a.Name)
}

// Why says what happened.
func (a Alert) Why(l *i18n.Locale) string { return a.text(l, "alert.open."+a.variant()) }

// Mend says what can be done.
func (a Alert) Mend(l *i18n.Locale) string { return a.text(l, "alert.mend."+a.variant()) }

// Over says that all is well again.
func (a Alert) Over(l *i18n.Locale) string {
	if a.Thing == Schedule {
		return a.text(l, "alert.well."+string(a.Kind)+".schedule")
	}
	return a.text(l, "alert.well."+string(a.Kind))
}

// Go names the link to the alert's page.
func (a Alert) Go(l *i18n.Locale) string {
	switch {
	case a.Facts.RunID != 0:
		return l.T("alert.go.run")
	case a.Facts.ImportID != 0:
		return l.T("alert.go.import")
	}
	return l.T("alert.go." + string(a.Thing))
}

// variant tells apart the texts of one kind.
func (a Alert) variant() string {
	kind := string(a.Kind)
	switch {
	case a.Thing == Schedule:
		return kind + ".schedule." + a.Code
	case a.Kind == RefreshRefused, (a.Kind == RunNotStarted || a.Kind == NewTerms) && a.Code != "":
		return kind + "." + a.Code
	case a.Kind == ExportPaused && a.Facts.RunID == 0:
		return kind + ".unable"
	case a.Kind == ExportPaused && (a.Code == run.ManyLeave || a.Code == run.ManyNew):
		return kind + ".asks"
	case a.Kind == RunSize && a.Facts.Profiles < a.Facts.Usual:
		return kind + ".fewer"
	case a.Kind == RunSize:
		return kind + ".more"
	}
	return kind
}

func (a Alert) text(l *i18n.Locale, key string) string {
	share := 0.0
	if a.Facts.Profiles > 0 {
		share = float64(a.Facts.Rejected) * 100 / float64(a.Facts.Profiles)
	}
	return l.T(key, "Name", a.Name, "Why", a.reason(l), "Profiles", a.Facts.Profiles, "Usual", a.Facts.Usual, "Rejected", a.Facts.Rejected,
		"Share", l.Decimal(share, 1), "Tasks", a.Facts.Tasks, "Minutes", a.Facts.Minutes, "Destination", a.Facts.Destination, "Until", l.Date(time.UnixMilli(a.Facts.Until)))
}

// reason puts the code into words: without those of another system, which may quote a customer's data.
func (a Alert) reason(l *i18n.Locale) string {
	var keys []string
	switch {
	case a.Code == "" && a.Kind != RunStuck || a.Kind == RefreshRefused || a.Kind == NewTerms:
		return ""
	case a.Kind == RunStuck && a.Code == "":
		keys = []string{"runs.waits.nothing_known"}
	case a.Kind == RunStuck && a.Code == run.ForBudget: // the run's page says how many requests are allowed
		keys = []string{"alert.waits.rate_limit"}
	case a.Kind == RunStuck:
		keys = []string{"runs.waits." + a.Code}
	case a.Kind == RunFailed:
		keys = []string{"runs.error." + a.Code, "obstacle." + a.Code}
	case a.Kind == ExportPaused && a.Facts.RunID != 0:
		keys = []string{"pause." + a.Code, "obstacle." + a.Code}
	default:
		keys = []string{"obstacle." + a.Code}
	}
	for _, key := range keys {
		text := l.T(key, "Destination", a.Facts.Destination, "Profiles", a.Facts.Profiles)
		if text != key {
			return text
		}
	}
	return l.T("alert.reason.unknown")
}

// write makes the message about a group.
func write(to recipient, opening bool, g group, now time.Time) notice.Message {
	l := i18n.For(to.language, to.zone)
	first := g.alerts[0]
	state, ending := notice.Closed, ".closed"
	if opening {
		state, ending = notice.Open, ".open"
	}
	m := notice.Message{Key: fmt.Sprintf("alert/%d/%s/%d", first.ID, state, now.UnixMilli()), Language: to.language}
	switch n := len(g.alerts); {
	case !g.folded:
		m.Subject, m.Intro = l.T("alert.subject"+ending, "Title", first.Title(l)), l.T("alert.intro"+ending)
	case sameKind(g.alerts):
		kind := l.T("alert.kind." + string(first.Kind))
		m.Subject, m.Intro = l.N("alert.subject.kind"+ending, n, "Kind", kind), l.T("alert.intro.many"+ending)
	default:
		m.Subject, m.Intro = l.N("alert.subject.many"+ending, n), l.T("alert.intro.many"+ending)
	}
	shown := g.alerts
	if g.folded && len(shown) > listed {
		shown, m.Folded = shown[:listed], len(g.alerts)-listed
	}
	for _, a := range shown {
		m.Lines = append(m.Lines, a.line(l, state))
	}
	m.Confined = slices.ContainsFunc(g.alerts, func(a Alert) bool { return !mayKnow(access.Viewer, a.Thing) })
	return m
}

func sameKind(alerts []Alert) bool {
	for _, a := range alerts {
		if a.Kind != alerts[0].Kind {
			return false
		}
	}
	return true
}

func (a Alert) line(l *i18n.Locale, state string) notice.Line {
	line := notice.Line{Kind: string(a.Kind), State: state, About: a.Name, Link: a.Path(), At: a.Since, Values: a.values()}
	if a.Thing == Schedule {
		line.About = l.T("alert.schedule")
	}
	if state == notice.Closed {
		line.Text, line.At = a.Over(l), a.ClosedAt
	} else {
		line.Text = l.T("alert.line", "Why", a.Why(l), "Mend", a.Mend(l))
	}
	return line
}

// values are for programs what the text says in words.
func (a Alert) values() map[string]any {
	values := map[string]any{"alert": a.ID, "thing": string(a.Thing), "id": a.ThingID}
	for name, n := range map[string]int{"profiles": a.Facts.Profiles, "usual": a.Facts.Usual, "rejected": a.Facts.Rejected, "tasks": a.Facts.Tasks, "run": int(a.Facts.RunID), "import": int(a.Facts.ImportID)} {
		if n != 0 {
			values[name] = n
		}
	}
	if a.Code != "" {
		values["code"] = a.Code
	}
	return values
}

// test is a message that tells of nothing. It is put in once a minute, however often it is asked for.
func test(to recipient, now time.Time) notice.Message {
	l := i18n.For(to.language, to.zone)
	return notice.Message{Key: fmt.Sprintf("alert/test/%s/%d", to.language, now.Unix()/60), Language: to.language, Subject: l.T("alert.test.subject"), Intro: l.T("alert.test.intro"),
		Lines: []notice.Line{{Kind: "test", State: notice.Open, Text: l.T("alert.test.text"), Link: "/system/alerts", At: now}}}
}
