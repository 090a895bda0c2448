package account_test

import (
	"context"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/testkit"
)

func (h *house) ctx() context.Context { return context.Background() }

func TestTheFirstAdministratorIsSetUpOnceByTheTokenAlone(t *testing.T) {
	service := testkit.Accounts(t, testkit.Database(t), testkit.NewClock())
	earlier, err := service.EnsureSetup(t.Context())
	must(t, err)
	token, err := service.EnsureSetup(t.Context())
	must(t, err)
	first := account.NewUser{Email: "first@example.com", Name: "First", Password: testkit.Password, Role: access.Viewer}
	for _, wrong := range []string{"", "guess", earlier} {
		_, err = service.Setup(t.Context(), wrong, first)
		refused(t, err, "account.problem.link")
	}
	_, err = service.Setup(t.Context(), token, account.NewUser{Email: "first@example.com", Password: testkit.Password})
	refused(t, err, "problem.required") // and the link still works
	user, err := service.Setup(t.Context(), token, first)
	must(t, err)
	if user.Role != access.Administrator {
		t.Errorf("the first user is a %s", user.Role)
	}
	_, err = service.Setup(t.Context(), token, first)
	refused(t, err, "account.problem.link")
	again, err := service.EnsureSetup(t.Context())
	must(t, err)
	if again != "" {
		t.Error("there is a set-up although there is a user")
	}
}

func TestASetUpLinkDiesWithTheFirstUserHoweverThatCame(t *testing.T) {
	service := testkit.Accounts(t, testkit.Database(t), testkit.NewClock())
	token, err := service.EnsureSetup(t.Context())
	must(t, err)
	testkit.NewPeople(t, service)
	_, err = service.Setup(t.Context(), token, account.NewUser{Email: "late@example.com", Name: "Late", Password: testkit.Password})
	refused(t, err, "account.problem.link")
}

func TestAnInvitationWorksOnceAndForItsPersonOnly(t *testing.T) {
	h := newHouse(t)
	user, first, err := h.Invite(t.Context(), h.Administrator, account.NewUser{Email: "new@example.com", Role: access.Contributor})
	must(t, err)
	if user.State() != account.Invited {
		t.Errorf("state is %s", user.State())
	}
	_, err = h.signIn(t, "new@example.com", testkit.Password, "192.0.2.1", "")
	refused(t, err, "account.problem.sign_in")
	second, err := h.Reissue(t.Context(), h.Administrator, user.ID)
	must(t, err)
	_, err = h.Accept(t.Context(), first, "New", testkit.Password)
	refused(t, err, "account.problem.link")
	_, err = h.Accept(t.Context(), second, "New", "short")
	refused(t, err, "account.problem.password_short")
	accepted, err := h.Accept(t.Context(), second, "New", testkit.Password)
	must(t, err)
	if accepted.ID != user.ID || accepted.Name != "New" || accepted.Role != access.Contributor || accepted.State() != account.Active {
		t.Errorf("got %+v", accepted)
	}
	_, err = h.Accept(t.Context(), second, "New", testkit.Password)
	refused(t, err, "account.problem.link")
	_, err = h.signIn(t, "new@example.com", testkit.Password, "192.0.2.1", "")
	must(t, err)
}

func TestALinkDiesOfAgeAndWithItsAccount(t *testing.T) {
	h := newHouse(t)
	user, token, err := h.Invite(t.Context(), h.Administrator, account.NewUser{Email: "new@example.com", Role: access.Viewer})
	must(t, err)
	h.clock.Advance(account.InvitationLife)
	_, err = h.Invitation(t.Context(), token)
	refused(t, err, "account.problem.link")
	token, err = h.Reissue(t.Context(), h.Administrator, user.ID)
	must(t, err)
	must(t, h.Disable(t.Context(), h.Administrator, user.ID))
	must(t, h.Enable(t.Context(), h.Administrator, user.ID))
	_, err = h.Invitation(t.Context(), token)
	refused(t, err, "account.problem.link")
}

func TestANewPasswordByLinkEndsEverySession(t *testing.T) {
	h := newHouse(t)
	session := h.session(t, h.Viewer.UserID)
	token, err := h.Reissue(t.Context(), h.Administrator, h.Viewer.UserID)
	must(t, err)
	_, err = h.Identify(t.Context(), session)
	must(t, err) // a link that nobody used changes nothing
	_, err = h.Accept(t.Context(), token, "Vera Dam", "eleven lazy otters drifting")
	must(t, err)
	_, err = h.Identify(t.Context(), session)
	refused(t, err, "problem.signed_out")
}

func TestThereIsAlwaysAnAdministrator(t *testing.T) {
	h := newHouse(t)
	refused(t, h.SetRole(t.Context(), h.Administrator, h.Administrator.UserID, access.Viewer), "account.problem.last_administrator")
	refused(t, h.Disable(t.Context(), access.System, h.Administrator.UserID), "account.problem.last_administrator")
	refused(t, h.Disable(t.Context(), h.Administrator, h.Administrator.UserID), "account.problem.yourself")
	// One who is invited and has no password yet does not count.
	_, _, err := h.Invite(t.Context(), h.Administrator, account.NewUser{Email: "new@example.com", Role: access.Administrator})
	must(t, err)
	refused(t, h.SetRole(t.Context(), h.Administrator, h.Administrator.UserID, access.Viewer), "account.problem.last_administrator")
	must(t, h.SetRole(t.Context(), h.Administrator, h.Contributor.UserID, access.Administrator))
	must(t, h.SetRole(t.Context(), h.Administrator, h.Administrator.UserID, access.Viewer))
	refused(t, h.SetRole(t.Context(), access.System, h.Contributor.UserID, access.Role("king")), "problem.choose")
}

