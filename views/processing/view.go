// Package processing holds the pages that say on which terms, and for what, personal data is processed.
package processing

import (
	"context"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/component"
)

// TermsView is the page of the versions of the terms and of the days of grace.
type TermsView struct {
	CSRF     string
	Days     string // as typed
	Most     int
	Set      string // who chose the days and when, "" when they are as usual
	Older    []OlderRow
	Versions []VersionRow
	Errors   component.Errors
}

// OlderRow is a connection whose consent is to older terms.
type OlderRow struct {
	Connection component.Link
	Agreed     string
	Until      string
	Over       bool
}

// VersionRow is a version of the terms.
type VersionRow struct {
	Version, Published, Changed string
	Begun                       string // since when it is asked for here
}

func columns(ctx context.Context, keys ...string) (columns []component.Column) {
	for _, key := range keys {
		columns = append(columns, component.Column{Label: i18n.T(ctx, key)})
	}
	return columns
}
