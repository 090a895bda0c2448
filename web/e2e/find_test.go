package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
)

// Roles of the accessibility tree, as Chromium names them.
var (
	pressable = []string{"button", "link", "DisclosureTriangle", "menuitem", "tab"}
	fillable  = []string{"textbox", "searchbox", "spinbutton", "Date", "DateTime", "InputTime"}
	choosable = []string{"combobox", "listbox", "ComboBoxSelect"}
	tickable  = []string{"checkbox", "radio", "switch"}
	attached  = []string{"button"} // a field for a file
	parts     = []string{"region", "group", "navigation", "form", "search", "radiogroup"}
)

// part narrows the page to a titled part: a section, a group of fields, a navigation.
func (p *page) part(title words) *page {
	narrow := *p
	narrow.scope = title
	return &narrow
}

// query asks the accessibility tree below a node. A name must be met exactly; an empty one is any.
func (p *page) query(root cdp.BackendNodeID, name string, roles []string) (found []*accessibility.Node) {
	query := accessibility.QueryAXTree().WithBackendNodeID(root)
	if len(roles) == 1 {
		query = query.WithRole(roles[0]) // a field for a file is not found by its name
	} else if name != "" {
		query = query.WithAccessibleName(name)
	}
	nodes, err := query.Do(p.ctx)
	if err != nil {
		return nil // the page changes just now
	}
	for _, node := range nodes {
		if !node.Ignored && slices.Contains(roles, textOf(node.Role)) && (name == "" || plain(textOf(node.Name)) == name) {
			found = append(found, node)
		}
	}
	return found
}

func textOf(value *accessibility.Value) (text string) {
	if value != nil {
		_ = json.Unmarshal([]byte(value.Value), &text)
	}
	return text
}

// root is the node below which things are looked for; 0 while there is none.
func (p *page) root() cdp.BackendNodeID {
	document, err := dom.GetDocument().WithDepth(0).Do(p.ctx)
	if err != nil {
		return 0
	}
	if p.scope == (words{}) {
		return document.BackendNodeID
	}
	if found := p.query(document.BackendNodeID, p.say(p.scope), parts); len(found) > 0 {
		return found[0].BackendDOMNodeID
	}
	return 0
}

// candidates are what has the name and one of the roles; what stands in the main part comes before navigation.
func (p *page) candidates(name string, roles []string) []*accessibility.Node {
	root := p.root()
	if root == 0 {
		return nil
	}
	if p.scope == (words{}) {
		for _, main := range p.query(root, "", []string{"main"}) {
			if found := p.query(main.BackendDOMNodeID, name, roles); len(found) > 0 {
				return found
			}
		}
	}
	return p.query(root, name, roles)
}

// find waits for the one thing that has the name and one of the roles.
func (p *page) find(name words, roles []string) *accessibility.Node {
	p.t.Helper()
	wanted := p.say(name)
	var found []*accessibility.Node
	what := fmt.Sprintf("with exactly one %q (%s)", wanted, strings.Join(roles, ", "))
	if p.scope != (words{}) {
		what += fmt.Sprintf(" in %q", p.say(p.scope))
	}
	p.until(what, func() bool {
		found = p.candidates(wanted, roles)
		return len(found) == 1
	})
	return found[0]
}

// offers reports whether there is something to press with this name now.
func (p *page) offers(name words) bool { return len(p.candidates(p.say(name), pressable)) > 0 }

// canPress waits until each can be pressed.
func (p *page) canPress(names ...words) {
	p.t.Helper()
	for _, name := range names {
		p.until(fmt.Sprintf("offering %q", p.say(name)), func() bool { return p.offers(name) })
	}
}

// cannotPress fails the test if one of them can be pressed.
func (p *page) cannotPress(names ...words) {
	p.t.Helper()
	for _, name := range names {
		if p.offers(name) {
			p.t.Errorf("%s offers %q", p.path(), p.say(name))
		}
	}
}

// press presses a button or follows a link.
func (p *page) press(name words) {
	p.t.Helper()
	node := p.find(name, pressable)
	for range 5 { // a live page may exchange it between finding and pressing
		if _, _, err := p.aim(node); err == nil {
			break
		}
		node = p.find(name, pressable)
	}
	p.click(node)
}

// menu follows a link of the main menu.
func (p *page) menu(name words) {
	p.t.Helper()
	p.part(words{"Main menu", "Hovedmenu"}).press(name)
}

// tick presses a box to tick or a choice.
func (p *page) tick(name words) {
	p.t.Helper()
	p.click(p.find(name, tickable))
}

