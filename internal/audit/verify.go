package audit

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"errors"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// Fault is what is wrong with the log, as a translation key behind "audit.fault.".
type Fault string

// The faults.
const (
	Gap           Fault = "gap"            // an entry is missing before this one
	Altered       Fault = "altered"        // the entry is not what was written, or does not follow the one before
	SealBroken    Fault = "seal_broken"    // the seal does not vouch for the log up to this entry: it was written anew
	SealGap       Fault = "seal_gap"       // a seal is missing before this one
	SealOrder     Fault = "seal_order"     // the seal vouches for less than the one before it
	SealsTaken    Fault = "seals_taken"    // the entry knows of more seals than there are
	SealsAdded    Fault = "seals_added"    // the entry knows of fewer
	Truncated     Fault = "truncated"      // a seal vouches for an entry behind the end
	NotExpected   Fault = "not_expected"   // the expected entry is another one
	ExpectMissing Fault = "expect_missing" // the expected entry is behind the end
	KeyGone       Fault = "key_gone"       // seals cannot be checked
	Unguarded     Fault = "unguarded"      // the database would let the log be changed
)

// Finding is the first place where the log is wrong; the zero Finding: it is right.
type Finding struct {
	Code  Fault
	Entry int64 // 0: none in particular
	Seal  int64
}

// Report is what Verify found.
type Report struct {
	Finding
	Head     Head      // the last entry
	Seals    int64     // that were checked
	Lost     int64     // seals whose key was lost: they vouch for nothing
	SealedAt time.Time // the last seal
	Unsealed int64     // entries behind the last seal: none is vouched for. A program that was killed leaves some
}

// walkAtOnce is how many entries are read at once.
const walkAtOnce = 500

// Verify goes through the whole log as it is at this moment, and ends at the first place where it is wrong. Expected is an entry that the log
// must have; the zero Head for none.
func (s *Service) Verify(ctx context.Context, expected Head) (report Report, err error) {
	tx, err := s.db.Reader().BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return report, err
	}
	defer func() {
		if end := tx.Rollback(); !errors.Is(end, sql.ErrTxDone) {
			err = errors.Join(err, end)
		}
	}()
	w := walk{q: tx, expected: expected}
	var keyless error
	if w.keys, keyless = s.open(ctx, tx); keyless != nil && !errors.Is(keyless, ErrNoKey) {
		return report, keyless
	}
	if report.Finding, err = w.all(ctx); err != nil {
		return report, err
	}
	report.Head, report.Seals, report.SealedAt, report.Unsealed = Head{w.at, w.hash}, w.seals-w.lost, w.sealedAt, w.at-w.sealedTo
	report.Lost = w.lost
	if report.Code == "" && keyless != nil {
		report.Code = KeyGone
	}
	if report.Code == "" {
		n, err := countGuards(ctx, tx)
		if err != nil {
			return report, err
		}
		if n != guards {
			report.Code = Unguarded
		}
	}
	return report, nil
}

// walk goes through the log.
type walk struct {
	q        database.Querier
	keys     *keys // nil: seals are not checked, beside their order
	expected Head
	tail     bool // no seals lie ahead

	at   int64 // the entry that it is at
	hash [32]byte

	seals    int64 // the seal that it is at
	mac      [32]byte
	lost     int64
	sealedTo int64 // the entry of that seal
	sealedAt time.Time
	ahead    []seal
}

// begin reads the entry that the walk begins behind.
func (w *walk) begin(ctx context.Context) error {
	if w.at == 0 {
		return nil
	}
	first, err := following(ctx, w.q, w.at-1, 1)
	if err != nil {
		return err
	}
	if len(first) == 0 || first[0].ID != w.at {
		return ErrWrong
	}
	w.hash = first[0].hash
	return nil
}

func (w *walk) all(ctx context.Context) (Finding, error) {
	found, err := w.entries(ctx)
	if err != nil || found.Code != "" {
		return found, err
	}
	if next, err := w.nextSeal(ctx); err != nil {
		return Finding{}, err
	} else if next.id != 0 {
		if next.id != w.seals+1 {
			return Finding{SealGap, 0, next.id}, nil
		}
		return Finding{Truncated, next.entryID, next.id}, nil
	}
	if w.expected.ID > w.at {
		return Finding{Code: ExpectMissing, Entry: w.expected.ID}, nil
	}
	return Finding{}, nil
}

// entries goes through the entries behind the one that the walk is at.
func (w *walk) entries(ctx context.Context) (Finding, error) {
	for {
		records, err := following(ctx, w.q, w.at, walkAtOnce)
		if err != nil {
			return Finding{}, err
		}
		for _, r := range records {
			if found, err := w.entry(ctx, r); err != nil || found.Code != "" {
				return found, err
			}
		}
		if len(records) < walkAtOnce {
			return Finding{}, nil
		}
	}
}

func (w *walk) entry(ctx context.Context, r Record) (Finding, error) {
	switch {
	case r.ID != w.at+1:
		return Finding{Gap, r.ID, 0}, nil
	case chained(w.hash, r) != r.hash:
		return Finding{Altered, r.ID, 0}, nil
	case r.seals > w.seals:
		return Finding{SealsTaken, r.ID, 0}, nil
	case r.seals < w.seals:
		return Finding{SealsAdded, r.ID, 0}, nil
	}
	w.at, w.hash = r.ID, r.hash
	if w.expected.ID == r.ID && w.expected.Hash != r.hash {
		return Finding{NotExpected, r.ID, 0}, nil
	}
	for !w.tail {
		next, err := w.nextSeal(ctx)
		if err != nil || next.id == 0 || next.entryID > w.at {
			return Finding{}, err
		}
		if found := w.seal(next); found.Code != "" {
			return found, nil
		}
		w.ahead = w.ahead[1:]
	}
	return Finding{}, nil
}

// seal checks the seal of the entry that the walk is at.
func (w *walk) seal(s seal) Finding {
	switch {
	case s.id != w.seals+1:
		return Finding{SealGap, w.at, s.id}
	case s.entryID != w.at:
		return Finding{SealOrder, s.entryID, s.id}
	case w.keys != nil && s.id < w.keys.firstSeal:
		w.lost++
	case w.keys != nil:
		if want := sealed(w.keys.seals, w.mac, s, w.hash); !hmac.Equal(want[:], s.mac[:]) {
			return Finding{SealBroken, w.at, s.id}
		}
	}
	w.seals, w.mac, w.sealedTo, w.sealedAt = s.id, s.mac, s.entryID, s.at
	return Finding{}
}

// nextSeal gives the seal ahead; the zero seal when there is none.
func (w *walk) nextSeal(ctx context.Context) (seal, error) {
	if len(w.ahead) == 0 {
		var err error
		if w.ahead, err = sealsAfter(ctx, w.q, w.seals, walkAtOnce); err != nil || len(w.ahead) == 0 {
			return seal{}, err
		}
	}
	return w.ahead[0], nil
}
