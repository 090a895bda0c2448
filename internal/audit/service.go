package audit

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/secret"
)

// Dependencies are what the service works with.
type Dependencies struct {
	DB     *database.DB
	Sealer *secret.Sealer
	Clock  func() time.Time
	Log    *slog.Logger
}

// Service seals the log, verifies it, and shows it.
type Service struct {
	db     *database.DB
	sealer *secret.Sealer
	clock  func() time.Time
	log    *slog.Logger

	mutex sync.Mutex
	keys  *keys // nil: not opened yet
}

// NewService makes the service.
func NewService(d Dependencies) *Service {
	return &Service{db: d.DB, sealer: d.Sealer, clock: d.Clock, log: d.Log}
}

// keys are what the one that is kept gives.
type keys struct {
	firstSeal int64  // that was made with it
	seals     []byte // seals the log
	names     []byte // hides who was looked at
}

const keyBytes = 32

func keyBinding(firstSeal int64) string { return "audit/key/" + strconv.FormatInt(firstSeal, 10) }

// Errors of the key.
var (
	ErrNoKey = errors.New("the key by which the audit log is sealed is gone")
	ErrWrong = errors.New("the audit log was changed from outside")
)

// Prepare makes the key when there is none. Where seals were made before, it does not: a new key would hide that one was taken away.
func (s *Service) Prepare(ctx context.Context) error {
	return s.db.InTx(ctx, func(tx database.Tx) error {
		kept, err := readKey(ctx, tx)
		if err != nil || kept.sealed != nil {
			return err
		}
		last, err := readEnd(ctx, tx)
		if err != nil {
			return err
		}
		records, err := following(ctx, tx, last.ID-1, 1)
		if err != nil {
			return err
		}
		if last.seals > 0 || len(records) > 0 && records[0].seals > 0 {
			s.log.ErrorContext(ctx, "the key by which the audit log is sealed is gone: the log is not sealed any more, and personal data is not shown")
			return nil
		}
		return putKey(ctx, tx, newKey(s.sealer, 1))
	})
}

func newKey(sealer *secret.Sealer, firstSeal int64) keptKey {
	key := make([]byte, keyBytes)
	_, _ = rand.Read(key) // crypto/rand.Read does not fail; it ends the program instead
	return keptKey{firstSeal, sealer.Seal(secret.NewText(string(key)), keyBinding(firstSeal))}
}

// LoseKey begins with a new key after the sealing key was lost. Nobody can check the seals of before any more; the new key knows how
// many there were.
func LoseKey(ctx context.Context, tx database.Tx, sealer *secret.Sealer) error {
	last, err := lastSeal(ctx, tx)
	if err != nil {
		return err
	}
	return putKey(ctx, tx, newKey(sealer, last.id+1))
}

// open gives the keys. It reads through q, so that it may be asked within a transaction.
func (s *Service) open(ctx context.Context, q database.Querier) (*keys, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.keys != nil {
		return s.keys, nil
	}
	kept, err := readKey(ctx, q)
	if err != nil {
		return nil, err
	}
	if kept.sealed == nil {
		return nil, ErrNoKey
	}
	plain, err := s.sealer.Open(kept.sealed, keyBinding(kept.firstSeal))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoKey, err)
	}
	part := func(purpose string) []byte {
		h := hmac.New(sha256.New, []byte(plain.Reveal()))
		h.Write([]byte(purpose))
		return h.Sum(nil)
	}
	s.keys = &keys{kept.firstSeal, part("seals"), part("names")}
	return s.keys, nil
}

// Seal seals what came to the log since the last seal. It looks at that first: what was changed from outside meanwhile is ErrWrong, and not
// sealed.
func (s *Service) Seal(ctx context.Context) error {
	if last, err := readEnd(ctx, s.db.Reader()); err != nil {
		return err
	} else if before, err := lastSeal(ctx, s.db.Reader()); err != nil || before.entryID == last.ID {
		return err
	}
	return s.db.InTx(ctx, func(tx database.Tx) error {
		keys, err := s.open(ctx, tx)
		if err != nil {
			return err
		}
		before, err := lastSeal(ctx, tx)
		if err != nil {
			return err
		}
		w := walk{keys: keys, q: tx, at: before.entryID, seals: before.id, mac: before.mac, tail: true}
		if err := w.begin(ctx); err != nil {
			return err
		}
		if found, err := w.entries(ctx); err != nil {
			return err
		} else if found.Code != "" {
			return fmt.Errorf("%w: %s at entry %d", ErrWrong, found.Code, found.Entry)
		}
		if w.at == before.entryID {
			return nil
		}
		next := seal{id: before.id + 1, entryID: w.at, at: s.clock()}
		next.at = database.Time(database.Millis(next.at))
		next.mac = sealed(keys.seals, before.mac, next, w.hash)
		return putSeal(ctx, tx, next)
	})
}

const (
	sealEvery = 5 * time.Second
	tellEvery = time.Hour
	patience  = 10 * time.Second // for the writer
)

// Watch seals what comes to the log until the context ends, and then what is left. Each hour in which something came it tells the
// head in the log of the program, for whoever keeps that elsewhere.
func (s *Service) Watch(ctx context.Context) {
	ticker := time.NewTicker(sealEvery)
	defer ticker.Stop()
	failing, told, toldAt := false, Head{}, time.Time{}
	for ended := false; !ended; {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			ended = true
		}
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		err := s.Seal(within)
		if err != nil && !failing { // once, not at every turn
			s.log.Error("the audit log could not be sealed", "error", err)
		}
		failing = err != nil
		if now := s.clock(); ended || now.Sub(toldAt) >= tellEvery {
			if last, err := readEnd(within, s.db.Reader()); err == nil && last.Head != told {
				s.log.Info("audit head", "head", last.Head.String())
				told, toldAt = last.Head, now
			}
		}
		cancel()
	}
}

// looksFold is within which time looks of one person at the same thing are one.
const looksFold = time.Minute

// Looked writes that the actor is about to see personal data. Without it nothing may be shown. The same look within a minute is one.
func (s *Service) Looked(ctx context.Context, actor access.Actor, what Action, at Subject) error {
	now := s.clock()
	before, err := since(ctx, s.db.Reader(), actor.UserID, originOf(ctx).Via, what, at, now.Add(-looksFold))
	if err != nil || before > 0 {
		return err
	}
	return s.db.InTx(ctx, func(tx database.Tx) error {
		return Write(ctx, tx, now, actor, Entry{Action: what, Subject: at})
	})
}

// Profile is a customer as a subject: named by a keyed hash of the id, so that the log tells nobody's, and who knows an id
// finds the looks at it.
func (s *Service) Profile(ctx context.Context, id string) (Subject, error) {
	keys, err := s.open(ctx, s.db.Reader())
	if err != nil {
		return Subject{}, err
	}
	h := hmac.New(sha256.New, keys.names)
	h.Write([]byte(id))
	return Subject{Kind: "profile", ID: hex.EncodeToString(h.Sum(nil)[:16])}, nil
}

// Note writes an act that has no transaction of its own.
func (s *Service) Note(ctx context.Context, actor access.Actor, e Entry) error {
	return s.db.InTx(ctx, func(tx database.Tx) error { return Write(ctx, tx, s.clock(), actor, e) })
}

// ReadHead reads the last entry of a log; the zero Head when there is none.
func ReadHead(ctx context.Context, q database.Querier) (Head, error) {
	last, err := readEnd(ctx, q)
	return last.Head, err
}
