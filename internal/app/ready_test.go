package app

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/database"
)

func TestTheApplicationSaysWhatKeepsItFromItsWork(t *testing.T) {
	a, err := Open(t.Context(), Config{Folder: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	expect := func(want string) {
		t.Helper()
		a.ready.at = time.Time{} // look anew
		if got := a.Ready(t.Context()); got != want {
			t.Errorf("ready says %q, want %q", got, want)
		}
	}
	expect(notStarted)
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect("")

	write := func(query string) error {
		return a.DB.InTx(t.Context(), func(tx database.Tx) error {
			_, err := tx.Exec(query)
			return err
		})
	}
	if err := write(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`); err != nil {
		t.Fatal(err)
	}
	expect(notMigrated)
	if err := write(`DELETE FROM goose_db_version WHERE version_id = 9999`); err != nil {
		t.Fatal(err)
	}
	expect("")

	if err := write(`PRAGMA max_page_count = 1`); err != nil { // no room, for this connection
		t.Fatal(err)
	}
	err = write(`CREATE TABLE filler AS SELECT zeroblob(1000000) AS bytes`)
	if database.TroubleOf(err) != database.DiskFull {
		t.Fatalf("the disk is not full: %v", err)
	}
	expect(notWritable)
	if err := errors.Join(write(`PRAGMA max_page_count = 4294967294`), write(`CREATE TABLE filler AS SELECT 1 AS one`)); err != nil {
		t.Fatal(err)
	}
	expect("")

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := a.queue.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	expect(queueStopped)
	if err := a.Rest(ctx); err != nil {
		t.Fatal(err)
	}
	expect(isStopping)
}

func TestManyWhoAskWhetherItIsReadyCostOneLook(t *testing.T) {
	a, err := Open(t.Context(), Config{Folder: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.Ready(t.Context())
	first := a.ready.at
	for range 100 {
		a.Ready(t.Context())
	}
	if !a.ready.at.Equal(first) {
		t.Error("it was looked again")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := a.Stop(ctx); err != nil {
		t.Error(err)
	}
}
