package export

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/views/chart"
	"github.com/segue-app/segue/views/component"
	runviews "github.com/segue-app/segue/views/run"
)

// How much the pictures of an export show, and how many exports a page at a glance.
const (
	PicturedRuns = 30
	PicturedDays = 30
	GlanceSize   = 12
)

// Glance is the page that shows the last runs of all exports side by side.
type Glance struct {
	Exports []Glimpse
	Page    int // the first is 1
	Total   int
	Now     time.Time
}

// Glimpse is one export there.
type Glimpse struct {
	ID     int64
	Name   string
	Recent []run.Brief // the oldest first
}

// runBars draws the last runs of an export: accepted and unchanged stand, rejected hang down.
func runBars(ctx context.Context, id, name string, recent []run.Brief, size chart.Size) chart.Bars {
	b := chart.Bars{ID: id, Title: i18n.T(ctx, "chart.runs.of", "Name", name), Slots: PicturedRuns, Size: size}
	failed, rejecting := 0, 0
	for _, r := range recent {
		bar := chart.Bar{Solid: r.Counts.Accepted, Light: r.Counts.Unchanged, Down: r.Counts.Rejected(), Mark: runMark(r.State)}
		if bar.Down > 0 {
			rejecting++
		}
		if r.State == run.Failed {
			failed++
		}
		bar.Text = i18n.T(ctx, "chart.runs.bar", "At", i18n.DateTime(ctx, r.QueuedAt), "State", i18n.T(ctx, "runs.state."+string(r.State)),
			"Accepted", bar.Solid, "Unchanged", bar.Light, "Rejected", bar.Down)
		b.Bars = append(b.Bars, bar)
	}
	if n := len(recent); n > 0 {
		b.Description = i18n.N(ctx, "chart.runs.description", n, "Failed", failed, "Rejecting", rejecting, "Last", b.Bars[n-1].Text)
	}
	return b
}

func runMark(state run.State) chart.Mark {
	switch {
	case state == run.Failed:
		return chart.Cross
	case state == run.Cancelled:
		return chart.Dash
	case state.Active():
		return chart.Ring
	}
	return chart.NoMark
}

func runLegend(ctx context.Context) (keys []chart.Key) {
	for _, sign := range []string{"solid", "light", "down", "cross", "dash", "ring"} {
		keys = append(keys, chart.Key{Sign: sign, Text: i18n.T(ctx, "chart.runs."+sign)})
	}
	return keys
}

func ends(ctx context.Context, recent []run.Brief) (first, last string) {
	if len(recent) < 2 {
		return "", i18n.T(ctx, "chart.runs.last")
	}
	return i18n.T(ctx, "chart.runs.first", "Count", len(recent)), i18n.T(ctx, "chart.runs.last")
}

// runFigure is the picture with its table.
func runFigure(ctx context.Context, id, name string, recent []run.Brief, size chart.Size) chart.Figure {
	f := chart.Figure{
		Bars: runBars(ctx, id, name, recent, size), Table: i18n.T(ctx, "chart.table"),
		Top: func(n int) string { return i18n.N(ctx, "chart.profiles", n) },
		Columns: []component.Column{
			{Label: i18n.T(ctx, "chart.run")}, {Label: i18n.T(ctx, "runs.status")}, {Label: i18n.T(ctx, "chart.accepted"), Numeric: true},
			{Label: i18n.T(ctx, "chart.unchanged"), Numeric: true}, {Label: i18n.T(ctx, "chart.rejected"), Numeric: true}, {Label: i18n.T(ctx, "chart.left_out"), Numeric: true},
		},
	}
	f.First, f.Last = ends(ctx, recent)
	for _, r := range slices.Backward(recent) {
		f.Rows = append(f.Rows, []chart.Cell{
			{Text: i18n.DateTime(ctx, r.QueuedAt), Href: runviews.Path(r.ID)}, {Text: i18n.T(ctx, "runs.state."+string(r.State))},
			{Text: i18n.Number(ctx, r.Counts.Accepted)}, {Text: i18n.Number(ctx, r.Counts.Unchanged)},
			{Text: i18n.Number(ctx, r.Counts.Rejected())}, {Text: i18n.Number(ctx, r.Counts.LeftOut())},
		})
	}
	return f
}

func (d Detail) outcomes(ctx context.Context) chart.Figure {
	f := runFigure(ctx, "picture-runs", d.Name, d.Recent, chart.Large)
	f.Legend = runLegend(ctx)
	return f
}

