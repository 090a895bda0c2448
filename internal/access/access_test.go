package access

import (
	"slices"
	"testing"

	"github.com/segue-app/segue/internal/problem"
)

// actions are all that are known, with the roles that have them.
func actions() map[Action][]Role { return allowed }

func TestATokenMayDoWhatIsInItsScopesAndInItsPersonsRoleAndNothingElse(t *testing.T) {
	for action, roles := range actions() {
		for _, role := range Roles {
			person := Actor{UserID: 7, Role: role}
			if got, want := person.Can(action), slices.Contains(roles, role); got != want {
				t.Errorf("%s as %s: %v", action, role, got)
			}
			for set := Scopes(0); set < 1<<len(AllScopes); set++ {
				scope, reachable := reach[action]
				want := slices.Contains(roles, role) && reachable && set.Has(scope)
				by := person.Within(set)
				if got := by.Can(action); got != want {
					t.Errorf("%s as %s within %q: %v, want %v", action, role, set, got, want)
				}
				if err := by.Require(action); problem.Is(err, problem.NotPermitted) == want {
					t.Errorf("%s as %s within %q: %v", action, role, set, err)
				}
			}
		}
	}
}

func TestWhatIsAskedOnlyOfPersonsIsInNoScope(t *testing.T) {
	forPersons := []Action{ManageProfiles, ManageHooks, ManageExclusions, ManageConnections, ManageUsers, ManageSchedule, ManagePrivacy, ReadAudit, StopAll, ManageOwnAccount, ManageApprovals, ApproveExports, SecureOwnAccount}
	administrator := Actor{UserID: 1, Role: Administrator}.Within(ScopesOf(AllScopes...))
	for action := range actions() {
		if got, want := administrator.Can(action), !slices.Contains(forPersons, action); got != want {
			t.Errorf("%s by a token with all scopes: %v, want %v", action, got, want)
		}
		if administrator.Lacks(action) != "" {
			t.Errorf("a token with all scopes is said to lack %s", administrator.Lacks(action))
		}
	}
	for action := range reach {
		if _, known := allowed[action]; !known {
			t.Errorf("%s is in a scope and in no role", action)
		}
	}
	if administrator.Can("no such action") {
		t.Error("an action that nobody knows is allowed")
	}
}