// ticked reports whether a box is ticked or a choice taken.
func (p *page) ticked(name words) bool {
	p.t.Helper()
	var is bool
	p.call(p.find(name, tickable), "function() { return this.checked }", &is)
	return is
}

// fill writes into a field in place of what is there.
func (p *page) fill(label words, value string) {
	p.t.Helper()
	field := p.find(label, fillable)
	if role := textOf(field.Role); role == "Date" || role == "DateTime" || role == "InputTime" {
		p.call(field, fmt.Sprintf(`function() {
			this.value = %q
			for (const type of ["input", "change"]) this.dispatchEvent(new Event(type, {bubbles: true}))
		}`, value), nil)
		return
	}
	p.do(dom.Focus().WithBackendNodeID(field.BackendDOMNodeID))
	p.call(field, "function() { this.select() }", nil)
	if value == "" {
		p.key("Delete")
	} else {
		p.do(input.InsertText(value))
	}
	p.settle()
}

// value reads what a field holds.
func (p *page) value(label words) string {
	p.t.Helper()
	var value string
	p.call(p.find(label, slices.Concat(fillable, choosable)), "function() { return this.value }", &value)
	return value
}

// chosen reads the text of the option that is chosen in a list.
func (p *page) chosen(label words) string {
	p.t.Helper()
	var value string
	p.call(p.find(label, choosable), "function() { return this.selectedOptions[0]?.text ?? '' }", &value)
	return plain(value)
}

// choose takes the option with the text from a list.
func (p *page) choose(label words, option words) {
	p.t.Helper()
	list := p.find(label, choosable)
	var done bool
	p.call(list, fmt.Sprintf(`function() {
		const option = [...this.options].find(o => o.text.replace(/\s+/g, " ").trim() === %q)
		if (!option) return false
		option.selected = true
		for (const type of ["input", "change"]) this.dispatchEvent(new Event(type, {bubbles: true}))
		return true
	}`, p.say(option)), &done)
	if !done {
		var options []string
		p.call(list, "function() { return [...this.options].map(o => o.text) }", &options)
		p.t.Fatalf("%s: %q has no option %q but %q", p.path(), p.say(label), p.say(option), options)
	}
	p.settle()
}

// attach puts a file into a field for files.
func (p *page) attach(label words, path string) {
	p.t.Helper()
	field := p.find(label, attached)
	p.do(dom.SetFileInputFiles([]string{path}).WithBackendNodeID(field.BackendDOMNodeID))
	p.settle()
}

// call calls a function with the node as this.
func (p *page) call(node *accessibility.Node, function string, into any) {
	p.t.Helper()
	object, err := dom.ResolveNode().WithBackendNodeID(node.BackendDOMNodeID).Do(p.ctx)
	if err != nil {
		p.t.Fatalf("resolve %q: %v", textOf(node.Name), err)
	}
	value, exception, err := runtime.CallFunctionOn(function).WithObjectID(object.ObjectID).WithReturnByValue(true).Do(p.ctx)
	if err != nil || exception != nil {
		p.t.Fatalf("call on %q: %v %v", textOf(node.Name), err, exception)
	}
	if into != nil {
		if err := json.Unmarshal([]byte(value.Value), into); err != nil {
			p.t.Fatalf("call on %q: %v", textOf(node.Name), err)
		}
	}
}

// aim brings a node into view and says where its middle is.
func (p *page) aim(node *accessibility.Node) (x, y float64, err error) {
	if err := dom.ScrollIntoViewIfNeeded().WithBackendNodeID(node.BackendDOMNodeID).Do(p.ctx); err != nil {
		return 0, 0, err
	}
	quads, err := dom.GetContentQuads().WithBackendNodeID(node.BackendDOMNodeID).Do(p.ctx)
	if err != nil {
		return 0, 0, err
	}
	if len(quads) == 0 {
		return 0, 0, errors.New("it is not shown")
	}
	quad := quads[0]
	return (quad[0] + quad[4]) / 2, (quad[1] + quad[5]) / 2, nil
}

// click brings a node into view and clicks its middle with the mouse.
func (p *page) click(node *accessibility.Node) {
	p.t.Helper()
	x, y, err := p.aim(node)
	if err != nil {
		p.t.Fatalf("%s: %q cannot be clicked: %v", p.path(), textOf(node.Name), err)
	}
	p.do(input.DispatchMouseEvent(input.MouseMoved, x, y),
		input.DispatchMouseEvent(input.MousePressed, x, y).WithButton(input.Left).WithClickCount(1),
		input.DispatchMouseEvent(input.MouseReleased, x, y).WithButton(input.Left).WithClickCount(1))
	time.Sleep(20 * time.Millisecond) // a click that leads elsewhere has begun to
	p.settle()
}
