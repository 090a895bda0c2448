package connection_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/secret"
)

func TestWithdrawingAccessAsksWhatBecomesOfTheExportsOfThoseWhoLoseIt(t *testing.T) {
	using := []connection.Dependent{
		{ID: 7, Name: "Weekly"}, {ID: 8, Name: "Monthly", Paused: true}, {ID: 9, Name: "Yearly"}, {ID: 10, Name: "Never"},
	}
	by := map[int64][]int64{7: {clara.UserID, ada.UserID}, 8: {ada.UserID, clara.UserID}, 9: {dora.UserID, dora.UserID}, 10: {ada.UserID, viggo.UserID}}
	all, nobody, named := access.AllContributors, access.OnlyAdministrators, access.Named
	asked := []string{"withdrawal: connections.problem.withdrawal"}
	for name, test := range map[string]struct {
		before access.Grant
		using  []connection.Dependent
		after  access.Grant
		answer connection.Withdrawal
		want   []string
		paused []int64
	}{
		"no answer":                         {all, using, nobody, "", asked, nil},
		"an answer that was not offered":    {all, using, nobody, "erase", asked, nil},
		"they go on":                        {all, using, nobody, connection.GoOn, nil, nil},
		"they pause":                        {all, using, nobody, connection.Pause, nil, []int64{7, 9}},
		"nothing uses it":                   {all, nil, nobody, "", nil, nil},
		"no contributor made one":           {all, using[3:], nobody, "", nil, nil},
		"access stays":                      {all, using, all, connection.Pause, nil, nil},
		"there was no access":               {nobody, using, nobody, connection.Pause, nil, nil},
		"access is given":                   {nobody, using, all, "", nil, nil},
		"all become one of them":            {all, using, named(dora.UserID), "", asked, nil},
		"all become one, the others' pause": {all, using, named(dora.UserID), connection.Pause, nil, []int64{7}},
		"all become all by name":            {all, using, named(dora.UserID, clara.UserID), "", nil, nil},
		"one is added":                      {named(clara.UserID), using, named(clara.UserID, dora.UserID), "", nil, nil},
		"one is taken out, who made none":   {named(clara.UserID, dora.UserID), using[:2], named(clara.UserID), "", nil, nil},
		"one for another":                   {named(clara.UserID), using, named(dora.UserID), connection.Pause, nil, []int64{7}},
		"somebody who is no contributor":    {nobody, using, named(viggo.UserID), "", []string{"people: connections.problem.people"}, nil},
		"somebody who is an administrator":  {nobody, using, named(bo.UserID, clara.UserID), "", []string{"people: connections.problem.people"}, nil},
		"somebody who is not there":         {nobody, using, named(99), "", []string{"people: connections.problem.people"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c := w.connect("Tea shop", false)
			c = must[connection.Connection](t)(w.Edit(t.Context(), ada, c.ID, connection.Change{Version: c.Version, Name: c.Name, Grant: test.before}))
			w.exports.using, w.exports.by = test.using, by
			_, err := w.Edit(t.Context(), ada, c.ID, connection.Change{Version: c.Version, Name: c.Name, Grant: test.after, Withdrawal: test.answer})
			wantCodes(t, err, test.want...)
			if !slices.Equal(w.exports.paused, test.paused) {
				t.Errorf("paused %v", w.exports.paused)
			}
			want := test.after
			if test.want != nil {
				want = test.before
			}
			if now := must[connection.Overview](t)(w.Get(t.Context(), ada, c.ID)); now.Grant != want {
				t.Errorf("granted to %q, want %q", now.Grant, want)
			}
		})
	}
}

func TestAChangeThatItsExportsRefuseIsNoChange(t *testing.T) {
	w := newWorld(t)
	c := w.connect("Tea shop", true)
	w.exports.using, w.exports.by, w.exports.fail = []connection.Dependent{{ID: 7, Name: "Weekly"}}, map[int64][]int64{7: {clara.UserID}}, errors.New("no")
	_, err := w.Edit(t.Context(), ada, c.ID, connection.Change{Version: c.Version, Name: "Other name", Withdrawal: connection.Pause})
	if err == nil || w.Remove(t.Context(), ada, c.ID, c.Version, map[int64]connection.Fate{7: connection.DetachExport}) == nil {
		t.Fatal("went through")
	}
	if now := must[connection.Overview](t)(w.Get(t.Context(), ada, c.ID)); now.Name != "Tea shop" || now.Grant != access.AllContributors || now.Version != c.Version {
		t.Errorf("left %+v", now.Connection)
	}
}

