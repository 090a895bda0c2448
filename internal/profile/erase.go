package profile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
)

// Held is what one snapshot has of a profile. A profile of several sources is in the snapshot of each, and in every unified one.
type Held struct {
	ProfileID string   // of the person: that of the unified profiles, where there are such
	Aliases   []string // other ids by which the row may have been known, or comes in again
	Snapshot  Snapshot
	Current   bool
	Spool     bool // read for a run, from a source that stays where it is
	Record    Record
}

// SourceKey is what a key is called that a source with keys of its own gives: the same key means others elsewhere.
func SourceKey(sourceID int64, key string) string { return fmt.Sprintf("source %d: %s", sourceID, key) }

// place is a snapshot that has a table, and what the unifications say of it.
type place struct {
	Snapshot
	current bool
	spool   bool
	people  []PartReport // of a unified one: the snapshots that made it
	part    PartReport   // of a source's, when it was unified
}

// public is the id by which everybody else knows a row.
func (p place) public(id string) string {
	if p.part.OwnKeys {
		return p.part.Prefix + ":" + id
	}
	return id
}

// own is the id in the snapshot of who is known by another, and false when nobody there can be.
func (p place) own(id string) (string, bool) {
	if p.part.OwnKeys {
		return strings.CutPrefix(id, p.part.Prefix+":")
	}
	return id, true
}

