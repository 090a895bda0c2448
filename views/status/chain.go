package status

import (
	"context"
	"fmt"

	"github.com/a-h/templ"

	"github.com/segue-app/segue/internal/chain"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/component"
)

// Chain is what is shown of one chain.
type Chain struct {
	chain.Chain
	State   component.Badge
	Summary string // how its steps stand, in words
	Cause   string
	Due     component.Moment
	Reason  string // why it was skipped or failed as a whole
	Facts   []component.Term
	Picture Picture
	Steps   Listing // the table behind the picture
	Live    bool    // it has not ended
	CSRF    string
	MayAct  bool
}

// ChainRow is a chain in a list of them.
type ChainRow struct {
	ID      int64
	Cause   string
	State   component.Badge
	Summary string
	Due     component.Moment
	Lasted  string
}

// ChainListing is a part of the list of chains.
type ChainListing struct {
	Rows     []ChainRow
	First    int
	Total    int
	Previous string
	Next     string
}

// Topics are those of events that change a chain or the list of them.
var Topics = []string{chain.Topic}

// ChainPath is the page of a chain.
func ChainPath(id int64) string { return fmt.Sprintf("%s/%d", ChainsPath, id) }

// Pages of the status.
const (
	Path       = "/system/status"
	WorkPath   = Path + "/work"
	ChainsPath = Path + "/chains"

	RefreshPath = Path + "/refresh" // takes a POST only
)

// title is what a chain is called, or, on a page that is called so, what is shown of it.
func (c Chain) title(ctx context.Context, linked bool) string {
	if !linked {
		return i18n.T(ctx, "status.picture")
	}
	return i18n.T(ctx, "status.chain.title", "Number", fmt.Sprint(c.ID))
}

// mayRepeat reports whether some of its steps can be done again.
func (c Chain) mayRepeat() bool {
	return c.MayAct && !c.Chain.State.Active() && c.Tasks[chain.Failed]+c.Tasks[chain.Skipped]+c.Tasks[chain.Cancelled] > 0
}

func (c Chain) mayCancel() bool { return c.MayAct && c.Chain.State.Active() && c.CancelledBy == "" }

// Actions keep their ids when the chain is shown anew, so that the focus stays on them.
func (c Chain) actions(ctx context.Context, linked bool) templ.Component {
	var buttons []templ.Component
	button := func(act string, b component.Button) {
		b.Attrs = templ.Attributes{"id": "chain-" + act}
		buttons = append(buttons, component.PostButton{Action: ChainPath(c.ID) + "/" + act, CSRF: c.CSRF, Button: b})
	}
	if c.mayCancel() {
		buttons = append(buttons, component.Button{Label: i18n.T(ctx, "status.chain.cancel"), Icon: "circle-stop", Href: ChainPath(c.ID) + "/cancel", Attrs: templ.Attributes{"id": "chain-cancel"}})
	}
	if c.mayRepeat() {
		button("again", component.Button{Label: i18n.T(ctx, "status.chain.again"), Icon: "refresh-cw"})
	}
	if linked {
		buttons = append(buttons, component.Button{Label: i18n.T(ctx, "status.chain.open"), Href: ChainPath(c.ID), IconEnd: "arrow-right", Emphasis: component.Quiet, Attrs: templ.Attributes{"id": "chain-open"}})
	}
	return templ.Join(buttons...)
}

func (l ChainListing) pager(ctx context.Context) component.Pager {
	return component.Pager{
		Label:         i18n.T(ctx, "status.chains"),
		Summary:       i18n.T(ctx, "status.range", "From", l.First, "To", l.First+len(l.Rows)-1, "Total", l.Total),
		PreviousLabel: i18n.T(ctx, "status.newer"), PreviousHref: l.Previous, NextLabel: i18n.T(ctx, "status.older"), NextHref: l.Next,
	}
}

// tabs lead between the pages of the status.
func tabs(ctx context.Context, current string) component.Tabs {
	t := component.Tabs{Label: i18n.T(ctx, "status.title")}
	for _, tab := range []struct{ name, path string }{{"now", Path}, {"work", WorkPath}, {"chains", ChainsPath}} {
		t.Items = append(t.Items, component.Tab{Label: i18n.T(ctx, "status.tab."+tab.name), Href: tab.path, Current: tab.name == current})
	}
	return t
}

// refresh is the button that begins a chain.
func (v View) refresh(ctx context.Context) templ.Component {
	if !v.MayAct {
		return nil
	}
	return component.PostButton{Action: RefreshPath, CSRF: v.CSRF, Button: component.Button{Label: i18n.T(ctx, "status.refresh"), Icon: "refresh-cw"}}
}
