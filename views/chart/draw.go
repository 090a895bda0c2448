package chart

import (
	"fmt"
	"strconv"
	"strings"
)

// part is one rectangle of a bar.
type part struct {
	x, y, width, height float64
	kind                string // "solid", "light" or "down"
	cut                 string // way of the line that cuts it; "" when it is whole
}

// sign is a mark at its place.
type sign struct {
	x, y float64
	kind Mark
	path string
}

// drawn is one bar with all that belongs to it.
type drawn struct {
	parts []part
	signs []sign
	text  string
}

// drawing is the picture in numbers. Nothing in it leaves the frame, and no bar touches another.
type drawing struct {
	width, height, axis float64
	bars                []drawn
	parts               []part // of all bars
	lines               []float64
	level               string // way of the line, "" when there is none
}

const gapShare = 4 // the gap is this part of a place

func (b Bars) drawing() drawing {
	d := drawing{width: b.Size.Width, height: b.Size.Upper + b.Size.Lower + b.Size.strip, axis: b.Size.Upper}
	if b.Size.grid {
		d.lines = []float64{0.5, b.Size.Upper / 2}
	}
	slots := max(b.Slots, len(b.Bars), 1)
	place := b.Size.Width / float64(slots)
	top := float64(b.Top())
	height := func(n int) float64 { return float64(n) / top * b.Size.Upper }
	var level strings.Builder
	before := 0
	for i, bar := range b.Bars {
		left := place * float64(slots-len(b.Bars)+i)
		one := drawn{text: bar.Text}
		x, width := left+place/gapShare/2, place-place/gapShare
		one.parts = append(one.parts, b.standing(bar, x, width, height)...)
		if bar.Down > 0 && b.Size.Lower > 0 {
			p := part{x: x, y: d.axis, width: width, height: min(max(height(bar.Down), b.Size.least), b.Size.Lower), kind: "down"}
			if height(bar.Down) > b.Size.Lower+0.01 {
				p.cut = slash(x, d.axis+b.Size.Lower-b.Size.least*2, width, -b.Size.least)
			}
			one.parts = append(one.parts, p)
		}
		if bar.Mark != NoMark {
			at := sign{x: left + place/2, y: d.height - b.Size.strip/2, kind: bar.Mark}
			at.path = outline(at, min(b.Size.mark, place/2))
			one.signs = append(one.signs, at)
		}
		d.bars, d.parts = append(d.bars, one), append(d.parts, one.parts...)
		if bar.Level > 0 {
			y := max(b.Size.Upper-height(bar.Level), 1)
			command := "L"
			if before == 0 {
				command = "M"
			}
			fmt.Fprintf(&level, "%s%s %sL%s %s", command, number(left), number(y), number(left+place), number(y))
		}
		before = bar.Level
	}
	d.level = level.String()
	return d
}

// standing are the parts above the axis.
func (b Bars) standing(bar Bar, x, width float64, height func(int) float64) (parts []part) {
	total := bar.Solid + bar.Light
	if total == 0 {
		return nil
	}
	whole := min(max(height(total), b.Size.least), b.Size.Upper)
	solid := 0.0
	if bar.Solid > 0 {
		solid = min(max(height(bar.Solid), b.Size.least), whole)
	}
	if bar.Light > 0 {
		if whole-solid < b.Size.least { // there is room for both: the frame is many times as high as the smallest part
			whole = max(whole, 2*b.Size.least)
			solid = min(solid, whole-b.Size.least)
		}
		parts = append(parts, part{x: x, y: b.Size.Upper - whole, width: width, height: whole - solid, kind: "light"})
	}
	if solid > 0 {
		parts = append(parts, part{x: x, y: b.Size.Upper - solid, width: width, height: solid, kind: "solid"})
	}
	if height(total) > b.Size.Upper+0.01 {
		parts[0].cut = slash(x, b.Size.Upper-whole+b.Size.least*2, width, b.Size.least)
	}
	return parts
}

// slash is a line across a bar, which rises by so much.
func slash(x, y, width, rise float64) string {
	return fmt.Sprintf("M%s %sL%s %s", number(x), number(y+rise), number(x+width), number(y))
}

// outline is the way of a mark's line.
func outline(s sign, half float64) string {
	left, right, top, bottom := number(s.x-half), number(s.x+half), number(s.y-half), number(s.y+half)
	switch s.kind {
	case Cross:
		return "M" + left + " " + top + "L" + right + " " + bottom + "M" + left + " " + bottom + "L" + right + " " + top
	case Dash:
		return "M" + left + " " + number(s.y) + "L" + right + " " + number(s.y)
	default:
		r := number(half)
		return "M" + left + " " + number(s.y) + "A" + r + " " + r + " 0 1 1 " + right + " " + number(s.y) + "A" + r + " " + r + " 0 1 1 " + left + " " + number(s.y) + "Z"
	}
}

// number writes a length with a hundredth at most.
func number(f float64) string {
	text := strconv.FormatFloat(f, 'f', 2, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

func (d drawing) box() string { return "0 0 " + number(d.width) + " " + number(d.height) }
