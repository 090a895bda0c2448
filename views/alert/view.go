// Package alert holds the page of alerts, and the part of a person's account that says what to hear of.
package alert

import (
	"context"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/component"
	versionviews "github.com/segue-app/segue/views/version"
)

// View is what the page shows.
type View struct {
	Now      Now
	Earlier  Earlier
	Settings Settings
	MailOff  bool   // no email is sent
	Hooks    string // where the page of email and hooks is; "" for who may not see it
}

// Now is the part that changes while the page is open.
type Now struct {
	Rows []Row
	More int // that are open and not shown
	CSRF string
}

// Row is an alert that is open.
type Row struct {
	ID       string
	Title    string
	Why      string
	Mend     string
	Go       component.Link
	Since    component.Moment
	Returned string // that it came back; "" when it did not
	Seen     string // who looks at it, and since when; "" for nobody
	Look     string // where to say so; "" for those who may not
	Looks    bool   // somebody does: the button takes it back
}

// Earlier is a page of those that closed.
type Earlier struct {
	Rows     []Past
	Search   string
	Kind     string
	Kinds    []component.Option
	Filtered bool
	Pager    component.Pager
}

// Past is an alert that closed.
type Past struct {
	Title  string
	Why    string
	Href   string
	Opened component.Moment
	Closed component.Moment
	Lasted string
	Ended  component.Badge
}

// Settings are the limits as they are kept or typed.
type Settings struct {
	May      bool
	Share    string
	Minutes  string
	Factor   string
	Quiet    string
	Version  string
	Changed  string // by whom and when; "" when never
	Errors   component.Errors
	Conflict *versionviews.Conflict // somebody else changed it meanwhile
}

// terms are the limits for those who cannot change them.
func (s Settings) terms(ctx context.Context) []component.Term {
	term := func(name, value, unit string) component.Term {
		return component.Term{Label: i18n.T(ctx, "alert.settings."+name), Text: value + " " + i18n.T(ctx, "alert.unit."+unit)}
	}
	return []component.Term{term("share", s.Share, "percent"), term("minutes", s.Minutes, "minutes"), term("factor", s.Factor, "times"), term("quiet", s.Quiet, "minutes")}
}

// Own is what a person wants to hear of, on the page of their account.
type Own struct {
	MailOff  bool // no email is sent
	Lead     string
	Kinds    []component.Choice
	Wanted   []string
	Language string
	Errors   component.Errors
}

func languages() (options []component.Option) {
	for _, name := range i18n.Languages() {
		options = append(options, component.Option{Value: name, Label: i18n.LanguageName(name)})
	}
	return options
}
