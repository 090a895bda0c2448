package notice

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/notice/mail"
)

// letter writes a notice as a mail, in plain text and as a simple page that fetches nothing.
func (s *Service) letter(n Notice, to account.User) (mail.Letter, error) {
	zone, err := time.LoadLocation(to.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	l := i18n.For(n.Message.Language, zone)
	page := sheet{Language: n.Message.Language, Subject: n.Message.Subject, Intro: n.Message.Intro, Why: l.T("notice.letter.why"), Settings: s.link("/account")}
	if n.Message.Folded > 0 {
		page.More = l.N("notice.folded", n.Message.Folded)
	}
	for _, line := range n.Message.Lines {
		page.Lines = append(page.Lines, paragraph{State: stateWord(l, line.State), Open: line.State == Open, Text: line.Text, About: line.About,
			Link: s.link(line.Link), At: l.DateTime(line.At)})
	}
	var html bytes.Buffer
	if err := sheetPage.Execute(&html, page); err != nil {
		return mail.Letter{}, fmt.Errorf("write a letter: %w", err)
	}
	return mail.Letter{To: to.Email, ID: n.Mark, Subject: n.Message.Subject, Text: page.plain(), HTML: html.String(), Date: n.Created}, nil
}

func stateWord(l *i18n.Locale, state string) string {
	if state == Closed {
		return l.T("notice.state.closed")
	}
	return l.T("notice.state.open")
}

// link is the whole address of a page; "" when nobody said under which address people reach Segue.
func (s *Service) link(path string) string {
	if s.publicURL == "" || path == "" {
		return ""
	}
	return strings.TrimSuffix(s.publicURL, "/") + path
}

// sheet is a letter before it is text or a page.
type sheet struct {
	Language, Subject, Intro, More, Why, Settings string
	Lines                                         []paragraph
}

type paragraph struct {
	State, Text, About, Link, At string
	Open                         bool
}

func (s sheet) plain() string {
	var text strings.Builder
	part := func(lines ...string) {
		for _, line := range lines {
			if line != "" {
				text.WriteString(strings.Join(strings.Fields(line), " ") + "\n")
			}
		}
		text.WriteString("\n")
	}
	if s.Intro != "" {
		part(s.Intro)
	}
	for _, p := range s.Lines {
		part(p.State+": "+p.Text, p.At, p.Link)
	}
	if s.More != "" {
		part(s.More)
	}
	text.WriteString("-- \n")
	part(s.Why, s.Settings)
	return strings.TrimRight(text.String(), "\n") + "\n"
}

// sheetPage has its colours in attributes, as mail programs want them; they read on light and on dark ground.
var sheetPage = template.Must(template.New("letter").Parse(`<!DOCTYPE html>
<html lang="{{.Language}}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>{{.Subject}}</title></head>
<body style="font-family: system-ui, sans-serif; font-size: 16px; line-height: 1.5">
<div style="max-width: 40em; margin: 0 auto; padding: 16px">
<h1 style="font-size: 20px">{{.Subject}}</h1>
{{with .Intro}}<p>{{.}}</p>
{{end}}{{range .Lines}}<div style="border-left: 4px solid {{if .Open}}#c2410c{{else}}#15803d{{end}}; padding-left: 12px; margin: 16px 0">
<p style="margin: 0"><strong>{{.State}}</strong>: {{if .Link}}<a href="{{.Link}}">{{.Text}}</a>{{else}}{{.Text}}{{end}}</p>
<p style="margin: 0; font-size: 14px">{{.At}}</p>
</div>
{{end}}{{with .More}}<p>{{.}}</p>
{{end}}<hr>
<p style="font-size: 14px">{{.Why}}{{with .Settings}} <a href="{{.}}">{{.}}</a>{{end}}</p>
</div>
</body>
</html>
`))
