package app

import (
	"errors"
	"log/slog"
	"testing"
)

func TestHousekeepingRunsOnAFolderThatIsNewOrEmpty(t *testing.T) {
	a, err := Open(t.Context(), Config{Folder: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := (housekeeping{a}).Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestAFolderInUseIsRefused(t *testing.T) {
	folder := t.TempDir()
	a, err := Open(t.Context(), Config{Folder: folder, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := Open(t.Context(), Config{Folder: folder}); !errors.Is(err, ErrInUse) {
		t.Fatalf("opened twice: %v", err)
	}
}
