package source

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// List gives the sources in the order of trust.
func (s *Service) List(ctx context.Context, actor access.Actor) ([]Source, error) {
	if err := actor.Require(access.ManageProfiles); err != nil {
		return nil, err
	}
	return s.store.sources(ctx, s.store.db.Reader())
}

// Name is what everybody may know of a source.
type Name struct {
	ID   int64
	Name string
	Rows int // profiles that it has now
}

// Names gives the names of the sources in the order of trust.
func (s *Service) Names(ctx context.Context, actor access.Actor) (names []Name, err error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	list, err := s.store.sources(ctx, s.store.db.Reader())
	for _, one := range list {
		names = append(names, Name{one.ID, one.Name, one.Rows})
	}
	return names, err
}

// Get is one source.
func (s *Service) Get(ctx context.Context, actor access.Actor, id int64) (Source, error) {
	if err := actor.Require(access.ManageProfiles); err != nil {
		return Source{}, err
	}
	return s.store.source(ctx, s.store.db.Reader(), id)
}

// Present gives those of the ids that are there.
func (s *Service) Present(ctx context.Context, actor access.Actor, ids []int64) ([]int64, error) {
	if err := actor.Require(access.ManageProfiles); err != nil {
		return nil, err
	}
	return database.Among(ctx, s.store.db.Reader(), `SELECT id FROM sources WHERE removed_at IS NULL`, ids)
}

// Entry is what a person says about a source.
type Entry struct {
	Name         string
	WithSchedule bool
	OnChange     bool
	ShrinkShare  int
	Watched      Folders // of a Folder
	Remote       Remote  // of SQL
}

// check puts what a person typed into the source, or says what is wrong with it.
func (s *Service) check(ctx context.Context, q database.Querier, into *Source, e Entry) error {
	var check problem.Check
	e.Name = cleanName(e.Name)
	checkName(&check, e.Name)
	if named, err := s.store.sourceNamed(ctx, q, e.Name); err == nil && named.ID != into.ID {
		check.Add("name", CodeNameTaken)
	} else if err != nil && !problem.Is(err, problem.NotFound) {
		return err
	}
	check.Require(e.ShrinkShare >= 0 && e.ShrinkShare <= 100, "shrink_share", "sources.shrink_share.range")
	into.Name, into.ShrinkShare = e.Name, e.ShrinkShare
	into.WithSchedule = e.WithSchedule && into.Kind != Upload && into.Place == Copied
	into.OnChange = e.OnChange && into.Kind == Folder
	switch into.Kind {
	case Folder:
		e.Watched.Pattern = strings.TrimSpace(e.Watched.Pattern)
		s.checkFolders(&check, e.Watched)
		if into.Watched != e.Watched {
			into.Watched, into.Mark = e.Watched, ""
		}
	case SQL:
		into.Remote = e.Remote
	}
	return check.Err()
}

// Edit changes a source that is not of SQL; see EditSQL. It is a Conflict when somebody else changed it since the version.
func (s *Service) Edit(ctx context.Context, actor access.Actor, id int64, version int, e Entry) (Source, error) {
	of, err := s.Get(ctx, actor, id)
	if err != nil {
		return Source{}, err
	}
	if of.Kind == SQL { // its password must not be sent to an address that was not asked
		return Source{}, problem.New(problem.Conflict, "problem.changed")
	}
	return s.edit(ctx, actor, id, version, e, false, func(database.Tx) error { return nil })
}

