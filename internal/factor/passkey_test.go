package factor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/factor"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/testkit"
)

// ask asks anybody for a passkey.
func (o *office) ask() factor.Ceremony {
	o.t.Helper()
	asked, err := o.AskAnybody(site)
	o.must(err)
	return asked
}

func TestAPasskeyAloneSaysWhoSomebodyIs(t *testing.T) {
	o := newOffice(t)
	laptop, phone := o.passkey(o.Viewer, "  Work   laptop "), o.passkey(o.Viewer, "Phone")
	other := o.passkey(o.Contributor, "Phone")
	for who, c := range map[int64]*testkit.Authenticator{o.Viewer.UserID: laptop, o.Contributor.UserID: other} {
		asked := o.ask()
		if got, err := o.SignIn(t.Context(), site, factor.Reply{Asked: asked.Asked, Answer: c.Use(asked.Options)}); err != nil || got != who {
			t.Errorf("%d, %v, want %d", got, err, who)
		}
	}
	asked, err := o.AskFor(t.Context(), o.Viewer.UserID, site)
	o.must(err)
	o.must(o.ProvePasskey(t.Context(), o.Viewer.UserID, site, factor.Reply{Asked: asked.Asked, Answer: phone.Use(asked.Options)}))
	have, err := o.Mine(t.Context(), o.Viewer)
	if err != nil || len(have.Passkeys) != 2 || have.Passkeys[1].Name != "Work laptop" || have.Passkeys[1].Used.IsZero() || have.Recovery != 10 {
		t.Errorf("%+v, %v", have, err)
	}
	if err := o.RemovePasskey(t.Context(), o.Contributor, have.Passkeys[0].ID); !problem.Is(err, problem.NotFound) {
		t.Errorf("another's was removed: %v", err)
	}
	if o.audited("factor.passkey_added") != 3 {
		t.Error("not in the audit log")
	}
}

func TestAPasskeyIsRefusedThatIsNotMeant(t *testing.T) {
	good := func(o *office, a *testkit.Authenticator) factor.Reply {
		asked := o.ask()
		return factor.Reply{Asked: asked.Asked, Answer: a.Use(asked.Options)}
	}
	elsewhere := factor.Site{Origin: site.Origin, Browser: "another"}
	for name, c := range map[string]struct {
		cause string // for the log
		try   func(o *office, a *testkit.Authenticator) error
	}{
		"answered once already": {"answered already", func(o *office, a *testkit.Authenticator) error {
			reply := good(o, a)
			_, err := o.SignIn(o.t.Context(), site, reply)
			o.must(err)
			_, err = o.SignIn(o.t.Context(), site, reply)
			return err
		}},
		"asked in another browser": {"does not open", func(o *office, a *testkit.Authenticator) error {
			_, err := o.SignIn(o.t.Context(), elsewhere, good(o, a))
			return err
		}},
		"answered at another site": {"origin", func(o *office, a *testkit.Authenticator) error {
			a.Origin = "https://segue.example.com.evil.example"
			_, err := o.SignIn(o.t.Context(), site, good(o, a))
			return err
		}},
		"not unlocked": {"User verification", func(o *office, a *testkit.Authenticator) error {
			a.Unlocked = false
			_, err := o.SignIn(o.t.Context(), site, good(o, a))
			return err
		}},
		"asked for another purpose": {"does not open", func(o *office, a *testkit.Authenticator) error {
			return o.ProvePasskey(o.t.Context(), o.Viewer.UserID, site, good(o, a))
		}},
		"of another person": {"ID mismatch", func(o *office, a *testkit.Authenticator) error {
			o.passkey(o.Contributor, "Phone")
			asked, err := o.AskFor(o.t.Context(), o.Contributor.UserID, site)
			o.must(err)
			return o.ProvePasskey(o.t.Context(), o.Contributor.UserID, site, factor.Reply{Asked: asked.Asked, Answer: a.Use(asked.Options)})
		}},
		"not known": {"no such passkey", func(o *office, _ *testkit.Authenticator) error {
			stranger := testkit.NewAuthenticator(o.t, site.Origin)
			asked, err := o.AskNew(o.t.Context(), o.Viewer, site)
			o.must(err)
			stranger.Make(asked.Options)
			_, err = o.SignIn(o.t.Context(), site, good(o, stranger))
			return err
		}},
		"removed": {"no such passkey", func(o *office, a *testkit.Authenticator) error {
			o.must(o.RemovePasskey(o.t.Context(), o.Viewer, 1))
			_, err := o.SignIn(o.t.Context(), site, good(o, a))
			return err
		}},
		"nonsense": {"", func(o *office, _ *testkit.Authenticator) error {
			_, err := o.SignIn(o.t.Context(), site, factor.Reply{Asked: o.ask().Asked, Answer: `{"id":"AA","rawId":"AA"}`})
			return err
		}},
		"never asked": {"does not open", func(o *office, a *testkit.Authenticator) error {
			_, err := o.SignIn(o.t.Context(), site, factor.Reply{Asked: "AAAA", Answer: a.Use(o.ask().Options)})
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			err := c.try(o, o.passkey(o.Viewer, "Phone"))
			o.refused(err, "factor.problem.passkey")
			if err != nil && !strings.Contains(err.Error(), c.cause) {
				t.Errorf("refused because of %v, want %s", err, c.cause)
			}
		})
	}
	o := newOffice(t)
	phone := o.passkey(o.Viewer, "Phone")
	late := good(o, phone)
	o.clock.Advance(10 * time.Minute)
	_, err := o.SignIn(t.Context(), site, late)
	o.refused(err, "factor.problem.challenge_old")
}

