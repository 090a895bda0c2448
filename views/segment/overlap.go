package segment

import (
	"context"
	"fmt"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/views/component"
)

// Comparison is the page of two segments' overlap.
type Comparison struct {
	Segments      []segment.Segment // that can be chosen
	First, Second segment.Segment   // the chosen ones; their ids are 0 while none is
	Counted       bool
	Overlap       segment.Overlap
	Trouble       string // why it is not counted, translated
	MayEdit       bool
}

func (c Comparison) options() []component.Option {
	options := make([]component.Option, 0, len(c.Segments))
	for _, one := range c.Segments {
		options = append(options, component.Option{Value: fmt.Sprint(one.ID), Label: one.Name})
	}
	return options
}

func chosen(s segment.Segment) string {
	if s.ID == 0 {
		return ""
	}
	return fmt.Sprint(s.ID)
}

// overlapPart is one part of two segments' overlap.
type overlapPart struct {
	label string
	count int
	rule  string // the form of a segment of them; "" where that is no use
	tone  component.Tone
}

func (c Comparison) parts(ctx context.Context) []overlapPart {
	of := func(key string) string {
		return i18n.T(ctx, "segments.overlap."+key, "First", c.First.Name, "Second", c.Second.Name)
	}
	rule := func(first, second string) string {
		link := fmt.Sprintf("/segments/new?kind=rule&%s=%d&%s=%d", first, c.First.ID, second, c.Second.ID)
		if base := c.First.Definition.SourceID; base != 0 {
			link += fmt.Sprintf("&base=%d", base)
		}
		return link
	}
	o := c.Overlap
	return []overlapPart{
		{of("only_first"), o.OnlyFirst, rule("in", "not"), component.Info},
		{of("both"), o.Both, rule("in", "in"), component.Running},
		{of("only_second"), o.OnlySecond, rule("not", "in"), component.Warning},
		{of("neither"), o.Profiles - o.OnlyFirst - o.Both - o.OnlySecond, rule("not", "not"), component.Neutral},
	}
}

// bar shows the parts in proportion. Who is in neither would leave no room for the others.
func (c Comparison) bar(ctx context.Context) component.StackedBar {
	bar := component.StackedBar{ID: "overlap-bar", Label: i18n.T(ctx, "segments.overlap.title")}
	for _, part := range c.parts(ctx)[:3] {
		bar.Parts = append(bar.Parts, component.Part{Label: part.label, Count: int64(part.count), Text: i18n.Number(ctx, part.count), Tone: part.tone})
	}
	return bar
}

func (c Comparison) columns(ctx context.Context) []component.Column {
	columns := []component.Column{
		{Label: i18n.T(ctx, "segments.overlap.who")}, {Label: i18n.T(ctx, "segments.overlap.profiles"), Numeric: true}, {Label: i18n.T(ctx, "segments.overlap.share"), Numeric: true},
	}
	if c.MayEdit {
		columns = append(columns, component.Column{Label: i18n.T(ctx, "segments.overlap.make"), HideLabel: true})
	}
	return columns
}

func percent(ctx context.Context, count, of int) string {
	if of == 0 {
		return i18n.T(ctx, "segments.percent", "Percent", i18n.From(ctx).Decimal(0, 1))
	}
	return i18n.T(ctx, "segments.percent", "Percent", i18n.From(ctx).Decimal(100*float64(count)/float64(of), 1))
}

func (c Comparison) summary(ctx context.Context) string {
	first, second := c.Overlap.OnlyFirst+c.Overlap.Both, c.Overlap.OnlySecond+c.Overlap.Both
	return i18n.T(ctx, "segments.overlap.summary", "First", c.First.Name, "Second", c.Second.Name, "Both", c.Overlap.Both,
		"OfFirst", percent(ctx, c.Overlap.Both, first), "OfSecond", percent(ctx, c.Overlap.Both, second))
}