func TestEveryChangeIsRefusedOnAVersionThatIsOld(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.connect("Tea shop", false)
	must[connection.Connection](t)(w.Edit(ctx, bo, c.ID, connection.Change{Version: c.Version, Name: "Tea shop 2"}))
	_, edited := w.Edit(ctx, ada, c.ID, connection.Change{Version: c.Version, Name: "Tea shop 3"})
	_, confirmed := w.BecomeExportUser(ctx, ada, c.ID, c.Version)
	_, agreed := w.Agree(ctx, ada, c.ID, c.Version, connection.CurrentTerms, true)
	_, withdrawn := w.WithdrawConsent(ctx, ada, c.ID, c.Version)
	for name, err := range map[string]error{
		"edit": edited, "export user": confirmed, "agree": agreed, "withdraw": withdrawn,
		"key":          w.ReplaceKey(ctx, ada, c.ID, c.Version, secret.NewText(freshKey)),
		"accept brand": w.AcceptBrand(ctx, ada, c.ID, c.Version, "brand2", connection.CurrentTerms, true),
		"remove":       w.Remove(ctx, ada, c.ID, c.Version, nil),
	} {
		if got := codes(err); !slices.Equal(got, []string{"problem.changed"}) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestObstaclesFollowConsentKeyAndExportUser(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.connect("Tea shop", false)
	want := func(obstacle connection.Obstacle) {
		t.Helper()
		now := must[connection.Overview](t)(w.Get(ctx, ada, c.ID))
		if now.Obstacle != obstacle {
			t.Errorf("obstacle %q, want %q", now.Obstacle, obstacle)
		}
		c = now.Connection
	}
	want(connection.NoObstacle)
	must[connection.Connection](t)(w.WithdrawConsent(ctx, ada, c.ID, c.Version))
	want(connection.NoConsent)
	_, err := w.Agree(ctx, bo, c.ID, c.Version, connection.CurrentTerms, false)
	wantCodes(t, err, "agree: connections.problem.agree")
	_, err = w.Agree(ctx, bo, c.ID, c.Version, "0", true)
	wantCodes(t, err, "agree: connections.problem.terms_changed")
	if _, err = w.Agree(ctx, bo, c.ID, c.Version+1, connection.CurrentTerms, true); err != nil {
		wantCodes(t, err, "problem.changed")
	}
	must[connection.Connection](t)(w.Agree(ctx, bo, c.ID, c.Version, connection.CurrentTerms, true))
	want(connection.NoObstacle)
	if c.Consent.UserName != bo.Name {
		t.Errorf("consent is %+v", c.Consent)
	}
	w.write(`UPDATE connection_consents SET terms_version = '0' WHERE ended_at IS NULL`)
	want(connection.NoConsent)
	must[connection.Connection](t)(w.Agree(ctx, ada, c.ID, c.Version, connection.CurrentTerms, true))
	want(connection.NoObstacle)

	if err := w.MarkFailure(ctx, c, connection.KeyRefused); err != nil {
		t.Fatal(err)
	}
	want(connection.KeyFailed)
	if err := w.ClearFailure(ctx, c); err != nil {
		t.Fatal(err)
	}
	want(connection.NoObstacle)

	w.people.actors[ada.UserID] = access.Actor{UserID: ada.UserID, Role: access.Contributor}
	want(connection.ExportUserUnable)
	delete(w.people.actors, ada.UserID)
	want(connection.ExportUserUnable)
	_, err = w.BecomeExportUser(ctx, unasked, c.ID, c.Version)
	wantCodes(t, err, "problem.confirm_first")
	must[connection.Connection](t)(w.BecomeExportUser(ctx, bo, c.ID, c.Version))
	want(connection.NoObstacle)
	if c.ExportUser != bo.Name {
		t.Errorf("export user is %q", c.ExportUser)
	}
	w.write(`UPDATE connections SET export_user_id = NULL`)
	want(connection.NoExportUser)
}

func TestEveryConsentIsKept(t *testing.T) {
	w := newWorld(t)
	c := w.connect("Tea shop", false)
	c = must[connection.Connection](t)(w.WithdrawConsent(t.Context(), bo, c.ID, c.Version))
	must[connection.Connection](t)(w.Agree(t.Context(), bo, c.ID, c.Version, connection.CurrentTerms, true))
	var all, ended int
	err := w.db.Reader().QueryRow(`SELECT count(*), count(ended_at) FROM connection_consents WHERE connection_id = ? AND brand_id = 'brand1'`, c.ID).Scan(&all, &ended)
	if err != nil || all != 2 || ended != 1 {
		t.Errorf("%d consents, %d ended, %v", all, ended, err)
	}
}

func TestANewKeyOfTheSameBrandTakesOver(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.connect("Tea shop", false)
	if err := w.MarkFailure(ctx, c, connection.KeyRefused); err != nil {
		t.Fatal(err)
	}
	if err := w.sandbox.SetKey("brand1", freshKey); err != nil {
		t.Fatal(err)
	}
	wantCodes(t, w.Verify(ctx, ada, c.ID), "key: connections.problem.key_refused")
	wantCodes(t, w.ReplaceKey(ctx, ada, c.ID, c.Version, secret.NewText("")), "key: problem.required")
	if err := w.ReplaceKey(ctx, ada, c.ID, c.Version, secret.NewText(freshKey)); err != nil {
		t.Fatal(err)
	}
	now := must[connection.Overview](t)(w.Get(ctx, ada, c.ID))
	if now.Obstacle != "" || now.KeyChange.Waiting() || now.KeyVersion != c.KeyVersion+1 || now.Consent != c.Consent {
		t.Errorf("now %+v", now)
	}
	if err := w.MarkFailure(ctx, c, connection.KeyRefused); err != nil {
		t.Fatal(err)
	}
	if now = must[connection.Overview](t)(w.Get(ctx, ada, c.ID)); now.Failure != "" {
		t.Error("news of the old key was taken for news of the new one")
	}
	open, _, err := w.Account(ctx, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if brand, err := open(openGate{}).Verify(ctx); err != nil || brand.ID != "brand1" {
		t.Errorf("the account is of %+v, %v", brand, err)
	}
}

func TestAKeyThatCouldNotBeProvedWaitsAndTheOldOneGoesOn(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.connect("Tea shop", false)
	wantCodes(t, w.TryKey(ctx, ada, c.ID), "connections.problem.no_key_waiting")
	w.sandbox.SetFaults(sandbox.Faults{ServerErrorShare: 1})
	wantCodes(t, w.ReplaceKey(ctx, ada, c.ID, c.Version, secret.NewText(plantedKey)), "connections.problem.unavailable")
	now := must[connection.Overview](t)(w.Get(ctx, ada, c.ID))
	if !now.KeyChange.Waiting() || now.KeyChange.Brand.ID != "" || now.Obstacle != "" || now.KeyVersion != c.KeyVersion {
		t.Errorf("now %+v", now)
	}
	wantCodes(t, w.AcceptBrand(ctx, ada, c.ID, c.Version, "", connection.CurrentTerms, true), "problem.changed")
	w.sandbox.SetFaults(sandbox.Faults{})
	wantCodes(t, w.TryKey(ctx, ada, c.ID))
	if now = must[connection.Overview](t)(w.Get(ctx, ada, c.ID)); now.KeyChange.Waiting() || now.KeyVersion != c.KeyVersion+1 {
		t.Errorf("now %+v", now)
	}
}

func TestAKeyOfAnotherBrandNeedsConfirmationAndConsent(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.connect("Tea shop", false)
	wantCodes(t, w.ReplaceKey(ctx, ada, c.ID, c.Version, secret.NewText(otherKey)), "connections.problem.brand_changed")
	now := must[connection.Overview](t)(w.Get(ctx, ada, c.ID))
	if now.BrandID != "brand1" || now.KeyChange.Brand.Name != "Nordic Coffee" {
		t.Errorf("now %+v", now)
	}
	wantCodes(t, w.AcceptBrand(ctx, ada, c.ID, c.Version, "brand3", connection.CurrentTerms, true), "problem.changed")
	wantCodes(t, w.AcceptBrand(ctx, ada, c.ID, c.Version, "brand2", connection.CurrentTerms, false), "agree: connections.problem.agree")
	wantCodes(t, w.DiscardKey(ctx, ada, c.ID))
	wantCodes(t, w.AcceptBrand(ctx, ada, c.ID, c.Version, "brand2", connection.CurrentTerms, true), "problem.changed")
	wantCodes(t, w.ReplaceKey(ctx, bo, c.ID, c.Version, secret.NewText(otherKey)), "connections.problem.brand_changed")
	w.clock.Advance(25 * time.Hour)
	wantCodes(t, w.AcceptBrand(ctx, bo, c.ID, c.Version, "brand2", connection.CurrentTerms, true), "problem.changed")
	wantCodes(t, w.ReplaceKey(ctx, bo, c.ID, c.Version, secret.NewText(otherKey)), "connections.problem.brand_changed")
	wantCodes(t, w.AcceptBrand(ctx, bo, c.ID, c.Version, "brand2", connection.CurrentTerms, true))
	now = must[connection.Overview](t)(w.Get(ctx, ada, c.ID))
	if now.BrandID != "brand2" || now.Consent.UserName != bo.Name || now.KeyChange.Waiting() || now.Obstacle != "" {
		t.Errorf("now %+v", now)
	}
}

func TestVerifyingWritesDownWhatCameOfIt(t *testing.T) {
	for name, test := range map[string]struct {
		faults  sandbox.Faults
		want    []string
		failure connection.Failure
	}{
		"all is well":           {sandbox.Faults{}, nil, ""},
		"the key was withdrawn": {sandbox.Faults{KeysRevoked: true}, []string{"key: connections.problem.key_refused"}, connection.KeyRefused},
		"a permission is gone":  {sandbox.Faults{DeniedScopes: "brands.read contacts.read"}, []string{"key: connections.problem.scope_missing"}, connection.ScopeMissing},
		"another brand":         {sandbox.Faults{OtherBrandID: "brand2"}, []string{"connections.problem.brand_changed"}, connection.BrandChanged},
		"their fault passes":    {sandbox.Faults{ServerErrorShare: 1}, []string{"connections.problem.unavailable"}, ""},
		"no answer in time":     {sandbox.Faults{LatencyMillis: 3000}, []string{"connections.problem.unreachable"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c := w.connect("Tea shop", false)
			w.sandbox.SetFaults(test.faults)
			for range 2 { // the second time finds what the first has left
				wantCodes(t, w.Verify(t.Context(), ada, c.ID), test.want...)
			}
			now := must[connection.Overview](t)(w.Get(t.Context(), ada, c.ID))
			if now.Failure != test.failure || now.Version != c.Version || (test.failure != "") == now.FailedAt.IsZero() {
				t.Errorf("now %+v", now.Connection)
			}
			if now.KeyChange.Waiting() != (test.failure == connection.BrandChanged) {
				t.Errorf("waiting %+v", now.KeyChange)
			}
			w.sandbox.SetFaults(sandbox.Faults{})
			wantCodes(t, w.Verify(t.Context(), ada, c.ID))
			if now = must[connection.Overview](t)(w.Get(t.Context(), ada, c.ID)); now.Failure != "" || !now.FailedAt.IsZero() {
				t.Errorf("after mending %+v", now.Connection)
			}
		})
	}
}

func TestRemovingNeedsAFateForEveryExportAndErasesTheKey(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.connect("Tea shop", false)
	w.exports.using = []connection.Dependent{{ID: 7, Name: "Weekly"}, {ID: 8, Name: "Monthly"}}
	for name, fates := range map[string]map[int64]connection.Fate{
		"none":                  nil,
		"one is left out":       {7: connection.DetachExport},
		"a fate not offered":    {7: connection.DetachExport, 8: "keep"},
		"another export's fate": {7: connection.DetachExport, 9: connection.RemoveExport},
	} {
		if err := w.Remove(ctx, ada, c.ID, c.Version, fates); !slices.Equal(codes(err), []string{"connections.problem.in_use"}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantCodes(t, w.Remove(ctx, ada, c.ID, c.Version, map[int64]connection.Fate{7: connection.DetachExport, 8: connection.RemoveExport}))
	if !slices.Equal(w.exports.detached, []int64{7}) || !slices.Equal(w.exports.removed, []int64{8}) {
		t.Errorf("detached %v, removed %v", w.exports.detached, w.exports.removed)
	}
	var keys int
	if err := w.db.Reader().QueryRow(`SELECT count(sealed_key) FROM connections`).Scan(&keys); err != nil || keys != 0 {
		t.Errorf("%d keys left, %v", keys, err)
	}
	if was := must[connection.Connection](t)(w.Find(ctx, w.db.Reader(), c.ID)); was.Name != "Tea shop" || was.RemovedAt.IsZero() {
		t.Errorf("history has %+v", was)
	}
	_, _, opened := w.Account(ctx, c.ID)
	_, got := w.Get(ctx, ada, c.ID)
	for name, err := range map[string]error{"account": opened, "get": got, "verify": w.Verify(ctx, ada, c.ID), "again": w.Remove(ctx, ada, c.ID, c.Version+1, nil)} {
		if !problem.Is(err, problem.NotFound) {
			t.Errorf("%s of a removed connection: %v", name, err)
		}
	}
	if left := must[[]connection.Overview](t)(w.List(ctx, ada)); len(left) != 0 {
		t.Errorf("listed %v", left)
	}
}
