package notice

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"html/template"
	"net/url"
	"strings"

	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/notice/mail"
)

// DeliversLinks reports whether a letter would arrive, with a link in it.
func (s *Service) DeliversLinks() bool { return s.mail != nil && s.publicURL != "" }

// Tell writes a letter to a person about her own account, in her language. The link of a letter by which a password is chosen is made
// when it is sent: the outbox never holds it.
func (s *Service) Tell(ctx context.Context, tx database.Tx, to account.User, letter account.Letter) error {
	l := i18n.For(to.Language, to.Zone())
	about := "letter." + string(letter.About)
	with := append([]any{"At", l.DateTime(letter.At)}, letter.With...)
	m := Message{
		Key: "account/" + rand.Text(), Language: i18n.Match(to.Language), About: string(letter.About),
		Subject: l.T(about + ".subject"), Paragraphs: []string{l.T(about+".text", with...), l.T(about + ".otherwise")},
		Button: l.T("letter.account"), Path: "/account",
	}
	if letter.About == account.ResetAsked {
		m.Button, m.Path, m.Until = l.T("letter.reset.button"), "/reset", letter.At.Add(account.ResetLife)
	}
	return s.ToPerson(ctx, tx, to.ID, m)
}

// compose writes a notice as a mail.
func (s *Service) compose(ctx context.Context, n Notice, to account.User) (mail.Letter, error) {
	if n.Message.About == "" {
		return s.letter(n, to)
	}
	path := n.Message.Path
	if n.Message.About == string(account.ResetAsked) {
		token, err := s.people.NewReset(ctx, to.ID)
		if err != nil {
			return mail.Letter{}, err
		}
		path += "?" + url.Values{"token": {token}}.Encode()
	}
	return s.personal(n, to, path)
}

func (s *Service) personal(n Notice, to account.User, path string) (mail.Letter, error) {
	m := n.Message
	page := note{Language: m.Language, Subject: m.Subject, Paragraphs: m.Paragraphs, Button: m.Button, Link: s.link(path), Why: i18n.For(m.Language, nil).T("letter.why")}
	var html bytes.Buffer
	if err := notePage.Execute(&html, page); err != nil {
		return mail.Letter{}, fmt.Errorf("write a letter: %w", err)
	}
	return mail.Letter{To: to.Email, ID: n.Mark, Subject: m.Subject, Text: page.plain(), HTML: html.String(), Date: n.Created}, nil
}

// note is a letter to a person before it is text or a page.
type note struct {
	Language, Subject, Button, Link, Why string
	Paragraphs                           []string
}

func (n note) plain() string {
	parts := append([]string{}, n.Paragraphs...)
	if n.Link != "" {
		parts = append(parts[:1:1], append([]string{n.Button + ":\n" + n.Link}, parts[1:]...)...)
	}
	return strings.Join(parts, "\n\n") + "\n\n-- \n" + n.Why + "\n"
}

var notePage = template.Must(template.New("note").Parse(`<!DOCTYPE html>
<html lang="{{.Language}}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>{{.Subject}}</title></head>
<body style="font-family: system-ui, sans-serif; font-size: 16px; line-height: 1.5">
<div style="max-width: 40em; margin: 0 auto; padding: 16px">
<h1 style="font-size: 20px">{{.Subject}}</h1>
{{range $i, $text := .Paragraphs}}<p>{{$text}}</p>
{{if eq $i 0}}{{if $.Link}}<p><a href="{{$.Link}}">{{$.Button}}</a></p>
{{end}}{{end}}{{end}}<hr>
<p style="font-size: 14px">{{.Why}}</p>
</div>
</body>
</html>
`))
