package run

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/reseal"
	"github.com/segue-app/segue/internal/secret"
)

// Evidence is the request and the answer of a profile that the destination refused. It holds personal data: it is kept sealed,
// each bound to its run and profile, for the first EvidenceAtMost of a run, and for Retention.Evidence.
type Evidence struct {
	Run       Run
	ProfileID string
	At        time.Time
	Line      string // method and address of the request
	Request   string // the profile's part of it, as sent
	Answer    string // as received
}

// EvidenceAtMost is of how many profiles a run keeps evidence.
const EvidenceAtMost = 1000

// answered is one profile of a batch, refused, with the destination's answer.
type answered struct {
	entry  entry
	answer []byte
}

// exhibit is evidence, sealed.
type exhibit struct {
	profileID string
	sealed    []byte
}

// exhibited counts the evidence of a run.
type exhibited struct {
	mutex   sync.Mutex
	kept    int
	counted bool // what an earlier process kept is in
}

// take makes room for so many, or fewer.
func (e *exhibited) take(ctx context.Context, q database.Querier, runID int64, wanted int) (room int, err error) {
	if wanted == 0 {
		return 0, nil
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if !e.counted {
		if err := q.QueryRowContext(ctx, `SELECT count(*) FROM evidence WHERE run_id = ?`, runID).Scan(&e.kept); err != nil {
			return 0, fmt.Errorf("count the evidence of run %d: %w", runID, err)
		}
		e.counted = true
	}
	room = max(min(wanted, EvidenceAtMost-e.kept), 0)
	e.kept += room
	return room, nil
}

// exhibits makes the items of refused profiles again from the held snapshot, and seals them with their answers.
func (x *execution) exhibits(ctx context.Context, refused []answered) ([]exhibit, error) {
	room, err := x.exhibited.take(ctx, x.service.db.Reader(), x.run.ID, len(refused))
	if err != nil || room == 0 {
		return nil, err
	}
	refused = refused[:room]
	b := batch{entries: make([]entry, room)}
	for i := range refused {
		b.entries[i] = refused[i].entry
	}
	x.againLock.Lock()
	err = x.again.rebuild(ctx, x.service.db.Reader(), &b)
	x.againLock.Unlock()
	if err != nil {
		return nil, err
	}
	made := make([]exhibit, room)
	for i, r := range refused {
		if made[i], err = x.service.seal(x.run.ID, x.run.Plan.DestinationType, r.entry.ProfileID, b.items[i], r.answer); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// kept is evidence as it is sealed.
type kept struct {
	Line    string `json:"line"`
	Request string `json:"request"`
	Answer  string `json:"answer"`
}

func (s *Service) seal(runID int64, destinationType, profileID string, item, answer []byte) (exhibit, error) {
	line, _ := s.drivers[destinationType].Request([][]byte{item})
	plain, err := json.Marshal(kept{Line: line, Request: string(item), Answer: string(answer)})
	if err != nil {
		return exhibit{}, err
	}
	return exhibit{profileID, s.sealer.Seal(secret.NewText(string(plain)), evidenceBinding(runID, profileID))}, nil
}

func evidenceBinding(runID int64, profileID string) string {
	return fmt.Sprintf("run/%d/evidence/%s", runID, profileID)
}

func (j journal) keepEvidence(ctx context.Context, runID int64, exhibits []exhibit, now time.Time) error {
	for _, e := range exhibits {
		_, err := j.tx.ExecContext(ctx, `INSERT INTO evidence (run_id, profile_id, at, sealed) VALUES (?, ?, ?, ?)
			ON CONFLICT (run_id, profile_id) DO UPDATE SET at = excluded.at, sealed = excluded.sealed`, runID, e.profileID, database.Millis(now), e.sealed)
		if err != nil {
			return fmt.Errorf("keep evidence of run %d: %w", runID, err)
		}
	}
	return nil
}

// Evidence opens what was kept of a profile that a run sent in vain. It is for who may edit the export.
func (s *Service) Evidence(ctx context.Context, actor access.Actor, runID int64, profileID string) (Evidence, error) {
	if err := actor.Require(access.SeePersonalData); err != nil {
		return Evidence{}, err
	}
	r, err := getRun(ctx, s.db.Reader(), runID)
	if err != nil {
		return Evidence{}, err
	}
	e, err := s.exports.Find(ctx, s.db.Reader(), r.ExportID)
	if err != nil {
		return Evidence{}, err
	}
	if !e.MayRun(actor) {
		return Evidence{}, actor.RequireRun(e.Grant)
	}
	if e.Removed { // it is dropped within the hour
		return Evidence{}, problem.New(problem.NotFound, "problem.evidence.not_found")
	}
	var at int64
	var sealed []byte
	err = s.db.Reader().QueryRowContext(ctx, `SELECT at, sealed FROM evidence WHERE run_id = ? AND profile_id = ?`, runID, profileID).Scan(&at, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return Evidence{}, problem.New(problem.NotFound, "problem.evidence.not_found")
	}
	if err != nil {
		return Evidence{}, fmt.Errorf("read evidence of run %d: %w", runID, err)
	}
	plain, err := s.sealer.Open(sealed, evidenceBinding(runID, profileID))
	if errors.Is(err, secret.ErrCannotOpen) { // the sealing key was exchanged
		return Evidence{}, problem.New(problem.NotFound, "problem.evidence.not_found")
	}
	if err != nil {
		return Evidence{}, err
	}
	var told kept
	if err := json.Unmarshal([]byte(plain.Reveal()), &told); err != nil {
		return Evidence{}, fmt.Errorf("read evidence of run %d: %w", runID, err)
	}
	if veiled, err := s.wordsVeiled(ctx, actor, e, r.sent()); err != nil {
		return Evidence{}, err
	} else if veiled {
		told.Request, told.Answer = string(masked([]byte(told.Request), e.Mapping)), string(masked([]byte(told.Answer), e.Mapping))
	}
	return Evidence{Run: r, ProfileID: profileID, At: database.Time(at), Line: told.Line,
		Request: legible([]byte(told.Request)), Answer: legible([]byte(told.Answer))}, nil
}

// sent is the mapping that the run sends by; none before it is planned.
func (r Run) sent() export.Mapping {
	if r.Plan == nil {
		return nil
	}
	return r.Plan.Mapping
}

// wordsVeiled reports whether what was sent and the destination's words about it are kept from the actor: they may quote a value that
// she sees masked. What was sent before the export was edited counts as well.
func (s *Service) wordsVeiled(ctx context.Context, actor access.Actor, e export.Export, sent export.Mapping) (bool, error) {
	if !profile.Veiled(actor, profile.Sensitive, profile.Task) {
		return false, nil
	}
	return s.sendsSensitive(ctx, e, sent)
}

// runVeiled is wordsVeiled of a run.
func (s *Service) runVeiled(ctx context.Context, actor access.Actor, runID int64) (bool, error) {
	if !profile.Veiled(actor, profile.Sensitive, profile.Task) { // the rest need not be read
		return false, nil
	}
	r, err := getRun(ctx, s.db.Reader(), runID)
	if err != nil {
		return false, err
	}
	e, err := s.exports.Find(ctx, s.db.Reader(), r.ExportID)
	if err != nil {
		return false, err
	}
	return s.sendsSensitive(ctx, e, r.sent())
}

// sendsSensitive reports whether an attribute that the export maps, or was sent by it, is sensitive now, or was when the export was saved.
// Of profiles that are gone nothing is known, and they count as if it were so.
func (s *Service) sendsSensitive(ctx context.Context, e export.Export, sent export.Mapping) (bool, error) {
	snapshot, err := s.profilesOf(ctx, e.Base())
	if problem.Is(err, problem.NotFound) {
		return true, nil
	}
	for _, one := range slices.Concat(e.Mapping, sent).Sends() {
		if a, ok := snapshot.Attribute(one.Attribute); one.Tick.As == profile.Sensitive || ok && a.Mark == profile.Sensitive {
			return true, err
		}
	}
	return false, err
}

func (s *Service) profilesOf(ctx context.Context, base int64) (profile.Snapshot, error) {
	if base != 0 {
		return s.remote.Schema(ctx, base)
	}
	return s.profiles.Current(ctx)
}

// evidenceOf says of which profiles of some a run keeps evidence.
func evidenceOf(ctx context.Context, q database.Querier, rejections []Rejection) error {
	for i := range rejections {
		r := &rejections[i]
		if r.Outcome != Refused {
			continue
		}
		runID := r.RunID
		if r.SinceRun != 0 {
			runID = r.SinceRun
		}
		err := q.QueryRowContext(ctx, `SELECT run_id FROM evidence WHERE run_id = ? AND profile_id = ?`, runID, r.ProfileID).Scan(&r.EvidenceRun)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("look for evidence: %w", err)
		}
	}
	return nil
}

// Sealed tells where evidence is sealed, for the exchange of the sealing key.
func Sealed() []reseal.Place {
	return []reseal.Place{{Name: "evidence", Table: "evidence", Column: "sealed", Key: []string{"run_id", "profile_id"},
		Binding: func(key []any) string { return evidenceBinding(key[0].(int64), key[1].(string)) }}}
}
