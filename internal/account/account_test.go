package account_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/testkit"
)

// house is accounts with one person of each role.
type house struct {
	*account.Service
	testkit.People
	db    *database.DB
	clock *testkit.Clock
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{db: testkit.Database(t), clock: testkit.NewClock()}
	h.Service = testkit.Accounts(t, h.db, h.clock)
	h.People = testkit.NewPeople(t, h.Service)
	return h
}

// signIn tries a password from an address of the network, and returns the token by which the browser is known afterwards.
func (h *house) signIn(t *testing.T, email, password, address, device string) (string, error) {
	t.Helper()
	user, err := h.SignIn(t.Context(), account.Attempt{Email: email, Password: password, Address: address, Device: device})
	if err != nil {
		return "", err
	}
	return h.RememberDevice(t.Context(), user.ID, account.Visit{Device: device, Browser: "Firefox", Address: address})
}

func (h *house) session(t *testing.T, userID int64) string {
	t.Helper()
	token, err := h.StartSession(t.Context(), account.Begun{UserID: userID, Proof: account.ByPassword, Browser: "Firefox", Address: "192.0.2.1"})
	must(t, err)
	return token
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused fails the test unless err is a problem with the code, of its own or of a field.
func refused(t *testing.T, err error, code string) {
	t.Helper()
	p := problem.Of(err)
	if p == nil {
		t.Fatalf("got %v, want problem %s", err, code)
	}
	codes := []string{p.Code}
	for _, field := range p.Fields {
		codes = append(codes, field.Code)
	}
	if !strings.Contains(strings.Join(codes, " "), code) {
		t.Fatalf("got %v, want %s", codes, code)
	}
}

func TestAPasswordMustBeLongAndNotWhatIsGuessedFirst(t *testing.T) {
	h := newHouse(t)
	for _, test := range []struct{ password, code string }{
		{"", "problem.required"},
		{"short words", "account.problem.password_short"},
		{strings.Repeat("å", 257), "problem.too_long"},
		{"aaaaaaaaaaaaaaaa", "account.problem.password_guessable"},
		{"abcabcabcabcabc", "account.problem.password_guessable"},
		{"123456789012345", "account.problem.password_guessable"},
		{"qwertyuiop12345", "account.problem.password_guessable"},
		{"P@ssw0rd12345!", "account.problem.password_guessable"},
		{"Velkommen2026!", "account.problem.password_guessable"},
		{"Segue-Admin-2026", "account.problem.password_guessable"},
		{"nina.skovgaard1", "account.problem.password_guessable"},
		{"Skovgaard Nina!!", "account.problem.password_guessable"},
		{"correct horse battery staple", "account.problem.password_guessable"}, // famous
		{"lanterns under a quiet bridge", ""},
		{"brolægger med en tør kringle", ""},
		{"x7Kp-vR2m-Qd9z", ""},
	} {
		_, err := h.Create(t.Context(), access.System, account.NewUser{
			Email: "nina.skovgaard+" + time.Now().Format("150405.000000000") + "@example.com", Name: "Nina Skovgaard",
			Role: access.Viewer, Password: test.password,
		})
		if test.code != "" {
			refused(t, err, test.code)
		} else if err != nil {
			t.Errorf("%q is refused: %v", test.password, err)
		}
	}
}

func TestAPasswordIsTheSameHoweverItsLettersAreComposed(t *testing.T) {
	h := newHouse(t)
	_, err := h.Create(t.Context(), access.System, account.NewUser{
		Email: "composed@example.com", Name: "N", Role: access.Viewer, Password: "br\u00f8d og sm\u00f8r p\u00e5 bordet",
	})
	must(t, err)
	_, err = h.signIn(t, "composed@example.com", "br\u00f8d og sm\u00f8r pa\u030a bordet", "192.0.2.1", "")
	must(t, err)
}

func TestAnAddressIsRecognisedHoweverItIsWritten(t *testing.T) {
	h := newHouse(t)
	_, err := h.signIn(t, "  ADA@Example.COM ", testkit.Password, "192.0.2.1", "")
	must(t, err)
	_, err = h.Create(t.Context(), access.System, account.NewUser{
		Email: "Ada@EXAMPLE.com", Name: "Another", Role: access.Viewer, Password: testkit.Password,
	})
	refused(t, err, "account.problem.email_taken")
	for _, email := range []string{"", "no address", "Ada <ada2@example.com>", strings.Repeat("a", 250) + "@example.com"} {
		_, _, err = h.Invite(t.Context(), h.Administrator, account.NewUser{Email: email, Role: access.Viewer})
		if !problem.Is(err, problem.Invalid) {
			t.Errorf("%q is accepted: %v", email, err)
		}
	}
}

func TestSigningInDoesNotTellWhetherThereIsSuchAnAccount(t *testing.T) {
	h := newHouse(t)
	_, unknown := h.signIn(t, "nobody@example.com", "some wrong password", "192.0.2.1", "")
	_, known := h.signIn(t, "ada@example.com", "some wrong password", "192.0.2.2", "")
	must(t, h.Disable(t.Context(), h.Administrator, h.Viewer.UserID))
	_, disabled := h.signIn(t, "vera@example.com", "some wrong password", "192.0.2.3", "")
	for _, err := range []error{unknown, known, disabled} {
		if got := problem.Of(err); got == nil || got.Code != "account.problem.sign_in" || len(got.Args) > 0 || len(got.Fields) > 0 {
			t.Errorf("answers differ: %v", err)
		}
	}
	// Whoever knows the password is told why it does not help.
	_, err := h.signIn(t, "vera@example.com", testkit.Password, "192.0.2.4", "")
	refused(t, err, "account.problem.disabled")
	// An unknown address has to wait like a known one.
	for range 10 {
		_, unknown = h.signIn(t, "nobody@example.com", "some wrong password", "192.0.2.1", "")
		_, known = h.signIn(t, "ada@example.com", "some wrong password", "192.0.2.2", "")
	}
	refused(t, unknown, account.WaitCode)
	refused(t, known, account.WaitCode)
}

func TestGuessingOneAccountTakesEverLonger(t *testing.T) {
	h := newHouse(t)
	guess := func(address string) error {
		_, err := h.signIn(t, "ada@example.com", "some wrong password", address, "")
		return err
	}
	for i := range 5 {
		refused(t, guess("192.0.2."+string(rune('1'+i))), "account.problem.sign_in")
	}
	refused(t, guess("198.51.100.1"), account.WaitCode)
	// The right password has to wait as well: a guesser learns nothing from it.
	_, err := h.signIn(t, "ada@example.com", testkit.Password, "198.51.100.1", "")
	refused(t, err, account.WaitCode)
	tried := 5
	for range 4 * 60 {
		h.clock.Advance(30 * time.Second)
		if !strings.Contains(problem.Of(guess("203.0.113.1")).Code, "wait") {
			tried++
		}
	}
	if tried > 25 {
		t.Errorf("%d passwords could be tried in two hours", tried)
	}
	// When the guesser has given up, the owner comes in.
	h.clock.Advance(16 * time.Minute)
	_, err = h.signIn(t, "ada@example.com", testkit.Password, "192.0.2.1", "")
	must(t, err)
	refused(t, guess("192.0.2.1"), "account.problem.sign_in")
}

func TestAGuesserElsewhereDoesNotShutOutABrowserThatIsKnown(t *testing.T) {
	h := newHouse(t)
	device, err := h.signIn(t, "ada@example.com", testkit.Password, "192.0.2.1", "")
	must(t, err)
	for range 8 {
		_, err = h.signIn(t, "ada@example.com", "some wrong password", "198.51.100.1", "")
	}
	refused(t, err, account.WaitCode)
	fresh, err := h.signIn(t, "ada@example.com", testkit.Password, "192.0.2.1", device)
	must(t, err)
	// A known browser is no way to guess without end, nor at other accounts.
	for range 8 {
		_, err = h.signIn(t, "ada@example.com", "some wrong password", "192.0.2.1", fresh)
	}
	refused(t, err, account.WaitCode)
	for range 8 {
		_, err = h.signIn(t, "carl@example.com", "some wrong password", "192.0.2.9", fresh)
	}
	refused(t, err, account.WaitCode)
}

func TestOneAddressCannotTryManyAccounts(t *testing.T) {
	h := newHouse(t)
	var err error
	for i := range 30 {
		_, err = h.signIn(t, "somebody"+string(rune('a'+i))+"@example.com", "some wrong password", "192.0.2.1", "")
	}
	refused(t, err, account.WaitCode)
	_, err = h.signIn(t, "ada@example.com", testkit.Password, "192.0.2.2", "")
	must(t, err)
	// In IPv6, the addresses of one network count as one.
	for i := range 30 {
		_, err = h.signIn(t, fmt.Sprintf("other%d@example.com", i), "some wrong password", fmt.Sprintf("2001:db8::%x", i+1), "")
	}
	refused(t, err, account.WaitCode)
	_, err = h.signIn(t, "ada@example.com", testkit.Password, "2001:db8:0:1::1", "")
	must(t, err)
}

func TestAGuesserInTheSameOfficeDoesNotShutOutABrowserThatIsKnown(t *testing.T) {
	h := newHouse(t)
	device, err := h.signIn(t, "ada@example.com", testkit.Password, "192.0.2.1", "")
	must(t, err)
	for i := range 30 {
		_, err = h.signIn(t, fmt.Sprintf("other%d@example.com", i), "some wrong password", "192.0.2.1", "")
	}
	refused(t, err, account.WaitCode)
	_, err = h.signIn(t, "ada@example.com", testkit.Password, "192.0.2.1", device)
	must(t, err)
}

func TestManyAttemptsAtOnceGainNothing(t *testing.T) {
	h := newHouse(t)
	results := make(chan error)
	for i := range 40 {
		go func() {
			_, err := h.SignIn(t.Context(), account.Attempt{
				Email: "ada@example.com", Password: "some wrong password", Address: "192.0.2." + string(rune('a'+i)),
			})
			results <- err
		}()
	}
	tried := 0
	for range 40 {
		if p := problem.Of(<-results); p != nil && p.Code == "account.problem.sign_in" {
			tried++
		}
	}
	if tried != 5 {
		t.Errorf("%d passwords were looked at, want 5", tried)
	}
}

func TestChangingThePasswordAsksForTheOldOneAndEndsTheOtherSessions(t *testing.T) {
	h := newHouse(t)
	here, elsewhere := h.session(t, h.Viewer.UserID), h.session(t, h.Viewer.UserID)
	chosen := "eleven lazy otters drifting"
	refused(t, h.ChangePassword(t.Context(), h.Viewer, "not the password", chosen, here), "account.problem.password_wrong")
	refused(t, h.ChangePassword(t.Context(), h.Viewer, testkit.Password, "too short", here), "account.problem.password_short")
	must(t, h.ChangePassword(t.Context(), h.Viewer, testkit.Password, chosen, here))
	_, err := h.Identify(t.Context(), here)
	must(t, err)
	_, err = h.Identify(t.Context(), elsewhere)
	refused(t, err, "problem.signed_out")
	must(t, h.ConfirmPassword(t.Context(), h.Viewer, chosen))
	for range 6 {
		err = h.ConfirmPassword(t.Context(), h.Viewer, testkit.Password)
	}
	refused(t, err, account.WaitCode)
}
