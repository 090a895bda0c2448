package run

import (
	"context"
	"time"

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
		alert.Text = i18n.T(ctx, "runs.blocked", "Destination", d.DestinationName, "For", seconds(d.Pace.Usage.Blocked))
	case d.Pace.Waits == run.ForBudget && d.Pace.Usage.Next >= worthTelling:
		alert.Text = i18n.T(ctx, "runs.waits.next", "Destination", d.DestinationName, "Limit", d.Pace.Usage.Limit, "For", seconds(d.Pace.Usage.Next))
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

// worthTelling is from when on a wait is told in seconds: shorter ones are over before they are read.
const worthTelling = 2 * time.Second

// seconds rounds up, so that nothing takes longer than was said.
func seconds(d time.Duration) time.Duration {
	return (d + time.Second - 1).Truncate(time.Second)
}

// about is a length of time as roughly as an estimate deserves: tens of seconds below a minute, whole minutes below an hour, and then
// tens of minutes. It is rounded up.
func about(ctx context.Context, d time.Duration) string {
	up := func(unit time.Duration) int { return int((d + unit - 1) / unit) }
	switch {
	case d <= 50*time.Second:
		return i18n.T(ctx, "runs.left.seconds", "Seconds", 10*up(10*time.Second))
	case d <= 59*time.Minute:
		return i18n.T(ctx, "runs.left.minutes", "Minutes", up(time.Minute))
	}
	tens := up(10 * time.Minute)
	return i18n.T(ctx, "runs.left.hours", "Hours", tens/6, "Minutes", tens%6*10)
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

// left says how long the run still takes, and what that goes by.
func (d Detail) left(ctx context.Context) string {
	switch {
	case d.held():
		return i18n.T(ctx, "runs.left.waiting")
	case d.Pace.By == run.ByLimit && d.Pace.Usage.Limit < d.Limit:
		return i18n.T(ctx, "runs.left.shared", "Left", about(ctx, d.Pace.Left), "Destination", d.DestinationName, "Limit", d.Pace.Usage.Limit)
	case d.Pace.By == run.ByLimit:
		return i18n.T(ctx, "runs.left.about", "Left", about(ctx, d.Pace.Left), "Destination", d.DestinationName, "Limit", d.Limit)
	case d.Pace.By == run.ByRate:
		return i18n.T(ctx, "runs.left.rate", "Left", about(ctx, d.Pace.Left))
	case d.Pace.Waits == run.ForOutcome:
		return i18n.T(ctx, "runs.left.unknown")
	}
	return i18n.T(ctx, "runs.left.soon")
}

// pace are the facts of a run under way.
func (d Detail) pace(ctx context.Context) []component.Term {
	rate := "runs.rate.of"
	if d.Pace.Lately {
		rate = "runs.rate.lately"
	}
	return []component.Term{
		{Label: i18n.T(ctx, "runs.left"), Text: d.left(ctx)},
		{Label: i18n.T(ctx, "runs.rate"), Text: i18n.T(ctx, rate, "Rate", i18n.From(ctx).Decimal(d.Pace.Rate, 1))},
		{Label: i18n.T(ctx, "runs.batches"), Text: i18n.T(ctx, "runs.batches.of", "Sent", d.BatchesSent, "Settled", d.BatchesSettled)},
	}
}
