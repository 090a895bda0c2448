package profile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// Sources is what the unification asks of the sources, which keep their own order and rules.
type Sources interface {
	// Parts are the sources that have profiles, in the order of trust.
	Parts(ctx context.Context, q database.Querier) ([]Part, error)
	// Arrange puts sources in an order of trust and changes their rules. Sources that are not named come after.
	Arrange(ctx context.Context, tx database.Tx, rules []Rule) error
	// UnifySoon has Renew called in the background, if the transaction is committed.
	UnifySoon(ctx context.Context, tx database.Tx) error
}

// Rule says how the profiles of one source are known again among those of others.
type Rule struct {
	SourceID   int64 `json:"source_id"`
	OwnKeys    bool  `json:"own_keys,omitempty"`
	MatchEmail bool  `json:"match_email,omitempty"`
}

// Rules are how the profiles of all sources come together.
type Rules struct {
	Sources []Rule `json:"sources"` // in the order of trust
	Trust   Trust  `json:"trust,omitempty"`
}

// Version is one change of the rules.
type Version struct {
	ID          int64
	Before      Rules
	After       Rules
	SavedByName string
	SavedAt     time.Time
	UndoneAt    time.Time
}

// UnificationTopic is the topic of events when a unification gets on, or the rules were changed.
const UnificationTopic = "unification"

// SetSources says who knows the sources. It is called once, before anything else.
func (s *Service) SetSources(sources Sources) { s.sources = sources }

// Rules are the rules that hold.
func (s *Service) Rules(ctx context.Context, actor access.Actor) (Rules, []Part, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return Rules{}, nil, err
	}
	return s.rules(ctx, s.store.db.Reader())
}

func (s *Service) rules(ctx context.Context, q database.Querier) (rules Rules, parts []Part, err error) {
	if parts, err = s.sources.Parts(ctx, q); err != nil {
		return Rules{}, nil, err
	}
	for _, p := range parts {
		rules.Sources = append(rules.Sources, Rule{SourceID: p.SourceID, OwnKeys: p.OwnKeys, MatchEmail: p.MatchEmail})
	}
	rules.Trust, err = s.store.trust(ctx, q)
	return rules, parts, err
}

// SaveRules changes the rules, and has the profiles made anew in the background.
func (s *Service) SaveRules(ctx context.Context, actor access.Actor, rules Rules) error {
	if err := actor.Require(access.ManageProfiles); err != nil {
		return err
	}
	err := s.store.db.InTx(ctx, func(tx database.Tx) error {
		before, parts, err := s.rules(ctx, tx)
		if err != nil {
			return err
		}
		if rules, err = completed(rules, parts); err != nil {
			return err
		}
		if same(before, rules) {
			return nil
		}
		if err := s.store.insertVersion(ctx, tx, Version{Before: before, After: rules, SavedByName: actor.Name, SavedAt: s.now()}, actor.UserID); err != nil {
			return err
		}
		if err := s.noteRules(ctx, tx, actor, audit.RulesSaved, before, rules); err != nil {
			return err
		}
		return s.apply(ctx, tx, rules)
	})
	if err == nil {
		s.events.Publish(UnificationTopic)
	}
	return err
}

// completed are the rules with all the sources that there are, and without what says nothing.
func completed(rules Rules, parts []Part) (Rules, error) {
	full := Rules{Trust: Trust{}}
	known := map[int64]bool{}
	for _, r := range rules.Sources {
		if !slices.ContainsFunc(parts, func(p Part) bool { return p.SourceID == r.SourceID }) || known[r.SourceID] {
			return Rules{}, problem.New(problem.Conflict, "unification.sources_changed")
		}
		known[r.SourceID] = true
		full.Sources = append(full.Sources, r)
	}
	for _, p := range parts {
		if !known[p.SourceID] {
			full.Sources = append(full.Sources, Rule{SourceID: p.SourceID, OwnKeys: p.OwnKeys, MatchEmail: p.MatchEmail})
		}
	}
	for key, id := range rules.Trust {
		for _, p := range parts {
			if _, has := p.Snapshot.Attribute(key); has && p.SourceID == id {
				full.Trust[key] = id
			}
		}
	}
	return full, nil
}

func same(a, b Rules) bool {
	return slices.Equal(a.Sources, b.Sources) && mapsEqual(a.Trust, b.Trust)
}

