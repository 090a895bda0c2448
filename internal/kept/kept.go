// Package kept owns forms that were sent and wait until the person has confirmed that it is she. A form is sealed, belongs to the
// session in which it was sent, waits for some minutes, and is taken once. What it asks for, and how it is carried out, is not its
// matter.
package kept

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/reseal"
	"github.com/segue-app/segue/internal/secret"
)

// Limits of what is kept.
const (
	Life        = 10 * time.Minute
	MostBytes   = 64 << 10
	mostAtOnce  = 10 // of one session: the oldest give way
	tokenLength = 26 // of rand.Text
)

// ErrTooLarge means that the form has more than MostBytes.
var ErrTooLarge = errors.New("form is too large to be kept")

// Form is what was sent.
type Form struct {
	Path   string // with its query
	From   string // the page of ours that it was sent from
	Values url.Values
}

// Service keeps forms.
type Service struct {
	db     *database.DB
	sealer *secret.Sealer
	now    func() time.Time
}

// NewService makes the service.
func NewService(db *database.DB, sealer *secret.Sealer, now func() time.Time) *Service {
	return &Service{db: db, sealer: sealer, now: now}
}

// Keep keeps a form for a session, and returns the token that names it. It fails with ErrTooLarge.
func (s *Service) Keep(ctx context.Context, sessionID int64, form Form) (token string, err error) {
	written, err := json.Marshal(form)
	if err != nil {
		return "", fmt.Errorf("write form: %w", err)
	}
	if len(written) > MostBytes {
		return "", ErrTooLarge
	}
	token = rand.Text()
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		now := s.now()
		if err := dropOld(ctx, tx, sessionID, now, mostAtOnce-1); err != nil {
			return err
		}
		id, err := insert(ctx, tx, sessionID, hashOf(token), now.Add(Life))
		if err != nil {
			return err
		}
		return store(ctx, tx, id, s.sealer.Seal(secret.NewText(string(written)), binding(id)))
	})
	return token, err
}

// Look reads a form of the session that still waits. It fails with NotFound.
func (s *Service) Look(ctx context.Context, sessionID int64, token string) (Form, error) {
	return s.read(ctx, s.db.Reader(), sessionID, token)
}

// Take reads a form of the session, which then waits no more. It fails with NotFound.
func (s *Service) Take(ctx context.Context, sessionID int64, token string) (form Form, err error) {
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		if form, err = s.read(ctx, tx, sessionID, token); err != nil {
			return err
		}
		return drop(ctx, tx, hashOf(token))
	})
	return form, err
}

func (s *Service) read(ctx context.Context, q database.Querier, sessionID int64, token string) (form Form, err error) {
	if len(token) != tokenLength {
		return Form{}, notFound()
	}
	id, sealed, err := get(ctx, q, sessionID, hashOf(token), s.now())
	if err != nil {
		return Form{}, err
	}
	written, err := s.sealer.Open(sealed, binding(id))
	if err != nil {
		return Form{}, fmt.Errorf("open form %d: %w", id, err)
	}
	return form, json.Unmarshal([]byte(written.Reveal()), &form)
}

// Tidy drops the forms for which nobody came back.
func (s *Service) Tidy(ctx context.Context) error {
	return s.db.InTx(ctx, func(tx database.Tx) error { return dropOld(ctx, tx, 0, s.now(), 0) })
}

func notFound() error { return problem.New(problem.NotFound, "confirm.problem.gone") }

func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

func binding(id int64) string { return fmt.Sprintf("kept_form/%d", id) }

// Sealed tells where forms are sealed, for the exchange of the sealing key.
func Sealed() []reseal.Place {
	return []reseal.Place{{Name: "forms", Table: "kept_forms", Column: "sealed", Key: []string{"id"},
		Binding: func(key []any) string { return binding(key[0].(int64)) }}}
}
