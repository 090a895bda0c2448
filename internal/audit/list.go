package audit

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

// Filter says which entries are meant: those that fulfil all that is set.
type Filter struct {
	UserID      int64  // 0: anybody
	Program     bool   // those of the program itself
	Area        string // "": any
	Action      Action // "": any
	SubjectKind string // "": any
	SubjectID   string
	Via         Means     // "": any
	From, Until time.Time // Until is the first moment that is not meant; zero: unbounded
}

// Page is a part of the log, the newest entry first.
type Page struct {
	Records []Record
	Newer   bool // there are newer ones that fulfil the filter
	Older   bool
}

// List reads the entries before a number, or those behind one when newer is set; the newest when before is 0.
func (s *Service) List(ctx context.Context, actor access.Actor, f Filter, from int64, newer bool, most int) (p Page, err error) {
	if err := actor.Require(access.ReadAudit); err != nil {
		return Page{}, err
	}
	where, args := f.where()
	order, bound := "DESC", "id < ?"
	if newer {
		order, bound = "ASC", "id > ?"
	}
	if from > 0 {
		where, args = where+" AND "+bound, append(args, from)
	}
	p.Records, err = readRecords(ctx, s.db.Reader(), `SELECT `+recordColumns+` FROM audit_entries WHERE `+where+` ORDER BY id `+order+` LIMIT ?`, append(args, most+1)...)
	if err != nil {
		return Page{}, err
	}
	more := len(p.Records) > most
	p.Records = p.Records[:min(len(p.Records), most)]
	if newer {
		slices.Reverse(p.Records)
		p.Newer, p.Older = more, true
	} else {
		p.Newer, p.Older = from > 0, more
	}
	for i := range p.Records {
		p.Records[i].tell()
	}
	return p, nil
}

// tell reads the changes as they are stored. What somebody spoilt in the database is no reason to show nothing.
func (r *Record) tell() {
	if err := json.Unmarshal([]byte(r.changes), &r.Changes); err != nil {
		r.Changes = []Change{{Field: "unreadable"}}
	}
}

// where is the filter as a condition.
func (f Filter) where() (string, []any) {
	parts, args := []string{"1 = 1"}, []any{}
	add := func(part string, more ...any) { parts, args = append(parts, part), append(args, more...) }
	if f.UserID != 0 {
		add("user_id = ?", f.UserID)
	}
	if f.Program {
		add("user_id = 0")
	}
	if f.Area != "" {
		add("action >= ? AND action < ?", f.Area+".", f.Area+"/") // '/' follows '.'
	}
	if f.Action != "" {
		add("action = ?", f.Action)
	}
	if f.SubjectKind != "" {
		add("subject_kind = ?", f.SubjectKind)
	}
	if f.SubjectID != "" {
		add("subject_id = ?", f.SubjectID)
	}
	if f.Via != "" {
		add("via = ?", f.Via)
	}
	if !f.From.IsZero() {
		add("at >= ?", database.Millis(f.From))
	}
	if !f.Until.IsZero() {
		add("at < ?", database.Millis(f.Until))
	}
	return strings.Join(parts, " AND "), args
}

// Person is somebody who is in the log, as she was called last.
type Person struct {
	ID   int64
	Name string
}

// People lists those who are in the log.
func (s *Service) People(ctx context.Context, actor access.Actor) (people []Person, err error) {
	if err := actor.Require(access.ReadAudit); err != nil {
		return nil, err
	}
	// One step through the index for each of them, however many entries there are.
	rows, err := s.db.Reader().QueryContext(ctx, `
		WITH RECURSIVE ids(id) AS (
			SELECT min(user_id) FROM audit_entries WHERE user_id > 0
			UNION ALL SELECT (SELECT min(user_id) FROM audit_entries WHERE user_id > ids.id) FROM ids WHERE ids.id IS NOT NULL
		)
		SELECT id, (SELECT user_name FROM audit_entries WHERE user_id = ids.id ORDER BY id DESC LIMIT 1) AS name FROM ids WHERE id IS NOT NULL ORDER BY name COLLATE NOCASE`)
	if err != nil {
		return nil, fmt.Errorf("list people of the audit log: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var p Person
		if err := rows.Scan(&p.ID, &p.Name); err != nil {
			return nil, err
		}
		people = append(people, p)
	}
	return people, rows.Err()
}

// Standing is where the log stands.
type Standing struct {
	Head     Head
	SealedTo int64 // entry
	SealedAt time.Time
}

// Standing tells where the log stands.
func (s *Service) Standing(ctx context.Context, actor access.Actor) (Standing, error) {
	if err := actor.Require(access.ReadAudit); err != nil {
		return Standing{}, err
	}
	last, err := readEnd(ctx, s.db.Reader())
	if err != nil {
		return Standing{}, err
	}
	sealed, err := lastSeal(ctx, s.db.Reader())
	return Standing{last.Head, sealed.entryID, sealed.at}, err
}

// Download gives the entries of a filter to visit, the oldest first, as they are at this moment. That they are taken away is an entry itself, which is
// written before.
func (s *Service) Download(ctx context.Context, actor access.Actor, f Filter, format string, visit func(Record) error) error {
	if err := actor.Require(access.ReadAudit); err != nil {
		return err
	}
	var upTo int64
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		last, err := readEnd(ctx, tx)
		if err != nil {
			return err
		}
		upTo = last.ID
		return Write(ctx, tx, s.clock(), actor, Entry{Action: LogDownloaded, Changes: []Change{{Field: "format", After: format}}})
	})
	if err != nil {
		return err
	}
	where, args := f.where()
	for after := int64(0); ; {
		some, err := readRecords(ctx, s.db.Reader(), `SELECT `+recordColumns+` FROM audit_entries WHERE `+where+` AND id > ? AND id <= ? ORDER BY id LIMIT ?`,
			append(args[:len(args):len(args)], after, upTo, walkAtOnce)...)
		if err != nil {
			return err
		}
		for i := range some {
			some[i].tell()
			if err := visit(some[i]); err != nil {
				return err
			}
			after = some[i].ID
		}
		if len(some) < walkAtOnce {
			return nil
		}
	}
}

// MarshalJSON writes an entry as a line of a download: all that its hash is made of, and the hash.
func (r Record) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		ID          int64  `json:"id"`
		At          string `json:"at"`
		AtMillis    int64  `json:"at_ms"`
		Action      Action `json:"action"`
		SubjectKind string `json:"subject_kind"`
		SubjectID   string `json:"subject_id"`
		SubjectName string `json:"subject_name"`
		Changes     string `json:"changes"` // text: the hash is over its bytes
		UserID      int64  `json:"user_id"`
		UserName    string `json:"user_name"`
		Role        string `json:"role"`
		Via         Means  `json:"via"`
		Address     string `json:"address"`
		Seals       int64  `json:"seals"`
		Hash        string `json:"hash"`
	}{r.ID, r.At.UTC().Format("2006-01-02T15:04:05.000Z"), r.At.UnixMilli(), r.Action, r.Subject.Kind, r.Subject.ID, r.Subject.Name, r.changes,
		r.UserID, r.UserName, string(r.Role), r.Via, r.Address, r.seals, r.Hash()})
}