// HeldOf finds all that snapshots have of a profile: its rows in every snapshot there is, also in those that runs or sources
// hold, and the rows of sources that it was made of.
func (s *Service) HeldOf(ctx context.Context, actor access.Actor, id string) (found []Held, err error) {
	places, done, err := s.lookThrough(ctx, actor)
	if err != nil {
		return nil, err
	}
	defer done()
	add := func(p place, r Record) {
		if slices.ContainsFunc(found, func(h Held) bool { return h.Snapshot.ID == p.ID && h.Record.N == r.N }) {
			return
		}
		h := Held{ProfileID: id, Snapshot: p.Snapshot, Current: p.current, Spool: p.spool, Record: r}
		if public := p.public(r.ID); public != id {
			h.Aliases = append(h.Aliases, public)
		}
		if p.part.OwnKeys {
			h.Aliases = append(h.Aliases, SourceKey(p.part.SourceID, r.ID))
		}
		found = append(found, h)
	}
	for _, p := range places {
		own, ok := p.own(id)
		if !ok {
			continue
		}
		records, err := s.rows(ctx, p, `id = ?`, own)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			add(p, r)
			if err := s.madeOf(ctx, places, p, r.N, add); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// rows reads rows of a snapshot; none when it was dropped meanwhile.
func (s *Service) rows(ctx context.Context, p place, where string, args ...any) ([]Record, error) {
	records, err := s.store.records(ctx, p.Snapshot, where+` ORDER BY n`, args...)
	if err != nil && strings.Contains(err.Error(), "no such table") {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for a profile: %w", err)
	}
	return records, nil
}

// madeOf adds the rows of sources that a unified profile was made of.
func (s *Service) madeOf(ctx context.Context, places []place, unified place, n int, add func(place, Record)) error {
	for i, part := range unified.people {
		at := slices.IndexFunc(places, func(p place) bool { return p.ID == part.SnapshotID })
		if at < 0 {
			continue
		}
		records, err := s.rows(ctx, places[at], fmt.Sprintf(`n = (SELECT r%d FROM %s WHERE n = ?)`, i, peopleTable(unified.ID)), n)
		if err != nil {
			return err
		}
		for _, r := range records {
			add(places[at], r)
		}
	}
	return nil
}

// IDsOf finds the profiles that a key stands for: those of the id, those that a source's own key made, and, of a key that was matched
// with another, the profile that it is part of.
func (s *Service) IDsOf(ctx context.Context, actor access.Actor, key string) (ids []string, err error) {
	places, done, err := s.lookThrough(ctx, actor)
	if err != nil {
		return nil, err
	}
	defer done()
	for _, p := range places {
		own, _ := p.own(key)
		records, err := s.rows(ctx, p, `id IN (?, ?)`, key, own)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			id, err := s.personOf(ctx, places, p, r)
			if err != nil {
				return nil, err
			}
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}

// IDsWith finds the profiles that have, in any snapshot, a text which the caller takes for the one that it means. part is what
// such a text has in it, however it is written.
func (s *Service) IDsWith(ctx context.Context, actor access.Actor, part string, means func(text string) bool) (ids []string, err error) {
	places, done, err := s.lookThrough(ctx, actor)
	if err != nil {
		return nil, err
	}
	defer done()
	for _, p := range places {
		columns := textColumns(p.Snapshot)
		if len(columns) == 0 {
			continue
		}
		condition, args := containsSQL(columns, []string{part})
		records, err := s.rows(ctx, p, condition, args...)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			if !slices.ContainsFunc(Written(p.Snapshot, r), means) {
				continue
			}
			id, err := s.personOf(ctx, places, p, r)
			if err != nil {
				return nil, err
			}
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}

// personOf is the id of the profile that a row is part of.
func (s *Service) personOf(ctx context.Context, places []place, p place, r Record) (string, error) {
	for _, unified := range places {
		at := slices.IndexFunc(unified.people, func(part PartReport) bool { return part.SnapshotID == p.ID })
		if at < 0 {
			continue
		}
		records, err := s.rows(ctx, unified, fmt.Sprintf(`n = (SELECT n FROM %s WHERE r%d = ?)`, peopleTable(unified.ID), at), r.N)
		if err != nil {
			return "", err
		}
		if len(records) > 0 {
			return records[0].ID, nil
		}
	}
	return p.public(r.ID), nil
}

// Written are the texts of a profile: what may hold an address.
func Written(snapshot Snapshot, r Record) (texts []string) {
	for i, a := range snapshot.Attributes {
		text, ok := r.Values[i].(string)
		switch {
		case !ok:
		case a.Kind == Text:
			texts = append(texts, text)
		case a.Kind == List:
			texts = append(texts, Texts(text)...)
		}
	}
	return texts
}

func textColumns(snapshot Snapshot) (columns []string) {
	for _, a := range snapshot.Attributes {
		if a.Kind == Text || a.Kind == List {
			columns = append(columns, a.Column)
		}
	}
	return columns
}

// lookThrough lists the snapshots that have a table, the current one first, for somebody who may look for persons.
func (s *Service) lookThrough(ctx context.Context, actor access.Actor) (places []place, done func(), err error) {
	if err := actor.Require(access.ManagePrivacy); err != nil {
		return nil, nil, err
	}
	if done, err = s.store.db.Long(ctx); err != nil {
		return nil, nil, err
	}
	places, err = s.store.places(ctx)
	if err != nil {
		done()
		return nil, nil, err
	}
	return places, done, nil
}

func (s store) places(ctx context.Context) (places []place, err error) {
	ids, err := database.Column[int64](s.db.Reader().QueryContext(ctx, `SELECT id FROM snapshots WHERE state IN ('current', 'kept') ORDER BY state = 'current' DESC, id DESC`))
	if err != nil {
		return nil, fmt.Errorf("list snapshots: %w", err)
	}
	parts := map[int64]PartReport{}
	made := map[int64][]PartReport{}
	if err := s.reports(ctx, func(snapshotID int64, report Report) {
		made[snapshotID] = report.Parts
		for _, part := range report.Parts {
			parts[part.SnapshotID] = part
		}
	}); err != nil {
		return nil, err
	}
	for i, id := range ids {
		snapshot, err := s.snapshot(ctx, `id = ?`, id)
		if err != nil {
			return nil, err
		}
		spool := len(snapshot.Attributes) == 0
		if spool {
			if snapshot.Attributes, err = s.spoolColumns(ctx, snapshot); err != nil {
				return nil, err
			}
		}
		places = append(places, place{Snapshot: snapshot, spool: spool, current: i == 0 && !spool, people: made[id], part: parts[id]})
	}
	return places, nil
}

// spoolColumns are the columns of a spool, which has no attributes of its own: what they are called, its run knows.
func (s store) spoolColumns(ctx context.Context, spool Snapshot) (columns []Attribute, err error) {
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT name, type FROM pragma_table_info(?) WHERE name NOT IN ('n', 'id') ORDER BY cid`, spool.Table())
	if err != nil {
		return nil, fmt.Errorf("read a spool: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	kinds := map[string]Kind{"TEXT": Text, "NUMERIC": Number, "INTEGER": Boolean}
	for rows.Next() {
		var name, declared string
		if err := rows.Scan(&name, &declared); err != nil {
			return nil, err
		}
		columns = append(columns, Attribute{Key: name, Label: name, Column: name, Kind: kinds[declared], Mark: Personal})
	}
	return columns, rows.Err()
}

// reports reads how profiles were unified, the oldest first.
func (s store) reports(ctx context.Context, visit func(snapshotID int64, report Report)) (err error) {
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT snapshot_id, report FROM unifications ORDER BY snapshot_id`)
	if err != nil {
		return fmt.Errorf("read reports: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id int64
		var text string
		var report Report
		if err := rows.Scan(&id, &text); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(text), &report); err != nil {
			return fmt.Errorf("read reports: %w", err)
		}
		visit(id, report)
	}
	return rows.Err()
}

// settledEvery is how often it is looked whether the profiles are unified.
const settledEvery = 20 * time.Millisecond

// Settled has nobody bring the profiles of sources together while work is done: what was read for that would come back.
func (s *Service) Settled(ctx context.Context, work func() error) error {
	for !s.unifying.TryLock() {
		select {
		case <-time.After(settledEvery):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	defer s.unifying.Unlock()
	return work()
}

// Erase takes rows that HeldOf found out of their snapshots, and the ids out of snapshots that are being filled. It returns how many
// rows there were. Imports must not be under way, and profiles be Settled.
func (s *Service) Erase(ctx context.Context, tx database.Tx, held []Held, ids []string) (rows int, err error) {
	for _, h := range held {
		n, err := s.store.erase(ctx, tx, h)
		if err != nil {
			return 0, err
		}
		rows += n
	}
	filled, err := database.Column[int64](tx.QueryContext(ctx, `SELECT id FROM snapshots WHERE state = 'loading'`))
	if err != nil {
		return 0, fmt.Errorf("list snapshots: %w", err)
	}
	for _, snapshotID := range filled {
		for _, id := range ids {
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+Snapshot{ID: snapshotID}.Table()+` WHERE id = ?`, id); err != nil {
				return 0, fmt.Errorf("erase a profile: %w", err)
			}
		}
	}
	return rows, nil
}

// Erased tells everybody that profiles went.
func (s *Service) Erased() { s.events.Publish(CurrentTopic) }

// erase takes one row out of a snapshot, and out of its counts.
func (s store) erase(ctx context.Context, tx database.Tx, h Held) (int, error) {
	result, err := tx.ExecContext(ctx, `DELETE FROM `+h.Snapshot.Table()+` WHERE n = ? AND id = ?`, h.Record.N, h.Record.ID)
	if err != nil {
		return 0, fmt.Errorf("erase a profile: %w", err)
	}
	n, err := result.RowsAffected()
	if err != nil || n == 0 {
		return 0, err
	}
	for i, a := range h.Snapshot.Attributes {
		if h.Record.Values[i] == nil {
			continue
		}
		if _, err := tx.ExecContext(ctx, `UPDATE snapshot_attributes SET filled = max(filled - 1, 0) WHERE snapshot_id = ? AND column_name = ?`, h.Snapshot.ID, a.Column); err != nil {
			return 0, fmt.Errorf("erase a profile: %w", err)
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE snapshots SET row_count = max(row_count - 1, 0) WHERE id = ?`, h.Snapshot.ID); err != nil {
		return 0, fmt.Errorf("erase a profile: %w", err)
	}
	return int(n), nil
}
