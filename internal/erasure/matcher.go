package erasure

import (
	"context"
	"strings"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/address"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// Whoever was erased is recognised by keyed hashes, of the id and of every address that was known, so that the next upload does
// not bring them back. The key is that of the list of exclusions: who has the database alone cannot try addresses out.

type fingerprint = [16]byte

// listed is whom nobody may bring back.
type listed struct {
	edition edition
	hashes  map[fingerprint]struct{}
}

// keyForm is what is hashed of a profile's id. No address begins so.
func keyForm(id string) string { return "\x00profile\x00" + id }

// Erased tells of a profile, by its id and the texts in it, whether it is of somebody who was erased; nil: nobody was. What q
// sees counts, so that within a transaction the answer cannot be outdated when it is committed.
func (s *Service) Erased(ctx context.Context, q database.Querier) (func(profileID string, texts ...string) bool, error) {
	list, err := s.current(ctx, q)
	if err != nil || len(list.hashes) == 0 {
		return nil, err
	}
	hash, err := s.Exclusions.Hash(ctx, q)
	if err != nil {
		return nil, err
	}
	return func(profileID string, texts ...string) bool {
		if _, is := list.hashes[hash(keyForm(profileID))]; is {
			return true
		}
		for _, text := range texts {
			if form, ok := address.Read(text); ok {
				if _, is := list.hashes[hash(form)]; is {
					return true
				}
			}
		}
		return false
	}, nil
}

// current gives the list as q sees it.
func (s *Service) current(ctx context.Context, q database.Querier) (*listed, error) {
	now, err := readEdition(ctx, q)
	if err != nil {
		return nil, err
	}
	s.mutex.Lock()
	held := s.list
	s.mutex.Unlock()
	if held != nil && held.edition == now {
		return held, nil
	}
	list := &listed{edition: now, hashes: map[fingerprint]struct{}{}}
	if now.count > 0 {
		if err := readFingerprints(ctx, q, list.hashes); err != nil {
			return nil, err
		}
	}
	s.mutex.Lock()
	s.list = list
	s.mutex.Unlock()
	return list, nil
}

// fingerprints are those of a person.
func (s *Service) fingerprints(ctx context.Context, profiles, addresses []string) (made []fingerprint, err error) {
	hash, err := s.Exclusions.Hash(ctx, s.db.Reader())
	if err != nil {
		return nil, err
	}
	for _, id := range profiles {
		made = append(made, hash(keyForm(id)))
	}
	for _, form := range addresses {
		made = append(made, hash(form))
	}
	return made, nil
}

// Allow lets a person come in again who was erased: by any of their keys or addresses, all that keeps them away goes. Of somebody
// who was not erased it is NotFound. It is remembered with the erasures that it lifts.
func (s *Service) Allow(ctx context.Context, actor access.Actor, typed string) (lifted []int64, err error) {
	if err := actor.Require(access.ManagePrivacy); err != nil {
		return nil, err
	}
	typed = strings.TrimSpace(typed)
	var check problem.Check
	check.Require(typed != "", "allow", "problem.required")
	if err := check.Err(); err != nil {
		return nil, err
	}
	var addresses []string
	if form, ok := address.Read(typed); ok {
		addresses = append(addresses, form)
	}
	own, err := s.fingerprints(ctx, []string{typed}, addresses)
	if err != nil {
		return nil, err
	}
	found := false
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		if lifted, found, err = lift(ctx, tx, own, s.Clock(), actor.Name); err != nil || !found {
			return err
		}
		for _, id := range lifted {
			if err := audit.Write(ctx, tx, s.Clock(), actor, audit.Entry{Action: audit.PersonAllowed, Subject: audit.Of("erasure", id, "")}); err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case !found:
		check.Add("allow", "erasure.problem.not_erased")
		return nil, check.Err()
	}
	s.Events.Publish(ListTopic)
	s.Log.InfoContext(ctx, "an erased person is allowed again", "erasures", lifted, "user", actor.UserID)
	return lifted, nil
}
