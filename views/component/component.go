// Package component holds the pieces that several pages are built of: buttons, fields, tables, badges, figures. A piece is a
// struct of plain values, already in the reader's language, and fetches and computes nothing.
//
// Pieces that stand alone are components themselves: @component.Button{Label: "…"}. Pieces that surround others have a
// method for it: @component.Panel{Title: "…"}.Around() { … }. Several pieces become one with templ.Join.
package component

import (
	"strings"

	"github.com/segue-app/segue/static"
)

// Tone is the meaning that a colour and an icon carry; a text always says the same.
type Tone string

// The tones. The zero Tone is Neutral.
const (
	Neutral Tone = "neutral"
	Info    Tone = "info"
	Running Tone = "running" // something is under way; moves gently where motion is welcome
	Success Tone = "success"
	Warning Tone = "warning"
	Danger  Tone = "danger"
)

// class gives the tone's class.
func (t Tone) class() string {
	if t == "" {
		t = Neutral
	}
	return "tone-" + string(t)
}

// icon gives the sprite's name that stands for the tone.
func (t Tone) icon() string {
	switch t {
	case Info:
		return "info"
	case Running:
		return "loader-circle"
	case Success:
		return "circle-check"
	case Warning:
		return "triangle-alert"
	case Danger:
		return "circle-alert"
	}
	return "circle-dot"
}

// Pair is a hidden form value.
type Pair struct{ Name, Value string }

// Link is a text that leads somewhere.
type Link struct{ Label, Href string }

// PathID makes an id of where a link leads. In a part of a page that is exchanged, links with an id keep the focus.
func PathID(prefix, href string) string { return prefix + strings.ReplaceAll(href, "/", "-") }

func iconHref(name string) string { return static.URL("icons.svg") + "#" + name }

// first gives the first text that is not empty.
func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// describedBy names the elements that explain the field with this id.
func describedBy(id, hint, problem string) string {
	var ids []string
	if hint != "" {
		ids = append(ids, id+"-hint")
	}
	if problem != "" {
		ids = append(ids, id+"-error")
	}
	return strings.Join(ids, " ")
}
