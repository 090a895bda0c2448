package factor_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/factor"
	"github.com/segue-app/segue/internal/problem"
)

func TestCodesCountOnceAFirstOneWasShownToBeRight(t *testing.T) {
	o := newOffice(t)
	o.must(o.BeginCodes(t.Context(), o.Administrator))
	if have, err := o.Mine(t.Context(), o.Administrator); err != nil || have.Any() {
		t.Errorf("counts already: %+v, %v", have, err)
	}
	_, err := o.ConfirmCodes(t.Context(), o.Administrator, "000000")
	o.refused(err, "factor.problem.code")
	phone, recovery := o.codes(o.Administrator) // begins anew: another secret
	if len(recovery) != factor.RecoveryCodes || strings.Count(recovery[0], "-") != 5 {
		t.Errorf("recovery codes: %v", recovery)
	}
	if by, err := o.prove(o.Administrator, phone.code(0)); err != nil || by != account.ByCode {
		t.Errorf("%s, %v", by, err)
	}
	if _, err := o.ShowCodes(t.Context(), o.Administrator, "Segue"); !problem.Is(err, problem.NotFound) {
		t.Errorf("the secret is shown again: %v", err)
	}
	o.refused(o.BeginCodes(t.Context(), o.Administrator), "factor.problem.codes_there")
	if o.audited("factor.codes_added") != 1 {
		t.Error("not in the audit log")
	}
}

func TestACodeCountsOnceAndForHalfAMinuteBeforeAndAfter(t *testing.T) {
	o := newOffice(t)
	phone, _ := o.codes(o.Viewer)
	for name, c := range map[string]struct {
		later time.Duration
		ok    bool
	}{"a minute ago": {-time.Minute, false}, "just now": {0, true}, "of a clock that is ahead": {30 * time.Second, true}, "in a minute": {time.Minute, false}} {
		o := newOffice(t)
		phone, _ := o.codes(o.Viewer)
		code := phone.code(c.later)
		_, err := o.prove(o.Viewer, code)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
		_, err = o.prove(o.Viewer, code)
		o.refused(err, "factor.problem.code")
	}
	now, next := phone.code(0), phone.code(30*time.Second)
	if _, err := o.prove(o.Viewer, next[:3]+" "+next[3:]); err != nil { // as apps group them
		t.Fatal(err)
	}
	_, err := o.prove(o.Viewer, now) // an earlier one than that which was taken
	o.refused(err, "factor.problem.code")
	_, err = o.prove(o.Contributor, phone.code(time.Minute)) // somebody else's, who has none
	o.refused(err, "factor.problem.code")
}

func TestARecoveryCodeSignsInOnceAndConfirmsNothing(t *testing.T) {
	o := newOffice(t)
	_, recovery := o.codes(o.Viewer)
	_, err := o.ProveCode(t.Context(), account.Guess{Kind: "confirm", UserID: o.Viewer.UserID}, recovery[0], false)
	o.refused(err, "factor.problem.code")
	if by, err := o.prove(o.Viewer, strings.ToUpper(strings.ReplaceAll(recovery[0], "-", " "))); err != nil || by != account.ByRecovery {
		t.Fatal(by, err)
	}
	_, err = o.prove(o.Viewer, recovery[0])
	o.refused(err, "factor.problem.code")
	_, err = o.prove(o.Contributor, recovery[1])
	o.refused(err, "factor.problem.code")
	if have, err := o.Mine(t.Context(), o.Viewer); err != nil || have.Recovery != 9 {
		t.Errorf("%+v, %v", have, err)
	}
	fresh, err := o.RenewRecovery(t.Context(), o.Viewer)
	o.must(err)
	_, err = o.prove(o.Viewer, recovery[1])
	o.refused(err, "factor.problem.code")
	if _, err := o.prove(o.Viewer, fresh[9]); err != nil {
		t.Error(err)
	}
	if o.audited("factor.recovery_used") != 2 || o.audited("factor.recovery_renewed") != 1 {
		t.Error("not in the audit log")
	}
	var kept int
	o.must(o.db.Reader().QueryRow(`SELECT count(*) FROM recovery_codes WHERE instr(code_hash, ?) > 0`, fresh[1]).Scan(&kept))
	if kept != 0 {
		t.Error("a recovery code is kept as it is")
	}
}

func TestCodesAreNotGuessedAndTheOwnerAtAKnownBrowserNeverWaits(t *testing.T) {
	o := newOffice(t)
	phone, _ := o.codes(o.Viewer)
	device, err := o.accounts.RememberDevice(t.Context(), o.Viewer.UserID, account.Visit{})
	o.must(err)
	for range 5 {
		_, err := o.prove(o.Viewer, "000000")
		o.refused(err, "factor.problem.code")
	}
	_, err = o.prove(o.Viewer, phone.code(0)) // also the right one
	o.refused(err, account.WaitCode)
	known := account.Guess{Kind: "second", UserID: o.Viewer.UserID, Address: "192.0.2.1", Device: device}
	if _, err := o.ProveCode(t.Context(), known, phone.code(0), true); err != nil {
		t.Errorf("at a known browser: %v", err)
	}
}

