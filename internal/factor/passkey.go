package factor

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/secret"
)

// Limits of passkeys.
const (
	MostPasskeys = 20  // of one person
	maxName      = 100 // characters
	handleBytes  = 64
)

// Passkey is one of a person's.
type Passkey struct {
	ID      int64
	Name    string
	Created time.Time
	Used    time.Time // zero: never
	Suspect time.Time // when it counted backwards, as a copy would; zero: never
	Synced  bool      // kept by a service, on several devices

	credential webauthn.Credential
}

func passkeyBinding(id int64) string { return fmt.Sprintf("passkey/%d", id) }

// holder is a person as the library knows one.
type holder struct {
	id       int64
	handle   []byte
	email    string
	name     string
	passkeys []Passkey
}

func (h holder) WebAuthnID() []byte          { return h.handle }
func (h holder) WebAuthnName() string        { return h.email }
func (h holder) WebAuthnDisplayName() string { return h.name }

func (h holder) WebAuthnCredentials() []webauthn.Credential {
	var all []webauthn.Credential
	for _, p := range h.passkeys {
		all = append(all, p.credential)
	}
	return all
}

// holderOf reads a person with her passkeys opened.
func (s *Service) holderOf(ctx context.Context, q database.Querier, userID int64) (holder, error) {
	user, err := s.accounts.User(ctx, userID)
	if err != nil {
		return holder{}, err
	}
	h := holder{id: userID, email: user.Email, name: user.DisplayName()}
	rows, err := sealedPasskeys(ctx, q, userID)
	if err != nil {
		return holder{}, err
	}
	for _, row := range rows {
		opened, err := s.sealer.Open(row.sealed, passkeyBinding(row.ID))
		if err != nil {
			return holder{}, fmt.Errorf("open passkey %d: %w", row.ID, err)
		}
		if err := json.Unmarshal([]byte(opened.Reveal()), &row.credential); err != nil {
			return holder{}, fmt.Errorf("read passkey %d: %w", row.ID, err)
		}
		h.handle = row.handle
		h.passkeys = append(h.passkeys, row.Passkey)
	}
	return h, nil
}

// AskNew asks the actor's browser to make a passkey.
func (s *Service) AskNew(ctx context.Context, actor access.Actor, site Site) (Ceremony, error) {
	if err := s.mayChange(actor); err != nil {
		return Ceremony{}, err
	}
	party, err := site.party()
	if err != nil {
		return Ceremony{}, err
	}
	h, err := s.holderOf(ctx, s.db.Reader(), actor.UserID)
	if err != nil {
		return Ceremony{}, err
	}
	if len(h.passkeys) >= MostPasskeys {
		return Ceremony{}, problem.New(problem.Conflict, "factor.problem.many", "Most", MostPasskeys)
	}
	if h.handle == nil {
		h.handle = make([]byte, handleBytes)
		_, _ = rand.Read(h.handle) // crypto/rand.Read does not fail; it ends the program instead
	}
	options, asked, err := party.BeginRegistration(h,
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		}),
		webauthn.WithConveyancePreference(protocol.PreferNoAttestation),
		webauthn.WithExclusions(webauthn.Credentials(h.WebAuthnCredentials()).CredentialDescriptors()))
	if err != nil {
		return Ceremony{}, fmt.Errorf("ask for a new passkey: %w", err)
	}
	return s.ceremony(options, asked, site, toAdd, actor.UserID)
}

// AddPasskey keeps the passkey that the browser made, under a name. It returns recovery codes when the person had none: the only copy.
func (s *Service) AddPasskey(ctx context.Context, actor access.Actor, site Site, reply Reply, name string) (recovery []string, err error) {
	if err := s.mayChange(actor); err != nil {
		return nil, err
	}
	name = tidy(name)
	var check problem.Check
	check.Require(name != "", "name", "problem.required")
	check.Require(utf8.RuneCountInString(name) <= maxName, "name", "problem.too_long", "Most", maxName)
	if err := check.Err(); err != nil {
		return nil, err
	}
	asked, err := s.asked(reply, site, toAdd, actor.UserID)
	if err != nil {
		return nil, err
	}
	party, err := site.party()
	if err != nil {
		return nil, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(reply.Answer))
	if err != nil {
		return nil, errPasskey(err)
	}
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		if err := s.answered(ctx, tx, asked); err != nil {
			return err
		}
		h, err := s.holderOf(ctx, tx, actor.UserID)
		if err != nil {
			return err
		}
		if len(h.passkeys) >= MostPasskeys {
			return problem.New(problem.Conflict, "factor.problem.many", "Most", MostPasskeys)
		}
		if h.handle == nil {
			h.handle = asked.Data.UserID
		}
		made, err := party.CreateCredential(h, asked.Data, parsed)
		if err != nil {
			return errPasskey(err)
		}
		taken, err := passkeyTaken(ctx, tx, made.ID)
		if err != nil {
			return err
		}
		if taken {
			return problem.New(problem.Conflict, "factor.problem.passkey_there")
		}
		id, err := insertPasskey(ctx, tx, actor.UserID, h.handle, made.ID, name, s.now())
		if err != nil {
			return err
		}
		if err := s.keep(ctx, tx, id, *made); err != nil {
			return err
		}
		recovery, err = s.added(ctx, tx, actor, audit.PasskeyAdded)
		return err
	})
	return recovery, err
}

