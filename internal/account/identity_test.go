package account_test

import (
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/problem"
)

// provided is somebody of whom a provider speaks.
func provided(issuer string, role access.Role) account.Identity {
	return account.Identity{Issuer: issuer, Subject: "s", Email: "sanne@example.com", EmailVerified: true, Name: "Sanne", Role: role}
}

func TestWhoHasARoleAtTheProviderOfTodayIsInWhateverTheOneOfBeforeSaid(t *testing.T) {
	h := newHouse(t)
	_, err := h.SignInByProvider(t.Context(), provided("https://old.example.com", access.Viewer), true)
	must(t, err)
	_, err = h.SignInByProvider(t.Context(), provided("https://old.example.com", ""), true)
	refused(t, err, "account.problem.provider_no_role")
	for _, way := range []string{"bound", "known"} {
		user, err := h.SignInByProvider(t.Context(), provided("https://new.example.com", access.Viewer), true)
		must(t, err)
		if user.State() != account.Active {
			t.Errorf("%s by the identity, she is %s", way, user.State())
		}
		_, err = h.Identify(t.Context(), h.session(t, user.ID))
		must(t, err)
	}
}

func TestWhoIsShutOutGetsNoLinkNoSessionAndNoGrantAndHerBrowsersAreForgotten(t *testing.T) {
	for name, shutOut := range map[string]func(h *house, id int64) error{
		"disabled": func(h *house, id int64) error { return h.Disable(h.ctx(), access.System, id) },
		"refused by the provider": func(h *house, _ int64) error {
			_, err := h.SignInByProvider(h.ctx(), provided("https://login.example.com", ""), false)
			if problem.Is(err, problem.Conflict) {
				return nil
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			user, err := h.SignInByProvider(t.Context(), provided("https://login.example.com", access.Contributor), true)
			must(t, err)
			_, err = h.RememberDevice(t.Context(), user.ID, account.Visit{Browser: "Firefox"})
			must(t, err)
			before, err := h.Contributors(t.Context(), h.db.Reader())
			must(t, err)
			must(t, shutOut(h, user.ID))
			_, err = h.Reissue(t.Context(), access.System, user.ID)
			refused(t, err, "account.problem.enable_first")
			_, err = h.StartSession(t.Context(), account.Begun{UserID: user.ID, Proof: account.ByProvider})
			refused(t, err, "problem.signed_out")
			after, err := h.Contributors(t.Context(), h.db.Reader())
			must(t, err)
			if len(after) != len(before)-1 {
				t.Errorf("%d of %d contributors may be granted something", len(after), len(before))
			}
			var known int
			must(t, h.db.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM devices WHERE user_id = ?`, user.ID).Scan(&known))
			if known != 0 {
				t.Errorf("%d browsers of hers are known", known)
			}
			if now, err := h.User(t.Context(), user.ID); err != nil || now.LastSignIn != user.LastSignIn {
				t.Errorf("signed in %v, %v", now.LastSignIn, err)
			}
		})
	}
}
