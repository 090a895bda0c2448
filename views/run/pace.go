package run

import (
	"context"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/views/component"
)

func (d Detail) progress(ctx context.Context) component.Progress {
	p := component.Progress{ID: "run-progress", Label: i18n.T(ctx, "runs.progress"), Tone: component.Running}
	if d.State == run.Paused {
		p.Tone = component.Warning
	}
	if d.Counts.Profiles == 0 {
		p.Text = i18n.T(ctx, "runs.progress.preparing")
		return p
	}
	p.Value, p.Max = int64(d.Counts.Settled()), int64(d.Counts.Profiles)
	p.Text = i18n.T(ctx, "runs.progress.of", "Settled", d.Counts.Settled(), "Profiles", d.Counts.Profiles, "Percent", percent(d.Run))
	return p
}

func (d Detail) usage(ctx context.Context) component.Progress {
	return component.Progress{
		ID: "run-usage", Label: i18n.T(ctx, "runs.usage"), Value: int64(d.Pace.Usage.Used), Max: int64(d.Limit),
		Text: i18n.T(ctx, "runs.usage.of", "Used", d.Pace.Usage.Used, "Limit", d.Limit),
	}
}

// waits says what a run under way waits for, more urgently when it has made no progress for a while.
func (d Detail) waits(ctx context.Context) component.Alert {
	alert := component.Alert{Tone: component.Info}
	switch {
	case d.Pace.Waits == run.ForBudget && d.Pace.Usage.Blocked > 0:
		alert.Text = i18n.T(ctx, "runs.blocked", "Destination", d.DestinationName, "For", d.Pace.Usage.Blocked)
	case d.Pace.Waits != "":
		alert.Text = d.waitsFor(ctx, d.Pace.Waits)
		if d.held() {
			alert.Tone = component.Warning
		}
	}
	if !d.StuckAt.IsZero() {
		alert.Tone = component.Warning
		alert.Title = i18n.T(ctx, "runs.stuck", "Since", d.ProgressAt)
		if alert.Text == "" {
			alert.Text = d.waitsFor(ctx, "")
		}
	}
	return alert
}

func (d Detail) waitsFor(ctx context.Context, code string) string {
	return WaitsText(ctx, code, d.DestinationName, d.Limit)
}

// WaitsText says what a run waits for.
func WaitsText(ctx context.Context, code, destination string, limit int) string {
	if code == "" {
		code = "nothing_known"
	}
	return i18n.T(ctx, "runs.waits."+code, "Destination", destination, "Limit", limit)
}

// pace are the facts of a run under way.
func (d Detail) pace(ctx context.Context) []component.Term {
	left := i18n.T(ctx, "runs.left.unknown")
	switch {
	case d.Pace.Waits != "" && d.Pace.Waits != run.ForBudget && d.Pace.Waits != run.ForOutcome:
		left = i18n.T(ctx, "runs.left.waiting")
	case d.Pace.Left > 0:
		left = i18n.T(ctx, "runs.left.about", "Left", d.Pace.Left, "Destination", d.DestinationName, "Limit", d.Limit)
	}
	return []component.Term{
		{Label: i18n.T(ctx, "runs.left"), Text: left},
		{Label: i18n.T(ctx, "runs.rate"), Text: i18n.T(ctx, "runs.rate.of", "Rate", i18n.From(ctx).Decimal(d.Pace.Rate, 1))},
		{Label: i18n.T(ctx, "runs.batches"), Text: i18n.T(ctx, "runs.batches.of", "Sent", d.BatchesSent, "Settled", d.BatchesSettled)},
	}
}
