// Package approval holds the pages of second-person approval: what of an export waits, to be approved or refused, and the setting.
package approval

import (
	"context"
	"fmt"
	"strings"

	"github.com/a-h/templ"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/component"
	versionviews "github.com/segue-app/segue/views/version"
)

// SettingsPath is the page of the setting.
const SettingsPath = "/system/approvals"

// View is the page of one export.
type View struct {
	Path     string // of the export
	Needed   bool
	Waits    bool
	Mark     string
	Own      bool
	May      bool // approve it
	Alone    bool // nobody else could approve it
	Makers   []string
	Approved *Said // the last approval; nil: none
	Refused  *Said // of what waits; nil: none
	Personal []string
	Whole    versionviews.Side // the version that holds
	Changes  []versionviews.Difference
	Segments []Part
	OfRules  bool
	MaySet   bool   // the setting
	Reason   string // as it was typed
	Errors   component.Errors
	CSRF     string
}

// Said is what somebody decided.
type Said struct {
	Number int
	Who    string
	Reason string
	When   component.Moment
}

// Part is a segment that is not as it was approved.
type Part struct {
	ID      int64
	Name    string
	Before  string // which version was approved, in words
	After   string
	Changes []versionviews.Difference
}

func (v View) makers() string { return strings.Join(v.Makers, ", ") }

func (v View) before(ctx context.Context) string {
	if v.Approved == nil {
		return i18n.T(ctx, "approval.before.none")
	}
	return i18n.T(ctx, "approval.before", "Number", v.Approved.Number)
}

func (v View) after(ctx context.Context) string {
	return i18n.T(ctx, "approval.after", "Number", v.Whole.Number)
}

func (v View) waitsText(ctx context.Context) string {
	switch {
	case v.Own:
		return i18n.T(ctx, "approval.waits.own")
	case v.May:
		return i18n.T(ctx, "approval.waits.may", "Names", v.makers())
	}
	return i18n.T(ctx, "approval.waits.others", "Names", v.makers())
}

// Form is the setting as it is typed.
type Form struct {
	Where          string // "none", "some", "all"
	Connections    []component.Choice
	Chosen         []string
	OfRules        bool
	Contributors   bool
	Version        string
	Administrators int
	Others         int // contributors
	Changed        string
	Errors         component.Errors
	Conflict       *versionviews.Conflict // somebody else changed it meanwhile
	CSRF           string
}

// alone reports whether one person would have nobody to approve what she makes.
func (f Form) alone() bool {
	return f.Administrators < 2 && !(f.Contributors && f.Others > 0)
}

func places(ctx context.Context) (choices []component.Choice) {
	for _, place := range []string{"none", "some", "all"} {
		choices = append(choices, component.Choice{Value: place, Title: i18n.T(ctx, "approval.where."+place), Text: i18n.T(ctx, "approval.where."+place+".text")})
	}
	return choices
}

func segmentPath(id int64) string { return fmt.Sprintf("/segments/%d", id) }

func (v View) toSettings(ctx context.Context) templ.Component {
	if !v.MaySet {
		return nil
	}
	return component.Button{Label: i18n.T(ctx, "approval.to_settings"), Href: SettingsPath, Small: true}
}

func (v View) reason(ctx context.Context) string {
	if v.Refused.Reason == "" {
		return i18n.T(ctx, "version.erased")
	}
	return v.Refused.Reason
}
