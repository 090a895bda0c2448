package chart

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/i18n"
)

var update = flag.Bool("update", false, "write the golden pictures anew")

func series(n int, bar func(i int) Bar) (bars []Bar) {
	for i := range n {
		bars = append(bars, bar(i))
	}
	return bars
}

var cases = []struct {
	name string
	bars Bars
}{
	{"no-runs", Bars{Size: Large, Slots: 30}},
	{"one-run", Bars{Size: Large, Slots: 30, Bars: []Bar{{Solid: 1200, Down: 3, Text: "1 May: <1,200> & 3"}}}},
	{"thirty-runs", Bars{Size: Middle, Slots: 30, Bars: series(30, func(i int) Bar {
		return Bar{Solid: 10 * i, Light: 1000 - 10*i, Down: i % 4 * 50, Mark: []Mark{NoMark, Cross, Dash, Ring}[i/8]}
	})}},
	{"all-failed", Bars{Size: Small, Slots: 30, Bars: series(30, func(int) Bar { return Bar{Mark: Cross, Text: "not shown"} })}},
	{"huge-outlier", Bars{Size: Large, Slots: 30, Bars: series(12, func(i int) Bar {
		if i == 3 {
			return Bar{Solid: 900_000, Light: 5, Down: 400_000}
		}
		return Bar{Solid: 40, Light: 60, Down: 1}
	})}},
	{"limit", Bars{Size: Flat, Slots: 60, Bars: series(60, func(i int) Bar {
		b := Bar{Solid: i % 7 * 60, Level: 400}
		if i > 40 {
			b.Level, b.Mark = 360, Cross
		}
		if i == 0 {
			b.Level = 0
		}
		return b
	})}},
}

func rendered(t testing.TB, b Bars) string {
	t.Helper()
	b.ID, b.Title, b.Description = "picture", "A picture", "What it shows"
	var svg strings.Builder
	if err := b.Render(t.Context(), &svg); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(svg.String(), "><", ">\n<") + "\n"
}

func TestPicturesAreDrawnAsTheyWere(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path, got := filepath.Join("testdata", c.name+".svg"), rendered(t, c.bars)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("it is drawn otherwise; look at it, and run the test with -update:\n%s", got)
			}
		})
	}
}

func TestAPictureIsWellFormedAndCarriesNoStyleAndNoScript(t *testing.T) {
	for _, c := range cases {
		names := map[string]bool{}
		decoder := xml.NewDecoder(strings.NewReader(rendered(t, c.bars)))
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			element, ok := token.(xml.StartElement)
			if !ok {
				continue
			}
			names[element.Name.Local] = true
			for _, a := range element.Attr {
				if a.Name.Local == "style" || strings.HasPrefix(a.Name.Local, "on") {
					t.Errorf("%s: <%s> has the attribute %s", c.name, element.Name.Local, a.Name.Local)
				}
			}
		}
		if !names["title"] || !names["desc"] || names["style"] || names["script"] {
			t.Errorf("%s has the elements %v", c.name, names)
		}
	}
}

var lengths = regexp.MustCompile(`-?[0-9.]+`)

