package source

import (
	"context"
	"fmt"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
)

// mostLooks is how often the sources are read again of which one was given other profiles while they were read.
const mostLooks = 10

// Parts are the sources whose profiles are here, in the order of trust, for the unification. None is ever left out: without it
// its profiles would be gone until the next unification, and whoever runs in between would take them for leavers.
func (s *Service) Parts(ctx context.Context, q database.Querier) (parts []profile.Part, err error) {
	for range mostLooks {
		if parts, err = s.partsNow(ctx, q); !problem.Is(err, problem.NotFound) {
			return parts, err
		}
	}
	return nil, fmt.Errorf("profiles of a source: %w", err)
}

// partsNow is a NotFound problem when a snapshot was replaced and dropped since the sources were read.
func (s *Service) partsNow(ctx context.Context, q database.Querier) (parts []profile.Part, err error) {
	list, err := s.store.sources(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, of := range list {
		if of.SnapshotID == 0 {
			continue
		}
		snapshot, err := s.profiles.Snapshot(ctx, of.SnapshotID)
		if err != nil {
			return nil, err
		}
		parts = append(parts, profile.Part{SourceID: of.ID, Name: of.Name, Snapshot: snapshot, OwnKeys: of.OwnKeys, MatchEmail: of.MatchEmail})
	}
	return parts, nil
}

// Arrange puts sources in an order of trust and changes how their profiles are known again. Sources that are not named come
// after those, in their order.
func (s *Service) Arrange(ctx context.Context, tx database.Tx, rules []profile.Rule) error {
	list, err := s.store.sources(ctx, tx)
	if err != nil {
		return err
	}
	named := map[int64]bool{}
	for i, r := range rules {
		named[r.SourceID] = true
		if err := s.store.arrange(ctx, tx, r, i+1, s.now()); err != nil {
			return err
		}
	}
	next := len(rules)
	for _, of := range list {
		if named[of.ID] {
			continue
		}
		next++
		rule := profile.Rule{SourceID: of.ID, OwnKeys: of.OwnKeys, MatchEmail: of.MatchEmail}
		if err := s.store.arrange(ctx, tx, rule, next, s.now()); err != nil {
			return err
		}
	}
	return nil
}

// Recognise says, before a source has brought anything, whether its ids are its own, and whether the same address is the same
// person. Afterwards that is a rule of how profiles come together, with all that follows from changing it.
func (s *Service) Recognise(ctx context.Context, actor access.Actor, sourceID int64, ownKeys, matchEmail bool) error {
	if err := actor.Require(access.ManageProfiles); err != nil {
		return err
	}
	return s.store.db.InTx(ctx, func(tx database.Tx) error {
		of, err := s.store.source(ctx, tx, sourceID)
		if err != nil {
			return err
		}
		if err := s.store.recognise(ctx, tx, profile.Rule{SourceID: sourceID, OwnKeys: ownKeys, MatchEmail: matchEmail}, s.now()); err != nil {
			return err
		}
		changes := audit.Changed(audit.Change{Field: "recognise", Before: toldRule(of.OwnKeys, of.MatchEmail), After: toldRule(ownKeys, matchEmail)})
		if len(changes) == 0 {
			return nil
		}
		return s.note(ctx, tx, actor, audit.SourceEdited, of, changes...)
	})
}

// UnifySoon has the profiles made anew of all sources in the background, if the transaction is committed.
func (s *Service) UnifySoon(ctx context.Context, tx database.Tx) error {
	if s.starter == nil {
		return nil
	}
	return s.starter.StartUnify(ctx, tx)
}

// Unify makes the profiles of what the sources have now.
func (s *Service) Unify(ctx context.Context) error { return s.profiles.Renew(ctx) }
