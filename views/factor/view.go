// Package factor holds the pages of second factors: setting them up, proving one, and the parts of other pages that ask for one.
package factor

import (
	"github.com/a-h/templ"

	"github.com/segue-app/segue/internal/factor"
	"github.com/segue-app/segue/views/component"
)

// The addresses of the pages.
const (
	Path         = "/account/factors"
	CodesPath    = "/account/codes"
	RecoveryPath = "/account/recovery"
	PasskeysPath = "/account/passkeys"
	SecondPath   = "/sign-in/second"
	PasskeyPath  = "/sign-in/passkey"
)

// OwnView is what the panels of one's own factors show.
type OwnView struct {
	Codes    string // since when; "" for none
	Recovery int
	Any      bool // there is a factor
	Passkeys []PasskeyRow
	Possible bool // browsers have passkeys for this address
	Confined bool // she must set one up first
	Errors   component.Errors
}

// PasskeyRow is one passkey.
type PasskeyRow struct {
	Name, Created, Used, Suspect, Remove string // Suspect: since when it is; "" for never
}

// CodesView is what the page shows that sets codes up.
type CodesView struct {
	Secret  string
	Picture factor.QR
	Errors  component.Errors
}

// NewView is what the page shows that adds a passkey.
type NewView struct {
	Name   string
	Asked  factor.Ceremony
	Errors component.Errors
}

// SecondView is what the second step of signing in shows.
type SecondView struct {
	Codes    bool
	Recovery bool
	Passkey  *factor.Ceremony // nil for none
	Errors   component.Errors
}

// Ask is a form that asks the browser for a passkey, or for a new one.
type Ask struct {
	Action, CSRF string
	Hidden       []component.Pair
	Asked        factor.Ceremony
	Make         bool
	Label        string
	Emphasis     component.Emphasis
}

func (a Ask) attrs() templ.Attributes {
	what := "get"
	if a.Make {
		what = "create"
	}
	return templ.Attributes{"data-passkey": what, "data-options": a.Asked.Options}
}

func (a Ask) hidden() []component.Pair {
	return append([]component.Pair{{Name: "asked", Value: a.Asked.Asked}, {Name: "answer"}}, a.Hidden...)
}
