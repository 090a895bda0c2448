package account_test

import (
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
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
