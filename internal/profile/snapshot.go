package profile

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

func errNoProfiles() error { return problem.New(problem.NotFound, "profiles.none_yet") }

// Current is the newest complete snapshot. It is a NotFound problem when there is none yet.
func (s *Service) Current(ctx context.Context) (Snapshot, error) {
	return s.store.snapshot(ctx, `state = 'current'`)
}

// Look is Current for a person: how many profiles there are, and what is known of each. It holds nobody's data.
func (s *Service) Look(ctx context.Context, actor access.Actor) (Snapshot, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return Snapshot{}, err
	}
	return s.Current(ctx)
}

// Snapshot is one snapshot that still has its table: the current one, or an older one that is held.
func (s *Service) Snapshot(ctx context.Context, id int64) (Snapshot, error) {
	return s.store.snapshot(ctx, `id = ? AND state IN ('current', 'kept')`, id)
}

// Hold keeps a snapshot readable until Release, even when a newer one takes its place. The holder names who: "run/12".
// It is a NotFound problem when the snapshot is gone already: read Current again.
func (s *Service) Hold(ctx context.Context, tx database.Tx, snapshotID int64, holder string) error {
	return s.store.hold(ctx, tx, snapshotID, holder)
}

// LetGo ends all holds of a holder within a transaction. What nobody needs any more goes at the next Release or Replaced.
func (s *Service) LetGo(ctx context.Context, tx database.Tx, holder string) error {
	return s.store.letGo(ctx, tx, holder)
}

// Release ends all holds of a holder, and removes snapshots that nobody needs any more.
func (s *Service) Release(ctx context.Context, holder string) error {
	if err := s.store.release(ctx, holder); err != nil {
		return err
	}
	return s.dropUnheld(ctx)
}

// Holders lists those who hold a snapshot.
func (s *Service) Holders(ctx context.Context) ([]string, error) { return s.store.holders(ctx) }

func (s *Service) dropUnheld(ctx context.Context) error {
	ids, err := s.store.unheldSnapshots(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.store.drop(ctx, id, s.now()); err != nil {
			return err
		}
	}
	return nil
}

// Samples are up to n different values of an attribute, as stored, from the beginning of the snapshot: for their shape, so those of a
// marked one are masked. Who may not see personal data gets none: an attribute that nobody marked may hold some.
func (s *Service) Samples(ctx context.Context, actor access.Actor, snapshot Snapshot, key string, n int) ([]string, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	a, ok := snapshot.Attribute(key)
	if !ok {
		return nil, problem.New(problem.NotFound, "problem.not_found")
	}
	if !actor.Can(access.SeePersonalData) {
		return nil, nil
	}
	samples, err := s.store.samples(ctx, snapshot, a, n)
	if Veiled(actor, a.Mark, Shape) {
		for i := range samples {
			samples[i] = Mask(samples[i])
		}
	}
	return samples, err
}

// Correction is what a person says about an attribute.
type Correction struct {
	Key     string
	Label   string
	Mark    Mark
	Was     Mark // what the person saw the mark to be
	Address bool // text that holds email addresses: people are known again by it
	Indexed bool // found at once; addresses always are
}

// MostIndexed is how many attributes may be found at once besides addresses: each costs a second or two of writing with every
// import of a million profiles, and some 40 bytes for each profile.
const MostIndexed = 8

// CorrectAttributes changes labels and marks of personal data, at once for the current snapshot and for later uploads.
// A kind cannot be changed here: values are stored by kind, so a new kind is chosen with an upload. It fails with a Conflict when a mark
// has become another meanwhile: an old page takes none down.
func (s *Service) CorrectAttributes(ctx context.Context, actor access.Actor, corrections []Correction) error {
	if err := actor.Require(access.ManageProfiles); err != nil {
		return err
	}
	var check problem.Check
	for i := range corrections {
		corrections[i].Label = strings.TrimSpace(corrections[i].Label)
		CheckLabel(&check, corrections[i].Key, corrections[i].Label)
	}
	indexed := 0
	for _, c := range corrections {
		if c.Indexed && !c.Address {
			indexed++
		}
	}
	check.Require(indexed <= MostIndexed, "indexed", "profiles.attribute.indexed.too_many", "Most", MostIndexed)
	if err := check.Err(); err != nil {
		return err
	}
	err := s.store.db.InTx(ctx, func(tx database.Tx) error {
		before, err := knownAttributes(ctx, tx)
		if err != nil {
			return err
		}
		for _, c := range corrections {
			if known, ok := before[c.Key]; ok && known.Mark != c.Was {
				return problem.New(problem.Conflict, "problem.changed")
			}
		}
		if err := s.store.correct(ctx, tx, corrections); err != nil {
			return err
		}
		if err := s.noteCorrections(ctx, tx, actor, before); err != nil {
			return err
		}
		for _, c := range corrections {
			if known := before[c.Key]; c.Address != known.Address || c.Indexed != known.Indexed && !c.Address {
				return s.sources.UnifySoon(ctx, tx)
			}
		}
		return nil
	})
	if err == nil {
		s.events.Publish(CurrentTopic)
	}
	return err
}

const maxLabel = 100 // characters

// CheckLabel adds what is wrong with an attribute's label, under the field label-<key>.
func CheckLabel(check *problem.Check, key, label string) {
	check.Require(label != "", "label-"+key, "problem.required")
	check.Require(len([]rune(label)) <= maxLabel, "label-"+key, "problem.too_long", "Most", maxLabel)
}

// gone turns the failure of a query on a snapshot that was dropped meanwhile into NotFound.
func gone(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return problem.New(problem.NotFound, "problem.not_found")
	}
	if err != nil && (strings.Contains(err.Error(), "no such table: snapshot_") || strings.Contains(err.Error(), "no such table: people_")) {
		return problem.New(problem.NotFound, "profiles.snapshot_gone").Because(err)
	}
	if err != nil {
		return fmt.Errorf("read snapshot: %w", err)
	}
	return nil
}
