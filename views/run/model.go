// Package run holds the pages of runs: the list, one run while it is under way and afterwards, and the question before one
// is cancelled. It shows what it is given.
package run

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/segue-app/segue/internal/budget"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/outcome"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/views/component"
	"github.com/segue-app/segue/views/layout"
)

// Ids of what changes while a page is open.
const (
	StateID   = "run-state"   // is exchanged
	SummaryID = "run-summary" // is read out
	SaidID    = "run-said"    // what was read out last, and the mark of the tab
)

// Listing is a table of runs.
type Listing struct {
	Rows         []run.Run
	Now          time.Time
	WithExport   bool   // name the export of each: runs of several
	PreviousHref string // of newer runs
	NextHref     string // of older ones
	First        int    // place of the first row, from 1
}

// Newest is the number of the newest run that is shown; 0 when there are none.
func (l Listing) Newest() (newest int64) {
	for _, r := range l.Rows {
		newest = max(newest, r.ID)
	}
	return newest
}

// Unseen are the runs that began since a list of runs was read: of one export, or of all.
type Unseen struct {
	Than     int64 // the newest run of the list
	ExportID int64 // 0: of all
	Count    int
}

func (u Unseen) address() string {
	return fmt.Sprintf("/runs/newer?than=%d&export=%d", u.Than, u.ExportID)
}

// page is the list, read anew.
func (u Unseen) page() string {
	if u.ExportID != 0 {
		return fmt.Sprintf("/exports/%d", u.ExportID)
	}
	return "/runs"
}

// Overview is the page of all runs.
type Overview struct {
	Active  Listing
	Earlier Listing
}

// Detail is the page of one run.
type Detail struct {
	run.Run
	Pace            run.Pace
	DestinationName string
	Limit           int // requests a minute that the destination allows
	Events          []run.Event
	Reasons         []run.Reason
	Rejections      []run.Rejection
	Outcome         run.Outcome // shown alone; all when empty
	More            bool        // there are more rejections than shown
	Labels          map[string]string
	MaySee          bool // personal data
	MayCancel       bool
	EvidenceDays    int              // for so long request and answer of who was refused are kept
	MayMend         bool             // the connection, and so may know more of it than its name and type
	Writing         *outcome.Writing // of the outcomes; nil when they are not to be written
	Removed         bool             // the export has no page any more
	Now             time.Time
	CSRF            string
	Hour            []budget.Minute // what was made of the brand's request budget, by all; none when it does not matter any more
	Said            string          // the summary that the page has read out already
	Marked          string          // the mark that its tab has
}

// Cancellation is the question before a run is cancelled.
type Cancellation struct {
	run.Run
	CSRF string
}

// Path is the page of a run.
func Path(id int64) string { return fmt.Sprintf("/runs/%d", id) }

// StoryPath is the page of a profile's story.
func StoryPath(profileID string) string { return "/story/" + url.PathEscape(profileID) }

// EvidencePath is the page of request and answer of a profile that a run sent in vain.
func EvidencePath(runID int64, profileID string) string {
	return Path(runID) + "/evidence/" + url.PathEscape(profileID)
}

// StateBadge names a run's state.
func StateBadge(ctx context.Context, state run.State) component.Badge {
	return component.Badge{Tone: tone(state), Icon: icon(state), Text: i18n.T(ctx, "runs.state."+string(state))}
}

func tone(state run.State) component.Tone {
	switch state {
	case run.Queued:
		return component.Info
	case run.Running:
		return component.Running
	case run.Succeeded:
		return component.Success
	case run.Warnings, run.Paused:
		return component.Warning
	case run.Failed:
		return component.Danger
	}
	return component.Neutral
}

func icon(state run.State) string {
	switch state {
	case run.Queued:
		return "clock"
	case run.Paused:
		return "circle-pause"
	case run.Cancelled:
		return "ban"
	case run.Failed:
		return "circle-x"
	}
	return ""
}

