package status

import (
	"context"
	"strings"

	"github.com/segue-app/segue/internal/chain"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/component"
)

// Row is a piece of work: a task of a chain, or what somebody started by hand.
type Row struct {
	Key     string // "task-12": names it in the page and when it is read again
	Name    string
	Href    string // "" where the reader may not look, or where nothing is any more
	Kind    string
	Of      component.Link // its chain; without an address who started it
	State   component.Badge
	Because component.Link // the step whose failure had it skipped
	Reasons []string       // why it is not well, or what it does now, and how that is mended
	Mend    component.Link
	Started component.Moment
	Waited  string // how long it waited before it began
	For     string // for what
	Lasted  string
	Count   string
	Refused string
}

// Listing is a part of all work, with what it is narrowed to.
type Listing struct {
	Rows     []Row
	Topics   []string // of events that may change a row
	Live     bool     // one of them has not ended: read again by and by
	WithOf   bool     // say to which chain each belongs
	First    int      // place of the first row, from 1
	Total    int
	Previous string
	Next     string
}

// Filter is what a list of work is narrowed to.
type Filter struct {
	Action                        string // where the form leads
	Search, Standing, Kind, Since string
	ChainID                       string // the chain that it is narrowed to; "": none
	Clear                         string
}

// Spans of time to choose from.
const (
	Today = "today"
	Week  = "week"
	Month = "month"
)

func (f Filter) narrowed() bool { return f.Standing+f.Kind+f.Since+f.ChainID != "" }

func (f Filter) hidden() []component.Pair {
	if f.ChainID == "" {
		return nil
	}
	return []component.Pair{{Name: "chain", Value: f.ChainID}}
}

func standings(ctx context.Context) []component.Option {
	options := []component.Option{
		{Value: string(chain.UnderWay), Label: i18n.T(ctx, "status.standing.active")}, {Value: string(chain.Troubled), Label: i18n.T(ctx, "status.standing.trouble")},
	}
	for _, state := range chain.States {
		options = append(options, component.Option{Value: string(state), Label: StateText(ctx, state)})
	}
	return options
}

func kinds(ctx context.Context) (options []component.Option) {
	for _, kind := range chain.Kinds {
		options = append(options, component.Option{Value: string(kind), Label: i18n.T(ctx, "status.kinds."+string(kind))})
	}
	return options
}

func spans(ctx context.Context) (options []component.Option) {
	for _, span := range []string{Today, Week, Month} {
		options = append(options, component.Option{Value: span, Label: i18n.T(ctx, "status.since."+span)})
	}
	return options
}

// shown is the address that tells how the rows stand now.
func (l Listing) shown() string {
	keys := make([]string, len(l.Rows))
	for i, r := range l.Rows {
		keys[i] = r.Key
	}
	address := "/system/status/work/rows?keys=" + strings.Join(keys, ",")
	if l.WithOf {
		address += "&of=1"
	}
	return address
}

// trigger has the rows read again when something is told.
func (l Listing) trigger() string {
	triggers := make([]string, len(l.Topics))
	for i, topic := range l.Topics {
		triggers[i] = "sse:" + topic
	}
	return strings.Join(triggers, ", ")
}

func stream(topics []string) string { return "/events?topic=" + strings.Join(topics, "&topic=") }

func (l Listing) columns(ctx context.Context) []component.Column {
	return []component.Column{
		{Label: i18n.T(ctx, "status.work.name")}, {Label: i18n.T(ctx, "status.state")}, {Label: i18n.T(ctx, "status.work.started")},
		{Label: i18n.T(ctx, "status.work.waited")}, {Label: i18n.T(ctx, "status.work.lasted"), Numeric: true},
		{Label: i18n.T(ctx, "status.work.profiles"), Numeric: true}, {Label: i18n.T(ctx, "status.work.rejected"), Numeric: true},
	}
}

func (l Listing) pager(ctx context.Context) component.Pager {
	return component.Pager{
		Label:         i18n.T(ctx, "status.work"),
		Summary:       i18n.T(ctx, "status.range", "From", l.First, "To", l.First+len(l.Rows)-1, "Total", l.Total),
		PreviousLabel: i18n.T(ctx, "status.newer"), PreviousHref: l.Previous, NextLabel: i18n.T(ctx, "status.older"), NextHref: l.Next,
	}
}

// StateText names a state of a task or a chain.
func StateText(ctx context.Context, state chain.State) string {
	return i18n.T(ctx, "status.state."+string(state))
}

// StateBadge shows a state of a task or a chain.
func StateBadge(ctx context.Context, state chain.State) component.Badge {
	return component.Badge{Tone: tones[state], Icon: icons[state], Text: StateText(ctx, state)}
}

var tones = map[chain.State]component.Tone{
	chain.Queued: component.Info, chain.Running: component.Running, chain.Succeeded: component.Success, chain.Warnings: component.Warning,
	chain.Failed: component.Danger, chain.Cancelled: component.Neutral, chain.Skipped: component.Neutral,
}

// icons are those that differ from the tone's own.
var icons = map[chain.State]string{chain.Queued: "clock", chain.Failed: "circle-x", chain.Cancelled: "ban", chain.Skipped: "minus"}
