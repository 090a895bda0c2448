package access

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// standing is the model: who has which role, and who was granted the connection in so many words and not withdrawn since.
type standing struct {
	roles map[int64]Role // those who are not in it are disabled, or nobody
	all   bool
	named map[int64]bool
}

func (m standing) may(id int64) bool {
	switch m.roles[id] {
	case Administrator:
		return true
	case Contributor:
		return m.all || m.named[id]
	}
	return false
}

func TestNoSequenceOfGrantsAndRolesOpensAConnectionToWhomItIsNotGranted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := standing{roles: map[int64]Role{}, named: map[int64]bool{}}
		grant := OnlyAdministrators
		person := rapid.Int64Range(1, 12)
		forget := func(id int64) { // as the accounts do when somebody changes her role or is disabled
			delete(m.named, id)
			grant = Named(slices.DeleteFunc(grant.People(), func(other int64) bool { return other == id })...)
			if m.all {
				grant = AllContributors
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"role": func(t *rapid.T) {
				id := person.Draw(t, "person")
				forget(id)
				m.roles[id] = rapid.SampledFrom([]Role{Administrator, Contributor, Viewer, "owner", ""}).Draw(t, "role")
			},
			"disable": func(t *rapid.T) {
				id := person.Draw(t, "person")
				forget(id)
				delete(m.roles, id)
			},
			"grant all":  func(*rapid.T) { m.all, m.named, grant = true, map[int64]bool{}, AllContributors },
			"grant none": func(*rapid.T) { m.all, m.named, grant = false, map[int64]bool{}, OnlyAdministrators },
			"grant some": func(t *rapid.T) {
				m.all, m.named = false, map[int64]bool{}
				ids := rapid.SliceOfN(rapid.Int64Range(-2, 12), 0, 5).Draw(t, "people")
				for _, id := range ids {
					m.named[id] = id > 0
				}
				grant = Named(ids...)
			},
			"write and read": func(t *rapid.T) {
				var read Grant
				if err := read.Scan(grant.String()); err != nil || read != grant {
					t.Fatalf("%q came back as %q: %v", grant, read, err)
				}
			},
			"": func(t *rapid.T) {
				for id := int64(-1); id <= 13; id++ {
					actor := Actor{UserID: id, Role: m.roles[id]}
					if got, want := actor.MayUse(grant), m.may(id); got != want {
						t.Fatalf("%d as %q, granted to %q: %v, want %v", id, actor.Role, grant, got, want)
					}
					if actor.MayUse(grant) != actor.MayRun(grant) || actor.MayUse(grant) != actor.MaySee(grant) {
						t.Fatalf("%d as %q: use, run and see differ", id, actor.Role)
					}
					for set := Scopes(0); set < 1<<len(AllScopes); set++ {
						if by := actor.Within(set); by.MayUse(grant) && !m.may(id) || by.MayRun(grant) && !m.may(id) || by.MaySee(grant) && !m.may(id) {
							t.Fatalf("%d may more by a token than herself", id)
						}
					}
				}
			},
		})
	})
}

func TestWhatNobodyThoughtOfIsDenied(t *testing.T) {
	for name, actor := range map[string]Actor{
		"the zero Actor": {}, "an administrator without an id": {Role: Administrator}, "an unknown role": {UserID: 1, Role: "owner"},
		"no role": {UserID: 1}, "the program within scopes": System.Within(ScopesOf(AllScopes...)),
	} {
		for action := range allowed {
			if actor.Can(action) || actor.Require(action) == nil {
				t.Errorf("%s may %s", name, action)
			}
		}
		for _, grant := range []Grant{OnlyAdministrators, AllContributors, Named(1)} {
			if actor.MayUse(grant) || actor.MayRun(grant) || actor.MaySee(grant) || actor.RequireUse(grant) == nil || actor.RequireRun(grant) == nil {
				t.Errorf("%s may use what is granted to %q", name, grant)
			}
		}
	}
	for _, role := range Roles {
		if (Actor{UserID: 1, Role: role}).Can("fly") {
			t.Errorf("a %s may do what is no action", role)
		}
	}
	for _, text := range []string{"everybody", "1 x", "-3", "contributors 1", "9223372036854775808"} {
		if grant, err := ParseGrant(text); err == nil || grant != OnlyAdministrators {
			t.Errorf("%q is read as %q, %v", text, grant, err)
		}
	}
	var grant Grant
	if err := grant.Scan(int64(1)); err == nil || grant != OnlyAdministrators {
		t.Errorf("a number is read as %q, %v", grant, err)
	}
}