// Exact writes a time as the reader's clock shows it; the tooltip says the same in UTC.
func Exact(ctx context.Context, t time.Time) component.Moment {
	return component.Moment{Text: i18n.DateTime(ctx, t), Title: utc(t), ISO: t.UTC().Format(time.RFC3339)}
}

// Relative writes how long ago a time was; the tooltip has the exact one.
func Relative(ctx context.Context, t, now time.Time) component.Moment {
	return component.Moment{Text: i18n.Ago(ctx, t, now), Title: i18n.DateTime(ctx, t) + " (" + utc(t) + ")", ISO: t.UTC().Format(time.RFC3339)}
}

func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// askedBy says who or what started a run.
func askedBy(ctx context.Context, r run.Run) string {
	if r.Cause == run.Scheduled {
		return i18n.T(ctx, "runs.asked.schedule")
	}
	if r.Cause == run.Tried {
		return i18n.T(ctx, "runs.asked.try", "Name", r.RequestedBy)
	}
	if r.OfRun != 0 {
		return i18n.T(ctx, "story.retry.asked", "Name", r.RequestedBy, "Number", fmt.Sprint(r.OfRun))
	}
	return r.RequestedBy
}

func duration(ctx context.Context, r run.Run) string {
	if r.StartedAt.IsZero() || r.EndedAt.IsZero() {
		return "–"
	}
	return i18n.Duration(ctx, r.EndedAt.Sub(r.StartedAt))
}

// count is a number of a run; nothing before the run looked at its segments.
func count(ctx context.Context, r run.Run, n int) string {
	if r.Plan == nil {
		return "–"
	}
	return i18n.Number(ctx, n)
}

func (l Listing) columns(ctx context.Context) []component.Column {
	return []component.Column{
		{Label: i18n.T(ctx, "runs.run")}, {Label: i18n.T(ctx, "runs.status")}, {Label: i18n.T(ctx, "runs.profiles"), Numeric: true},
		{Label: i18n.T(ctx, "runs.accepted"), Numeric: true}, {Label: i18n.T(ctx, "runs.unchanged"), Numeric: true},
		{Label: i18n.T(ctx, "runs.rejected"), Numeric: true}, {Label: i18n.T(ctx, "runs.asked")}, {Label: i18n.T(ctx, "runs.duration"), Numeric: true},
	}
}

func (l Listing) pager(ctx context.Context) component.Pager {
	return component.Pager{
		Label:         i18n.T(ctx, "runs.history"),
		Summary:       i18n.T(ctx, "runs.range", "From", l.First, "To", l.First+len(l.Rows)-1),
		PreviousLabel: i18n.T(ctx, "runs.newer"), PreviousHref: l.PreviousHref, NextLabel: i18n.T(ctx, "runs.older"), NextHref: l.NextHref,
	}
}

// percent is how much of the run is settled, in whole numbers; 100 only when nothing is open.
func percent(r run.Run) int {
	if r.Counts.Profiles == 0 {
		return 0
	}
	return int(int64(r.Counts.Settled()) * 100 / int64(r.Counts.Profiles))
}

// Window is what the window is called: it says how the run stands, also from another tab.
func (d Detail) Window(ctx context.Context) string {
	return i18n.T(ctx, "runs.title.window", "State", d.standing(ctx), "Name", d.ExportName)
}

// Mark is the mark of the window's tab. A run that is held up by the rate limit is at work.
func (d Detail) Mark() layout.Mark {
	switch {
	case d.State == run.Succeeded, d.State == run.Warnings:
		return layout.MarkDone
	case d.State == run.Failed:
		return layout.MarkFailed
	case d.State == run.Queued, d.State == run.Paused, d.State == run.Running && d.held():
		return layout.MarkWaiting
	case d.State == run.Running:
		return layout.MarkRunning
	}
	return ""
}