// inFrame fails when bars overlap, or anything is drawn outside of the frame.
func inFrame(t *testing.T, b Bars) {
	t.Helper()
	const slack = 0.011 // lengths are written with two decimals
	d := b.drawing()
	end := 0.0
	for i, bar := range d.bars {
		right := end
		for _, p := range bar.parts {
			if p.x < end-slack || p.width <= 0 || p.x+p.width > d.width+slack || p.y < -slack || p.height <= 0 || p.y+p.height > d.axis+b.Size.Lower+slack {
				t.Fatalf("bar %d of %d: %+v, the one before ends at %v", i, len(d.bars), p, end)
			}
			if above := p.y+p.height <= d.axis+slack; above == (p.kind == "down") {
				t.Fatalf("bar %d: %+v is on the wrong side of the axis", i, p)
			}
			right = max(right, p.x+p.width)
		}
		if n := len(bar.parts); n > 1 && bar.parts[0].kind == "light" && bar.parts[1].kind == "solid" && bar.parts[0].y+bar.parts[0].height > bar.parts[1].y+slack {
			t.Fatalf("bar %d: its parts overlap: %+v", i, bar.parts)
		}
		for _, s := range bar.signs {
			half := min(b.Size.mark, b.Size.Width/float64(max(b.Slots, len(b.Bars)))/2)
			if s.x-half < -slack || s.x+half > d.width+slack || s.y-half < d.axis+b.Size.Lower-slack || s.y+half > d.height+slack {
				t.Fatalf("bar %d: its mark is at %v, %v", i, s.x, s.y)
			}
		}
		end = right
	}
	for _, p := range d.parts {
		for j, text := range lengths.FindAllString(p.cut, -1) {
			n, err := strconv.ParseFloat(text, 64)
			if most := []float64{d.width, d.axis + b.Size.Lower}[j%2]; err != nil || n < -slack || n > most+slack {
				t.Fatalf("the cut %q leaves the frame: %v", p.cut, err)
			}
		}
	}
	for j, text := range lengths.FindAllString(d.level, -1) {
		n, err := strconv.ParseFloat(text, 64)
		if most := []float64{d.width, d.axis}[j%2]; err != nil || n < -slack || n > most+slack {
			t.Fatalf("the line %q leaves the frame: %v", d.level, err)
		}
	}
}

func TestBarsNeverOverlapOrLeaveTheFrame(t *testing.T) {
	for _, c := range cases {
		inFrame(t, c.bars)
	}
}

func FuzzBars(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 255, 255, 255, 0, 0, 0}, uint8(30), uint8(0))
	f.Add([]byte{255, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1}, uint8(1), uint8(2))
	f.Add([]byte{0, 0, 255, 0, 1, 0}, uint8(0), uint8(3))
	f.Fuzz(func(t *testing.T, numbers []byte, slots, size uint8) {
		b := Bars{Slots: int(slots), Size: []Size{Large, Flat, Middle, Small}[size%4]}
		for i := 0; i+2 < len(numbers) && len(b.Bars) < 400; i += 3 {
			grow := func(n byte) int { return int(n) * int(n) * int(n) * 60 } // up to a thousand million
			b.Bars = append(b.Bars, Bar{Solid: grow(numbers[i]), Light: grow(numbers[i+1]), Down: grow(numbers[i+2]),
				Level: int(numbers[i]) * 3, Mark: []Mark{NoMark, Cross, Dash, Ring}[numbers[i]%4]})
		}
		inFrame(t, b)
	})
}

func TestTheSmallestPartIsToBeSeenAndTheScaleEndsAtARoundNumber(t *testing.T) {
	b := Bars{Size: Large, Slots: 30, Bars: []Bar{{Solid: 1, Light: 999_999, Down: 1}, {Light: 1_000_000}}}
	for _, p := range b.drawing().parts {
		if p.height < Large.least {
			t.Errorf("a part is %v high", p.height)
		}
	}
	for most, want := range map[int]int{0: 1, 1: 1, 3: 5, 11: 20, 999_999: 1_000_000} {
		if got := (Bars{Size: Flat, Bars: []Bar{{Solid: most}}}).Top(); got != want {
			t.Errorf("up to %d the scale ends at %d, not %d", most, got, want)
		}
	}
}

func TestOneHugeBarIsCutAndSaidToBe(t *testing.T) {
	for _, c := range cases {
		if got := c.bars.Cut(); got != (c.name == "huge-outlier") {
			t.Errorf("%s: cut is %v", c.name, got)
		}
	}
	ctx := i18n.With(t.Context(), i18n.For("da", nil))
	f := Figure{Bars: cases[4].bars, Legend: []Key{{Sign: "solid", Text: "x"}}}
	if keys := f.legend(ctx); len(keys) != 2 || keys[1].Text != "Større end skalaen og afkortet" {
		t.Errorf("the legend is %+v", keys)
	}
}

func TestWithoutNumbersTheFigureSaysWhatThereWillBe(t *testing.T) {
	var page strings.Builder
	if err := (Figure{Empty: "Nothing yet"}).Render(t.Context(), &page); err != nil {
		t.Fatal(err)
	}
	if page.String() != `<p class="muted">Nothing yet</p>` {
		t.Errorf("it says %s", page.String())
	}
}
