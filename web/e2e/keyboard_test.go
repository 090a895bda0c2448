package e2e

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp/kb"
)

// keys are those that need more than their letter.
var keys = map[string]rune{"Tab": '\t', "Enter": '\r', "Space": ' ', "Escape": []rune(kb.Escape)[0], "Delete": []rune(kb.Delete)[0],
	"N": 'N', "Down": []rune(kb.ArrowDown)[0], "Up": []rune(kb.ArrowUp)[0]}

// key presses keys one after the other.
func (p *page) key(names ...string) {
	p.t.Helper()
	for _, name := range names {
		letter, known := keys[name]
		if !known {
			p.t.Fatalf("no key %s", name)
		}
		for _, event := range kb.Encode(letter) {
			p.do(event)
		}
		time.Sleep(20 * time.Millisecond) // what a key sets off has begun
		p.settle()
	}
}

// write types text with the keyboard where the focus is.
func (p *page) write(text string) {
	p.t.Helper()
	p.do(input.InsertText(text))
}

// focused is the accessible name of what has the focus, with its role.
func (p *page) focused() (name, role string) {
	p.t.Helper()
	object, exception, err := runtime.Evaluate("document.activeElement").Do(p.ctx)
	if err != nil || exception != nil {
		return "", ""
	}
	nodes, err := axOf(p, object.ObjectID)
	if err != nil || len(nodes) == 0 {
		return "", ""
	}
	return textOf(nodes[0].Name), textOf(nodes[0].Role)
}

// tabTo presses the tabulator until the thing with that name has the focus, as somebody without a mouse does.
func (p *page) tabTo(name words) {
	p.t.Helper()
	wanted := p.say(name)
	var passed []string
	for range 80 {
		p.key("Tab")
		at, role := p.focused()
		if at == wanted {
			return
		}
		passed = append(passed, fmt.Sprintf("%s %q", role, at))
	}
	text, _ := json.Marshal(passed)
	p.t.Fatalf("%s: the tabulator does not reach %q, but %s", p.path(), wanted, text)
}
