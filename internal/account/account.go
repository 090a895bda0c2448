// Package account owns the people who use Segue: their roles, passwords, sessions and invitations. It answers who acts and
// whether a password is right; what a role may do is answered by access, and how a cookie travels by the web layer.
package account

import (
	"context"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
)

// User is a person with an account.
type User struct {
	ID               int64
	Email            string
	Name             string // "" until the invitation is accepted
	Role             access.Role
	Language         string // "" = as the browser asks
	TimeZone         string // IANA name; "" = UTC
	Theme            string // one of Themes, or "" = as the device asks
	FirstStepsHidden bool   // put the way to the first export away from the page where one starts
	CreatedAt        time.Time
	LastSignIn       time.Time // zero: never
	DisabledAt       time.Time // zero: may sign in
	Identified       bool      // is known to the identity provider of a company
	Refused          bool      // the provider gave no role at the last sign-in there

	passwordHash string  // "" until the invitation is accepted
	session      Session // by which she was identified; the zero Session when she was not
}

// subject is the user as one to whom something is done; the zero Subject when there is none.
func (u User) subject() audit.Subject {
	if u.ID == 0 {
		return audit.Subject{}
	}
	return SubjectOf(u.Actor())
}

// SubjectOf is a person as one to whom something is done, under the one name that she has in the audit log.
func SubjectOf(person access.Actor) audit.Subject {
	return audit.Of("user", person.UserID, person.Name)
}

// State is what an account is ready for.
type State string

// The states.
const (
	Active   State = "active"
	Invited  State = "invited" // has not chosen a password yet
	Disabled State = "disabled"
	Refused  State = "refused" // has no role any more at the identity provider of the company
)

// out reports whether somebody has decided that the account lets nobody in until it is enabled.
func (s State) out() bool { return s == Disabled || s == Refused }

// State says what the account is ready for.
func (u User) State() State {
	switch {
	case !u.DisabledAt.IsZero():
		return Disabled
	case u.Refused:
		return Refused
	case u.passwordHash == "" && !u.Identified:
		return Invited
	}
	return Active
}

// Actor is the user as one who acts, as fresh as the session by which she was identified.
func (u User) Actor() access.Actor {
	actor := access.Actor{UserID: u.ID, Name: u.DisplayName(), Email: u.Email, Role: u.Role}.Confirmed(u.session.ConfirmedAt)
	if u.session.Confined {
		actor = actor.Confined()
	}
	return actor
}

// SessionID is that of the session by which the user was identified; 0 when she was not.
func (u User) SessionID() int64 { return u.session.ID }

// HasPassword reports whether the user has one.
func (u User) HasPassword() bool { return u.passwordHash != "" }

// Proof is how the user proved who she is when the session began by which she was identified; "" when she was not.
func (u User) Proof() Proof { return u.session.Proof }

// DisplayName is the name, or the address of somebody who has not given one.
func (u User) DisplayName() string {
	if u.Name != "" {
		return u.Name
	}
	return u.Email
}

// Zone is the user's time zone.
func (u User) Zone() *time.Location {
	if zone, err := time.LoadLocation(u.TimeZone); err == nil {
		return zone
	}
	return time.UTC // a zone that this machine does not know (any more)
}

// Limits of what people type, in characters.
const (
	maxName  = 100
	maxEmail = 254 // RFC 5321
)

// Options are what a Service can be told; the zero value is right for production.
type Options struct {
	Clock   func() time.Time // time.Now unless set
	Hashing *argon2id.Params // OWASP's parameters unless set; tests take cheaper ones

	NoPasswords bool // people sign in at the identity provider of their company alone
}

// Service is the accounts. It is safe for use by many goroutines.
type Service struct {
	db       *database.DB
	now      func() time.Time
	hasher   *hasher
	throttle *throttle
	failures failures
	ended    func(ctx context.Context, tx database.Tx, userID int64) error
	left     func(ctx context.Context, tx database.Tx, actor access.Actor, userID int64) error
	told     func(userID int64)
	resets   chan asked
	post     Post

	noPasswords bool
}

// OnDisable has something more ended in the transaction in which a user is disabled. Call it before the service is used.
func (s *Service) OnDisable(end func(ctx context.Context, tx database.Tx, userID int64) error) {
	s.ended = end
}

// OnLeave has what was granted to a user by name ended in the transaction in which the user gets another role or is disabled; actor
// is who does that. Call it before the service is used.
func (s *Service) OnLeave(end func(ctx context.Context, tx database.Tx, actor access.Actor, userID int64) error) {
	s.left = end
}

// OnChange has something told whenever what a user may do has changed. Call it before the service is used.
func (s *Service) OnChange(tell func(userID int64)) { s.told = tell }

// New makes the service.
func New(db *database.DB, options Options) *Service {
	if options.Clock == nil {
		options.Clock = time.Now
	}
	return &Service{db: db, now: options.Clock, hasher: newHasher(options.Hashing), throttle: newThrottle(),
		resets: make(chan asked, mostResetsWaiting), noPasswords: options.NoPasswords}
}

// Actor reads who a user is now: a change of role acts at the next request. A disabled user is nobody.
func (s *Service) Actor(ctx context.Context, userID int64) (access.Actor, error) {
	user, err := s.User(ctx, userID)
	if problem.Is(err, problem.NotFound) || (err == nil && user.State() != Active) {
		return access.Actor{}, problem.New(problem.SignedOut, "problem.signed_out")
	}
	return user.Actor(), err
}

