package notice

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/account"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

// golden holds a text against the file of that name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *rewrite {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is now\n%s\nwant\n%s", name, got, want)
	}
}

func example(language string) Notice {
	at := time.Date(2026, 6, 1, 11, 58, 0, 0, time.UTC)
	return Notice{Mark: "MARK", Created: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC), Message: Message{Key: "k", Language: language,
		Subject: "Run failed: Ny & <b>gammel</b> *Newsletter*", Intro: "Two things need a look.", Folded: 3, Lines: []Line{
			{Kind: "run_failed", State: Open, Text: `The run failed: "a_b" [c](d) <!channel>`, About: "Newsletter", Link: "/runs/12", At: at, Values: map[string]any{"run": 12, "share": 1.5}},
			{Kind: "key_refused", State: Closed, Text: "The key works again.", About: "Brand ØÆÅ", At: at.Add(time.Minute)},
		}}}
}

func TestEveryFormatIsWrittenAsItsReceiverWantsIt(t *testing.T) {
	s := &Service{publicURL: "https://segue.example.com/"}
	own := `{"title": {{json .data.subject}}, "texts": [{{range $i, $line := .data.lines}}{{if $i}}, {{end}}{{json $line.text}}{{end}}]{{if gt .data.folded 2}}, "many": true{{end}}}`
	for _, language := range []string{"en", "da"} {
		for _, format := range Formats {
			t.Run(language+" "+string(format), func(t *testing.T) {
				text, err := s.write(example(language), Hook{Format: format, Template: own})
				if err != nil {
					t.Fatal(err)
				}
				var indented bytes.Buffer
				if err := json.Indent(&indented, text, "", "  "); err != nil {
					t.Fatal(err)
				}
				golden(t, string(format)+"."+language+".json", append(indented.Bytes(), '\n'))
			})
		}
	}
}

func TestWithoutAnAddressOfThePagesThereAreNoLinks(t *testing.T) {
	for _, format := range []Format{Segue, Slack, Teams} {
		text, err := (&Service{}).write(example("en"), Hook{Format: format})
		if err != nil || strings.Contains(string(text), "/runs/12") || strings.Contains(string(text), "OpenUrl") || strings.Contains(string(text), "Open in Segue") {
			t.Errorf("%s, %v", text, err)
		}
	}
}

func TestALargeMessageKeepsWithinTheLimitsOfItsReceiver(t *testing.T) {
	n := example("en")
	n.Message.Subject = strings.Repeat("ø", 500)
	for i := range 300 {
		n.Message.Lines = append(n.Message.Lines, Line{State: Open, Text: fmt.Sprint(i) + strings.Repeat(" *long* æ", 800), Link: "/runs/1"})
	}
	s := &Service{publicURL: "https://segue.example.com"}
	slack, err := s.write(n, Hook{Format: Slack})
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Blocks []struct{ Text struct{ Text string } }
	}
	if err := json.Unmarshal(slack, &read); err != nil || len(read.Blocks) > slackBlocks {
		t.Errorf("%d blocks, %v", len(read.Blocks), err)
	}
	for i, block := range read.Blocks {
		if runes := len([]rune(block.Text.Text)); runes > slackText || i == 0 && runes > slackHeader {
			t.Errorf("block %d has %d characters", i, runes)
		}
	}
	teams, err := s.write(n, Hook{Format: Teams})
	if err != nil || len(teams) > 28<<10 {
		t.Errorf("%d bytes for Teams, %v", len(teams), err)
	}
}

func TestALetterIsTextAndAPageInTheLanguageAndZoneOfItsReader(t *testing.T) {
	for _, language := range []string{"en", "da"} {
		s := &Service{publicURL: "https://segue.example.com"}
		l, err := s.letter(example(language), account.User{Email: "ada@example.com", TimeZone: "Europe/Copenhagen"})
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "letter."+language+".txt", []byte(l.Text))
		golden(t, "letter."+language+".html", []byte(l.HTML))
		for _, remote := range []string{"<img", "src=", "<script", "<link", "<b>gammel", "url("} {
			if strings.Contains(l.HTML, remote) {
				t.Errorf("the page has %s", remote)
			}
		}
		l, err = (&Service{}).letter(example(language), account.User{Email: "ada@example.com", TimeZone: "Nowhere/Land"})
		if err != nil || strings.Contains(l.Text+l.HTML, "/runs/12") || strings.Contains(l.HTML, "href") {
			t.Errorf("a link without an address: %s, %v", l.Text, err)
		}
	}
}

