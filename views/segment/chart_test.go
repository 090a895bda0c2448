package segment

import (
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/segment"
)

func chartOf(sizes ...int) Chart {
	var c Chart
	for i, size := range sizes {
		c.Points = append(c.Points, segment.Point{At: time.Date(2026, 5, 1+i, 12, 0, 0, 0, time.UTC), Size: size})
	}
	return c
}

func TestAChartSaysWhatItShowsInBothLanguages(t *testing.T) {
	for _, c := range []struct {
		name   string
		sizes  []int
		en, da string
	}{
		{"more", []int{1200, 900, 1500}, "From 1,200 on 1 May 2026 to 1,500 on 3 May 2026: 300 more. Least 900, most 1,500.", "Fra 1.200 den 1. maj 2026 til 1.500 den 3. maj 2026: 300 flere. Færrest 900, flest 1.500."},
		{"fewer", []int{10, 4}, "From 10 on 1 May 2026 to 4 on 2 May 2026: 6 fewer. Least 4, most 10.", "Fra 10 den 1. maj 2026 til 4 den 2. maj 2026: 6 færre. Færrest 4, flest 10."},
		{"there and back", []int{5, 9, 5}, "5 on 1 May 2026, and 5 again on 3 May 2026. Least 5, most 9.", "5 den 1. maj 2026 og igen 5 den 3. maj 2026. Færrest 5, flest 9."},
		{"the same", []int{5, 5}, "5 all the time, from 1 May 2026 to 2 May 2026.", "5 hele tiden, fra 1. maj 2026 til 2. maj 2026."},
	} {
		t.Run(c.name, func(t *testing.T) {
			for language, want := range map[string]string{"en": c.en, "da": c.da} {
				if got := chartOf(c.sizes...).summary(i18n.With(t.Context(), i18n.For(language, nil))); got != want {
					t.Errorf("%s: got %q, want %q", language, got, want)
				}
			}
		})
	}
}

func TestAChartIsDrawnFromNothingToARoundNumber(t *testing.T) {
	if got := chartOf(0, 30, 50).line(); got != "M0.0 200.0L500.0 80.0L1000.0 0.0" {
		t.Errorf("the line is %s", got)
	}
	for most, want := range map[int]int{0: 1, 1: 1, 2: 2, 3: 5, 11: 20, 21: 50, 999_999: 1_000_000} {
		if got := chartOf(0, most).top(); got != want {
			t.Errorf("up to %d the scale ends at %d, not %d", most, got, want)
		}
	}
	at := []segment.Point{{At: time.Unix(0, 0), Size: 1}, {At: time.Unix(0, 0), Size: 2}}
	if got := (Chart{Points: at}).line(); strings.Contains(got, "NaN") {
		t.Errorf("of one moment it is %s", got)
	}
}

func TestAChartOfManySizesDrawsTheLastOfEachSpan(t *testing.T) {
	var c Chart
	for i := range 5000 {
		c.Points = append(c.Points, segment.Point{At: time.Unix(int64(i)*3600, 0), Size: i})
	}
	drawn := c.drawn()
	if len(drawn) > mostDrawn || drawn[len(drawn)-1].Size != 4999 {
		t.Errorf("%d points, up to %+v", len(drawn), drawn[len(drawn)-1])
	}
	if rows := c.rows(i18n.With(t.Context(), i18n.For("en", time.UTC))); len(rows) != mostRows || rows[0].Size != 4999 || rows[1].Size != 4991 {
		t.Errorf("%d rows, the first %+v", len(rows), rows[:2])
	}
}