// held reports whether something keeps the run from going on that is not a part of every run.
func (d Detail) held() bool {
	return !d.StuckAt.IsZero() || d.Pace.Waits != "" && d.Pace.Waits != run.ForBudget && d.Pace.Waits != run.ForOutcome && d.Pace.Waits != run.ForSource
}

// Standing is the run's state in a word, or how far it is.
func (d Detail) standing(ctx context.Context) string {
	if d.State == run.Running && d.Counts.Profiles > 0 {
		return i18n.T(ctx, "runs.percent", "Percent", percent(d.Run))
	}
	return i18n.T(ctx, "runs.state."+string(d.State))
}

// Summary is the sentence that is read out. While the run is under way it changes with every tenth, so that it does not
// talk all the time.
func (d Detail) Summary(ctx context.Context) string {
	c := d.Counts
	switch d.State {
	case run.Queued:
		return i18n.T(ctx, "runs.summary.queued")
	case run.Running:
		summary := i18n.T(ctx, "runs.summary.running", "Percent", percent(d.Run)/10*10, "Profiles", c.Profiles)
		if d.held() {
			summary += " " + d.waitsFor(ctx, d.Pace.Waits)
		}
		return summary
	case run.Paused:
		return i18n.T(ctx, "runs.summary.paused", "Percent", percent(d.Run), "Profiles", c.Profiles)
	case run.Succeeded:
		return i18n.T(ctx, "runs.summary.succeeded", "Accepted", c.Accepted, "Unchanged", c.Unchanged)
	case run.Warnings:
		return i18n.T(ctx, "runs.summary.warnings", "Accepted", c.Accepted, "Unchanged", c.Unchanged, "Rejected", c.Rejected()+c.Duplicates+c.Excluded)
	case run.Failed:
		return i18n.T(ctx, "runs.summary.failed", "Open", c.Open())
	}
	return i18n.T(ctx, "runs.summary.cancelled", "Open", c.Open())
}

func (d Detail) stats(ctx context.Context) []component.Stat {
	c, at := d.Counts, Path(d.ID)
	stat := func(key string, n int, tone component.Tone, outcome run.Outcome) component.Stat {
		s := component.Stat{ID: "stat-" + key, Label: i18n.T(ctx, "runs.count."+key), Number: i18n.Number(ctx, n), Note: i18n.T(ctx, "runs.count."+key+".note")}
		if n > 0 {
			s.Tone = tone
			if outcome != "" && d.MaySee {
				s.Href = at + "?outcome=" + string(outcome) + "#rejections"
			}
		}
		return s
	}
	open := stat("open", c.Open(), component.Neutral, "")
	if !d.State.Active() {
		open.Note = i18n.T(ctx, "runs.count.open.ended")
		if c.Open() > 0 {
			open.Tone = component.Warning
		}
	}
	refused := stat("refused", c.Refused, component.Danger, run.Refused)
	if c.Known > 0 {
		refused.Note = i18n.N(ctx, "story.known.count", c.Known)
	}
	accepted := stat("accepted", c.Accepted, component.Success, "")
	if c.Created+c.Updated > 0 {
		accepted.Note = i18n.T(ctx, "runs.count.accepted.known", "Created", c.Created, "Updated", c.Updated)
	}
	stats := []component.Stat{
		accepted,
		stat("unchanged", c.Unchanged, component.Neutral, ""),
		stat("invalid", c.Invalid, component.Warning, run.Invalid),
		refused,
		stat("duplicates", c.Duplicates, component.Neutral, run.Duplicate),
		open,
	}
	if c.Excluded > 0 {
		stats = append(stats, stat("excluded", c.Excluded, component.Neutral, run.Excluded))
	}
	if c.Erased > 0 {
		stats = append(stats, stat("erased", c.Erased, component.Neutral, ""))
	}
	if c.Withdrawn > 0 {
		stats = append(stats, stat("withdrawn", c.Withdrawn, component.Neutral, ""))
	}
	return stats
}