func TestATemplateThatAsksForTooMuchEnds(t *testing.T) {
	for name, text := range map[string]string{
		"a loop without an end":        `{{range 1000000000000}}{{end}}{}`,
		"a loop by a variable":         `{{$n := 1000000000000}}{{range $n}}{{end}}{}`,
		"loops within loops":           `{{range 10000}}{{range 10000}}{{range 10000}}{{end}}{{end}}{{end}}{}`,
		"a loop in an if in a with":    `{{with 1}}{{if .}}{{range 1000000000000}}{{end}}{{end}}{{end}}{}`,
		"a loop in an else":            `{{if 0}}{{else}}{{range 1000000000000}}{{end}}{{end}}{}`,
		"parts that call one another":  `{{define "a"}}{{template "b"}}{{template "b"}}{{end}}{{define "b"}}{{template "a"}}{{template "a"}}{{end}}{{template "a"}}`,
		"a text that doubles":          `{{$s := "xxxxxxxx"}}{{range 100}}{{$s = print $s $s}}{{end}}{{json $s}}`,
		"JSON within JSON":             `{{$s := "\\\\\\\\"}}{{range 100}}{{$s = json $s}}{{end}}{{$s}}`,
		"a wide number":                `{{printf "%1000000d" 1}}`,
		"much text":                    `"{{range 10000}}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{{end}}"`,
		"escapes that grow":            `{{html "<"}}`,
		"no JSON":                      `hello`,
		"JSON with something behind":   `{} {}`,
		"a function that is not there": `{{env "HOME"}}`,
		"a method of a value":          `{{.data.lines.Len}}`,
		"too long":                     strings.Repeat(" ", longestTemplate+1) + "{}",
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			if body, err := (&Service{}).write(example("en"), Hook{Format: Own, Template: text}); err == nil {
				t.Errorf("it gave %.100s", body)
			}
			if took := time.Since(began); took > 20*longestWriting {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func FuzzTemplates(f *testing.F) {
	for _, seed := range []string{`{{json .}}`, `{"a": {{json .data.subject}}}`, `{{range .data.lines}}{{json .text}}{{end}}`, `{{range 5}}{{break}}{{end}}1`, `{{define "x"}}{{template "x"}}{{end}}{{template "x"}}`, `{{with $x := .data}}{{$x.id}}{{else}}{}{{end}}`, "{{/* */}}null", `{{print 1 2}}`, `{{slice "abc" 1 2}}`, `{{index .data.lines 0 "text" | json}}`} {
		f.Add(seed)
	}
	n := example("en")
	f.Fuzz(func(t *testing.T, text string) {
		body, err := (&Service{}).write(n, Hook{Format: Own, Template: text})
		if err == nil && (!json.Valid(body) || len(body) > longestBody) {
			t.Errorf("%q gave %.200q", text, body)
		}
	})
}

func FuzzAddresses(f *testing.F) {
	for _, seed := range []string{"https://hooks.example.com/x", "http://127.0.0.1", "https://hooks.example.com@evil.example.com", "https://evil.example.com#hooks.example.com", "https://[::1]:443/", "https://hooks.example.com:0", "https://hooks.example.com\\@evil", "//hooks.example.com", "https://HOOKS.example.com.:443/a?b=c", "https://0x7f.1/"} {
		f.Add(seed)
	}
	s := &Service{allowed: allow(f, "hooks.example.com:443")}
	f.Fuzz(func(t *testing.T, text string) {
		if host, err := s.checkAddress(text); err == nil && host != "hooks.example.com:443" {
			t.Errorf("%q leads to %q", text, host)
		}
	})
}
