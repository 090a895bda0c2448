// Package connection holds the pages of connections: the list, setting one up, looking at one and changing it, its terms
// and consent, and its removal.
package connection

import (
	"context"
	"slices"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/chart"
	"github.com/segue-app/segue/views/component"
	versionviews "github.com/segue-app/segue/views/version"
)

// State is whether runs on a connection can go on, in a word.
type State struct {
	Tone component.Tone
	Text string
}

// ListView is the list of all connections.
type ListView struct {
	Columns []component.Column
	Rows    []Row
	Count   string
}

// Row is one connection in the list.
type Row struct {
	Name, Href, Type, Brand, Access, Created string
	State                                    State
	Exports                                  []component.Link // as in View
}

// TermsView is the data privacy and compliance terms, in the reader's language.
type TermsView struct {
	Version string
	Edition string // version and day of publication, in words
	Changed string // since the version before, "" of the first
	Opening string
	Points  []TermsPoint
	Agree   string
}

// TermsPoint is one matter of the terms.
type TermsPoint struct{ Title, Text string }

// SetupView is a connection that is being set up.
type SetupView struct {
	Stage       Stage
	Kinds       []component.Choice // at StageType
	Type        string
	Destination string // proper name
	Name        string
	Access      AccessChoice
	AccessText  string
	Key         KeyView
	KeyHeld     string // where the key is
	Agreed      string // who agreed when, "" when nobody did
	AgreeTicked bool
	Brand       Brand
	Connected   string // when and where the key was proved, "" when it is not
	ExportUser  string // "" until confirmed
	Person      string
	Terms       TermsView
	Errors      component.Errors
}

// KeyView asks for a key.
type KeyView struct {
	Destination string
	Stores      []component.Choice // where it may come from; none when there are no stores outside
	From, Name  string             // chosen
	Hint        string             // of the typed one
	NameHint    string             // of the name in a store
	Required    bool
	Stays       bool // it comes from a store already, and is not typed any more
}

// Stage is the part of the set-up that the page shows.
type Stage int

// The stages, in their order.
const (
	StageType Stage = iota
	StageDetails
	StageExportUser
	StageSave
)

// Brand is the account that a key belongs to.
type Brand struct{ ID, Name, Website string }

// View is one connection.
type View struct {
	Base            string // address of the connection
	Version         string
	Name            string // as saved
	Destination     string
	Brand           Brand
	State           State
	Obstacle        string         // what stands in the way and how to mend it, "" when nothing does
	Mend            component.Link // where on the page that is done
	NeedsExportUser bool           // to go on: one press does it
	Access          string
	Created         string
	Verified        string
	Key             KeyView // for another key
	KeyHeld         string  // where the key is
	ExportUser      string
	Consent         string           // who agreed to what, "" when nobody did
	Asked           Asked            // for consent to newer terms
	Exports         []component.Link // that use it, as many as are read at a glance, and then the way to all
	Waiting         Waiting
	Terms           TermsView
	Hour            chart.Figure // what was made of the brand's request budget

	TypedName   string // in the form
	Opened      string // version that the form was opened with; "" this one
	Conflict    *versionviews.Conflict
	TypedAccess AccessChoice
	Errors      component.Errors
}

// AccessChoice is who may use a connection, as it is chosen.
type AccessChoice struct {
	Value  string // administrators, contributors or named
	People []Person
}

// Person is a contributor who can be granted the connection by name.
type Person struct {
	ID, Name, Email string
	Named           bool
}

// Typed puts in what was chosen, instead of what is kept.
func (a *AccessChoice) Typed(value string, people []string) {
	a.Value = value
	for i := range a.People {
		a.People[i].Named = slices.Contains(people, a.People[i].ID)
	}
}

func (a AccessChoice) named() (ids []string) {
	for _, one := range a.People {
		if one.Named {
			ids = append(ids, one.ID)
		}
	}
	return ids
}

func (a AccessChoice) people() (choices []component.Choice) {
	for _, one := range a.People {
		choice := component.Choice{Value: one.ID, Title: one.Name, Text: one.Email}
		if one.Name == one.Email { // invited, and not come yet
			choice.Text = ""
		}
		choices = append(choices, choice)
	}
	return choices
}

// accessChoices are the choices of who may use a connection. People can be named when there are some.
func accessChoices(ctx context.Context, people bool) []component.Choice {
	choices := []component.Choice{
		{
			Value: "administrators", Icon: "lock", Title: i18n.T(ctx, "connections.access.administrators"),
			Text: i18n.T(ctx, "connections.access.administrators.text"),
		},
		{
			Value: "contributors", Icon: "users", Title: i18n.T(ctx, "connections.access.contributors"),
			Text: i18n.T(ctx, "connections.access.contributors.text"),
		},
	}
	if people {
		choices = append(choices, component.Choice{
			Value: "named", Icon: "user-plus", Title: i18n.T(ctx, "connections.access.named"), Text: i18n.T(ctx, "connections.access.named.text"),
		})
	}
	return choices
}

// WithdrawalView asks what becomes of exports when people who made them may not use the connection any more.
type WithdrawalView struct {
	Base, Version, Name, Access string // of the change that waits for the answer
	People                      []string
	Text                        string // who loses what
	Exports                     []Dependent
	Chosen                      string
}

func (w WithdrawalView) hidden() []component.Pair {
	pairs := []component.Pair{{Name: "version", Value: w.Version}, {Name: "name", Value: w.Name}, {Name: "access", Value: w.Access}}
	for _, id := range w.People {
		pairs = append(pairs, component.Pair{Name: "people", Value: id})
	}
	return pairs
}

// Asked is what is said when the consent in force is to older terms. The zero Asked: it is not.
type Asked struct {
	Title, Text string
	Tone        component.Tone
}

// GivenView is the page of all consents that were given to a connection.
type GivenView struct {
	Columns  []component.Column
	Rows     []GivenRow
	Editions []TermsView // the words of each version that somebody agreed to
}

// GivenRow is one consent.
type GivenRow struct {
	By, At, Brand string
	Ended         string // when and by whom, "" while it is in force
	Terms         component.Link
}

// Waiting is a new key that is not in use yet.
type Waiting struct {
	Exists bool
	Text   string
	Brand  Brand // empty: not proved
	Title  string
	Accept string
}

// Dependent is an export that uses the connection.
type Dependent struct {
	Name, Href string
	Field      string // name of its field in the form of removal
	Legend     string
	Fate       string // chosen: detach or remove
	Error      string
}

// RemoveView asks what becomes of the exports, and then once more.
type RemoveView struct {
	Base     string
	Version  string
	Name     string
	Exports  []Dependent
	Uses     string
	Review   bool
	Text     string
	Detached string // how many are detached
	Erased   string
	Errors   component.Errors
}

func yes(condition bool, then, otherwise string) string {
	if condition {
		return then
	}
	return otherwise
}

// with gives those that have the fate.
func (r RemoveView) with(fate string) []Dependent {
	var found []Dependent
	for _, d := range r.Exports {
		if d.Fate == fate {
			found = append(found, d)
		}
	}
	return found
}

func (r RemoveView) hidden() []component.Pair {
	pairs := []component.Pair{{Name: "version", Value: r.Version}}
	for _, d := range r.Exports {
		pairs = append(pairs, component.Pair{Name: d.Field, Value: d.Fate})
	}
	return pairs
}

// opened is the version that the form replaces.
func (v View) opened() string {
	if v.Opened != "" {
		return v.Opened
	}
	return v.Version
}
