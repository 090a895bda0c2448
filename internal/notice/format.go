package notice

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/i18n"
)

// body is a notice as JSON of our own; own templates are given the same. Names are never changed or taken away, only added.
type body struct {
	Type string    `json:"type"` // bodyType: as the Standard Webhooks want it
	At   time.Time `json:"timestamp"`
	Data bodyData  `json:"data"`
}

type bodyData struct {
	ID       string     `json:"id"`
	Language string     `json:"language"`
	Subject  string     `json:"subject"`
	Intro    string     `json:"intro"`
	Lines    []bodyLine `json:"lines"`
	Folded   int        `json:"folded"`
}

type bodyLine struct {
	Kind   string         `json:"kind"`
	State  string         `json:"state"`
	Text   string         `json:"text"`
	About  string         `json:"about"`
	Link   string         `json:"link,omitempty"`
	At     time.Time      `json:"at"`
	Values map[string]any `json:"values"`
}

const bodyType = "segue.notice"

func (s *Service) body(n Notice) body {
	b := body{Type: bodyType, At: n.Created.UTC(), Data: bodyData{ID: n.Mark, Language: n.Message.Language, Subject: n.Message.Subject,
		Intro: n.Message.Intro, Folded: n.Message.Folded, Lines: []bodyLine{}}}
	for _, line := range n.Message.Lines {
		values := line.Values
		if values == nil {
			values = map[string]any{}
		}
		b.Data.Lines = append(b.Data.Lines, bodyLine{Kind: line.Kind, State: line.State, Text: line.Text, About: line.About, Link: s.link(line.Link),
			At: line.At.UTC(), Values: values})
	}
	return b
}

// write gives the body of a request in a hook's format.
func (s *Service) write(n Notice, h Hook) ([]byte, error) {
	b := s.body(n)
	switch h.Format {
	case Slack:
		return encode(slackBody(b))
	case Teams:
		return encode(teamsBody(b))
	case Own:
		own, err := parseOwn(h.Template)
		if err != nil {
			return nil, err
		}
		return own.write(b)
	default:
		return encode(b)
	}
}

// encode writes JSON in which text is as people read it, without the escapes for HTML.
func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	return bytes.TrimRight(out.Bytes(), "\n"), nil
}

// Limits of Slack: https://docs.slack.dev/reference/block-kit/blocks
const (
	slackHeader = 150 // characters
	slackText   = 3000
	slackBlocks = 50
)

type object = map[string]any

func slackBody(b body) object {
	l := i18n.For(b.Data.Language, nil)
	blocks := []object{{"type": "header", "text": object{"type": "plain_text", "text": shorten(b.Data.Subject, slackHeader)}}}
	if b.Data.Intro != "" {
		blocks = append(blocks, slackSection(slackEscape(b.Data.Intro)))
	}
	lines, left := most(b.Data.Lines, slackBlocks-3)
	for _, line := range lines {
		text := "*" + slackEscape(stateWord(l, line.State)) + "*: " + slackEscape(line.Text)
		if line.Link != "" {
			text += "\n<" + slackEscape(line.Link) + "|" + slackEscape(l.T("notice.open_page")) + ">"
		}
		blocks = append(blocks, slackSection(text))
	}
	if more := left + b.Data.Folded; more > 0 {
		blocks = append(blocks, slackSection(slackEscape(l.N("notice.folded", more))))
	}
	return object{"text": shorten(slackEscape(b.Data.Subject), slackText), "blocks": blocks}
}

func slackSection(text string) object {
	return object{"type": "section", "text": object{"type": "mrkdwn", "text": shorten(text, slackText)}}
}

// slackEscape escapes what Slack gives a meaning: https://docs.slack.dev/messaging/formatting-message-text. A word joiner keeps the
// marks of bold, italic, struck and code from being taken for such, for which Slack has no escape.
func slackEscape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "*", "\u2060*", "_", "\u2060_", "~", "\u2060~", "`", "\u2060`").Replace(oneLine(text))
}

// Teams takes 28 KB: https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
const (
	teamsText  = 1000
	teamsLines = 15
)

// teamsBody is what the workflow "When a Teams webhook request is received" takes.
func teamsBody(b body) object {
	l := i18n.For(b.Data.Language, nil)
	card := []object{{"type": "TextBlock", "text": teamsEscape(b.Data.Subject), "size": "Large", "weight": "Bolder", "wrap": true, "style": "heading"}}
	if b.Data.Intro != "" {
		card = append(card, object{"type": "TextBlock", "text": teamsEscape(b.Data.Intro), "wrap": true})
	}
	lines, left := most(b.Data.Lines, teamsLines)
	for _, line := range lines {
		style := "attention"
		if line.State == Closed {
			style = "good"
		}
		items := []object{{"type": "TextBlock", "text": "**" + teamsEscape(stateWord(l, line.State)) + "**: " + teamsEscape(line.Text), "wrap": true}}
		if line.Link != "" {
			items = append(items, object{"type": "ActionSet", "actions": []object{{"type": "Action.OpenUrl", "title": l.T("notice.open_page"), "url": line.Link}}})
		}
		card = append(card, object{"type": "Container", "style": style, "items": items})
	}
	if more := left + b.Data.Folded; more > 0 {
		card = append(card, object{"type": "TextBlock", "text": l.N("notice.folded", more), "wrap": true})
	}
	return object{"type": "message", "attachments": []object{{"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil,
		"content": object{"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
			"msteams": object{"width": "Full"}, "body": card}}}}
}

// teamsEscape keeps text from being taken for the Markdown that cards understand: emphasis, links and lists.
func teamsEscape(text string) string {
	clean := shorten(oneLine(text), teamsText)
	clean = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "`", "\\`", "#", `\#`).Replace(clean)
	if strings.HasPrefix(clean, "-") || strings.HasPrefix(clean, "+") {
		clean = `\` + clean
	}
	return clean
}

func most(lines []bodyLine, limit int) (shown []bodyLine, left int) {
	if len(lines) <= limit {
		return lines, 0
	}
	return slices.Clip(lines[:limit]), len(lines) - limit
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// shorten cuts a text to so many characters, with a mark that something is missing.
func shorten(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-1]) + "…"
}
