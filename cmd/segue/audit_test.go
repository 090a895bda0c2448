package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
)

func TestTheAuditLogIsVerifiedBesideAServerAndTamperingEndsWith6(t *testing.T) {
	k := apptest.Start(t, 5)
	write := func() {
		if err := k.DB.InTx(t.Context(), func(tx database.Tx) error {
			return audit.Write(t.Context(), tx, time.Now(), access.System, audit.Entry{Action: audit.SignedIn})
		}); err != nil {
			t.Fatal(err)
		}
	}
	write()
	if err := k.Audit.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	report, err := k.Audit.Verify(t.Context(), audit.Head{})
	if err != nil {
		t.Fatal(err)
	}
	folder := k.Config.Folder
	out := ok(t, "", "audit", "verify", "--data", folder, "--expect", report.Head.String())
	if !strings.Contains(out, "Nobody changed") || !strings.Contains(out, report.Head.String()) || strings.Contains(out, "not sealed") {
		t.Errorf("said: %s", out)
	}
	write()
	if out := ok(t, "", "audit", "verify", "--data", folder, "--language", "da"); !strings.Contains(out, "1 post til sidst er ikke forseglet") {
		t.Errorf("said: %s", out)
	}
	other := audit.Head{ID: report.Head.ID, Hash: [32]byte{1}}
	if o := segue(t, "", "audit", "verify", "--data", folder, "--expect", other.String()); o.status != endTampered || !strings.Contains(o.errors, "not the expected one") {
		t.Errorf("ended with %d: %s", o.status, o.errors)
	}
	if o := segue(t, "", "audit", "verify", "--data", folder, "--expect", "7"); o.status != endWrong {
		t.Errorf("ended with %d: %s", o.status, o.errors)
	}
	if o := segue(t, "", "audit", "verify", "--data", folder, "--sealing-key-file", filepath.Join(t.TempDir(), "none")); o.status != endTampered || !strings.Contains(o.errors, "cannot be checked") {
		t.Errorf("ended with %d: %s", o.status, o.errors)
	}
	if o := segue(t, "", "audit", "verify", "--data", t.TempDir()); o.status != endWrong {
		t.Errorf("ended with %d: %s", o.status, o.errors)
	}
}
