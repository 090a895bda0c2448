package oidc

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
)

var mapped = Roles{Claim: "realm_access.roles", Of: Mapping{"boss": access.Administrator, "maker": access.Contributor, "looker": access.Viewer}}

func role(t testing.TB, r Roles, text string) access.Role {
	t.Helper()
	claims := map[string]any{}
	if err := json.Unmarshal([]byte(text), &claims); err != nil {
		t.Fatal(err)
	}
	return r.roleOf(claims)
}

func TestTheHighestRoleCountsAndNoneWhereNoValueStandsForOne(t *testing.T) {
	byName := Roles{Claim: "https://example.com/roles", Of: mapped.Of}
	anybody := Roles{Claim: "roles", Of: mapped.Of, Default: access.Viewer}
	for _, c := range []struct {
		roles  Roles
		claims string
		want   access.Role
	}{
		{mapped, `{"realm_access":{"roles":["looker","boss","x"]}}`, access.Administrator},
		{mapped, `{"realm_access":{"roles":"maker"}}`, access.Contributor},
		{mapped, `{"realm_access":{"roles":["Boss"]}}`, ""},
		{mapped, `{"realm_access":{"roles":[""]}}`, ""},
		{mapped, `{"realm_access":{"roles":[]}}`, ""},
		{mapped, `{"realm_access":{"roles":{"boss":true}}}`, ""},
		{mapped, `{"realm_access":["boss"]}`, ""},
		{mapped, `{"realm_access":{"roles":[["boss"],{"boss":1},1,null,true]}}`, ""},
		{mapped, `{"roles":["boss"]}`, ""},
		{mapped, `{}`, ""},
		{byName, `{"https://example.com/roles":["looker"]}`, access.Viewer},
		{anybody, `{}`, access.Viewer},
		{anybody, `{"roles":["maker"]}`, access.Contributor},
	} {
		if got := role(t, c.roles, c.claims); got != c.want {
			t.Errorf("%s: %q, want %q", c.claims, got, c.want)
		}
	}
	many := `{"realm_access":{"roles":["` + strings.Repeat(`x","`, mostValues) + `boss"]}}`
	if got := role(t, mapped, many); got != "" {
		t.Errorf("a value behind %d others gives %q", mostValues, got)
	}
}

func FuzzClaimsGiveARoleOnlyByAValueThatStandsForIt(f *testing.F) {
	for _, seed := range []string{`{"realm_access":{"roles":["boss"]}}`, `{"realm_access":{"roles":"looker"}}`, `{"realm_access.roles":["maker"]}`, `{"realm_access":null}`, `[]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		claims := map[string]any{}
		if json.Unmarshal(text, &claims) != nil {
			return
		}
		got := mapped.roleOf(claims)
		if got == "" {
			return
		}
		written, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		for value, role := range mapped.Of {
			if role == got && strings.Contains(string(written), `"`+value+`"`) {
				return
			}
		}
		t.Errorf("%s gives %q", text, got)
	})
}

func FuzzAMappingThatIsReadHasOnlyRolesThatThereAre(f *testing.F) {
	f.Add([]byte("a=viewer;b=administrator"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var m Mapping
		if m.UnmarshalText(text) != nil {
			return
		}
		for value, role := range m {
			if value == "" || !role.Valid() {
				t.Errorf("%q: %q=%q", text, value, role)
			}
		}
	})
}
