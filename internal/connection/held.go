package connection

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/secretstore"
)

// held is a key as it is stored: sealed, or as the name of one in a store outside. Only a name is kept of the latter.
type held struct {
	sealed []byte
	from   secretstore.Reference
}

// is reports whether there is a key at all.
func (h held) is() bool { return h.sealed != nil || !h.from.Empty() }

// reveal gives the key in clear. fresh: of a store, not as it was a moment ago.
func (s *Service) reveal(ctx context.Context, h held, binding string, fresh bool) (secret.Text, error) {
	if h.from.Empty() {
		return s.openKey(h.sealed, binding)
	}
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	key, err := s.stores.Read(ctx, h.from, fresh)
	if err != nil {
		slog.WarnContext(ctx, "the key of a connection cannot be read from its store", slog.Any("error", err))
	}
	return key, err
}

// SecretStores names the stores outside that keys may come from.
func (s *Service) SecretStores() []string { return s.stores.Names() }

// checkReference notes what is wrong with the name of a secret.
func (s *Service) checkReference(check *problem.Check, from secretstore.Reference) bool {
	_, known := s.stores[from.Store]
	switch {
	case !known:
		check.Add("key_from", "connections.problem.store_unknown")
	case from.Name == "":
		check.Add("key_name", "problem.required")
	case !secretstore.IsName(from.Name):
		check.Add("key_name", "connections.problem.secret_name")
	default:
		return true
	}
	return false
}

// TakeFrom has the key come from a store from now on, or by another name. It is proved as in ReplaceKey. A connection whose key
// comes from a store does not go back to one that is typed: whoever keeps keys there relies on it that none is here.
func (s *Service) TakeFrom(ctx context.Context, actor access.Actor, id int64, version int, from secretstore.Reference) error {
	if err := s.requireConfirmed(actor); err != nil {
		return err
	}
	var check problem.Check
	if !s.checkReference(&check, from) {
		return check.Err()
	}
	return s.replaceKey(ctx, actor, id, version, func(Connection, int64) (held, error) { return held{from: from}, nil })
}

// storeFailure is what a fault of a secret's store is to the connection.
func storeFailure(err error) Failure {
	switch secretstore.FaultOf(err) {
	case secretstore.Missing:
		return SecretMissing
	case secretstore.Unavailable:
		return StoreUnavailable
	default:
		return ""
	}
}

// lookEvery is how often secrets in stores are looked at.
const lookEvery = time.Minute

// Watch looks at the secrets of connections until the context ends, so that a lost one is told before it is needed, and one that is
// back mends its connection by itself.
func (s *Service) Watch(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		if err := s.LookAtSecrets(ctx); err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "secrets of connections could not be looked at", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// LookAtSecrets looks at all secrets in stores once. One that this process has not proved as it is now, or that a connection failed
// for, is proved at the destination.
func (s *Service) LookAtSecrets(ctx context.Context) error {
	connections, err := list(ctx, s.db.Reader())
	if err != nil {
		return err
	}
	var failed error
	for _, c := range connections {
		if !c.KeyFrom.Empty() {
			failed = errors.Join(failed, s.lookAt(ctx, c))
		}
	}
	return failed
}

func (s *Service) lookAt(ctx context.Context, c Connection) error {
	key, err := s.reveal(ctx, held{from: c.KeyFrom}, "", true)
	if failure := storeFailure(err); failure != "" {
		if c.Failure != "" && c.Failure != SecretMissing && c.Failure != StoreUnavailable {
			return nil // what the destination said of it is not mended by its being gone
		}
		return s.MarkFailure(ctx, c, failure)
	}
	if err != nil {
		return err
	}
	print := sha256.Sum256([]byte(key.Reveal())) // in memory only
	s.mutex.Lock()
	proved := s.prints[c.ID] == print
	s.mutex.Unlock()
	lost := c.Failure == SecretMissing || c.Failure == StoreUnavailable
	if proved && !lost {
		return nil
	}
	driver, err := s.driver(c.Type)
	if err != nil {
		return err
	}
	brand, err := s.prove(ctx, driver, key, s.gates.Gate(c.BrandID, verifying))
	failure := FailureOf(err)
	switch {
	case err != nil && failure == "": // it passes, and the next look proves; whether the secret is back is known all the same
		if lost {
			return s.ClearFailure(ctx, c)
		}
		return nil
	case failure != "":
		err = s.MarkFailure(ctx, c, failure)
	case brand.ID != c.BrandID:
		err = s.MarkFailure(ctx, c, BrandChanged)
	default:
		err = s.noteProved(ctx, c, brand)
	}
	if err == nil {
		s.mutex.Lock()
		s.prints[c.ID] = print
		s.mutex.Unlock()
	}
	return err
}

func (s *Service) noteProved(ctx context.Context, c Connection, brand destination.Brand) error {
	err := s.db.InTx(ctx, func(tx database.Tx) error { return verified(ctx, tx, c, brand, s.clock()) })
	if err != nil {
		return fmt.Errorf("note that the key works: %w", err)
	}
	s.publish(c.ID)
	return nil
}