func mapsEqual(a, b Trust) bool {
	for key, id := range a {
		if b[key] != id {
			return false
		}
	}
	return len(a) == len(b)
}

func (s *Service) apply(ctx context.Context, tx database.Tx, rules Rules) error {
	if err := s.sources.Arrange(ctx, tx, rules.Sources); err != nil {
		return err
	}
	if err := s.store.setTrust(ctx, tx, rules.Trust); err != nil {
		return err
	}
	if err := s.store.waitForUnification(ctx, tx, s.now()); err != nil {
		return err
	}
	return s.sources.UnifySoon(ctx, tx)
}

// LastChange is the change of the rules that can be undone. It is a NotFound problem when there is none.
func (s *Service) LastChange(ctx context.Context, actor access.Actor) (Version, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return Version{}, err
	}
	return s.store.lastVersion(ctx, s.store.db.Reader())
}

// UndoRules puts the rules back that held before a change, and has the profiles made anew in the background. Sources that
// were added since keep their rules and come last. It is a Conflict when another change is the last one by now.
func (s *Service) UndoRules(ctx context.Context, actor access.Actor, versionID int64) error {
	if err := actor.Require(access.ManageProfiles); err != nil {
		return err
	}
	err := s.store.db.InTx(ctx, func(tx database.Tx) error {
		last, err := s.store.lastVersion(ctx, tx)
		if err != nil {
			return err
		}
		if last.ID != versionID {
			return problem.New(problem.Conflict, "problem.changed")
		}
		before, parts, err := s.rules(ctx, tx)
		if err != nil {
			return err
		}
		former := last.Before
		former.Sources = slices.DeleteFunc(former.Sources, func(r Rule) bool {
			return !slices.ContainsFunc(parts, func(p Part) bool { return p.SourceID == r.SourceID })
		})
		if former, err = completed(former, parts); err != nil {
			return err
		}
		if err := s.store.undoVersion(ctx, tx, last.ID, s.now()); err != nil {
			return err
		}
		if err := s.noteRules(ctx, tx, actor, audit.RulesUndone, before, former); err != nil {
			return err
		}
		return s.apply(ctx, tx, former)
	})
	if err == nil {
		s.events.Publish(UnificationTopic)
	}
	return err
}

// State is how far the unification under way is, or how the last one ended.
type State struct {
	Waiting bool // queued or under way
	Done    int  // profiles made
	Total   int  // 0 while it is not known
	Failure *problem.Problem
}

// Unification tells how the current profiles came together, and whether they are being made anew.
func (s *Service) Unification(ctx context.Context, actor access.Actor) (Report, State, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return Report{}, State{}, err
	}
	state, err := s.store.unificationState(ctx)
	if err != nil {
		return Report{}, State{}, err
	}
	current, err := s.Current(ctx)
	if problem.Is(err, problem.NotFound) {
		return Report{}, state, nil
	}
	if err != nil {
		return Report{}, State{}, err
	}
	report, _, err := s.store.report(ctx, current.ID)
	if problem.Is(err, problem.NotFound) { // one source: its own snapshot
		report, err = Report{Total: current.Rows}, nil
		parts, listing := s.sources.Parts(ctx, s.store.db.Reader())
		for _, p := range parts {
			if p.Snapshot.ID == current.ID {
				report = alone(p)
			}
		}
		err = listing
	}
	return report, state, err
}

const tellEvery = 300 * time.Millisecond // how often live pages are told of progress

