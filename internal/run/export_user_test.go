package run_test

import (
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/alert"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/testkit"
)

// anotherAdministrator is one who is not the export user, and has just confirmed that it is she.
func anotherAdministrator(t *testing.T, k *apptest.Kit) access.Actor {
	t.Helper()
	user, err := k.Accounts.Create(t.Context(), access.System, account.NewUser{Email: "bo@example.com", Name: "Bo Kjær", Role: access.Administrator, Password: testkit.Password})
	if err != nil {
		t.Fatal(err)
	}
	return user.Actor().Confirmed(testkit.Confirmed).Asked()
}

func TestARunPausesAtItsNextBatchWhenItsExportUserMayNotAnswerForItAnyMoreAndGoesOnWhenAnotherDoes(t *testing.T) {
	for name, lose := range map[string]func(k *apptest.Kit, by access.Actor, id int64) error{
		"disabled": func(k *apptest.Kit, by access.Actor, id int64) error { return k.Accounts.Disable(t.Context(), by, id) },
		"a contributor now": func(k *apptest.Kit, by access.Actor, id int64) error {
			return k.Accounts.SetRole(t.Context(), by, id, access.Contributor)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, r := underWay(t)
			bo := anotherAdministrator(t, k)
			e, err := k.Exports.Get(t.Context(), bo, r.ExportID)
			if err != nil {
				t.Fatal(err)
			}
			c, err := k.Connections.Get(t.Context(), bo, e.ConnectionID)
			if err != nil {
				t.Fatal(err)
			}
			if err := lose(k, bo, c.ExportUserID); err != nil {
				t.Fatal(err)
			}
			r = k.Wait(r.ID)
			paused(t, r, string(connection.ExportUserUnable))
			k.Sandbox.SetFaults(sandbox.Faults{})
			unsent(t, k)

			_, err = k.Runs.Start(t.Context(), bo, r.ExportID, run.Options{})
			conflict(t, err, "obstacle."+string(connection.ExportUserUnable))
			if err := k.Alerts.Look(t.Context()); err != nil {
				t.Fatal(err)
			}
			open, err := k.Alerts.Open(t.Context(), bo, 10)
			if err != nil || len(open) != 1 || open[0].Kind != alert.ExportPaused || open[0].Code != string(connection.ExportUserUnable) {
				t.Errorf("%+v, %v", open, err)
			}

			if now, err := k.Connections.BecomeExportUser(t.Context(), bo, c.ID, c.Version); err != nil || now.ExportUserID != bo.UserID {
				t.Fatal(now.ExportUserID, err)
			}
			if err := k.Runs.Resume(t.Context(), bo, r.ID, run.NoReply); err != nil {
				t.Fatal(err)
			}
			if r = k.Wait(r.ID); r.Counts.Open() != 0 || r.ErrorCode != "" || r.PauseCode != "" {
				t.Fatalf("ended as %s (%s) %+v", r.State, r.ErrorCode, r.Counts)
			}
			k.Matches()
		})
	}
}