func (s *Service) keep(ctx context.Context, tx database.Tx, id int64, credential webauthn.Credential) error {
	written, err := json.Marshal(credential)
	if err != nil {
		return fmt.Errorf("write passkey: %w", err)
	}
	return savePasskey(ctx, tx, id, s.sealer.Seal(secret.NewText(string(written)), passkeyBinding(id)))
}

// RemovePasskey takes one of the actor's passkeys away.
func (s *Service) RemovePasskey(ctx context.Context, actor access.Actor, id int64) error {
	if err := s.mayChange(actor); err != nil {
		return err
	}
	return s.db.InTx(ctx, func(tx database.Tx) error {
		there, err := dropPasskey(ctx, tx, actor.UserID, id)
		if err == nil && !there {
			return problem.New(problem.NotFound, "problem.not_found")
		}
		if err != nil {
			return err
		}
		return s.removing(ctx, tx, actor, audit.PasskeyRemoved)
	})
}

// AskAnybody asks the browser for any passkey of this site: by it alone a person signs in.
func (s *Service) AskAnybody(site Site) (Ceremony, error) {
	party, err := site.party()
	if err != nil {
		return Ceremony{}, err
	}
	options, asked, err := party.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Ceremony{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return s.ceremony(options, asked, site, toSignIn, 0)
}

// AskFor asks the browser for one of a person's passkeys.
func (s *Service) AskFor(ctx context.Context, userID int64, site Site) (Ceremony, error) {
	party, err := site.party()
	if err != nil {
		return Ceremony{}, err
	}
	h, err := s.holderOf(ctx, s.db.Reader(), userID)
	if err != nil {
		return Ceremony{}, err
	}
	if len(h.passkeys) == 0 {
		return Ceremony{}, problem.New(problem.NotFound, "problem.not_found")
	}
	options, asked, err := party.BeginLogin(h, webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Ceremony{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return s.ceremony(options, asked, site, toProve, userID)
}

// SignIn proves by a passkey alone who somebody is. Nothing that is refused tells more than that it is.
func (s *Service) SignIn(ctx context.Context, site Site, reply Reply) (userID int64, err error) {
	asked, err := s.asked(reply, site, toSignIn, 0)
	if err != nil {
		return 0, err
	}
	return s.prove(ctx, site, asked, reply)
}

// ProvePasskey proves by a passkey that it is that person.
func (s *Service) ProvePasskey(ctx context.Context, userID int64, site Site, reply Reply) error {
	asked, err := s.asked(reply, site, toProve, userID)
	if err != nil {
		return err
	}
	_, err = s.prove(ctx, site, asked, reply)
	return err
}

func (s *Service) prove(ctx context.Context, site Site, asked question, reply Reply) (userID int64, err error) {
	party, err := site.party()
	if err != nil {
		return 0, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(reply.Answer))
	if err != nil {
		return 0, errPasskey(err)
	}
	var suspect int64
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		if err := s.answered(ctx, tx, asked); err != nil {
			return err
		}
		id, owner, err := passkeyByCredential(ctx, tx, parsed.RawID)
		if err != nil {
			return err
		}
		if owner == 0 {
			return errPasskey(errors.New("no such passkey"))
		}
		h, err := s.holderOf(ctx, tx, owner)
		if err != nil {
			return err
		}
		var used *webauthn.Credential
		if len(asked.Data.UserID) == 0 {
			whoever := func(_, _ []byte) (webauthn.User, error) { return h, nil }
			_, used, err = party.ValidatePasskeyLogin(whoever, asked.Data, parsed)
		} else {
			used, err = party.ValidateLogin(h, asked.Data, parsed)
		}
		if err != nil {
			return errPasskey(err)
		}
		if used.Authenticator.CloneWarning {
			suspect = id
			used.Authenticator.CloneWarning = false // said once for each time, and kept with the row
			if err := s.suspect(ctx, tx, h, id); err != nil {
				return err
			}
		}
		userID = owner
		if err := s.keep(ctx, tx, id, *used); err != nil {
			return err
		}
		return passkeyUsed(ctx, tx, id, s.now())
	})
	if err == nil && suspect != 0 {
		s.log.WarnContext(ctx, "a passkey counted backwards, as a copy of it would", "passkey", suspect, "user", userID)
	}
	return userID, err
}

// suspect notes that a passkey counted backwards: somebody may have a copy. It is let in, since some authenticators count badly.
func (s *Service) suspect(ctx context.Context, tx database.Tx, h holder, id int64) error {
	if err := suspectPasskey(ctx, tx, id, s.now()); err != nil {
		return err
	}
	user, err := s.accounts.User(ctx, h.id)
	if err != nil {
		return err
	}
	return s.write(ctx, tx, user.Actor(), audit.PasskeySuspect)
}

// errPasskey tells the same of every passkey that does not count; the log of problems has the cause.
func errPasskey(cause error) error {
	return problem.New(problem.Conflict, "factor.problem.passkey").Because(detail(cause))
}

// detail is what the library says for developers, which its errors keep apart.
func detail(err error) error {
	var told *protocol.Error
	if errors.As(err, &told) && told.DevInfo != "" {
		return fmt.Errorf("%w: %s", err, told.DevInfo)
	}
	return err
}