// User reads a user for the program itself. It fails with NotFound.
func (s *Service) User(ctx context.Context, id int64) (User, error) {
	return userByID(ctx, s.db.Reader(), id)
}

// UserByEmail reads the user with that address, however it is written. It fails with NotFound.
func (s *Service) UserByEmail(ctx context.Context, email string) (User, error) {
	return userByEmail(ctx, s.db.Reader(), emailKey(email))
}

// Users lists everybody, by name.
func (s *Service) Users(ctx context.Context, actor access.Actor) ([]User, error) {
	if err := actor.Require(access.ManageUsers); err != nil {
		return nil, err
	}
	return listUsers(ctx, s.db.Reader())
}

// Contributors lists, for the program itself, those who have the role and have not been shut out, by name.
func (s *Service) Contributors(ctx context.Context, q database.Querier) (found []access.Actor, err error) {
	users, err := listUsers(ctx, q)
	for _, user := range users {
		if user.Role == access.Contributor && !user.State().out() {
			found = append(found, user.Actor())
		}
	}
	return found, err
}

// Preferences are how a person wants to be addressed and shown things.
type Preferences struct{ Name, Language, TimeZone, Theme string }

// SavePreferences changes the actor's own.
func (s *Service) SavePreferences(ctx context.Context, actor access.Actor, p Preferences) error {
	if err := actor.Require(access.ManageOwnAccount); err != nil {
		return err
	}
	p.Name = tidy(p.Name)
	var check problem.Check
	checkName(&check, p.Name)
	check.Require(validLanguage(p.Language), "language", "problem.choose")
	check.Require(ValidTheme(p.Theme), "theme", "problem.choose")
	_, err := time.LoadLocation(p.TimeZone)
	check.Require(err == nil && p.TimeZone != "Local", "time_zone", "account.problem.time_zone")
	if err := check.Err(); err != nil {
		return err
	}
	return s.db.InTx(ctx, func(tx database.Tx) error {
		before, err := userByID(ctx, tx, actor.UserID)
		if err != nil {
			return err
		}
		changes := audit.Changed(audit.Change{Field: "name", Before: before.Name, After: p.Name}, audit.Change{Field: "language", Before: before.Language, After: p.Language},
			audit.Change{Field: "time_zone", Before: before.TimeZone, After: p.TimeZone}, audit.Change{Field: "theme", Before: before.Theme, After: p.Theme})
		if len(changes) == 0 {
			return nil
		}
		if err := updatePreferences(ctx, tx, actor.UserID, p); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.now(), actor, audit.Entry{Action: audit.PreferencesChanged, Subject: before.subject(), Changes: changes})
	})
}

// SetLanguage changes the actor's language.
func (s *Service) SetLanguage(ctx context.Context, actor access.Actor, language string) error {
	return s.changePreferences(ctx, actor, func(p *Preferences) { p.Language = language })
}

// SetTheme changes the actor's theme.
func (s *Service) SetTheme(ctx context.Context, actor access.Actor, theme string) error {
	return s.changePreferences(ctx, actor, func(p *Preferences) { p.Theme = theme })
}

// HideFirstSteps puts the way to the first export away from the page where the actor starts, or back. It changes nothing but that page,
// so it is no entry of the audit log.
func (s *Service) HideFirstSteps(ctx context.Context, actor access.Actor, hidden bool) error {
	if err := actor.Require(access.ManageOwnAccount); err != nil {
		return err
	}
	return s.db.InTx(ctx, func(tx database.Tx) error { return updateFirstSteps(ctx, tx, actor.UserID, hidden) })
}

func (s *Service) changePreferences(ctx context.Context, actor access.Actor, change func(*Preferences)) error {
	if err := actor.Require(access.ManageOwnAccount); err != nil {
		return err
	}
	user, err := s.User(ctx, actor.UserID)
	if err != nil {
		return err
	}
	p := Preferences{user.Name, user.Language, user.TimeZone, user.Theme}
	change(&p)
	return s.SavePreferences(ctx, actor, p)
}

func validLanguage(language string) bool {
	if language == "" {
		return true
	}
	for _, known := range i18n.Languages() {
		if known == language {
			return true
		}
	}
	return false
}

// Themes are those that a person may choose instead of what the device asks. High contrast is light or dark as the device has it.
var Themes = []string{"light", "dark", "contrast"}

// ValidTheme reports whether a person may have it.
func ValidTheme(theme string) bool { return theme == "" || slices.Contains(Themes, theme) }

func checkName(check *problem.Check, name string) {
	check.Require(name != "", "name", "problem.required")
	check.Require(utf8.RuneCountInString(name) <= maxName, "name", "problem.too_long", "Most", maxName)
}

func checkEmail(check *problem.Check, email string) {
	switch address, err := mail.ParseAddress(email); {
	case email == "":
		check.Add("email", "problem.required")
	case len(email) > maxEmail:
		check.Add("email", "problem.too_long", "Most", maxEmail)
	case err != nil || address.Address != email:
		check.Add("email", "account.problem.email")
	}
}

// tidy removes the space around what was typed, and makes it one Unicode form.
func tidy(text string) string { return norm.NFC.String(strings.Join(strings.Fields(text), " ")) }

// emailKey folds an address, so that it is recognised however it is written.
func emailKey(email string) string { return strings.ToLower(norm.NFKC.String(tidy(email))) }