func (d Detail) parts(ctx context.Context) component.StackedBar {
	c := d.Counts
	bar := component.StackedBar{ID: "run-parts", Label: i18n.T(ctx, "runs.parts")}
	for _, part := range []struct {
		key  string
		n    int
		tone component.Tone
	}{
		{"accepted", c.Accepted, component.Success}, {"unchanged", c.Unchanged, component.Info}, {"invalid", c.Invalid, component.Warning},
		{"refused", c.Refused, component.Danger}, {"duplicates", c.Duplicates, component.Running}, {"excluded", c.Excluded, component.Neutral}, {"erased", c.Erased, component.Neutral}, {"open", c.Open(), component.Neutral},
	} {
		if part.n > 0 {
			bar.Parts = append(bar.Parts, component.Part{Label: i18n.T(ctx, "runs.count."+part.key), Count: int64(part.n), Text: i18n.Number(ctx, part.n), Tone: part.tone})
		}
	}
	return bar
}

func (d Detail) columns(ctx context.Context) []component.Column {
	return []component.Column{
		{Label: i18n.T(ctx, "runs.profile_id")}, {Label: i18n.T(ctx, "runs.field")}, {Label: i18n.T(ctx, "runs.reason")},
	}
}

// rejectionID is the id of a link in the row of a rejected profile, so that the focus stays on it when the state is exchanged.
func rejectionID(r run.Rejection, link string) string {
	return fmt.Sprintf("rejection-%d-%s", r.ID, link)
}

// profilePath is where a profile is shown: its story, when it stays in a source.
func (d Detail) profilePath(id string) string {
	if d.Plan != nil && d.Plan.SourceID != 0 {
		return StoryPath(id)
	}
	return "/profiles/id/" + url.PathEscape(id)
}

// outcomeTabs lead to those of one outcome, where there are any.
func (d Detail) outcomeTabs(ctx context.Context) component.Tabs {
	tabs := component.Tabs{Label: i18n.T(ctx, "runs.rejections")}
	for _, tab := range []struct {
		outcome run.Outcome
		label   string
		n       int
	}{
		{"", "runs.outcome.all", d.Counts.Rejected() + d.Counts.Duplicates + d.Counts.Excluded}, {run.Invalid, "runs.count.invalid", d.Counts.Invalid},
		{run.Refused, "runs.count.refused", d.Counts.Refused}, {run.Duplicate, "runs.count.duplicates", d.Counts.Duplicates},
		{run.Excluded, "runs.count.excluded", d.Counts.Excluded},
	} {
		if tab.outcome != "" && tab.outcome != d.Outcome && tab.n == 0 {
			continue
		}
		href := Path(d.ID)
		if tab.outcome != "" {
			href += "?outcome=" + string(tab.outcome)
		}
		tabs.Items = append(tabs.Items, component.Tab{ID: "tab-" + string(tab.outcome), Label: i18n.T(ctx, tab.label), Href: href + "#rejections", Count: i18n.Number(ctx, tab.n), Current: tab.outcome == d.Outcome})
	}
	return tabs
}

// attribute names a profile attribute as it is called now.
func (d Detail) attribute(key string) string {
	if label := d.Labels[key]; label != "" {
		return label
	}
	return key
}

// consents says what the run took for given of consents, besides what is mapped.
func (d Detail) consents(ctx context.Context) (texts []string) {
	if d.Plan == nil {
		return nil
	}
	for _, channel := range d.Plan.Consent.Everyone {
		texts = append(texts, i18n.T(ctx, "runs.consent.everyone", "Channel", i18n.T(ctx, "exports.channel."+channel)))
	}
	if source := d.Plan.Consent.Source; source != "" {
		texts = append(texts, i18n.T(ctx, "runs.consent.source", "Source", source))
	}
	return texts
}

func (d Detail) mapping() export.Mapping {
	if d.Plan == nil {
		return nil
	}
	return d.Plan.Mapping
}
