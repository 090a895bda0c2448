// Package search holds the page that finds things and pages by their names, and the same below the field in the header.
package search

import (
	"context"
	"net/url"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/component"
)

// View is what was found.
type View struct {
	Text    string // that was asked for
	Groups  []Group
	InField bool // below the field in the header: a few of each
}

// Group is what was found of one kind.
type Group struct {
	ID      string
	Title   string
	Results []Result
	More    bool // there are others
}

// Result leads to something.
type Result struct {
	Label string
	Note  string // what tells it from others; "" for nothing
	Icon  string
	Href  string
	Badge component.Badge // its state; none without a text
}

// said is what was found, in one sentence.
func (v View) said(ctx context.Context) string {
	count := 0
	more := false
	for _, g := range v.Groups {
		count, more = count+len(g.Results), more || g.More
	}
	switch {
	case v.Text == "":
		return ""
	case count == 0:
		return i18n.T(ctx, "search.none", "Text", v.Text)
	case more:
		return i18n.N(ctx, "search.found.first", count)
	}
	return i18n.N(ctx, "search.found", count)
}

// all is the page with all that was found.
func (v View) all() string { return "/search?" + url.Values{"q": {v.Text}}.Encode() }

func (g Group) titleID(v View) string {
	if v.InField {
		return "found-" + g.ID + "-title"
	}
	return "results-" + g.ID + "-title"
}