func TestOnlyAdministratorsManageUsersAndEverybodyTheirOwnAccount(t *testing.T) {
	h := newHouse(t)
	target := h.Viewer.UserID
	manages := map[string]func(a access.Actor) error{
		"Users":   func(a access.Actor) error { _, err := h.Users(t.Context(), a); return err },
		"UserFor": func(a access.Actor) error { _, err := h.UserFor(t.Context(), a, target); return err },
		"Create": func(a access.Actor) error {
			_, err := h.Create(t.Context(), a, account.NewUser{})
			return err
		},
		"Invite": func(a access.Actor) error {
			_, _, err := h.Invite(t.Context(), a, account.NewUser{})
			return err
		},
		"Reissue": func(a access.Actor) error { _, err := h.Reissue(t.Context(), a, target); return err },
		"SetRole": func(a access.Actor) error { return h.SetRole(t.Context(), a, target, access.Viewer) },
		"Disable": func(a access.Actor) error { return h.Disable(t.Context(), a, target) },
		"Enable":  func(a access.Actor) error { return h.Enable(t.Context(), a, target) },
	}
	for name, do := range manages {
		if err := do(access.Actor{}); !problem.Is(err, problem.SignedOut) {
			t.Errorf("%s, signed out: %v", name, err)
		}
		for _, actor := range []access.Actor{h.Viewer, h.Contributor} {
			if err := do(actor); !problem.Is(err, problem.NotPermitted) {
				t.Errorf("%s as %s: %v", name, actor.Role, err)
			}
		}
		if err := do(h.Administrator); problem.Is(err, problem.NotPermitted) {
			t.Errorf("%s as administrator: %v", name, err)
		}
	}
	own := map[string]func(a access.Actor) error{
		"SavePreferences":  func(a access.Actor) error { return h.SavePreferences(t.Context(), a, account.Preferences{Name: "N"}) },
		"SetLanguage":      func(a access.Actor) error { return h.SetLanguage(t.Context(), a, "da") },
		"SetTheme":         func(a access.Actor) error { return h.SetTheme(t.Context(), a, "contrast") },
		"HideFirstSteps":   func(a access.Actor) error { return h.HideFirstSteps(t.Context(), a, true) },
		"Sessions":         func(a access.Actor) error { _, err := h.Sessions(t.Context(), a, ""); return err },
		"EndOtherSessions": func(a access.Actor) error { return h.EndOtherSessions(t.Context(), a, "") },
		"ConfirmPassword":  func(a access.Actor) error { return h.ConfirmPassword(t.Context(), a, testkit.Password) },
		"ChangePassword": func(a access.Actor) error {
			return h.ChangePassword(t.Context(), a, testkit.Password, "eleven lazy otters drifting", "")
		},
	}
	for name, do := range own {
		if err := do(access.Actor{}); !problem.Is(err, problem.SignedOut) {
			t.Errorf("%s, signed out: %v", name, err)
		}
	}
	for _, name := range []string{"SavePreferences", "SetLanguage", "SetTheme", "HideFirstSteps", "Sessions", "EndOtherSessions", "ConfirmPassword", "ChangePassword"} {
		if err := own[name](h.Contributor); err != nil {
			t.Errorf("%s as contributor: %v", name, err)
		}
	}
}

func TestPreferencesAreCheckedAndKept(t *testing.T) {
	h := newHouse(t)
	good := account.Preferences{Name: "  Vera   Dam Olsen ", Language: "da", TimeZone: "Europe/Copenhagen", Theme: "dark"}
	must(t, h.SavePreferences(t.Context(), h.Viewer, good))
	must(t, h.SetTheme(t.Context(), h.Viewer, "contrast"))
	must(t, h.HideFirstSteps(t.Context(), h.Viewer, true))
	user, err := h.User(t.Context(), h.Viewer.UserID)
	must(t, err)
	if user.Name != "Vera Dam Olsen" || user.Language != "da" || user.Zone().String() != "Europe/Copenhagen" || user.Theme != "contrast" || !user.FirstStepsHidden {
		t.Errorf("kept %+v", user)
	}
	for field, spoil := range map[string]func(p *account.Preferences){
		"name":      func(p *account.Preferences) { p.Name = " " },
		"language":  func(p *account.Preferences) { p.Language = "xx" },
		"time_zone": func(p *account.Preferences) { p.TimeZone = "Mars/Olympus" },
		"theme":     func(p *account.Preferences) { p.Theme = "plaid" },
	} {
		bad := good
		spoil(&bad)
		p := problem.Of(h.SavePreferences(t.Context(), h.Viewer, bad))
		if p == nil || len(p.Fields) != 1 || p.Fields[0].Name != field {
			t.Errorf("%s: %v", field, p)
		}
	}
	for _, name := range account.Zones {
		if _, err := time.LoadLocation(name); err != nil {
			t.Error(err)
		}
	}
}
