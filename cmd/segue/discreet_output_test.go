package main

import (
	"bytes"
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/notice"
	"github.com/segue-app/segue/internal/process"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/reach"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/token"
	"github.com/segue-app/segue/internal/trace/tracetest"
)

// Secrets of a database and of time-based codes.
const (
	plantedSQL  = "planted-sql-password-2718"
	plantedCode = "planted-totp-secret1"
)

// plantSecrets puts one of each kind of secret where it belongs, and gives the forms in which each could come up.
func plantSecrets(t *testing.T, k *apptest.Kit) (planted map[string]string, api string) {
	t.Helper()
	admin := k.Actor(access.Administrator)
	_, hookKey, err := k.Notices.Add(t.Context(), admin, notice.Draft{Name: "Ops", Address: "https://hooks.example.com/planted-path-1618", Kinds: []string{"key_refused"}, Language: "en", Format: notice.Segue})
	if err != nil {
		t.Fatal(err)
	}
	_, invitation, err := k.Accounts.Invite(t.Context(), admin, account.NewUser{Email: "invited@example.com", Name: "Invited", Role: access.Viewer})
	if err != nil {
		t.Fatal(err)
	}
	_, key, err := k.Tokens.Create(t.Context(), k.Actor(access.Viewer), token.Draft{Name: "Reading", Scopes: access.ScopesOf(access.Read), Days: 1})
	if err != nil {
		t.Fatal(err)
	}
	err = k.DB.InTx(t.Context(), func(tx database.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE sources SET secret = ? WHERE id = 1`, k.Sealer.Seal(secret.NewText(plantedSQL), "source/1/password"))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(t.Context(), `INSERT INTO code_secrets (user_id, sealed, created_at) VALUES (3, ?, 0)`, k.Sealer.Seal(secret.NewText(plantedCode), "code_secret/3"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(k.Config.Key().Path)
	if err != nil {
		t.Fatal(err)
	}
	planted = map[string]string{
		"API key": demo.APIKey, "password of a database": plantedSQL, "secret of a hook": hookKey.Reveal(), "address of a hook": "planted-path-1618", "secret of codes": plantedCode,
		"secret of codes, as apps are told it": base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(plantedCode)), "sealing key": strings.TrimSpace(string(file)), "invitation": invitation, "token": key.Reveal(), "typed password": plantedPassword,
	}
	for _, p := range demo.People {
		planted["password of "+p.Email] = p.Password
	}
	return planted, key.Reveal()
}

// personalValues are the values of customers that viewers may not see: of the attributes that are marked so, long enough not to be somewhere
// by chance, and each of one customer alone.
func personalValues(t *testing.T, k *apptest.Kit) (values []string) {
	t.Helper()
	snapshot, err := k.Profiles.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, attribute := range snapshot.Attributes {
		if attribute.Mark == profile.NotPersonal {
			continue
		}
		found, err := database.Column[string](k.DB.Reader().QueryContext(t.Context(), fmt.Sprintf(`SELECT CAST(%[1]s AS TEXT) FROM %[2]s WHERE length(%[1]s) >= 7 GROUP BY 1 HAVING count(*) = 1`, attribute.Column, snapshot.Table())))
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, found...)
	}
	if len(values) < 400 {
		t.Fatalf("only %d values", len(values))
	}
	return values
}

// anyOf finds whichever of many texts comes first in a text.
func anyOf(texts []string) *regexp.Regexp {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = regexp.QuoteMeta(text)
	}
	return regexp.MustCompile(strings.Join(quoted, "|"))
}

// TestNoOutputTellsASecretAndNoneForViewersTellsOfAPerson has people of all roles look at every kind of page, download and answer of the API,
// and an administrator send every form, while a run goes on; and looks at all that leaves the program: pages, downloads, addresses, headers,
// errors, metrics, traces, the log, and what a backup holds.
func TestNoOutputTellsASecretAndNoneForViewersTellsOfAPerson(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	receiver := tracetest.Receive(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.URL)
	metrics := freeAddress(t)
	t.Setenv("SEGUE_METRICS_LISTEN", metrics)
	t.Setenv(asSegue, "1")
	k := apptest.Start(t, 400)
	k.Stop()
	k.Config.HookHosts = make(reach.Allowed, 1)
	if err := k.Config.HookHosts[0].UnmarshalText([]byte("hooks.example.com")); err != nil {
		t.Fatal(err)
	}
	k.Open()
	e := k.Export()
	planted, apiKey := plantSecrets(t, k)
	personal := anyOf(append(personalValues(t, k), plantedAddress, plantedPhone))
	k.Stop()
	a, err := app.Open(t.Context(), k.Config)
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.Runs.Start(t.Context(), access.Actor{UserID: 1, Name: demo.People[0].Name, Role: access.Administrator}, e.ID, run.Options{})
	if err := errors.Join(err, a.Close()); err != nil {
		t.Fatal(err)
	}
	p, err := process.Start(program, k.Config.Folder, k.Config.OmnisendURL, k.Config.Window)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Kill() }) // it is gone already when all went well
	if err := p.Await(); err != nil {
		t.Fatalf("%v\n%s", err, p.Output())
	}
	address := "http://" + p.Address()

	kinds := map[string]int{}
	secrets := anyOf(slices.Collect(valuesOf(planted)))
	listen := func(viewer bool) func(heard) {
		return func(h heard) {
			kinds[kindOf(h)]++
			said := h.request.URL.String() + "\n" + plainHeaders(h.answer.Header) + "\n" + h.body
			if found := secrets.FindString(said); found != "" {
				t.Errorf("%s %s, status %d, tells %q", h.request.Method, h.request.URL, h.answer.StatusCode, found)
			}
			if found := personal.FindString(said); viewer && found != "" {
				t.Errorf("a viewer sees %q at %s, status %d", found, h.request.URL, h.answer.StatusCode)
			}
			for _, cookie := range h.request.Cookies() {
				if len(cookie.Value) >= 16 && strings.Contains(said, cookie.Value) {
					t.Errorf("%s repeats the cookie %s", h.request.URL, cookie.Name)
				}
			}
		}
	}
	for _, who := range slices.Backward(demo.People) { // the administrator last, whose forms take things away
		w := &walker{visitor: signedIn(t, address, who), seen: map[string]int{}}
		w.heard = listen(who.Role == access.Viewer)
		w.walk("/")
		for _, path := range []string{"/exports/1", "/connections/1", "/people/1", "/users", "/audit", "/story", "/profiles", "/runs/1/rejected.csv", "/nowhere", "/runs/999", "/setup?token=wrong"} {
			w.get(path) // what is linked nowhere for this role too
		}
		if w.pages < 15 {
			t.Errorf("%s saw only %d pages", who.Role, w.pages)
		}
		if who.Role == access.Administrator {
			defer func(w *walker) {
				if w.forms < 40 {
					t.Errorf("only %d forms were sent", w.forms)
				}
			}(w)
			w.sendForms()
		}
	}
	program2 := visit(t, address)
	program2.heard = listen(true)
	for _, path := range []string{"/status", "/exports", "/exports/1", "/exports/1/readiness", "/exports/1/runs", "/runs", "/runs/1", "/runs/1/outcomes", "/segments", "/segments/1", "/chains", "/connections", "/sources", "/config", "/nowhere"} {
		request := program2.request(http.MethodGet, "/api/v1"+path, nil)
		request.Header.Set("Authorization", "Bearer "+apiKey)
		program2.do(request)
	}

	scraped := visit(t, "http://"+metrics)
	if status, text := scraped.get("/metrics"); status != http.StatusOK || secrets.MatchString(text) || personal.MatchString(text) {
		t.Errorf("the metrics: %d, %q %q", status, secrets.FindString(text), personal.FindString(text))
	}
	file := filepath.Join(t.TempDir(), "segue.backup")
	ok(t, "", "backup", file, "--data", k.Config.Folder)
	if found := secrets.FindString(unpacked(t, file)); found != "" {
		t.Errorf("a backup holds %q", found)
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status, err := p.Wait(); err != nil || status != 0 {
		t.Fatalf("ended with %d, %v\n%s", status, err, p.Output())
	}
	for name, text := range map[string]string{"log": p.Output(), "traces": receiver.Text()} {
		if text == "" || secrets.MatchString(text) || personal.MatchString(text) {
			t.Errorf("the %s: %q %q", name, secrets.FindString(text), personal.FindString(text))
		}
	}
	t.Logf("%v", kinds)
	for _, kind := range []string{"text/html 200", "text/html 404", "text/html 403", "text/csv 200", "application/json 200", "redirect"} {
		if kinds[kind] == 0 {
			t.Errorf("nothing was heard of the kind %s: %v", kind, kinds)
		}
	}
}

func valuesOf(texts map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, text := range texts {
			if !yield(text) {
				return
			}
		}
	}
}

// kindOf sorts an answer.
func kindOf(h heard) string {
	if h.answer.StatusCode == http.StatusSeeOther {
		return "redirect"
	}
	kind, _, _ := strings.Cut(h.answer.Header.Get("Content-Type"), ";")
	return fmt.Sprintf("%s %d", kind, h.answer.StatusCode)
}

// plainHeaders are the headers of an answer less the cookies that it sets, which are where their values belong.
func plainHeaders(header http.Header) string {
	var out bytes.Buffer
	if err := header.WriteSubset(&out, map[string]bool{"Set-Cookie": true}); err != nil {
		panic(err) // a buffer takes everything
	}
	plain, err := url.QueryUnescape(out.String())
	if err != nil {
		return out.String()
	}
	return plain
}

// freeAddress is one of this machine that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// unpacked is all that is in a backup.
func unpacked(t *testing.T, name string) string {
	t.Helper()
	packed, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	reader, err := zstd.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	content, err := io.ReadAll(reader)
	if err != nil || !bytes.Contains(content, []byte("SQLite format 3")) {
		t.Fatalf("%d bytes, %v", len(content), err)
	}
	return string(content)
}