// edit changes a source. more does what belongs to it in the same transaction: newPassword says that it is given one.
func (s *Service) edit(ctx context.Context, actor access.Actor, id int64, version int, e Entry, newPassword bool, more func(database.Tx) error) (changed Source, err error) {
	err = s.store.db.InTx(ctx, func(tx database.Tx) error {
		before, err := s.store.source(ctx, tx, id)
		if err != nil {
			return err
		}
		changed = before
		changed.Version = version
		if err := s.check(ctx, tx, &changed, e); err != nil {
			return err
		}
		if err := s.store.updateSource(ctx, tx, changed, s.now()); err != nil {
			return err
		}
		if err := more(tx); err != nil {
			return err
		}
		changes := differences(before, changed)
		if newPassword {
			changes = append(changes, audit.Change{Field: "password"})
		}
		if len(changes) > 0 {
			if err := s.note(ctx, tx, actor, audit.SourceEdited, changed, changes...); err != nil {
				return err
			}
		}
		if changed.SnapshotID != 0 && changed.Name != before.Name {
			return s.UnifySoon(ctx, tx)
		}
		return nil
	})
	if err == nil {
		s.events.Publish(SourcesTopic)
	}
	return changed, err
}

// Move changes the order of trust: the source is believed more than the one above it, or less than the one below.
func (s *Service) Move(ctx context.Context, actor access.Actor, id int64, up bool) error {
	if err := actor.Require(access.ManageProfiles); err != nil {
		return err
	}
	err := s.store.db.InTx(ctx, func(tx database.Tx) error {
		list, err := s.store.sources(ctx, tx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(list, func(one Source) bool { return one.ID == id })
		if at < 0 {
			return problem.New(problem.NotFound, "problem.not_found")
		}
		other := at + 1
		if up {
			other = at - 1
		}
		if other < 0 || other >= len(list) {
			return nil // as far as it goes
		}
		if err := s.store.exchange(ctx, tx, list[at], list[other]); err != nil {
			return err
		}
		if err := s.note(ctx, tx, actor, audit.SourceMoved, list[at], audit.Change{Field: "position", Before: strconv.Itoa(at + 1), After: strconv.Itoa(other + 1)}); err != nil {
			return err
		}
		return s.UnifySoon(ctx, tx)
	})
	if err == nil {
		s.events.Publish(SourcesTopic)
	}
	return err
}

// Remove takes a source away, with the profiles that it brought, and stops its imports. Its history stays.
func (s *Service) Remove(ctx context.Context, actor access.Actor, id int64) error {
	if err := actor.Require(access.ManageProfiles); err != nil {
		return err
	}
	var stopped []int64
	err := s.store.db.InTx(ctx, func(tx database.Tx) (err error) {
		removed, err := s.store.source(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.unused(ctx, tx, removed.ID); err != nil {
			return err
		}
		if err := s.note(ctx, tx, actor, audit.SourceRemoved, removed); err != nil {
			return err
		}
		if stopped, err = s.drop(ctx, tx, removed); err != nil || removed.SnapshotID == 0 {
			return err
		}
		return s.UnifySoon(ctx, tx)
	})
	if err != nil {
		return err
	}
	for _, importID := range stopped {
		s.events.Publish(topic(importID))
		err = errors.Join(err, s.removeFile(importID))
	}
	s.events.Publish(SourcesTopic, ImportsTopic)
	return errors.Join(err, s.profiles.Replaced(ctx))
}

// drop removes a source within a transaction. It returns the imports that it ended.
func (s *Service) drop(ctx context.Context, tx database.Tx, removed Source) (stopped []int64, err error) {
	if stopped, err = s.store.endImportsOf(ctx, tx, removed.ID, s.now()); err != nil {
		return nil, err
	}
	holders := []string{holder(removed.ID), previousHolder(removed.ID)}
	for _, importID := range stopped {
		holders = append(holders, askingHolder(importID))
	}
	for _, name := range holders {
		if err := s.profiles.LetGo(ctx, tx, name); err != nil {
			return nil, err
		}
	}
	return stopped, s.store.removeSource(ctx, tx, removed.ID, s.now())
}

// freeName is the name, or the name with a number when it is taken.
func (s *Service) freeName(ctx context.Context, q database.Querier, name string) (string, error) {
	free := name
	for n := 2; ; n++ {
		_, err := s.store.sourceNamed(ctx, q, free)
		if problem.Is(err, problem.NotFound) {
			return free, nil
		}
		if err != nil {
			return "", err
		}
		free = name + " " + strconv.Itoa(n)
	}
}