func TestConnectionsAreUsedRunAndSeenByWhomTheyAreOpenTo(t *testing.T) {
	everything := ScopesOf(AllScopes...)
	for _, c := range []struct {
		name          string
		actor         Actor
		grant         Grant
		use, run, see bool
	}{
		{"administrator, closed", Actor{UserID: 1, Role: Administrator}, OnlyAdministrators, true, true, true},
		{"contributor, open", Actor{UserID: 1, Role: Contributor}, AllContributors, true, true, true},
		{"contributor, closed", Actor{UserID: 1, Role: Contributor}, OnlyAdministrators, false, false, false},
		{"contributor, named", Actor{UserID: 1, Role: Contributor}, Named(3, 1), true, true, true},
		{"contributor, another is named", Actor{UserID: 1, Role: Contributor}, Named(11, 12), false, false, false},
		{"viewer, named", Actor{UserID: 1, Role: Viewer}, Named(1), false, false, false},
		{"administrator, another is named", Actor{UserID: 1, Role: Administrator}, Named(2), true, true, true},
		{"somebody of no role, named", Actor{UserID: 1, Role: "owner"}, Named(1), false, false, false},
		{"somebody of no role, open", Actor{UserID: 1, Role: "owner"}, AllContributors, false, false, false},
		{"a contributor who is nobody, open", Actor{Role: Contributor}, AllContributors, false, false, false},
		{"contributor named, by a token to read", Actor{UserID: 1, Role: Contributor}.Within(ScopesOf(Read)), Named(1), false, false, true},
		{"viewer, open", Actor{UserID: 1, Role: Viewer}, AllContributors, false, false, false},
		{"the program", System, OnlyAdministrators, true, true, true},
		{"nobody", Actor{}, AllContributors, false, false, false},
		{"administrator by a token for all, closed", Actor{UserID: 1, Role: Administrator}.Within(everything), OnlyAdministrators, true, true, true},
		{"administrator by a token to run, closed", Actor{UserID: 1, Role: Administrator}.Within(ScopesOf(Run)), OnlyAdministrators, false, true, false},
		{"administrator by a token to edit, closed", Actor{UserID: 1, Role: Administrator}.Within(ScopesOf(Edit)), OnlyAdministrators, true, false, false},
		{"administrator by a token to read, closed", Actor{UserID: 1, Role: Administrator}.Within(ScopesOf(Read)), OnlyAdministrators, false, false, true},
		{"contributor by a token for all, closed", Actor{UserID: 1, Role: Contributor}.Within(everything), OnlyAdministrators, false, false, false},
		{"contributor by a token to run, open", Actor{UserID: 1, Role: Contributor}.Within(ScopesOf(Run)), AllContributors, false, true, false},
		{"viewer by a token for all, open", Actor{UserID: 1, Role: Viewer}.Within(everything), AllContributors, false, false, false},
		{"administrator by a token for nothing", Actor{UserID: 1, Role: Administrator}.Within(0), AllContributors, false, false, false},
	} {
		if c.actor.MayUse(c.grant) != c.use || c.actor.MayRun(c.grant) != c.run || c.actor.MaySee(c.grant) != c.see {
			t.Errorf("%s: use %v, run %v, see %v", c.name, c.actor.MayUse(c.grant), c.actor.MayRun(c.grant), c.actor.MaySee(c.grant))
		}
		if (c.actor.RequireUse(c.grant) == nil) != c.use || (c.actor.RequireRun(c.grant) == nil) != c.run {
			t.Errorf("%s: use %v, run %v", c.name, c.actor.RequireUse(c.grant), c.actor.RequireRun(c.grant))
		}
	}
}

func TestATokenWithinATokenIsNeverMore(t *testing.T) {
	twice := Actor{UserID: 1, Role: Administrator}.Within(ScopesOf(Read)).Within(ScopesOf(Read, Run))
	if !twice.Can(LookAround) || twice.Can(RunAll) {
		t.Error("a second limit widened the first")
	}
	if within := System.Within(ScopesOf(AllScopes...)); within.Can(LookAround) || within.IsSystem() {
		t.Error("the program itself acts by a token")
	}
}

func TestScopesAreWrittenAsWordsAndReadBack(t *testing.T) {
	for set := Scopes(0); set < 1<<len(AllScopes); set++ {
		if got := ParseScopes(set.String()); got != set {
			t.Errorf("%q came back as %q", set, got)
		}
	}
	if got := ParseScopes("read everything"); got != ScopesOf(Read) {
		t.Errorf("got %q", got)
	}
	if Scopes(0xff).Has("everything") {
		t.Error("a word that is no scope is in a set")
	}
}

func TestWhoeverMayConfigureActsAsHerselfWhileSheDoes(t *testing.T) {
	administrator := Actor{UserID: 1, Role: Administrator}
	for _, by := range []Actor{administrator, administrator.Within(ScopesOf(Edit)), System} {
		if configuring, err := by.Configuring(); err != nil || !configuring.Can(ManageConnections) || configuring.UserID != by.UserID {
			t.Errorf("%+v: %+v, %v", by, configuring, err)
		}
	}
	for _, by := range []Actor{administrator.Within(ScopesOf(Read, Run, Results)), {UserID: 2, Role: Contributor}, {UserID: 3, Role: Viewer}, {}} {
		if configuring, err := by.Configuring(); err == nil || configuring.Can(LookAround) {
			t.Errorf("%+v: %+v, %v", by, configuring, err)
		}
	}
}
