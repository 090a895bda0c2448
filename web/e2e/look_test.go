package e2e

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	browserpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

//go:embed testdata/axe.min.js
var axeSource string

// violation is one rule of axe that the page breaks.
type violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// axe fails the test unless axe finds nothing to object to. No rules means all of them.
func (p *page) axe(state string, rules ...string) {
	p.t.Helper()
	p.evaluate("scrollTo(0, 0)", nil) // so that the bar on top covers nothing
	var there bool
	p.evaluate("typeof axe === 'object'", &there)
	if !there {
		p.evaluate(axeSource+"; 0", nil)
	}
	options := map[string]any{"resultTypes": []string{"violations"}, "rules": map[string]any{"target-size": map[string]bool{"enabled": true}}} // of WCAG 2.2, and off unless asked for
	if len(rules) > 0 {
		options["runOnly"] = rules
	}
	text, err := json.Marshal(options)
	if err != nil {
		p.t.Fatal(err)
	}
	var violations []violation
	p.evaluate(fmt.Sprintf("axe.run(document, %s).then(r => r.violations.map(v => ({id: v.id, help: v.help, "+
		"nodes: v.nodes.map(n => ({html: n.html, failureSummary: n.failureSummary}))})))", text), &violations)
	for _, v := range violations {
		for _, node := range v.Nodes {
			p.t.Errorf("%s, %s (%s): axe %s: %s\n  %.300s\n  %s", state, p.path(), p.language, v.ID, v.Help, node.HTML,
				strings.ReplaceAll(node.Summary, "\n", "\n  "))
		}
	}
}

// inspect looks closely at the page in a state: by axe and for its width, on a desk and on a phone, light and dark. Dark differs
// in its colours alone, and Danish in the room that its words need.
func (p *page) inspect(state string) {
	p.t.Helper()
	p.settle()
	wholly := p.language == "en"
	for _, width := range []int64{1280, 390} {
		p.window(width, 800)
		if wholly || width == 1280 {
			p.axe(fmt.Sprintf("%s at %d px", state, width))
		}
		p.fits(state)
		p.keep(fmt.Sprintf("%s-%s-%d-light", state, p.language, width))
	}
	p.window(360, 800)
	p.fits(state)
	if wholly || os.Getenv("SEGUE_SCREENSHOTS_ALL") != "" {
		p.theme("dark")
		p.axe(state+" at 360 px, dark", "color-contrast")
		p.keep(fmt.Sprintf("%s-%s-360-dark", state, p.language))
		p.window(1280, 800)
		p.axe(state+" at 1280 px, dark", "color-contrast")
		p.keep(fmt.Sprintf("%s-%s-1280-dark", state, p.language))
		p.theme("light")
	}
	p.window(1280, 800)
}

// fits fails the test if the page is wider than the window.
func (p *page) fits(state string) {
	p.t.Helper()
	var width struct{ Content, Window int }
	p.evaluate("({content: document.scrollingElement.scrollWidth, window: document.documentElement.clientWidth})", &width) // innerWidth of a phone grows with the page
	if width.Content > width.Window {
		p.t.Errorf("%s, %s (%s): %d px wide in a window of %d px", state, p.path(), p.language, width.Content, width.Window)
	}
}

// tablesFit fails the test if a table must be moved sideways to be read.
func (p *page) tablesFit() {
	p.t.Helper()
	var cut []string
	p.evaluate(`[...document.querySelectorAll("table")].filter(t => t.parentElement.scrollWidth > t.parentElement.clientWidth)
		.map(t => t.caption.innerText)`, &cut)
	if len(cut) > 0 {
		p.t.Errorf("%s (%s): tables wider than their place: %q", p.path(), p.language, cut)
	}
}

// bring scrolls to a heading.
func (p *page) bring(heading words) {
	p.t.Helper()
	p.call(p.find(heading, []string{"heading"}), `function() { this.scrollIntoView({block: "start"}); scrollBy(0, -80) }`, nil)
}

// keep takes a picture of the whole page when all of them are wanted.
func (p *page) keep(name string) {
	p.t.Helper()
	if folder := os.Getenv("SEGUE_SCREENSHOTS_ALL"); folder != "" {
		p.save(folder, name, true, false)
	}
}

// screenshot takes a picture for the README when they are wanted.
func (p *page) screenshot(name string) {
	p.t.Helper()
	if folder := os.Getenv("SEGUE_SCREENSHOTS"); folder != "" {
		p.save(folder, name, false, true)
	}
}

func (p *page) save(folder, name string, whole, small bool) {
	p.t.Helper()
	picture, err := browserpage.CaptureScreenshot().WithCaptureBeyondViewport(whole).Do(p.ctx)
	if err != nil {
		p.t.Errorf("take the picture %s: %v", name, err)
		return
	}
	if small {
		if picture, err = shrink(picture); err != nil {
			p.t.Errorf("shrink the picture %s: %v", name, err)
			return
		}
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// shrink keeps the 256 colours that a picture uses most: pages have few, and the file gets a third of its size.
func shrink(picture []byte) ([]byte, error) {
	full, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, err
	}
	counts := map[color.RGBA]int{}
	bounds := full.Bounds()
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(full.At(x, y)).(color.RGBA) }
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[at(x, y)]++
		}
	}
	var colours []color.RGBA
	for c := range counts {
		colours = append(colours, c)
	}
	slices.SortFunc(colours, func(a, b color.RGBA) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return int(a.R)<<16 + int(a.G)<<8 + int(a.B) - int(b.R)<<16 - int(b.G)<<8 - int(b.B)
	})
	var palette color.Palette
	for _, c := range colours[:min(256, len(colours))] {
		palette = append(palette, c)
	}
	index := map[color.RGBA]uint8{}
	for _, c := range colours {
		index[c] = uint8(palette.Index(c))
	}
	small := image.NewPaletted(bounds, palette)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			small.SetColorIndex(x, y, index[at(x, y)])
		}
	}
	var out bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, small)
	return out.Bytes(), err
}

func axOf(p *page, object runtime.RemoteObjectID) ([]*accessibility.Node, error) {
	return accessibility.GetPartialAXTree().WithObjectID(object).WithFetchRelatives(false).Do(p.ctx)
}
