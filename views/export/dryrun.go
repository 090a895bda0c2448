package export

import (
	"context"
	"math"

	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/views/component"
	runviews "github.com/segue-app/segue/views/run"
)

// DryRunDetail is the page of a dry run.
type DryRunDetail struct {
	export.Export
	Forecast        run.Forecast
	DestinationName string
	Active          *run.Run // the run that waits or is under way
	MaySee          bool     // personal data
	Masked          component.Masked
}

// told reports whether there are numbers to show.
func (d DryRunDetail) told() bool {
	return run.CanForecast(d.Forecast.Obstacle) && d.Forecast.Looked() > 0
}

func (d DryRunDetail) tabs(ctx context.Context) component.Tabs {
	return component.Tabs{Label: i18n.T(ctx, "dryrun.mode"), Items: []component.Tab{
		{Label: i18n.T(ctx, "dryrun.mode.changes"), Href: Path(d.ID, "/dry-run"), Current: !d.Forecast.Complete},
		{Label: i18n.T(ctx, "dryrun.mode.complete"), Href: Path(d.ID, "/dry-run?complete=1"), Current: d.Forecast.Complete},
	}}
}

// obstacleText says why an export does not run; one of its segments may be to blame.
func obstacleText(ctx context.Context, code, destinationName string) string {
	return runviews.ErrorText(ctx, code, "", destinationName)
}

func (d DryRunDetail) stats(ctx context.Context) []component.Stat {
	f := d.Forecast
	stat := func(key string, n int, tone component.Tone) component.Stat {
		s := component.Stat{Label: i18n.T(ctx, key), Number: i18n.Number(ctx, n), Note: i18n.T(ctx, key+".note")}
		if n > 0 {
			s.Tone = tone
		}
		return s
	}
	stats := []component.Stat{stat("dryrun.new", f.New, component.Success), stat("dryrun.changed", f.Changed, component.Success)}
	if f.Complete {
		stats = append(stats, stat("dryrun.again", f.Again, component.Success))
	} else {
		stats = append(stats, stat("runs.count.unchanged", f.Unchanged, component.Neutral))
	}
	stats = append(stats, stat("runs.count.invalid", f.Invalid, component.Warning), stat("runs.count.duplicates", f.Duplicates, component.Neutral))
	if f.Refused > 0 {
		stats = append(stats, stat("story.known", f.Refused, component.Danger))
	}
	if f.Excluded > 0 {
		stats = append(stats, stat("runs.count.excluded", f.Excluded, component.Neutral))
	}
	if f.Erased > 0 {
		stats = append(stats, stat("runs.count.erased", f.Erased, component.Neutral))
	}
	if f.Withdrawn > 0 {
		stats = append(stats, stat("dryrun.withdrawn", f.Withdrawn, component.Neutral))
	}
	return stats
}

func (d DryRunDetail) parts(ctx context.Context) component.StackedBar {
	f := d.Forecast
	bar := component.StackedBar{ID: "dryrun-parts", Label: i18n.T(ctx, "dryrun.parts")}
	for _, part := range []struct {
		key  string
		n    int
		tone component.Tone
	}{
		{"dryrun.sent", f.Sent(), component.Success}, {"runs.count.unchanged", f.Unchanged, component.Info}, {"runs.count.invalid", f.Invalid, component.Warning},
		{"story.known", f.Refused, component.Danger}, {"runs.count.duplicates", f.Duplicates, component.Running}, {"runs.count.excluded", f.Excluded, component.Neutral}, {"runs.count.erased", f.Erased, component.Neutral}, {"dryrun.not_looked", f.Profiles - f.Looked(), component.Neutral},
	} {
		if part.n > 0 {
			bar.Parts = append(bar.Parts, component.Part{Label: i18n.T(ctx, part.key), Count: int64(part.n), Text: i18n.Number(ctx, part.n), Tone: part.tone})
		}
	}
	return bar
}

// cost are the facts of what a run would take.
func (d DryRunDetail) cost(ctx context.Context) []component.Term {
	f := d.Forecast
	terms := []component.Term{
		{Label: i18n.T(ctx, "dryrun.profiles"), Text: i18n.N(ctx, "exports.profiles.count", f.Profiles)},
		{Label: i18n.T(ctx, "dryrun.batches"), Text: i18n.N(ctx, "dryrun.batches.of", f.Batches, "Most", f.MaxBatch)},
		{Label: i18n.T(ctx, "dryrun.requests"), Text: i18n.N(ctx, "dryrun.requests.least", f.Requests)},
	}
	duration, basis := i18n.T(ctx, "dryrun.time.at_once"), i18n.T(ctx, "dryrun.basis.none")
	if f.Least > 0 {
		duration = i18n.N(ctx, "dryrun.time.least", int(math.Ceil(f.Least.Minutes())))
	}
	if f.Limit > 0 {
		basis = i18n.T(ctx, "dryrun.basis.limit", "Destination", d.DestinationName, "Limit", f.Limit)
	}
	return append(terms,
		component.Term{Label: i18n.T(ctx, "dryrun.time"), Text: duration},
		component.Term{Label: i18n.T(ctx, "dryrun.basis"), Text: basis},
	)
}

func (d DryRunDetail) actions(ctx context.Context) component.Button {
	return component.Button{Label: i18n.T(ctx, "runs.to_export"), Icon: "send", Href: Path(d.ID, "")}
}

func sampleTitle(ctx context.Context, s run.Sample) string {
	if s.New {
		return i18n.T(ctx, "dryrun.sample.new", "ID", s.ProfileID)
	}
	return i18n.T(ctx, "dryrun.sample.changed", "ID", s.ProfileID)
}
