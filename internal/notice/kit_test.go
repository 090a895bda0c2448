package notice

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/notice/mail"
	"github.com/segue-app/segue/internal/reach"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/testkit"
)

// kit is an outbox in a file, whose jobs are done when the test says so.
type kit struct {
	*Service
	t      testing.TB
	path   string
	clock  *testkit.Clock
	people testkit.People
	jobs   []job
	log    *bytes.Buffer
	change []func(*Dependencies)
}

type job struct{ notice, turn int64 }

// EnqueueNotice notes a job.
func (k *kit) EnqueueNotice(_ context.Context, _ database.Tx, noticeID, turn int64, _ bool) error {
	k.jobs = append(k.jobs, job{noticeID, turn})
	return nil
}

func newKit(t testing.TB, change ...func(*Dependencies)) *kit {
	t.Helper()
	k := &kit{t: t, clock: testkit.NewClock(), log: &bytes.Buffer{}, change: change}
	db := testkit.Database(t)
	if err := db.Reader().QueryRowContext(t.Context(), `SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&k.path); err != nil {
		t.Fatal(err)
	}
	k.start(db)
	k.people = testkit.NewPeople(t, k.Service.people.(*account.Service))
	return k
}

// start begins on the database as a new process does.
func (k *kit) start(db *database.DB) {
	k.t.Helper()
	sealer, err := secret.NewSealer(bytes.Repeat([]byte{7}, secret.KeyBytes))
	if err != nil {
		k.t.Fatal(err)
	}
	d := Dependencies{DB: db, Sealer: sealer, Events: &event.Hub{}, People: testkit.Accounts(k.t, db, k.clock), Clock: k.clock.Now,
		Log: slog.New(slog.NewTextHandler(k.log, nil)), Hosts: allow(k.t, "127.0.0.1=plain"), PublicURL: "https://segue.example.com"}
	for _, change := range k.change {
		change(&d)
	}
	k.Service = NewService(d)
	k.SetQueue(k)
	k.jobs = nil
}

// restart is what a killed process and the next one do.
func (k *kit) restart() {
	k.t.Helper()
	_ = k.db.Close() // may be closed already
	db, err := database.Open(k.t.Context(), k.path)
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() { _ = db.Close() })
	k.start(db)
	if err := k.Recover(k.t.Context()); err != nil {
		k.t.Fatal(err)
	}
}

func allow(t testing.TB, entries ...string) reach.Allowed {
	t.Helper()
	allowed := make(reach.Allowed, len(entries))
	for i, entry := range entries {
		if err := allowed[i].UnmarshalText([]byte(entry)); err != nil {
			t.Fatal(err)
		}
	}
	return allowed
}

var admin = access.Actor{UserID: 1, Name: "Ada", Role: access.Administrator}.Confirmed(testkit.Confirmed)

// hook makes a hook at the address.
func (k *kit) hook(address string, change ...func(*Draft)) (Hook, string) {
	k.t.Helper()
	d := Draft{Name: "hook at " + address, Address: address, Language: "en", Format: Segue}
	for _, c := range change {
		c(&d)
	}
	h, key, err := k.Add(k.t.Context(), admin, d)
	if err != nil {
		k.t.Fatal(err)
	}
	return h, key.Reveal()
}

func message(key string) Message {
	return Message{Key: key, Language: "en", Subject: "Run failed: Newsletter", Intro: "Something needs a look.", Lines: []Line{
		{Kind: "run_failed", State: Open, Text: "The run failed.", About: "Newsletter", Link: "/runs/12", At: time.Date(2026, 6, 1, 11, 58, 0, 0, time.UTC), Values: map[string]any{"run": 12, "share": 1.5}}}}
}

// put puts a message in for a hook or, with 0, for the administrator.
func (k *kit) put(hookID int64, m Message) {
	k.t.Helper()
	err := k.db.InTx(k.t.Context(), func(tx database.Tx) error {
		if hookID == 0 {
			return k.ToPerson(k.t.Context(), tx, k.people.Administrator.UserID, m)
		}
		return k.ToHook(k.t.Context(), tx, hookID, m)
	})
	if err != nil {
		k.t.Fatal(err)
	}
}

// work does the jobs once, and gives the longest wait that was asked for.
func (k *kit) work() (longest time.Duration) {
	k.t.Helper()
	for _, j := range k.jobs {
		again, err := k.Deliver(k.t.Context(), j.notice, j.turn)
		if err != nil {
			k.t.Fatal(err)
		}
		longest = max(longest, again)
	}
	return longest
}

// last is the newest notice.
func (k *kit) last() Notice {
	k.t.Helper()
	found, err := notices(k.t.Context(), k.db.Reader(), `ORDER BY id DESC LIMIT 1`)
	if err != nil || len(found) != 1 {
		k.t.Fatal(found, err)
	}
	return found[0]
}

func (k *kit) wants(state State, reason string) {
	k.t.Helper()
	if n := k.last(); n.State != state || n.Reason != reason {
		k.t.Errorf("the notice is %s for %q (%d), want %s for %q", n.State, n.Reason, n.Status, state, reason)
	}
}

// receiver is a server that keeps what it got.
type receiver struct {
	*httptest.Server
	mutex    sync.Mutex
	got      []received
	answer   func(w http.ResponseWriter, n int) // the n-th request, from 1; nil: 204
	arriving func()                             // before it answers
}

type received struct {
	header http.Header
	body   []byte
}

func newReceiver(t testing.TB, answer func(w http.ResponseWriter, n int)) *receiver {
	t.Helper()
	r := &receiver{answer: answer}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

// ServeHTTP keeps a request.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	r.mutex.Lock()
	r.got = append(r.got, received{request.Header.Clone(), body})
	n := len(r.got)
	r.mutex.Unlock()
	if r.arriving != nil {
		r.arriving()
	}
	if r.answer == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	r.answer(w, n)
}

func (r *receiver) all() []received {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return append([]received(nil), r.got...)
}

func status(code int) func(http.ResponseWriter, int) {
	return func(w http.ResponseWriter, _ int) { w.WriteHeader(code) }
}

// lacks fails when a text is in the log.
func (k *kit) lacks(texts ...string) {
	k.t.Helper()
	for _, text := range texts {
		if strings.Contains(k.log.String(), text) {
			k.t.Errorf("the log has %q: %s", text, k.log)
		}
	}
}

func withMail(s *mail.Sender) func(*Dependencies) { return func(d *Dependencies) { d.Mail = s } }
