// Package hook shows how alerts leave Segue: email, the hooks, and what became of the last messages.
package hook

import (
	"context"
	"strconv"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/component"
	versionviews "github.com/segue-app/segue/views/version"
)

// Path is the page of email and hooks.
const Path = "/system/hooks"

// HookPath is the page of a hook.
func HookPath(id int64) string { return Path + "/" + strconv.FormatInt(id, 10) }

// View is the page of email and hooks.
type View struct {
	MailText string // how mail is sent; "" while none is
	NoLinks  bool   // messages lead nowhere
	Mails    Messages
	Hooks    []Row
	Hosts    string // that hooks may be at, in a sentence; "" for none
	Flag     string // with which the operator allows them
}

// Row is a hook in the list.
type Row struct {
	Name, Href, Host, Format, Kinds string
	State                           component.Badge
	Last                            component.Badge // of the last message; no text for none
}

// Messages are the last messages to a hook, or by email.
type Messages struct {
	Title, Lead, None string
	Rows              []Message
}

// Message is one of them.
type Message struct {
	Subject  string
	To       string // whom it went to by email; "" for a hook
	When     component.Moment
	State    component.Badge
	Tries    string
	Answer   string // why it did not arrive, or the status that the receiver gave
	Retrying string // when it is tried again
}

// OneView is the page of a hook.
type OneView struct {
	Base, Name string
	Off        string // why nothing is sent to it; "" while it is on
	Secret     string // shown this once; "" for not now
	Earlier    string // until when the secret before signs as well; "" for none
	Version    int
	Facts      []component.Term
	Template   string
	Messages   Messages
	Errors     component.Errors
}

// Form is the page on which a hook is added or edited.
type Form struct {
	Action, Back    string
	Version         int // 0 for a new one
	Name, Address   string
	Masked          string // the present address, as far as it is shown; "" for a new one
	Format          string
	Template        string
	Language        string
	Kinds           []string
	Formats, Kind   []component.Choice
	Languages       []component.Option
	Errors          component.Errors
	Hosts, HostFlag string
	Conflict        *versionviews.Conflict // somebody else changed it meanwhile
}

func (v OneView) version() []component.Pair {
	return []component.Pair{{Name: "version", Value: strconv.Itoa(v.Version)}}
}

func (f Form) hidden() []component.Pair {
	if f.Version == 0 {
		return nil
	}
	return []component.Pair{{Name: "version", Value: strconv.Itoa(f.Version)}}
}

func (f Form) addressHint(ctx context.Context) string {
	if f.Masked == "" {
		return i18n.T(ctx, "notice.address.hint")
	}
	return i18n.T(ctx, "notice.address.keep", "Address", f.Masked)
}

func (m Messages) columns(ctx context.Context) []component.Column {
	columns := []component.Column{{Label: i18n.T(ctx, "notice.subject")}}
	if m.byMail() {
		columns = append(columns, component.Column{Label: i18n.T(ctx, "notice.to")})
	}
	return append(columns, component.Column{Label: i18n.T(ctx, "notice.when")}, component.Column{Label: i18n.T(ctx, "notice.state")},
		component.Column{Label: i18n.T(ctx, "notice.tries"), Numeric: true}, component.Column{Label: i18n.T(ctx, "notice.answer")})
}

func (m Messages) byMail() bool { return len(m.Rows) > 0 && m.Rows[0].To != "" }

// emphasis is that of adding a hook: what the page is for, while there may be one.
func (v View) emphasis() component.Emphasis {
	if v.Hosts == "" {
		return ""
	}
	return component.Primary
}
