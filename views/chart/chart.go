// Package chart draws numbers as pictures: bars in a row, as SVG that the server writes, with attributes and classes alone. Each
// picture has a title and a description, and a table behind it that says all of it. Nothing is told by colour alone. It gets
// numbers and texts in the reader's language, and knows nothing of what they are about.
package chart

import (
	"slices"

	"github.com/segue-app/segue/views/component"
)

// Bar is one of a row: Solid stands on the axis, Light on top of it, Down hangs below. A part that is more than nothing is
// always to be seen.
type Bar struct {
	Solid, Light, Down int
	Level              int // where the line goes at this bar; 0: nowhere
	Mark               Mark
	Text               string // what the bar says, for who points at it
}

// Mark is a sign below a bar.
type Mark string

// The marks.
const (
	NoMark Mark = ""
	Cross  Mark = "cross"
	Dash   Mark = "dash"
	Ring   Mark = "ring"
)

// Size is how large a picture is.
type Size struct {
	Name          string  // class of its own
	Width         float64 // in the picture's units, as the others: CSS pixels at most
	Upper, Lower  float64 // room above and below the axis; Lower 0: nothing hangs down
	strip         float64 // below all, for the marks
	mark          float64 // half a mark's width
	least         float64 // height of the smallest part
	grid, pointed bool    // has lines for the scale; says what a bar is when it is pointed at
}

// The sizes. Flat is Large without room below the axis.
var (
	Large  = Size{Name: "large", Width: 640, Upper: 120, Lower: 34, strip: 16, mark: 4, least: 2, grid: true, pointed: true}
	Flat   = Size{Name: "large", Width: 640, Upper: 154, strip: 16, mark: 4, least: 2, grid: true, pointed: true}
	Middle = Size{Name: "middle", Width: 330, Upper: 62, Lower: 18, strip: 12, mark: 3, least: 1.5, grid: true, pointed: true}
	Small  = Size{Name: "small", Width: 150, Upper: 22, Lower: 7, strip: 8, mark: 2, least: 1.5}
)

// Bars is the picture.
type Bars struct {
	ID          string // of the picture; its title and description have ids made of it
	Title       string
	Description string
	Bars        []Bar
	Slots       int // places; fewer bars stand at the end
	Size        Size
	Round       func(int) int // the end of the scale for the most; Round unless set
}

// Key is a line of a legend.
type Key struct {
	Sign string // "solid", "light", "down", "line", "cut", or a mark
	Text string
}

// Cell is one of a table; with Href it leads somewhere.
type Cell struct {
	Text, Href string
}

// Figure is a picture with all that belongs to it.
type Figure struct {
	Bars
	Empty       string // said instead of the picture, when there is nothing to be drawn
	Top         func(int) string
	First, Last string // what the two ends of the axis are called
	Legend      []Key
	Table       string // what opens the table
	Columns     []component.Column
	Rows        [][]Cell // the first cell of each is its head
}

// Round is the end of the scale: 1, 2 or 5 and noughts, no less than n.
func Round(n int) int {
	for step := 1; ; step *= 10 {
		for _, lead := range []int{1, 2, 5} {
			if lead*step >= n {
				return lead * step
			}
		}
	}
}

const (
	outlier = 8 // a bar that is so many times as large as the middle one is cut, so that the others are to be seen
	cutAt   = 4 // then the scale ends at so many times the middle one
)

// Top is where the scale ends.
func (b Bars) Top() int {
	round := b.Round
	if round == nil {
		round = Round
	}
	var sizes []int
	most := 1
	for _, bar := range b.Bars {
		size := bar.Solid + bar.Light
		if b.Size.Lower > 0 { // what hangs down has less room, on the same scale
			size = max(size, int(float64(bar.Down)*b.Size.Upper/b.Size.Lower))
		}
		if most = max(most, size, bar.Level); size > 0 {
			sizes = append(sizes, size)
		}
	}
	slices.Sort(sizes)
	if n := len(sizes); n > 2 {
		if middle := sizes[n/2]; sizes[n-1]/outlier >= middle {
			most = max(cutAt*middle, 1)
			for _, bar := range b.Bars {
				most = max(most, bar.Level)
			}
		}
	}
	return round(most)
}

// most is the largest number there is.
func (b Bars) most() (most int) {
	for _, bar := range b.Bars {
		most = max(most, bar.Solid+bar.Light, bar.Down, bar.Level)
	}
	return most
}

// Cut reports whether some bar is larger than the scale.
func (b Bars) Cut() bool {
	for _, p := range b.drawing().parts {
		if p.cut != "" {
			return true
		}
	}
	return false
}
