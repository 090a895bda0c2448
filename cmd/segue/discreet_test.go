package main

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/process"
	"github.com/segue-app/segue/internal/run"
)

// What is typed into every field of every form of the walk, and must not come up in the log.
const (
	plantedName     = "Plantedsurname"
	plantedAddress  = "planted.person@nowhere.example"
	plantedPassword = "planted-password-3141"
	plantedPhone    = "+4599887766"
)

// TestNoLineOfTheLogTellsOfAPersonOrASecret has somebody look at every kind of page and send every form of theirs, while a run goes on
// at a destination that is out of order, and reads the whole log at its most talkative.
func TestNoLineOfTheLogTellsOfAPersonOrASecret(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(asSegue, "1")
	t.Setenv("SEGUE_LOG_LEVEL", "debug")
	k := apptest.Start(t, 400)
	e := k.Export()
	secrets := append(valuesOfProfiles(t, k), plantedName, plantedAddress, plantedPassword, plantedPhone, demo.APIKey)
	for _, p := range demo.People {
		secrets = append(secrets, p.Email, p.Name, p.Password)
	}
	k.Stop()
	a, err := app.Open(t.Context(), k.Config)
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.Runs.Start(t.Context(), access.Actor{UserID: 1, Name: demo.People[0].Name, Role: access.Administrator}, e.ID, run.Options{})
	if err := errors.Join(err, a.Close()); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(k.Config.Folder, "segue.key"))
	if err != nil {
		t.Fatal(err)
	}
	secrets = append(secrets, strings.TrimSpace(string(key)))
	k.Sandbox.SetFaults(sandbox.Faults{Seed: 3, ServerErrorShare: 0.3, HalfAnswerShare: 0.2, DropAfterShare: 0.2, RejectShare: 0.1})

	p, err := process.Start(program, k.Config.Folder, k.Config.OmnisendURL, k.Config.Window)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Kill() }) // it is gone already when all went well
	if err := p.Await(); err != nil {
		t.Fatalf("%v\n%s", err, p.Output())
	}
	address := "http://" + p.Address()
	visit(t, address).post("/sign-in", url.Values{"email": {plantedAddress}, "password": {plantedPassword}})
	visit(t, address).get("/exports/" + url.PathEscape(plantedAddress) + "?search=" + url.QueryEscape(plantedName))
	w := &walker{visitor: signedIn(t, address, demo.People[0]), seen: map[string]int{}}
	w.upload("/sources/new/upload", "id;email;name;phone\n1;"+plantedAddress+";"+plantedName+";"+plantedPhone+"\n2;\"half;x;y\n")
	people := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(people, []byte("id;email;name\nplanted-1;"+plantedAddress+";"+plantedName+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ok(t, "", "import", people, "--source", "Shop", "--create", "--data", k.Config.Folder)
	w.walk("/")
	w.sendForms()
	for deadline := time.Now().Add(time.Minute); look(t, k, r.ID).State.Going() && time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond)
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status, err := p.Wait(); err != nil || status != 0 {
		t.Fatalf("ended with %d, %v\n%s", status, err, p.Output())
	}
	log := p.Output()

	t.Logf("%d pages, %d forms, %d lines", w.pages, w.forms, strings.Count(log, "\n"))
	if w.pages < 40 || w.forms < 40 {
		t.Errorf("only %d pages were seen and %d forms sent", w.pages, w.forms)
	}
	for _, words := range []string{"route=/runs/:id ", "route=/users/:id/role ", fmt.Sprintf("run=%d ", r.ID), "level=WARN", "import="} {
		if !strings.Contains(log, words) {
			t.Errorf("the walk left no %q in the log", words)
		}
	}
	secrets = append(secrets, w.tokens...)
	slices.Sort(secrets)
	secrets = slices.Compact(secrets)
	if secrets[0] == "" {
		t.Fatal("an empty secret proves nothing")
	}
	for line := range strings.Lines(log) {
		if at := anyAddress.FindString(line); at != "" {
			t.Errorf("an address, %s: %s", at, line)
		}
		for _, secret := range secrets {
			if strings.Contains(line, secret) {
				t.Errorf("%q: %s", secret, line)
			}
		}
	}
}

var anyAddress = regexp.MustCompile(`[^\s@"=]+@[^\s@"]+\.[a-z]+`)

