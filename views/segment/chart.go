package segment

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/views/chart"
	"github.com/segue-app/segue/views/component"
)

// Chart is the size of a segment over time.
type Chart struct {
	Points []segment.Point // in the order of time
	Range  Range
	Link   func(Range) string
}

// Range is how far back a chart reaches.
type Range string

// The ranges.
const (
	Month   Range = "30"
	Quarter Range = "90"
	Year    Range = "365"
	Ever    Range = "all"
)

// Ranges lists them as they are offered.
var Ranges = []Range{Month, Quarter, Year, Ever}

// Since is where the range begins.
func (r Range) Since(now time.Time) time.Time {
	days := map[Range]int{Month: 30, Quarter: 90, Year: 365}[r]
	if days == 0 {
		return time.Time{}
	}
	return now.AddDate(0, 0, -days)
}

func (c Chart) tabs(ctx context.Context) component.Tabs {
	tabs := component.Tabs{Label: i18n.T(ctx, "segments.sizes.range")}
	for _, r := range Ranges {
		tabs.Items = append(tabs.Items, component.Tab{ID: "range-" + string(r), Label: i18n.T(ctx, "segments.sizes.range."+string(r)), Href: c.Link(r), Current: r == c.Range})
	}
	return tabs
}

// The drawing's own units, stretched to whatever room there is.
const (
	chartWidth  = 1000
	chartHeight = 200
	mostDrawn   = 400 // points; more lie on one another
)

// drawn are the points that are drawn: all, or the last of each of so many equal spans.
func (c Chart) drawn() []segment.Point {
	if len(c.Points) <= mostDrawn {
		return c.Points
	}
	first, whole := c.Points[0].At, c.span()
	var chosen []segment.Point
	last := -1
	for _, p := range c.Points {
		place := int(int64(p.At.Sub(first)) * mostDrawn / int64(whole+1))
		if place == last {
			chosen[len(chosen)-1] = p
			continue
		}
		chosen, last = append(chosen, p), place
	}
	return chosen
}

func (c Chart) span() time.Duration {
	return c.Points[len(c.Points)-1].At.Sub(c.Points[0].At)
}

// top is the end of the scale, no less than the largest size.
func (c Chart) top() int {
	most := 1
	for _, p := range c.Points {
		most = max(most, p.Size)
	}
	return chart.Round(most)
}

// line is the way of the line, as an SVG path.
func (c Chart) line() string {
	var path strings.Builder
	top, whole := float64(c.top()), float64(c.span())
	for i, p := range c.drawn() {
		command := "L"
		if i == 0 {
			command = "M"
		}
		x := chartWidth * float64(p.At.Sub(c.Points[0].At)) / max(whole, 1)
		fmt.Fprintf(&path, "%s%.1f %.1f", command, x, chartHeight*(1-float64(p.Size)/top))
	}
	return path.String()
}

func (c Chart) area() string {
	return fmt.Sprintf("%sL%d %dL0 %dZ", c.line(), chartWidth, chartHeight, chartHeight)
}

// scale names the lines of the drawing from above.
func (c Chart) scale(ctx context.Context) []string {
	top := c.top()
	if top%2 != 0 {
		return []string{i18n.Number(ctx, top), i18n.Number(ctx, 0)}
	}
	return []string{i18n.Number(ctx, top), i18n.Number(ctx, top/2), i18n.Number(ctx, 0)}
}

// grid is the height of each line of the drawing.
func (c Chart) grid(ctx context.Context) (heights []string) {
	lines := len(c.scale(ctx)) - 1
	for i := range lines + 1 {
		heights = append(heights, fmt.Sprint(chartHeight*i/lines))
	}
	return heights
}

// dates name beginning, middle and end.
func (c Chart) dates(ctx context.Context) []string {
	first, last := c.Points[0].At, c.Points[len(c.Points)-1].At
	if c.span() < 48*time.Hour {
		return []string{i18n.DateTime(ctx, first), i18n.DateTime(ctx, last)}
	}
	return []string{i18n.Date(ctx, first), i18n.Date(ctx, first.Add(c.span()/2)), i18n.Date(ctx, last)}
}

// summary says what the drawing shows.
func (c Chart) summary(ctx context.Context) string {
	first, last := c.Points[0], c.Points[len(c.Points)-1]
	least, most := first.Size, first.Size
	for _, p := range c.Points {
		least, most = min(least, p.Size), max(most, p.Size)
	}
	key := "segments.sizes.same"
	switch {
	case last.Size > first.Size:
		key = "segments.sizes.grew"
	case last.Size < first.Size:
		key = "segments.sizes.shrank"
	case least != most:
		key = "segments.sizes.back"
	}
	difference := last.Size - first.Size
	return i18n.T(ctx, key, "From", first.Size, "To", last.Size, "Begin", i18n.Date(ctx, first.At), "End", i18n.Date(ctx, last.At),
		"Difference", max(difference, -difference), "Least", least, "Most", most)
}

// mostRows is how many sizes the table names, the last ones.
const mostRows = 100

// rows are the last size of each day, the newest first.
func (c Chart) rows(ctx context.Context) (rows []segment.Point) {
	day := ""
	for i := len(c.Points) - 1; i >= 0 && len(rows) < mostRows; i-- {
		if on := i18n.Date(ctx, c.Points[i].At); on != day {
			rows, day = append(rows, c.Points[i]), on
		}
	}
	return rows
}

func (c Chart) columns(ctx context.Context) []component.Column {
	return []component.Column{{Label: i18n.T(ctx, "segments.sizes.day")}, {Label: i18n.T(ctx, "segments.size"), Numeric: true}}
}
