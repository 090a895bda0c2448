package run

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/views/component"
)

// address is where the state is read from again.
func (d Detail) address() string {
	if d.Outcome != "" {
		return Path(d.ID) + "?" + url.Values{"outcome": {string(d.Outcome)}}.Encode()
	}
	return Path(d.ID)
}

// actions keep their ids when the state is exchanged, so that the focus stays on them.
func (d Detail) actions(ctx context.Context) templ.Component {
	var buttons []templ.Component
	if d.State.Active() {
		buttons = append(buttons, refreshWithoutScripts(d.address()))
		buttons = append(buttons, d.pauseActions(ctx)...)
		if d.MayCancel && d.CancelAskedAt.IsZero() {
			buttons = append(buttons, component.Button{Label: i18n.T(ctx, "runs.cancel"), Icon: "circle-stop", Href: Path(d.ID) + "/cancel",
				Attrs: templ.Attributes{"id": "run-cancel"}})
		}
	}
	if d.Removed {
		return templ.Join(buttons...)
	}
	buttons = append(buttons, component.Button{Label: i18n.T(ctx, "runs.to_export"), Icon: "send", Href: fmt.Sprintf("/exports/%d", d.ExportID),
		Attrs: templ.Attributes{"id": "run-export"}})
	return templ.Join(buttons...)
}

// rejectionActions take the rejected profiles home, or send them again.
func (d Detail) rejectionActions(ctx context.Context) templ.Component {
	buttons := []templ.Component{component.Button{Label: i18n.T(ctx, "runs.download"), Href: Path(d.ID) + "/rejections.csv", Icon: "download", Small: true,
		Attrs: templ.Attributes{"id": "run-download"}}}
	if d.mayRetry() {
		buttons = append(buttons, component.PostButton{Action: Path(d.ID) + "/retry", CSRF: d.CSRF,
			Button: component.Button{Label: i18n.T(ctx, "story.retry"), Icon: "refresh-cw", Small: true, Attrs: templ.Attributes{"id": "run-retry"}}})
	}
	return templ.Join(buttons...)
}

func (d Detail) mayRetry() bool {
	return d.MayCancel && !d.Removed && !d.State.Active() && d.Counts.Rejected() > 0
}

// remedy leads to where the failure is mended; nothing where no page helps.
func (d Detail) remedy(ctx context.Context, code string) templ.Component {
	if d.Plan != nil && connectionObstacle(code) && d.MayMend {
		return component.Button{Label: i18n.T(ctx, "runs.to_connection"), Href: fmt.Sprintf("/connections/%d", d.Plan.ConnectionID), Small: true}
	}
	return nil
}

func (d Detail) facts(ctx context.Context) []component.Term {
	export := component.Term{Label: i18n.T(ctx, "runs.export"), Content: exportLink(d.ExportID, d.ExportName)}
	if d.Removed {
		export = component.Term{Label: export.Label, Text: i18n.T(ctx, "runs.export.removed", "Name", d.ExportName)}
	}
	terms := []component.Term{export}
	add := func(key, text string) { terms = append(terms, component.Term{Label: i18n.T(ctx, key), Text: text}) }
	add("runs.asked", askedBy(ctx, d.Run))
	if d.ActingFor != "" && d.MayMend {
		add("runs.acting_for", d.ActingFor)
	}
	mode := "runs.mode.changes"
	if d.Complete {
		mode = "runs.mode.complete"
	}
	if !d.ApprovedAt.IsZero() {
		add("runs.approved", i18n.T(ctx, "runs.approved.by", "Name", d.ApprovedBy, "At", d.ApprovedAt))
	}
	if d.OfRun == 0 {
		add("runs.mode", i18n.T(ctx, mode))
	} else {
		terms = append(terms, component.Term{Label: i18n.T(ctx, "runs.mode"), Content: retriedRun(d.OfRun)})
	}
	terms = append(terms, component.Term{Label: i18n.T(ctx, "runs.queued_at"), Content: both(d.QueuedAt)})
	if !d.StartedAt.IsZero() {
		terms = append(terms, component.Term{Label: i18n.T(ctx, "runs.started_at"), Content: both(d.StartedAt)})
	}
	if !d.EndedAt.IsZero() {
		terms = append(terms, component.Term{Label: i18n.T(ctx, "runs.ended_at"), Content: both(d.EndedAt)})
		add("runs.duration", duration(ctx, d.Run))
	}
	if p := d.Plan; p != nil {
		terms = append(terms,
			component.Term{Label: i18n.T(ctx, "runs.segments"), Content: planSegments(p.Segments)},
			component.Term{Label: i18n.T(ctx, "runs.mapping"), Content: d.mapped()},
			component.Term{Label: i18n.T(ctx, "runs.connection"), Text: d.connection(ctx, p)},
			component.Term{Label: i18n.T(ctx, "runs.snapshot"), Text: snapshotText(ctx, p)},
		)
	}
	if d.Requests > 0 {
		add("runs.requests", i18n.Number(ctx, d.Requests))
	}
	if d.Writing != nil {
		terms = append(terms, component.Term{Label: i18n.T(ctx, "outcomes.term"), Content: Outcomes(d)})
	}
	return terms
}

// connection names the connection and its type; its brand too, for those who manage it.
func (d Detail) connection(ctx context.Context, p *run.Plan) string {
	of := d.DestinationName
	if d.MayMend {
		of = i18n.T(ctx, "runs.connection.brand", "Brand", p.BrandName, "Destination", d.DestinationName)
	}
	return i18n.T(ctx, "runs.connection.of", "Name", p.ConnectionName, "Of", of)
}

// name is what the row is known by: its export, or its number among the runs of one.
func (l Listing) name(ctx context.Context, r run.Run) string {
	if l.WithExport {
		return r.ExportName
	}
	return i18n.T(ctx, "runs.number", "Number", fmt.Sprint(r.ID))
}

// shown names the rows that the page has, and how they look.
func (l Listing) shown() string {
	ids := make([]string, len(l.Rows))
	for i, r := range l.Rows {
		ids[i] = fmt.Sprint(r.ID)
	}
	query := "ids=" + strings.Join(ids, ",")
	if l.WithExport {
		query += "&export=1"
	}
	return query
}

// fieldCell is FieldText for a cell, which a dash fills when no field is to blame.
func fieldCell(ctx context.Context, field string) string {
	if field == "" {
		return "–"
	}
	return FieldText(ctx, field)
}

// snapshotText says which profiles a run worked on.
func snapshotText(ctx context.Context, p *run.Plan) string {
	if p.SourceID != 0 {
		return i18n.T(ctx, "runs.snapshot.source", "Source", p.SourceName, "At", p.At)
	}
	return i18n.T(ctx, "runs.snapshot.of", "Number", fmt.Sprint(p.SnapshotID), "At", p.At)
}