// durations draws how long the same runs took, one above the other, with the middle of them as a line.
func (d Detail) durations(ctx context.Context) chart.Figure {
	f := chart.Figure{
		Bars: chart.Bars{ID: "picture-durations", Title: i18n.T(ctx, "chart.durations.of", "Name", d.Name), Slots: PicturedRuns, Size: chart.Flat, Round: roundDuration},
		Top:  func(n int) string { return durationText(ctx, n) }, Empty: i18n.T(ctx, "chart.durations.empty"), Table: i18n.T(ctx, "chart.table"),
		Columns: []component.Column{{Label: i18n.T(ctx, "chart.run")}, {Label: i18n.T(ctx, "runs.duration"), Numeric: true}},
		Legend: []chart.Key{{Sign: "solid", Text: i18n.T(ctx, "chart.durations.solid")}, {Sign: "line", Text: i18n.T(ctx, "chart.durations.line")},
			{Sign: "cross", Text: i18n.T(ctx, "chart.runs.cross")}},
	}
	var took []time.Duration
	for _, r := range d.Recent {
		if t := r.Took(); t > 0 {
			took = append(took, t)
		}
	}
	if len(took) == 0 {
		return f
	}
	slices.Sort(took)
	middle := took[len(took)/2]
	for _, r := range d.Recent {
		bar := chart.Bar{Solid: int(r.Took().Milliseconds()), Level: int(middle.Milliseconds()), Mark: runMark(r.State)}
		text := i18n.T(ctx, "chart.durations.none")
		if r.Took() > 0 {
			text = i18n.Duration(ctx, r.Took())
		}
		bar.Text = i18n.T(ctx, "chart.bar", "At", i18n.DateTime(ctx, r.QueuedAt), "Text", text)
		f.Bars.Bars = append(f.Bars.Bars, bar)
		f.Rows = append(f.Rows, []chart.Cell{{Text: i18n.DateTime(ctx, r.QueuedAt), Href: runviews.Path(r.ID)}, {Text: text}})
	}
	slices.Reverse(f.Rows)
	f.First, f.Last = ends(ctx, d.Recent)
	f.Description = i18n.N(ctx, "chart.durations.description", len(took), "Least", took[0], "Middle", middle, "Most", took[len(took)-1])
	return f
}

// roundDuration is the end of a scale of milliseconds that people would choose.
func roundDuration(milliseconds int) int {
	for _, d := range []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute} {
		if int(d.Milliseconds()) >= milliseconds {
			return int(d.Milliseconds())
		}
	}
	hour := int(time.Hour.Milliseconds())
	return hour * chart.Round((milliseconds+hour-1)/hour)
}

// durationText writes such an end.
func durationText(ctx context.Context, milliseconds int) string {
	switch d := time.Duration(milliseconds) * time.Millisecond; {
	case d < time.Minute:
		return i18n.T(ctx, "chart.seconds", "Count", int(d/time.Second))
	case d < time.Hour:
		return i18n.T(ctx, "chart.minutes", "Count", int(d/time.Minute))
	default:
		return i18n.T(ctx, "chart.hours", "Count", int(d/time.Hour))
	}
}

// delivered draws how many profiles were delivered on each of the last days.
func (d Detail) delivered(ctx context.Context) chart.Figure {
	f := chart.Figure{
		Bars: chart.Bars{ID: "picture-days", Title: i18n.T(ctx, "chart.days.of", "Name", d.Name), Slots: PicturedDays, Size: chart.Flat},
		Top:  func(n int) string { return i18n.N(ctx, "chart.profiles", n) }, Empty: i18n.T(ctx, "chart.days.empty"), Table: i18n.T(ctx, "chart.table"),
		Columns: []component.Column{{Label: i18n.T(ctx, "chart.day")}, {Label: i18n.T(ctx, "chart.days.delivered"), Numeric: true}},
		Legend:  []chart.Key{{Sign: "solid", Text: i18n.T(ctx, "chart.days.solid")}},
	}
	total, most := 0, 0
	var bars []chart.Bar
	for _, day := range d.Delivered {
		total, most = total+day.Accepted, max(most, day.Accepted)
		date := i18n.Date(ctx, day.Begin)
		bars = append(bars, chart.Bar{Solid: day.Accepted, Text: i18n.T(ctx, "chart.bar", "At", date, "Text", i18n.N(ctx, "chart.profiles", day.Accepted))})
		f.Rows = append(f.Rows, []chart.Cell{{Text: date}, {Text: i18n.Number(ctx, day.Accepted)}})
	}
	if total == 0 {
		return f
	}
	f.Bars.Bars = bars
	slices.Reverse(f.Rows)
	f.First, f.Last = i18n.Date(ctx, d.Delivered[0].Begin), i18n.T(ctx, "chart.today")
	f.Description = i18n.N(ctx, "chart.days.description", total, "Most", most)
	return f
}

// sparkline is the small picture in the list.
func (r Row) sparkline(ctx context.Context) chart.Bars {
	return runBars(ctx, fmt.Sprintf("export-%d-runs", r.ID), r.Name, r.Recent, chart.Small)
}

func (g Glimpse) figure(ctx context.Context) chart.Figure {
	f := runFigure(ctx, fmt.Sprintf("export-%d-runs", g.ID), g.Name, g.Recent, chart.Middle)
	f.Empty = i18n.T(ctx, "chart.glance.never")
	return f
}

// last says how the last run went.
func (g Glimpse) last() run.Brief { return g.Recent[len(g.Recent)-1] }

func (g Glance) pager(ctx context.Context) component.Pager {
	from := (g.Page-1)*GlanceSize + 1
	p := component.Pager{
		Label: i18n.T(ctx, "exports.title"), PreviousLabel: i18n.T(ctx, "exports.previous"), NextLabel: i18n.T(ctx, "exports.next"),
		Summary: i18n.T(ctx, "exports.range", "From", from, "To", from+len(g.Exports)-1, "Total", g.Total),
	}
	if g.Page > 1 {
		p.PreviousHref = glancePath(g.Page - 1)
	}
	if from+len(g.Exports)-1 < g.Total {
		p.NextHref = glancePath(g.Page + 1)
	}
	return p
}

// GlancePath is the page of all exports at a glance.
const GlancePath = "/exports/glance"

func glancePath(page int) string {
	if page < 2 {
		return GlancePath
	}
	return GlancePath + "?page=" + strconv.Itoa(page)
}
