package access

import (
	"testing"
	"time"

	"github.com/segue-app/segue/internal/problem"
)

func TestAnActOfWeightAsksForAConfirmationOfTheLastTenMinutes(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	ada := Actor{UserID: 1, Role: Administrator}
	token := ada.Confirmed(now).Within(ScopesOf(AllScopes...))
	configuring, err := token.Configuring()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		actor        Actor
		fresh, asked problem.Kind // 0: allowed
	}{
		"confirmed just now":               {ada.Confirmed(now), 0, problem.ConfirmFirst},
		"confirmed for this very act":      {ada.Confirmed(now).Asked(), 0, 0},
		"confirmed almost ten minutes ago": {ada.Confirmed(now.Add(-FreshFor + 1)), 0, problem.ConfirmFirst},
		"confirmed ten minutes ago":        {ada.Confirmed(now.Add(-FreshFor)).Asked(), problem.ConfirmFirst, problem.ConfirmFirst},
		"never confirmed":                  {ada, problem.ConfirmFirst, problem.ConfirmFirst},
		"a token":                          {token, problem.NotPermitted, problem.NotPermitted},
		"a token that configures":          {configuring, 0, 0},
		"a token of one who configures":    {configuring.Within(ScopesOf(Edit)), problem.NotPermitted, problem.NotPermitted},
		"nobody":                           {Actor{}.Confirmed(now).Asked(), problem.SignedOut, problem.SignedOut},
		"the program itself":               {System, 0, 0},
	} {
		for act, got := range map[string]error{"fresh": c.actor.RequireFresh(now), "asked": c.actor.RequireAsked(now)} {
			want := map[string]problem.Kind{"fresh": c.fresh, "asked": c.asked}[act]
			if want == 0 && got != nil || want != 0 && !problem.Is(got, want) {
				t.Errorf("%s, %s: %v", name, act, got)
			}
		}
	}
}

func TestWhoMustSetUpASecondFactorDoesNothingElseFirst(t *testing.T) {
	for _, role := range Roles {
		confined := Actor{UserID: 1, Role: role}.Confined()
		for action := range allowed {
			if confined.Can(action) != (action == SecureOwnAccount) {
				t.Errorf("%s may %s", role, action)
			}
		}
		if err := confined.Require(LookAround); problem.Of(err) == nil || problem.Of(err).Code != FactorCode {
			t.Errorf("%s is told %v", role, err)
		}
		if confined.MayUse(AllContributors) || confined.MayRun(AllContributors) || confined.MaySee(AllContributors) {
			t.Errorf("%s uses connections", role)
		}
	}
}