// valuesOfProfiles is every text of every profile that is long enough not to be in a log by chance.
func valuesOfProfiles(t *testing.T, k *apptest.Kit) (values []string) {
	t.Helper()
	var table string
	err := k.DB.Reader().QueryRow(`SELECT 'snapshot_' || id FROM snapshots WHERE state = 'current'`).Scan(&table)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := k.DB.Reader().Query("SELECT * FROM " + table) //nolint:gosec // our own table
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	date := regexp.MustCompile(`^\d{4}-\d\d`)
	cells, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
	for i := range cells {
		into[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for _, cell := range cells {
			if text := string(cell); len(text) >= 7 && !date.MatchString(text) {
				values = append(values, text)
			}
		}
	}
	if err := rows.Err(); err != nil || len(values) < 400 {
		t.Fatalf("%d values, %v", len(values), err)
	}
	return values
}

// walker looks at pages, two of each kind, and remembers their forms.
type walker struct {
	*visitor
	seen         map[string]int
	found        []form
	tokens       []string // of forms, links and cookies
	pages, forms int
}

type form struct {
	action string
	file   bool
	values url.Values
}

var (
	numbers    = regexp.MustCompile(`\d+`)
	linkTokens = regexp.MustCompile(`token=([A-Za-z0-9_-]{16,})`)
)

func (w *walker) walk(path string) {
	kind := numbers.ReplaceAllString(path, "n")
	if before, query, ok := strings.Cut(kind, "?"); ok { // sorting and pages of a list are one kind
		kind = before + "?" + fmt.Sprint(len(query) > 0)
	}
	if w.seen[kind]++; w.seen[kind] > 2 || strings.HasPrefix(path, "/static/") || strings.HasPrefix(path, "/events") {
		return
	}
	_, body := w.get(path)
	w.pages++
	for _, cookie := range w.client.Jar.Cookies(w.request(http.MethodGet, path, nil).URL) {
		if len(cookie.Value) >= 16 {
			w.tokens = append(w.tokens, cookie.Value)
		}
	}
	for _, found := range linkTokens.FindAllStringSubmatch(body, -1) {
		w.tokens = append(w.tokens, found[1])
	}
	page, err := html.Parse(strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	var links []string
	for node := range page.Descendants() {
		switch {
		case node.Data == "a" && strings.HasPrefix(attribute(node, "href"), "/"):
			links = append(links, attribute(node, "href"))
		case node.Data == "form" && attribute(node, "method") == "post":
			f := filled(node, path)
			if key := "form " + numbers.ReplaceAllString(f.action, "n"); w.seen[key] < 2 {
				w.seen[key]++
				w.found = append(w.found, f)
			}
		}
	}
	for _, link := range links {
		w.walk(link)
	}
}

func attribute(node *html.Node, name string) string {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// filled is a form with what is planted in each field that one types into, and the rest as it stands.
func filled(node *html.Node, path string) form {
	f := form{action: attribute(node, "action"), values: url.Values{}}
	if f.action == "" {
		f.action = path
	}
	for field := range node.Descendants() {
		name, value := attribute(field, "name"), attribute(field, "value")
		if name == "" || name == "csrf" {
			continue
		}
		has := func(attr string) bool {
			return slices.ContainsFunc(field.Attr, func(a html.Attribute) bool { return a.Key == attr })
		}
		switch kind := attribute(field, "type"); {
		case field.Data == "textarea":
			f.values.Add(name, plantedAddress+"\n"+plantedName)
		case field.Data == "select":
			for option := range field.Descendants() {
				if option.Data == "option" && !f.values.Has(name) {
					f.values.Set(name, attribute(option, "value"))
				}
			}
		case field.Data == "button" && !f.values.Has(name):
			f.values.Set(name, value)
		case field.Data != "input":
		case kind == "file":
			f.file = true
		case kind == "hidden" || kind == "number" || kind == "time" || kind == "date", (kind == "radio" || kind == "checkbox") && has("checked"):
			f.values.Add(name, value)
		case kind == "email":
			f.values.Set(name, plantedAddress)
		case kind == "password":
			f.values.Set(name, plantedPassword)
			if strings.Contains(f.action, "export-user") || strings.Contains(f.action, "erase") {
				f.values.Set(name, demo.People[0].Password)
			}
		case kind == "tel":
			f.values.Set(name, plantedPhone)
		case kind == "" || kind == "text" || kind == "search" || kind == "url":
			f.values.Set(name, plantedName)
		}
	}
	return f
}

// leftAlone are the forms that would end the walk.
var leftAlone = regexp.MustCompile(`^/(sign-out|account/password|account/sign-out-others|account/sign-out-everywhere|system/stop)$|/users/1/`)

// sendForms sends every form that was found, those that take something away at the end.
func (w *walker) sendForms() {
	last := regexp.MustCompile("remove|erase|delete|discard|withdraw|detach|disable|cancel")
	slices.SortStableFunc(w.found, func(a, b form) int { return strings.Compare(last.FindString(a.action), last.FindString(b.action)) })
	for _, f := range w.found {
		if leftAlone.MatchString(f.action) {
			continue
		}
		status := 0
		if f.file {
			status = w.upload(f.action, "id;email;name\n1;"+plantedAddress+";"+plantedName+"\n")
		} else {
			status, _ = w.post(f.action, f.values)
		}
		w.forms++
		if status == http.StatusForbidden || status == http.StatusUnauthorized || status >= http.StatusInternalServerError && status != http.StatusServiceUnavailable {
			w.t.Errorf("%s answered %d", f.action, status)
		}
	}
}

func (w *walker) upload(path, content string) (status int) {
	w.t.Helper()
	pipe, feed := io.Pipe()
	parts := multipart.NewWriter(feed)
	token := w.token()
	w.tokens = append(w.tokens, token)
	go func() {
		err := parts.WriteField("csrf", token)
		file, failed := parts.CreateFormFile("file", plantedName+".csv")
		if failed == nil {
			_, failed = io.WriteString(file, content)
		}
		_ = feed.CloseWithError(errors.Join(err, failed, parts.Close())) // never fails; nil ends the body
	}()
	request := w.request(http.MethodPost, path, pipe)
	request.Header.Set("Content-Type", parts.FormDataContentType())
	status, _ = w.do(request)
	return status
}
