package notice

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"text/template"
	"text/template/parse"
	"time"
)

// Limits of an own template. Whoever writes one is trusted with what is told, not with the machine.
const (
	longestTemplate = 16 << 10 // bytes
	longestBody     = 64 << 10 // bytes, of what it gives and of every text on the way there
	mostSteps       = 20_000   // turns of loops and calls of parts
	longestWriting  = time.Second
)

var (
	errTooLong = errors.New("the text is longer than 64 KiB")
	errTooMuch = errors.New("the template takes too long")
	errNotJSON = errors.New("the template gives no JSON")
)

// ownTemplate is an administrator's template.
type ownTemplate struct{ parsed *template.Template }

// The functions that could make much of little are replaced by ones with a limit, or taken away.
var ownFunctions = template.FuncMap{
	"json": func(value any) (string, error) {
		text, err := encode(value)
		return bounded(string(text), err)
	},
	"print":    func(values ...any) (string, error) { return bounded(fmt.Sprint(values...), nil) },
	"println":  func(values ...any) (string, error) { return bounded(fmt.Sprintln(values...), nil) },
	"printf":   notHere("printf"),
	"html":     notHere("html"),
	"js":       notHere("js"),
	"urlquery": notHere("urlquery"),
	"call":     notHere("call"),
	stepName:   func() (string, error) { return "", nil },
}

func bounded(text string, err error) (string, error) {
	if err == nil && len(text) > longestBody {
		err = errTooLong
	}
	return text, err
}

func notHere(name string) func(...any) (string, error) {
	return func(...any) (string, error) {
		return "", fmt.Errorf("%s is not to be had here; json writes any value", name)
	}
}

// stepName is the function that counts. It is put into every loop and every part, since nothing else ends a template that
// goes on without writing.
const stepName = "step__"

var stepNode = template.Must(template.New("").Funcs(ownFunctions).Parse("{{" + stepName + "}}")).Root.Nodes[0]

// parseOwn reads a template.
func parseOwn(text string) (*ownTemplate, error) {
	if len(text) > longestTemplate {
		return nil, errTooLong
	}
	parsed, err := template.New("template").Option("missingkey=zero").Funcs(ownFunctions).Parse(text)
	if err != nil {
		return nil, err
	}
	for _, part := range parsed.Templates() {
		if part.Tree != nil && part.Root != nil {
			addSteps(part.Root)
			part.Root.Nodes = append([]parse.Node{stepNode}, part.Root.Nodes...)
		}
	}
	return &ownTemplate{parsed}, nil
}

// addSteps puts a step at the beginning of every loop within the list.
func addSteps(list *parse.ListNode) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.RangeNode:
			addSteps(n.List)
			addSteps(n.ElseList)
			n.List.Nodes = append([]parse.Node{stepNode}, n.List.Nodes...)
		case *parse.IfNode:
			addSteps(n.List)
			addSteps(n.ElseList)
		case *parse.WithNode:
			addSteps(n.List)
			addSteps(n.ElseList)
		}
	}
}

// write gives the body for a notice: JSON, or an error.
func (o *ownTemplate) write(b body) ([]byte, error) {
	encoded, err := encode(b)
	if err != nil {
		return nil, err
	}
	values, err := plainValues(encoded)
	if err != nil {
		return nil, err
	}
	running, err := o.parsed.Clone()
	if err != nil {
		return nil, fmt.Errorf("prepare a template: %w", err)
	}
	steps, until := 0, time.Now().Add(longestWriting)
	running.Funcs(template.FuncMap{stepName: func() (string, error) {
		if steps++; steps > mostSteps || time.Now().After(until) {
			return "", errTooMuch
		}
		return "", nil
	}})
	out := &shortBuffer{}
	if err := running.Execute(out, values); err != nil {
		return nil, err
	}
	if !json.Valid(out.text) {
		return nil, errNotJSON
	}
	return out.text, nil
}

// shortBuffer takes no more than a body may have.
type shortBuffer struct{ text []byte }

// Write adds to the buffer.
func (b *shortBuffer) Write(p []byte) (int, error) {
	if len(b.text)+len(p) > longestBody {
		return 0, errTooLong
	}
	b.text = append(b.text, p...)
	return len(p), nil
}

// plainValues reads JSON into values without methods, so that a template can call nothing. Whole numbers compare with those that
// are written in a template.
func plainValues(encoded []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	return plainValue(value), nil
}

func plainValue(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			v[key] = plainValue(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = plainValue(inner)
		}
	case json.Number:
		if whole, err := strconv.Atoi(v.String()); err == nil {
			return whole
		}
		broken, _ := v.Float64() // of JSON that was just written, so it is a number
		return broken
	}
	return value
}
