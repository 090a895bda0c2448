package account

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// postBox keeps the letters that are written.
type postBox struct{ letters []written }

type written struct {
	to    string
	about Occasion
}

func (p *postBox) DeliversLinks() bool { return true }

func (p *postBox) Tell(_ context.Context, _ database.Tx, to User, letter Letter) error {
	p.letters = append(p.letters, written{to.Email, letter.About})
	return nil
}

// kinds are accounts of every kind that nobody may tell apart from outside: by address.
var kinds = []string{"known@example.com", "disabled@example.com", "invited@example.com", "company@example.com", "refused@example.com", "nobody@example.com"}

const phrase = "quiet heron by the mill"

func everyKind(t *testing.T) (*Service, *postBox, *time.Time) {
	t.Helper()
	db, err := database.Open(t.Context(), t.TempDir()+"/segue.db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	at := time.UnixMilli(1_800_000_000_000)
	s := New(db, Options{Clock: func() time.Time { return at }, Hashing: &argon2id.Params{Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}})
	box := &postBox{}
	s.SetPost(box)
	person := func(email string) User {
		user, err := s.Create(t.Context(), access.System, NewUser{Email: email, Name: "Somebody", Role: access.Viewer, Password: phrase})
		if err != nil {
			t.Fatal(err)
		}
		return user
	}
	person("known@example.com")
	gone, lost := person("disabled@example.com"), person("refused@example.com")
	_, _, invited := s.Invite(t.Context(), access.System, NewUser{Email: "invited@example.com", Role: access.Viewer})
	company := Identity{Issuer: "https://login.example.com", Subject: "c", Email: "company@example.com", EmailVerified: true, Name: "C", Role: access.Viewer}
	_, made := s.SignInByProvider(t.Context(), company, true)
	refusal := Identity{Issuer: company.Issuer, Subject: "r", Email: lost.Email, EmailVerified: true, Role: access.Viewer}
	_, bound := s.SignInByProvider(t.Context(), refusal, false)
	refusal.Role = ""
	if _, err := s.SignInByProvider(t.Context(), refusal, false); problem.Of(err) != errNoRole {
		t.Fatal(err)
	}
	if err := errors.Join(s.Disable(t.Context(), access.System, gone.ID), invited, made, bound); err != nil {
		t.Fatal(err)
	}
	return s, box, &at
}

func TestAWrongPasswordCostsTheSameAndSaysTheSameWhateverAccountThereIs(t *testing.T) {
	s, _, _ := everyKind(t)
	for _, email := range kinds {
		for try := range freePerAccount + 1 {
			before := s.hasher.hashed.Load()
			_, err := s.SignIn(t.Context(), Attempt{Email: email, Password: "not the right one", Address: email})
			code, hashes := "account.problem.sign_in", int64(1)
			if try == freePerAccount {
				code, hashes = WaitCode, 0
			}
			if p := problem.Of(err); p == nil || p.Kind != problem.Conflict || p.Code != code {
				t.Errorf("%s, try %d: %v", email, try, err)
			}
			if made := s.hasher.hashed.Load() - before; made != hashes {
				t.Errorf("%s, try %d: %d hashes", email, try, made)
			}
		}
	}
}

// letAll has the letters of those written who asked.
func (s *Service) letAll(t *testing.T) {
	t.Helper()
	for len(s.resets) > 0 {
		if err := s.writeReset(<-s.resets); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAskingForANewPasswordSaysTheSameAndOnlyWhoHasOneGetsALetter(t *testing.T) {
	s, box, _ := everyKind(t)
	box.letters = nil
	for _, email := range kinds {
		before := s.hasher.hashed.Load()
		for try := range freeResetsPerAccount + 1 {
			err := s.AskReset(t.Context(), email, email)
			if p := problem.Of(err); try < freeResetsPerAccount && err != nil || try == freeResetsPerAccount && (p == nil || p.Code != WaitCode) {
				t.Errorf("%s, try %d: %v", email, try, err)
			}
		}
		if len(box.letters) != 0 || s.hasher.hashed.Load() != before {
			t.Errorf("%s: looked up before the answer", email)
		}
	}
	s.letAll(t)
	if len(box.letters) != freeResetsPerAccount || box.letters[0] != (written{"known@example.com", ResetAsked}) {
		t.Errorf("letters: %v", box.letters)
	}
}

func TestOneNetworkAsksForNoMoreThanAFewAndAFloodIsSentAway(t *testing.T) {
	s, _, at := everyKind(t)
	var refused int
	for i := range freeResetsPerAddress + 3 {
		if err := s.AskReset(t.Context(), string(rune('a'+i))+"@example.com", "2001:db8::"+string(rune('a'+i%6))); problem.Of(err) != nil {
			refused++
		}
	}
	if refused != 3 {
		t.Errorf("%d of one network were made to wait", refused)
	}
	var last error
	for i := range mostResetsWaiting + 1 {
		*at = at.Add(time.Millisecond)
		last = s.AskReset(t.Context(), "x@example.com"[:1]+time.Duration(i).String()+"@example.com", time.Duration(i).String())
		if last != nil {
			break
		}
	}
	if p := problem.Of(last); p == nil || p.Code != BusyCode || p.Kind != problem.Unavailable {
		t.Errorf("one too many: %v", last)
	}
}

func TestALinkChoosesAPasswordOnceAndEndsEverythingElse(t *testing.T) {
	s, box, at := everyKind(t)
	user, err := s.UserByEmail(t.Context(), "known@example.com")
	if err != nil {
		t.Fatal(err)
	}
	link := func() string {
		token, err := s.NewReset(t.Context(), user.ID)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	session, err := s.StartSession(t.Context(), Begun{UserID: user.ID, Proof: ByPassword})
	if err != nil {
		t.Fatal(err)
	}
	first, second := link(), link()
	for range 3 { // to look at it does not use it up
		if found, err := s.ResetFor(t.Context(), first); err != nil || found.ID != user.ID {
			t.Fatal(err)
		}
	}
	if err := s.Reset(t.Context(), first, "password1234"); problem.Of(err) == nil || problem.Of(err).Kind != problem.Invalid {
		t.Errorf("a common password: %v", err)
	}
	box.letters = nil
	if err := s.Reset(t.Context(), second, "lantern under the quay"); err != nil {
		t.Fatal(err)
	}
	for _, used := range []string{first, second, "", "x"} {
		if err := s.Reset(t.Context(), used, "another phrase of words"); problem.Of(err) != errLink {
			t.Errorf("a link that is used up: %v", err)
		}
	}
	if _, err := s.Identify(t.Context(), session); !problem.Is(err, problem.SignedOut) {
		t.Errorf("the session goes on: %v", err)
	}
	if len(box.letters) != 1 || box.letters[0] != (written{user.Email, PasswordChanged}) {
		t.Errorf("letters: %v", box.letters)
	}
	if _, err := s.SignIn(t.Context(), Attempt{Email: user.Email, Password: "lantern under the quay"}); err != nil {
		t.Error(err)
	}
	late := link()
	*at = at.Add(ResetLife)
	if err := s.Reset(t.Context(), late, "another phrase of words"); problem.Of(err) != errLink {
		t.Errorf("after an hour: %v", err)
	}
}

func TestANewBrowserIsToldOfToWhoIsKnownInAnother(t *testing.T) {
	s, box, _ := everyKind(t)
	user, err := s.UserByEmail(t.Context(), "known@example.com")
	if err != nil {
		t.Fatal(err)
	}
	box.letters = nil
	first, err := s.RememberDevice(t.Context(), user.ID, Visit{Browser: "Firefox"})
	if err != nil || len(box.letters) != 0 {
		t.Fatalf("the first browser: %v, %v", box.letters, err)
	}
	if _, err = s.RememberDevice(t.Context(), user.ID, Visit{Device: first, Browser: "Firefox"}); err != nil || len(box.letters) != 0 {
		t.Fatalf("the same browser: %v, %v", box.letters, err)
	}
	if _, err = s.RememberDevice(t.Context(), user.ID, Visit{Browser: "Chrome", Address: "192.0.2.7"}); err != nil || len(box.letters) != 1 || box.letters[0].about != NewDevice {
		t.Errorf("another browser: %v, %v", box.letters, err)
	}
}

func TestThePasswordUntilNowIsLookedAtOnceAndIsProofEnoughForAnother(t *testing.T) {
	s, _, at := everyKind(t)
	user, err := s.UserByEmail(t.Context(), "known@example.com")
	if err != nil {
		t.Fatal(err)
	}
	longAgo := user.Actor().Confirmed(at.Add(-access.FreshFor))
	before := s.hasher.hashed.Load()
	if err := s.ChangePassword(t.Context(), longAgo, phrase, "lantern under the quay", ""); err != nil {
		t.Fatal(err)
	}
	if made := s.hasher.hashed.Load() - before; made != 2 {
		t.Errorf("%d hashes for the one until now and the new one", made)
	}
}