func TestWhoMustHaveAFactorKeepsTheLastOne(t *testing.T) {
	o := newOffice(t)
	if err := o.Require(t.Context(), o.Contributor, factor.Everybody); !problem.Is(err, problem.NotPermitted) {
		t.Errorf("a contributor: %v", err)
	}
	o.refused(o.Require(t.Context(), o.Administrator, "some"), "problem.choose")
	o.codes(o.Administrator)
	o.codes(o.Viewer)
	o.must(o.Require(t.Context(), o.Administrator, factor.Administrators))
	o.refused(o.RemoveCodes(t.Context(), o.Administrator), "factor.problem.required")
	o.must(o.RemoveCodes(t.Context(), o.Viewer))
	if have, err := o.Mine(t.Context(), o.Viewer); err != nil || have.Any() || have.Recovery != 0 {
		t.Errorf("%+v, %v", have, err)
	}
	for name, c := range map[string]struct {
		person access.Actor
		policy factor.Policy
		want   factor.Step
	}{
		"an administrator who has one":       {o.Administrator, factor.Administrators, factor.Prove},
		"a viewer, administrators must":      {o.Viewer, factor.Administrators, factor.Enough},
		"a viewer, everybody must":           {o.Viewer, factor.Everybody, factor.SetUp},
		"an administrator, nobody must":      {o.Administrator, factor.Nobody, factor.Prove},
		"a contributor who has none, nobody": {o.Contributor, factor.Nobody, factor.Enough},
	} {
		o.must(o.Require(t.Context(), o.Administrator, c.policy))
		if got, _, err := o.Next(t.Context(), c.person.UserID, c.person.Role); err != nil || got != c.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestAnAdministratorTakesAwayWhatSomebodyLost(t *testing.T) {
	o := newOffice(t)
	_, recovery := o.codes(o.Viewer)
	o.passkey(o.Viewer, "Phone")
	session, err := o.accounts.StartSession(t.Context(), account.Begun{UserID: o.Viewer.UserID, Proof: account.ByCode})
	o.must(err)
	if err := o.Reset(t.Context(), o.Contributor, o.Viewer.UserID); !problem.Is(err, problem.NotPermitted) {
		t.Errorf("a contributor: %v", err)
	}
	o.must(o.Reset(t.Context(), o.Administrator, o.Viewer.UserID))
	if have, err := o.OfUser(t.Context(), o.Administrator, o.Viewer.UserID); err != nil || have.Any() || have.Recovery != 0 {
		t.Errorf("%+v, %v", have, err)
	}
	if _, err := o.accounts.Identify(t.Context(), session); !problem.Is(err, problem.SignedOut) {
		t.Errorf("still signed in: %v", err)
	}
	_, err = o.prove(o.Viewer, recovery[0])
	o.refused(err, "factor.problem.code")
	if o.audited("factor.reset") != 1 {
		t.Error("not in the audit log")
	}
	o.must(o.accounts.EndOtherSessions(t.Context(), o.Viewer, ""))
	o.must(o.accounts.EndEverywhere(t.Context(), o.Viewer))
	var names string // she has one, whatever was done to her
	o.must(o.db.Reader().QueryRow(`SELECT group_concat(DISTINCT subject_name) FROM audit_entries WHERE subject_kind = 'user' AND subject_id = ?`, o.Viewer.UserID).Scan(&names))
	if names != "Vera Dam" {
		t.Errorf("the audit log calls her %s", names)
	}
}

func TestPeopleAreToldWhatChangedAboutHowTheySignIn(t *testing.T) {
	o := newOffice(t)
	o.codes(o.Viewer)
	o.passkey(o.Viewer, "Phone")
	o.must(o.RemoveCodes(t.Context(), o.Viewer))
	o.must(o.Reset(t.Context(), o.Administrator, o.Viewer.UserID))
	want := []string{
		"vera@example.com: factor_added FactorThe way to sign in by time-based codes", "vera@example.com: factor_added FactorA passkey",
		"vera@example.com: factor_removed FactorThe way to sign in by time-based codes", "vera@example.com: factor_removed FactorEvery second factor",
	}
	if !slices.Equal(o.letters.to, want) {
		t.Errorf("told %q", o.letters.to)
	}
}

func FuzzWhatIsTypedAsACodeIsReadWithinBounds(f *testing.F) {
	for _, seed := range []string{"", "123456", "abcd-efgh-ijkl-mnop-qrst-uvwx", " 1 2\u00a03456", "１２３４５６", strings.Repeat("7", 200), "\x00\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		text, timed := factor.ReadsAsCode(typed)
		if len(text) > 200 || strings.ContainsAny(text, "- \t\r\n") {
			t.Errorf("%q is read as %q", typed, text)
		}
		if digits := strings.Trim(text, "0123456789") == "" && len(text) == 6; timed != digits {
			t.Errorf("%q is a time-based code: %v", typed, timed)
		}
	})
}