func TestAPasskeyThatCountsBackwardsIsToldOf(t *testing.T) {
	o := newOffice(t)
	phone := o.passkey(o.Viewer, "Phone")
	for _, count := range []uint32{10, 3} {
		phone.Count = count
		asked := o.ask()
		if _, err := o.SignIn(t.Context(), site, factor.Reply{Asked: asked.Asked, Answer: phone.Use(asked.Options)}); err != nil {
			t.Fatal(err)
		}
	}
	have, err := o.Mine(t.Context(), o.Viewer)
	if err != nil || have.Passkeys[0].Suspect.IsZero() || o.audited("factor.passkey_suspect") != 1 || !strings.Contains(o.log.String(), "a passkey counted backwards") {
		t.Errorf("%+v, %v\n%s", have, err, o.log)
	}
	if strings.Contains(o.log.String(), "vera") {
		t.Error("the log names her")
	}
}

func TestAPasskeyInTheDatabaseIsNoOnesButTheProgramsToAdd(t *testing.T) {
	o := newOffice(t)
	phone := o.passkey(o.Viewer, "Phone")
	o.passkey(o.Administrator, "Key")
	_, err := o.db.Writer().Exec(`UPDATE passkeys SET (credential_id, user_handle, sealed) =
		(SELECT x'00', user_handle, sealed FROM passkeys WHERE user_id = ?) WHERE user_id = ?`, o.Viewer.UserID, o.Administrator.UserID)
	o.must(err)
	_, err = o.db.Writer().Exec(`DELETE FROM passkeys WHERE user_id = ?`, o.Viewer.UserID)
	o.must(err)
	_, err = o.db.Writer().Exec(`UPDATE passkeys SET credential_id = ?`, phone.ID())
	o.must(err)
	asked := o.ask()
	if who, err := o.SignIn(t.Context(), site, factor.Reply{Asked: asked.Asked, Answer: phone.Use(asked.Options)}); err == nil {
		t.Errorf("signed in as %d by a row that somebody copied", who)
	}
}

func TestPasskeysNeedAnAddressThatBrowsersHaveThemFor(t *testing.T) {
	o := newOffice(t)
	for origin, possible := range map[string]bool{
		"https://segue.example.com": true, "https://segue.example.com:8443": true, "http://localhost:8090": true,
		"http://segue.example.com": false, "http://127.0.0.1:8090": false, "https://192.0.2.1": false, "https://[2001:db8::1]": false, "": false,
	} {
		at := factor.Site{Origin: origin}
		if at.Possible() != possible {
			t.Errorf("%s: %v", origin, at.Possible())
		}
		if _, err := o.AskAnybody(at); (err == nil) != possible {
			t.Errorf("%s: %v", origin, err)
		}
	}
	_, err := o.AddPasskey(t.Context(), o.Viewer, site, factor.Reply{}, " ")
	o.refused(err, "problem.required")
	if _, err := o.AskFor(t.Context(), o.Viewer.UserID, site); !problem.Is(err, problem.NotFound) {
		t.Errorf("asked for one of none: %v", err)
	}
}

func FuzzWhatABrowserAnswersIsReadWithoutHarm(f *testing.F) {
	o := newOffice(f)
	phone := o.passkey(o.Viewer, "Phone")
	asked := o.ask()
	f.Add(phone.Use(asked.Options))
	f.Add(testkit.NewAuthenticator(f, site.Origin).Make(asked.Options))
	f.Add(`{"id":"AA","rawId":"AA","type":"public-key","response":{}}`)
	f.Add("")
	f.Fuzz(func(t *testing.T, answer string) {
		asked, err := o.AskAnybody(site) // of which the answer is none
		if err != nil {
			t.Fatal(err)
		}
		if who, err := o.SignIn(t.Context(), site, factor.Reply{Asked: asked.Asked, Answer: answer}); err == nil || problem.Of(err) == nil {
			t.Errorf("%d, %v", who, err)
		}
		if _, err := o.AddPasskey(t.Context(), o.Viewer, site, factor.Reply{Asked: asked.Asked, Answer: answer}, "x"); problem.Of(err) == nil {
			t.Error(err)
		}
		if _, err := o.SignIn(t.Context(), site, factor.Reply{Asked: answer, Answer: answer}); problem.Of(err) == nil {
			t.Error(err)
		}
	})
}
