package export

import (
	"context"
	"fmt"
	"slices"

	"github.com/a-h/templ"

	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/component"
	runviews "github.com/segue-app/segue/views/run"
)

// add leads to a new export; nothing for those whose role does not allow it.
func (l Listing) add(ctx context.Context) templ.Component {
	if !l.MayAdd {
		return nil
	}
	return component.Button{Label: i18n.T(ctx, "exports.add"), Icon: "plus", Href: "/exports/new", Emphasis: component.Primary}
}

func (l Listing) actions(ctx context.Context) templ.Component {
	buttons := []templ.Component{component.Button{Label: i18n.T(ctx, "exports.all_runs"), Icon: "history", Href: "/runs", Emphasis: component.Quiet}}
	if l.Total > 0 {
		buttons = append(buttons, component.Button{Label: i18n.T(ctx, "chart.glance.link"), Icon: "activity", Href: GlancePath, Emphasis: component.Quiet})
	}
	if l.MayRun && l.Total > 0 {
		buttons = append(buttons, component.PostButton{Action: "/exports/run-all", CSRF: l.CSRF,
			Button: component.Button{Label: i18n.T(ctx, "exports.run_all"), Icon: "play", Attrs: templ.Attributes{"title": i18n.T(ctx, "exports.run_all.hint")}}})
	}
	if l.MayAdd && (l.Total > 0 || l.Query.Search != "") { // an empty list offers it in its middle
		buttons = append(buttons, l.add(ctx))
	}
	return templ.Join(buttons...)
}

func (l Listing) invitation(ctx context.Context) string {
	if l.MayAdd {
		return i18n.T(ctx, "exports.none.text")
	}
	return i18n.T(ctx, "exports.none.viewer")
}

func (d Detail) actions(ctx context.Context) templ.Component {
	if !d.MayEdit {
		return templ.Join(component.Button{Label: i18n.T(ctx, "dryrun.link"), Icon: "eye", Href: Path(d.ID, "/dry-run")},
			component.Button{Label: i18n.T(ctx, "version.history"), Icon: "history", Href: Path(d.ID, "/history"), Emphasis: component.Quiet})
	}
	if d.Active != nil {
		return templ.Join(
			component.Button{Label: i18n.T(ctx, "exports.to_run"), Icon: "activity", Href: runviews.Path(d.Active.ID), Emphasis: component.Primary},
			d.more(),
		)
	}
	return templ.Join(
		component.PostButton{Action: Path(d.ID, "/run"), CSRF: d.CSRF, Button: component.Button{
			Label: i18n.T(ctx, "exports.run"), Icon: "play", Emphasis: component.Primary, Disabled: d.Obstacle != ""}},
		component.Button{Label: i18n.T(ctx, "exports.edit"), Icon: "pencil", Href: Path(d.ID, "/edit")},
		d.more(),
	)
}

// remedy leads to where the obstacle is mended; nothing for those who cannot.
func (d Detail) remedy(ctx context.Context) templ.Component {
	switch {
	case d.Obstacle == string(export.AwaitsApproval):
		return component.Button{Label: i18n.T(ctx, "approval.look"), Icon: "eye", Href: Path(d.ID, "/approval"), Small: true}
	case d.Obstacle == string(export.IsPaused) && d.MayEdit:
		return component.PostButton{Action: Path(d.ID, "/resume"), CSRF: d.CSRF, Button: component.Button{Label: i18n.T(ctx, "exports.resume"), Icon: "play", Small: true}}
	case d.Obstacle == string(export.NoProfiles) && d.MayMend:
		return component.Button{Label: i18n.T(ctx, "exports.to_upload"), Href: "/profiles/upload", Small: true}
	case ofConnection(d.Obstacle) && d.MayMend:
		return component.Button{Label: i18n.T(ctx, "exports.to_connection"), Href: fmt.Sprintf("/connections/%d", d.ConnectionID), Small: true}
	case d.MayEdit && !ofConnection(d.Obstacle) && d.Obstacle != string(export.NoProfiles):
		return component.Button{Label: i18n.T(ctx, "exports.edit"), Href: Path(d.ID, "/edit"), Small: true}
	}
	return nil
}

func (d Detail) facts(ctx context.Context) []component.Term {
	terms := []component.Term{
		{Label: i18n.T(ctx, "exports.type"), Text: d.DestinationName},
		{Label: i18n.T(ctx, "exports.connection.used"), Content: d.connection()},
		{Label: i18n.T(ctx, "exports.segments"), Content: d.segments()},
		{Label: i18n.T(ctx, "exports.profiles"), Text: d.profiles(ctx)},
		{Label: i18n.T(ctx, "exports.matching"), Content: d.matching()},
		{Label: i18n.T(ctx, "exports.consent"), Content: d.consents()},
		{Label: i18n.T(ctx, "exports.leavers"), Text: i18n.T(ctx, "exports.leavers."+string(d.Leavers))},
		{Label: i18n.T(ctx, "exports.ask"), Text: askText(ctx, d.AskShare)},
		{Label: i18n.T(ctx, "exports.schedule"), Content: d.schedule()},
		{Label: i18n.T(ctx, "exports.permissions"), Text: permission(ctx, d.MayEdit)},
		{Label: i18n.T(ctx, "exports.changed_at"), Content: runviews.Relative(ctx, d.UpdatedAt, d.Now)},
	}
	if d.Outcomes.Way != export.NoOutcomes {
		terms = slices.Insert(terms, 9, component.Term{Label: i18n.T(ctx, "outcomes.term"), Text: d.outcomesText(ctx)})
	}
	if d.BaseName != "" {
		terms = slices.Insert(terms, 2, component.Term{Label: i18n.T(ctx, "pushdown.base"), Text: d.BaseName})
	}
	return terms
}

func (d Detail) profiles(ctx context.Context) string {
	if d.Profiles < 0 {
		return i18n.T(ctx, "exports.profiles.unknown")
	}
	return i18n.N(ctx, "exports.profiles.count", d.Profiles)
}

func (d Detail) tooLarge() bool { return d.Profiles > d.MaxProfiles }

func leaverChoices(ctx context.Context) []component.Choice {
	return []component.Choice{
		{Value: string(export.Untag), Title: i18n.T(ctx, "exports.leavers.untag"), Text: i18n.T(ctx, "exports.leavers.untag.text")},
		{Value: string(export.KeepTag), Title: i18n.T(ctx, "exports.leavers.keep"), Text: i18n.T(ctx, "exports.leavers.keep.text")},
	}
}

// askShares are the shares on offer, in percent.
var askShares = []int{5, 10, 20, 30, 50, 75, 100}

func askOptions(ctx context.Context, chosen int) []component.Option {
	shares := append(slices.Clone(askShares), export.NeverAsk)
	if chosen != 0 && !slices.Contains(shares, chosen) {
		shares = append([]int{chosen}, shares...)
	}
	options := make([]component.Option, len(shares))
	for i, share := range shares {
		options[i] = component.Option{Value: fmt.Sprint(share), Label: askText(ctx, share)}
	}
	return options
}

func askText(ctx context.Context, share int) string {
	if share == export.NeverAsk {
		return i18n.T(ctx, "exports.ask.never")
	}
	return i18n.T(ctx, "exports.ask.above", "Share", share)
}