// Renew makes the profiles anew of what the sources have now and by the rules that hold now, unless they are made of just
// that. What a person must mend is kept for the page and is no error here.
func (s *Service) Renew(ctx context.Context) error {
	s.unifying.Lock()
	defer s.unifying.Unlock()
	rules, parts, err := s.rules(ctx, s.store.db.Reader())
	if err != nil {
		return err
	}
	if fresh, err := s.fresh(ctx, parts, rules.Trust); err != nil {
		return err
	} else if fresh && len(parts) == 0 {
		return s.end(ctx, nil)
	} else if fresh {
		return errors.Join(s.reindex(ctx), s.end(ctx, nil), s.Replaced(ctx))
	}
	if len(parts) == 0 {
		err := s.store.db.InTx(ctx, func(tx database.Tx) error {
			return errors.Join(s.store.retire(ctx, tx), s.store.holdParts(ctx, tx, 0, nil))
		})
		return errors.Join(err, s.end(ctx, nil), s.Replaced(ctx))
	}
	err = s.store.db.InTx(ctx, func(tx database.Tx) error { return s.store.givePrefixes(ctx, tx, parts) })
	if err != nil {
		return err
	}
	told := time.Time{}
	var telling error
	_, _, err = s.unify(ctx, parts, rules.Trust, func(done, total int) {
		if now := time.Now(); now.Sub(told) > tellEvery {
			told = now
			telling = errors.Join(telling, s.progress(ctx, done, total))
		}
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil {
		err = s.reindex(ctx)
	}
	return errors.Join(telling, s.end(context.WithoutCancel(ctx), err))
}

// reindex makes and drops indexes of the current profiles until those are there that administrators chose. Each is a transaction
// of its own: SQLite makes an index in one go, so others who write wait for a second or two at a million profiles.
func (s *Service) reindex(ctx context.Context) error {
	current, err := s.Current(ctx)
	if err != nil {
		return err
	}
	chosen, err := knownAttributes(ctx, s.store.db.Reader())
	if err != nil {
		return err
	}
	for _, a := range current.Attributes {
		wanted := chosen[a.Key].Indexed && a.Kind != List
		if wanted == a.Indexed {
			continue
		}
		err := s.store.db.InTx(ctx, func(tx database.Tx) error {
			change := s.store.unindex
			if wanted {
				change = s.store.index
			}
			if err := change(ctx, tx, current, a); err != nil {
				return err
			}
			return s.store.noteIndex(ctx, tx, current, a, wanted)
		})
		if err != nil {
			return gone(err)
		}
	}
	return nil
}

// Stale reports whether the current profiles are not what the sources have by the rules that hold: a process was killed
// before it had made them.
func (s *Service) Stale(ctx context.Context) (bool, error) {
	rules, parts, err := s.rules(ctx, s.store.db.Reader())
	if err != nil {
		return false, err
	}
	fresh, err := s.fresh(ctx, parts, rules.Trust)
	return !fresh, err
}

// fresh reports whether the current profiles are made of just these parts.
func (s *Service) fresh(ctx context.Context, parts []Part, trust Trust) (bool, error) {
	current, err := s.Current(ctx)
	if problem.Is(err, problem.NotFound) {
		return len(parts) == 0, nil
	}
	if err != nil {
		return false, err
	}
	if len(parts) == 1 && !parts[0].OwnKeys {
		return current.ID == parts[0].Snapshot.ID, nil
	}
	_, inputs, err := s.store.report(ctx, current.ID)
	if problem.Is(err, problem.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	now, err := inputsOf(parts, trust)
	return inputs == now, err
}

// inputsOf is all that decides what a unification makes.
func inputsOf(parts []Part, trust Trust) (string, error) {
	type input struct {
		Rule
		Name       string `json:"name"`
		SnapshotID int64  `json:"snapshot_id"`
	}
	var inputs []input
	for _, p := range parts {
		inputs = append(inputs, input{Rule: Rule{p.SourceID, p.OwnKeys, p.MatchEmail}, Name: p.Name, SnapshotID: p.Snapshot.ID})
	}
	addresses := []string{}
	for _, p := range parts {
		for _, a := range p.Snapshot.Attributes {
			if a.Address && !slices.Contains(addresses, a.Key) {
				addresses = append(addresses, a.Key)
			}
		}
	}
	text, err := json.Marshal(map[string]any{"parts": inputs, "trust": trust, "addresses": addresses})
	if err != nil {
		return "", fmt.Errorf("encode what is unified: %w", err)
	}
	return string(text), nil
}

func (s *Service) progress(ctx context.Context, done, total int) error {
	err := s.store.db.InTx(ctx, func(tx database.Tx) error { return s.store.noteProgress(ctx, tx, done, total, s.now()) })
	s.events.Publish(UnificationTopic)
	return err
}

// end notes how a unification ended. What is no problem that a person can mend stays an error.
func (s *Service) end(ctx context.Context, err error) error {
	p := problem.Of(err)
	if err != nil && p == nil {
		p = problem.New(problem.Unavailable, "unification.internal")
	} else {
		err = nil
	}
	ended := s.store.db.InTx(ctx, func(tx database.Tx) error { return s.store.endUnification(ctx, tx, p, s.now()) })
	s.events.Publish(UnificationTopic)
	return errors.Join(err, ended)
}
