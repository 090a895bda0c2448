package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/profile/sample"
)

// queued receives and confirms a file of the source of customers without running it.
func queued(t *testing.T, s *Service, file io.Reader) Import {
	t.Helper()
	of, err := s.store.sourceNamed(t.Context(), s.store.db.Reader(), "customers")
	if err != nil && !problem.Is(err, problem.NotFound) {
		t.Fatal(err)
	}
	i, err := s.Receive(t.Context(), admin, of.ID, "customers.csv", 0, file)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Confirm(t.Context(), admin, i.ID, i.Settings); err != nil {
		t.Fatal(err)
	}
	return i
}

func customers(t testing.TB, n int) io.Reader {
	t.Helper()
	var file strings.Builder
	if err := sample.Write(&file, n, 1); err != nil {
		t.Fatal(err)
	}
	return strings.NewReader(file.String())
}

func TestAnImportStoppedInTheMiddleBeginsAgainFromItsFile(t *testing.T) {
	s := newService(t)
	load(t, s, "id,name\n1,Anne\n", Settings{})
	before := current(t, s)
	const n = 3*chunkRows + 10
	i := queued(t, s, customers(t, n))

	ctx, cancel := context.WithCancel(t.Context())
	listener := s.events.Listen(i.Topic())
	defer listener.Close()
	go func() {
		<-listener.Ready() // it has begun
		cancel()
	}()
	if err := s.RunImport(ctx, i.ID); !errors.Is(err, context.Canceled) {
		t.Fatalf("stopped: %v", err)
	}
	if now := current(t, s); now.ID != before.ID || len(tables(t, s)) != 1 {
		t.Fatalf("after the stop: current %d, tables %v", now.ID, tables(t, s))
	}
	if err := errors.Join(s.profiles.Recover(t.Context()), s.Recover(t.Context())); err != nil {
		t.Fatal(err)
	}
	if err := s.RunImport(t.Context(), i.ID); err != nil {
		t.Fatal(err)
	}
	if now := current(t, s); now.Rows != n {
		t.Errorf("%d rows after the second attempt", now.Rows)
	}
	if _, err := os.Stat(s.path(i.ID)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
	if err := s.RunImport(t.Context(), i.ID); err != nil {
		t.Errorf("running what has ended: %v", err)
	}
}

func TestAKilledProcessLeavesNothingBehindThatRecoverDoesNotMend(t *testing.T) {
	s := newService(t)
	i := queued(t, s, customers(t, 10))
	half, err := s.Receive(t.Context(), admin, 0, "half.csv", 0, customers(t, 10))
	if err != nil {
		t.Fatal(err)
	}
	// As a kill would leave it: a table half filled, an import running, a file half received, a file of nobody.
	read, err := s.store.importByID(t.Context(), i.ID)
	if err != nil {
		t.Fatal(err)
	}
	begun := loader{service: s, i: &read, snapshot: profile.Snapshot{Attributes: []profile.Attribute{{Key: "a", Column: "c1", Kind: profile.Text}}}}
	if err := begun.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = s.store.db.Writer().Exec(`UPDATE imports SET state = 'receiving' WHERE id = ?`, half.ID)
	if err := errors.Join(err, os.WriteFile(s.path(99), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	starter := &recorder{}
	s.StartWith(starter)
	if err := errors.Join(s.profiles.Recover(t.Context()), s.Recover(t.Context())); err != nil {
		t.Fatal(err)
	}
	if got := tables(t, s); len(got) != 0 {
		t.Errorf("tables %v", got)
	}
	if len(starter.started) != 1 || starter.started[0] != i.ID {
		t.Errorf("started again: %v", starter.started)
	}
	if files, _ := filepath.Glob(filepath.Join(s.folder, "*")); len(files) != 1 {
		t.Errorf("files %v", files)
	}
	if err := s.RunImport(t.Context(), i.ID); err != nil || current(t, s).Rows != 10 {
		t.Errorf("run: %v", err)
	}
}

type recorder struct{ started []int64 }

func (r *recorder) StartImport(_ context.Context, _ database.Tx, id int64) error {
	r.started = append(r.started, id)
	return nil
}

func (r *recorder) StartUnify(context.Context, database.Tx) error { return nil }

func TestACancelledImportStopsAndChangesNothing(t *testing.T) {
	s := newService(t)
	i := queued(t, s, customers(t, 4*chunkRows))
	listener := s.events.Listen(i.Topic())
	defer listener.Close()
	done := make(chan error, 1)
	go func() {
		<-listener.Ready()
		done <- s.Cancel(t.Context(), admin, i.ID)
	}()
	if err := errors.Join(s.RunImport(t.Context(), i.ID), <-done); err != nil {
		t.Fatal(err)
	}
	after, err := s.Import(t.Context(), admin, i.ID)
	if err != nil || after.State != Cancelled || len(tables(t, s)) != 0 {
		t.Errorf("%s, tables %v, %v", after.State, tables(t, s), err)
	}
	if _, err := s.profiles.Current(t.Context()); !problem.Is(err, problem.NotFound) {
		t.Errorf("current: %v", err)
	}
}

func TestASourceHasOneImportAtATimeAndAnImportIsConfirmedOnce(t *testing.T) {
	s := newService(t)
	first := queued(t, s, customers(t, 10))
	second, err := s.Receive(t.Context(), admin, first.SourceID, "b.csv", 0, customers(t, 10))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Confirm(t.Context(), admin, second.ID, second.Settings); !problem.Is(err, problem.Conflict) {
		t.Errorf("a second one: %v", err)
	}
	if err := s.Confirm(t.Context(), admin, first.ID, first.Settings); !problem.Is(err, problem.Conflict) {
		t.Errorf("the first once more: %v", err)
	}
}

type brokenReader struct{ first io.Reader }

func (b brokenReader) Read(p []byte) (int, error) {
	n, err := b.first.Read(p)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestAnUploadThatBreaksOffIsNotKept(t *testing.T) {
	s := newService(t)
	if _, err := s.Receive(t.Context(), admin, 0, "x.csv", 0, brokenReader{strings.NewReader("id,name\n1,Anne\n")}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("got %v", err)
	}
	list, err := s.Imports(t.Context(), admin, 10)
	if err != nil || len(list) != 1 || list[0].State != Failed || list[0].Code != "sources.file.broken_off" {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestAnUploadThatNobodyConfirmsIsNotKeptForEver(t *testing.T) {
	s := newService(t)
	i, err := s.Receive(t.Context(), admin, 0, "x.csv", 0, customers(t, 3))
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		age  time.Duration
		tidy func(context.Context) error
		want State
	}{
		{waitsAtMost - time.Hour, s.Recover, Waiting}, {waitsAtMost - time.Hour, s.EndForgotten, Waiting},
		{waitsAtMost + time.Hour, s.EndForgotten, Cancelled},
	} {
		s.now = func() time.Time { return i.CreatedAt.Add(step.age) }
		if err := step.tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
		now, err := s.Import(t.Context(), admin, i.ID)
		_, missing := os.Stat(s.path(i.ID))
		if err != nil || now.State != step.want || errors.Is(missing, os.ErrNotExist) != (step.want == Cancelled) {
			t.Errorf("after %s: %s, file: %v, %v", step.age, now.State, missing, err)
		}
	}
}

func TestOnlyAdministratorsBringProfilesIn(t *testing.T) {
	s := newService(t)
	load(t, s, "id,email,points\n1,a@example.com,5\n", Settings{})
	_, receive := s.Receive(t.Context(), contributor, 0, "x.csv", 0, strings.NewReader("id,a\n1,2\n"))
	_, list := s.Imports(t.Context(), contributor, 1)
	_, refusals := s.Refusals(t.Context(), contributor, 1, 0, 1)
	for what, err := range map[string]error{"receive": receive, "imports": list, "refusals": refusals} {
		if !problem.Is(err, problem.NotPermitted) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAFullDiskEndsAnImportAndLeavesTheProfilesAlone(t *testing.T) {
	s := newService(t)
	load(t, s, people(1, 10, "Aarhus"), Settings{})
	before := current(t, s)
	i := queued(t, s, customers(t, 3*chunkRows))
	limit := func(pages int) {
		t.Helper()
		// The limit is never less than what the file has already.
		if _, err := s.store.db.Writer().Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
			t.Fatal(err)
		}
	}
	limit(1)
	if err := s.RunImport(t.Context(), i.ID); err == nil {
		t.Fatal("a full disk took the profiles")
	}
	if now := current(t, s); now.ID != before.ID {
		t.Errorf("current %d", now.ID)
	}
	limit(1_000_000_000)
	if err := errors.Join(s.profiles.Recover(t.Context()), s.Recover(t.Context()), s.RunImport(t.Context(), i.ID)); err != nil {
		t.Fatal(err)
	}
	if after := read(t, s, i.ID); after.State != Failed && (after.State != Done || current(t, s).Rows != 3*chunkRows) {
		t.Errorf("with room again: %s, %d profiles", after.State, current(t, s).Rows)
	}
	if got := tables(t, s); len(got) > 2 {
		t.Errorf("tables %v", got)
	}
}
