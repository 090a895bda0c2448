package account_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/database"
)

func TestASessionEndsWhenItShould(t *testing.T) {
	for name, test := range map[string]struct {
		happens func(h *house, token string) error
		lives   bool
	}{
		"nothing": {func(*house, string) error { return nil }, true},
		"not used for almost two hours": {func(h *house, _ string) error {
			h.clock.Advance(account.IdleLimit - time.Second)
			return nil
		}, true},
		"not used for two hours": {func(h *house, _ string) error {
			h.clock.Advance(account.IdleLimit)
			return nil
		}, false},
		"used all day, to the last minute": {func(h *house, token string) error { return h.use(token, account.AbsoluteLimit-time.Minute) }, true},
		"used for longer than a day":       {func(h *house, token string) error { return h.use(token, account.AbsoluteLimit) }, false},
		"only glanced at by a page": {func(h *house, token string) error {
			for range 3 {
				h.clock.Advance(account.IdleLimit - time.Hour)
				_, _ = h.Glance(h.ctx(), token) // a session that is over is the outcome wanted below
			}
			return nil
		}, false},
		"signed out":           {func(h *house, token string) error { return h.EndSession(h.ctx(), token) }, false},
		"signed out elsewhere": {func(h *house, _ string) error { return h.EndOtherSessions(h.ctx(), h.Viewer, "another") }, false},
		"signed out, all but this": {func(h *house, token string) error {
			return h.EndOtherSessions(h.ctx(), h.Viewer, token)
		}, true},
		"disabled":             {func(h *house, _ string) error { return h.Disable(h.ctx(), h.Administrator, h.Viewer.UserID) }, false},
		"somebody else leaves": {func(h *house, _ string) error { return h.EndOtherSessions(h.ctx(), h.Contributor, "another") }, true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			token := h.session(t, h.Viewer.UserID)
			must(t, test.happens(h, token))
			user, err := h.Identify(t.Context(), token)
			if test.lives {
				must(t, err)
				if user.ID != h.Viewer.UserID {
					t.Errorf("session is of user %d", user.ID)
				}
			} else {
				refused(t, err, "problem.signed_out")
			}
		})
	}
}

// use uses a session every hour for that long.
func (h *house) use(token string, total time.Duration) error {
	for ; total > 0; total -= time.Hour {
		h.clock.Advance(min(time.Hour, total))
		if _, err := h.Identify(h.ctx(), token); err != nil && total > time.Hour {
			return err
		}
	}
	return nil
}

func TestTheDatabaseHoldsNoToken(t *testing.T) {
	h := newHouse(t)
	token := h.session(t, h.Viewer.UserID)
	var stored []byte
	must(t, h.db.Reader().QueryRowContext(t.Context(), `SELECT token_hash FROM sessions`).Scan(&stored))
	if bytes.Contains(stored, []byte(token)) || len(stored) != 32 {
		t.Errorf("stored %q", stored)
	}
	for _, guess := range []string{"", "x", string(stored)} {
		_, err := h.Identify(t.Context(), guess)
		refused(t, err, "problem.signed_out")
	}
}

func TestARoleCountsAtTheNextRequest(t *testing.T) {
	h := newHouse(t)
	must(t, h.SetRole(t.Context(), h.Administrator, h.Viewer.UserID, access.Contributor))
	actor, err := h.Actor(t.Context(), h.Viewer.UserID)
	must(t, err)
	if actor.Role != access.Contributor {
		t.Errorf("role is %s", actor.Role)
	}
	must(t, h.Disable(t.Context(), h.Administrator, h.Viewer.UserID))
	_, err = h.Actor(t.Context(), h.Viewer.UserID)
	refused(t, err, "problem.signed_out")
	must(t, h.Enable(t.Context(), h.Administrator, h.Viewer.UserID))
	_, err = h.Actor(t.Context(), h.Viewer.UserID)
	must(t, err)
}

func TestOneSeesOnlyOnesOwnSessions(t *testing.T) {
	h := newHouse(t)
	h.session(t, h.Administrator.UserID)
	old := h.session(t, h.Viewer.UserID)
	h.clock.Advance(time.Minute)
	here := h.session(t, h.Viewer.UserID)
	sessions, err := h.Sessions(t.Context(), h.Viewer, here)
	must(t, err)
	if len(sessions) != 2 || !sessions[0].Current || sessions[1].Current {
		t.Fatalf("got %+v", sessions)
	}
	must(t, h.EndOtherSessions(t.Context(), h.Viewer, here))
	_, err = h.Identify(t.Context(), old)
	refused(t, err, "problem.signed_out")
}

// TestASessionCountsAlsoWhileNothingCanBeWritten is for who looks how a Segue is whose disk is full, or that is busy writing.
func TestASessionCountsAlsoWhileNothingCanBeWritten(t *testing.T) {
	h := newHouse(t)
	token, err := h.StartSession(t.Context(), account.Begun{UserID: h.Viewer.UserID, Proof: account.ByPassword})
	must(t, err)
	h.clock.Advance(2 * time.Minute)
	must(t, h.db.InTx(t.Context(), func(database.Tx) error {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		user, err := h.Identify(ctx, token)
		if err != nil || user.ID != h.Viewer.UserID {
			t.Errorf("got %v, %v", user.ID, err)
		}
		return nil
	}))
}
