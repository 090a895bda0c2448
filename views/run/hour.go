package run

import (
	"context"
	"slices"

	"github.com/segue-app/segue/internal/budget"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/chart"
	"github.com/segue-app/segue/views/component"
)

// Hour draws what was made of a brand's request budget in each of some minutes, with the limit that was in force. It holds
// numbers only.
func Hour(ctx context.Context, brand string, minutes []budget.Minute) chart.Figure {
	f := chart.Figure{
		Bars:  chart.Bars{ID: "picture-hour", Title: i18n.T(ctx, "chart.hour.of", "Brand", brand), Slots: len(minutes), Size: chart.Flat},
		Empty: i18n.T(ctx, "chart.hour.empty"), Table: i18n.T(ctx, "chart.hour.table"), Top: func(n int) string { return i18n.N(ctx, "chart.requests", n) },
		Columns: []component.Column{{Label: i18n.T(ctx, "chart.minute")}, {Label: i18n.T(ctx, "chart.hour.requests"), Numeric: true},
			{Label: i18n.T(ctx, "chart.hour.limit"), Numeric: true}, {Label: i18n.T(ctx, "chart.hour.waiting"), Numeric: true}, {Label: i18n.T(ctx, "chart.hour.refused"), Numeric: true}},
	}
	limit := 0 // of minutes of which nothing is known: as in the others
	for _, m := range minutes {
		limit = max(limit, m.Limit)
	}
	total, most, waits, refused := 0, 0, 0, 0
	for _, m := range minutes {
		at := i18n.From(ctx).Clock(m.Start)
		bar := chart.Bar{Solid: m.Requests, Level: m.Limit}
		switch {
		case m.Refused > 0:
			bar.Mark = chart.Cross
		case m.Waiting > 0:
			bar.Mark = chart.Ring
		}
		idle := m.Requests+m.Refused+m.Waiting == 0
		if idle {
			bar.Level = limit
		} else {
			f.Rows = append(f.Rows, []chart.Cell{{Text: at}, {Text: i18n.Number(ctx, m.Requests)}, {Text: limitText(ctx, m.Limit)},
				{Text: i18n.Number(ctx, m.Waiting)}, {Text: i18n.Number(ctx, m.Refused)}})
		}
		bar.Text = i18n.T(ctx, "chart.hour.bar", "At", at, "Requests", m.Requests, "Limit", limitText(ctx, bar.Level), "Waiting", m.Waiting, "Refused", m.Refused)
		f.Bars.Bars = append(f.Bars.Bars, bar)
		total, most = total+m.Requests, max(most, m.Requests)
		waits, refused = waits+min(m.Waiting, 1), refused+m.Refused
	}
	if len(f.Rows) == 0 {
		f.Bars.Bars = nil
		return f
	}
	slices.Reverse(f.Rows)
	f.First, f.Last = i18n.From(ctx).Clock(minutes[0].Start), i18n.T(ctx, "chart.now")
	f.Description = i18n.N(ctx, "chart.hour.description", total, "Most", most, "Limit", limitText(ctx, limit), "Waits", waits, "Refused", refused)
	for _, sign := range []string{"solid", "line", "ring", "cross"} {
		if sign != "line" || limit > 0 {
			f.Legend = append(f.Legend, chart.Key{Sign: sign, Text: i18n.T(ctx, "chart.hour."+sign)})
		}
	}
	return f
}

func limitText(ctx context.Context, limit int) string {
	if limit == 0 {
		return i18n.T(ctx, "chart.hour.unlimited")
	}
	return i18n.Number(ctx, limit)
}
