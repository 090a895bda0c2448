package profile

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// Part is what one source brings to the unified profiles: its newest complete snapshot, and how its profiles are known
// again among those of other sources.
type Part struct {
	SourceID   int64
	Name       string // of the source, for people
	Snapshot   Snapshot
	OwnKeys    bool   // its ids are not those of other sources
	Prefix     string // of the ids that its profiles get when it has keys of its own: "shop" makes "shop:17"
	MatchEmail bool   // who has the address of somebody in a source before it is the same person
}

// Trust names, by an attribute's key, the source that is believed first about it. Without a name, and when that source
// has no value, the order of the parts decides.
type Trust map[string]int64

// Report says how the profiles of several sources came together. It holds numbers only.
type Report struct {
	Parts []PartReport `json:"parts"` // in the order of trust
	Trust Trust        `json:"trust,omitempty"`
	Total int          `json:"total"` // profiles
}

// PartReport says what became of the rows of one source: Rows = ByKey + ByEmail + New.
type PartReport struct {
	SourceID   int64  `json:"source_id"`
	SnapshotID int64  `json:"snapshot_id"`
	Name       string `json:"name"`
	OwnKeys    bool   `json:"own_keys,omitempty"`
	Prefix     string `json:"prefix,omitempty"` // as it was used
	MatchEmail bool   `json:"match_email,omitempty"`
	Rows       int    `json:"rows"`
	ByKey      int    `json:"by_key"`   // joined a profile of an earlier source that has their key
	ByEmail    int    `json:"by_email"` // joined one that has their address
	New        int    `json:"new"`      // became profiles
	Apart      int    `json:"apart"`    // of New: their profile had another row of the same source already
}

const mostParts = 60 // SQLite joins 64 tables

// prefixForm keeps the ids of different sources apart: "a" with the key "b:1" must not be "a:b" with the key "1".
var prefixForm = regexp.MustCompile(`^[^:\s]{1,60}$`)

// Unify brings the profiles of the parts together, which stand in the order of trust, and makes the outcome the current
// snapshot. Until then, and when it fails or is interrupted, everybody sees the profiles of before. A single part whose keys
// are shared becomes the current snapshot as it is. The same parts give the same profiles with the same ids and places.
//
// How a profile is made: the rows of the first part each make one. A row of a later part joins the profile that has its key,
// unless the part numbers in its own way; or else the profile that has its address, if the part is to be matched by that; or
// else it makes a profile of its own. A profile takes at most one row of each part: the first one in the order of the file.
func (s *Service) Unify(ctx context.Context, parts []Part, trust Trust) (Snapshot, Report, error) {
	s.unifying.Lock()
	defer s.unifying.Unlock()
	return s.unify(ctx, parts, trust, func(int, int) {})
}

// unify is Unify, by one at a time. told hears how many of how many profiles are made.
func (s *Service) unify(ctx context.Context, parts []Part, trust Trust, told func(done, total int)) (Snapshot, Report, error) {
	if err := checkParts(parts); err != nil {
		return Snapshot{}, Report{}, err
	}
	if len(parts) == 1 && !parts[0].OwnKeys {
		snapshot, report := parts[0].Snapshot, alone(parts[0])
		err := s.store.db.InTx(ctx, func(tx database.Tx) error { return s.MakeCurrent(ctx, tx, snapshot.ID) })
		if err != nil {
			return Snapshot{}, Report{}, err
		}
		return snapshot, report, s.Replaced(context.WithoutCancel(ctx))
	}
	inputs, err := inputsOf(parts, trust)
	if err != nil {
		return Snapshot{}, Report{}, err
	}
	u := unification{store: s.store, parts: parts, trust: trust, inputs: inputs, chunk: firstChunk, told: told}
	if s.unifyChunk > 0 {
		u.chunk, u.fixed = s.unifyChunk, true
	}
	if u.columns, err = columnsOf(parts, trust); err != nil {
		return Snapshot{}, Report{}, err
	}
	snapshot, report, err := u.run(ctx, s.now)
	if err != nil {
		dropped := s.Drop(context.WithoutCancel(ctx), u.snapshot.ID)
		return Snapshot{}, Report{}, errors.Join(err, dropped)
	}
	return snapshot, report, s.Replaced(context.WithoutCancel(ctx))
}

func checkParts(parts []Part) error {
	if len(parts) == 0 {
		return errNoProfiles()
	}
	if len(parts) > mostParts {
		return problem.New(problem.Invalid, "unification.too_many_sources", "Most", mostParts)
	}
	prefixes := map[string]bool{}
	for _, p := range parts {
		if !p.OwnKeys {
			continue
		}
		if !prefixForm.MatchString(p.Prefix) || prefixes[p.Prefix] {
			return fmt.Errorf("source %d: prefix %q is empty, taken, or none", p.SourceID, p.Prefix)
		}
		prefixes[p.Prefix] = true
	}
	return nil
}

// prefixOf makes a prefix of a source's name: small letters and digits. From the second try on it has a number.
func prefixOf(name string, try int) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		} else if text := b.String(); text != "" && !strings.HasSuffix(text, "-") {
			b.WriteRune('-')
		}
	}
	text := []rune(strings.Trim(b.String(), "-"))
	prefix := strings.Trim(string(text[:min(len(text), 40)]), "-")
	if prefix == "" {
		prefix = "source"
	}
	if try > 1 {
		prefix += "-" + strconv.Itoa(try)
	}
	return prefix
}

func alone(p Part) Report {
	rows := p.Snapshot.Rows
	return Report{Total: rows, Parts: []PartReport{{SourceID: p.SourceID, SnapshotID: p.Snapshot.ID, Name: p.Name, Rows: rows, New: rows}}}
}

// column is an attribute of the unified profiles, and where its values come from: the first part that has one.
type column struct {
	Attribute
	from []origin
}

// origin is a column of a part.
type origin struct {
	part   int
	column string
}

// columnsOf are the attributes of all parts: those of the first in their order, then what each next one adds.
func columnsOf(parts []Part, trust Trust) (columns []column, err error) {
	at := map[string]int{}
	owner := map[string]int{}
	for p, part := range parts {
		for _, a := range part.Snapshot.Attributes {
			i, known := at[a.Key]
			if !known {
				i = len(columns)
				at[a.Key], owner[a.Key] = i, p
				columns = append(columns, column{Attribute: a})
				columns[i].Column, columns[i].Filled = fmt.Sprintf("c%d", i+1), 0
			}
			c := &columns[i]
			if c.Kind != a.Kind {
				return nil, problem.New(problem.Conflict, "unification.kinds_differ", "Attribute", c.Label,
					"First", parts[owner[a.Key]].Name, "Second", part.Name)
			}
			c.Mark, c.Address = max(c.Mark, a.Mark), c.Address || a.Address
			o := origin{p, a.Column}
			if trust[a.Key] == part.SourceID {
				c.from = append([]origin{o}, c.from...)
			} else {
				c.from = append(c.from, o)
			}
		}
	}
	if len(columns) > mostColumns {
		return nil, problem.New(problem.Conflict, "unification.too_many_attributes", "Most", mostColumns)
	}
	return columns, nil
}

// mostColumns is below SQLite's bound of 2,000 columns in a table and in an answer.
const mostColumns = 1_900

// A chunk is written in one transaction. Its rows follow from how long the one before took, so that others who write wait
// for some tens of milliseconds at most.
const (
	firstChunk = 500
	leastChunk = 100
	mostChunk  = 20_000
	shortChunk = 12 * time.Millisecond
	longChunk  = 30 * time.Millisecond
)

// unification is one making of unified profiles.
type unification struct {
	store    store
	parts    []Part
	columns  []column
	trust    Trust
	inputs   string // what decides the outcome; see inputsOf
	snapshot Snapshot
	chunk    int  // rows
	fixed    bool // the chunk stays as it is
	told     func(done, total int)
}

func (u *unification) run(ctx context.Context, now func() time.Time) (Snapshot, Report, error) {
	for _, c := range u.columns {
		u.snapshot.Attributes = append(u.snapshot.Attributes, c.Attribute)
	}
	u.snapshot.IDLabel = u.parts[0].Snapshot.IDLabel
	err := u.store.db.InTx(ctx, func(tx database.Tx) error {
		if err := u.store.insertSnapshot(ctx, tx, &u.snapshot, now()); err != nil {
			return err
		}
		if err := u.store.makePeople(ctx, tx, u.snapshot.ID, len(u.parts)); err != nil {
			return err
		}
		return u.store.holdMore(ctx, tx, u.snapshot.ID, u.parts)
	})
	if err != nil {
		return Snapshot{}, Report{}, err
	}
	m, err := match(ctx, u.store.db.Reader(), u.parts)
	if err != nil {
		return Snapshot{}, Report{}, gone(err)
	}
	if err := u.write(ctx, m); err != nil {
		return Snapshot{}, Report{}, gone(err)
	}
	if err := u.store.countFilled(ctx, &u.snapshot); err != nil {
		return Snapshot{}, Report{}, err
	}
	m.report.Trust = u.trust
	u.snapshot.Rows = m.report.Total
	chosen, err := knownAttributes(ctx, u.store.db.Reader())
	if err != nil {
		return Snapshot{}, Report{}, err
	}
	for i := range u.snapshot.Attributes {
		a := &u.snapshot.Attributes[i]
		if a.Indexed = chosen[a.Key].Indexed && a.Kind != List; !a.Indexed {
			continue
		}
		if err := u.store.db.InTx(ctx, func(tx database.Tx) error { return u.store.index(ctx, tx, u.snapshot, *a) }); err != nil {
			return Snapshot{}, Report{}, err
		}
	}
	err = u.store.db.InTx(ctx, func(tx database.Tx) error {
		if err := u.store.complete(ctx, tx, u.snapshot, now()); err != nil {
			return err
		}
		if err := u.store.swap(ctx, tx, u.snapshot.ID); err != nil {
			return err
		}
		if err := u.store.keepReport(ctx, tx, u.snapshot.ID, u.inputs, m.report, now()); err != nil {
			return err
		}
		return u.store.holdParts(ctx, tx, u.snapshot.ID, u.parts)
	})
	u.snapshot.CreatedAt = database.Time(database.Millis(now()))
	return u.snapshot, m.report, err
}

// write fills the tables of people and of profiles, chunk by chunk, in the order of the ids: so both grow at their end, and
// so does the index of the ids.
func (u *unification) write(ctx context.Context, m *matches) error {
	rows := make([]any, 0, mostChunk*(len(u.parts)+1))
	first, n := 1, 0
	flush := func() error {
		if n < first {
			return nil
		}
		begin := time.Now()
		err := u.store.db.InTx(ctx, func(tx database.Tx) error {
			if err := u.store.insertPeople(ctx, tx, u.snapshot.ID, len(u.parts), rows); err != nil {
				return err
			}
			return u.store.fillUnified(ctx, tx, u, m, first, n)
		})
		u.pace(time.Since(begin))
		rows, first = rows[:0], n+1
		u.told(n, m.report.Total)
		return err
	}
	err := m.people(ctx, u.store.db.Reader(), func(person int32) error {
		n++
		rows = append(rows, n)
		for p := range u.parts {
			if row := m.row(p, person); row != 0 {
				rows = append(rows, int(row))
			} else {
				rows = append(rows, nil)
			}
		}
		if n-first+1 < u.chunk {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

func (u *unification) pace(took time.Duration) {
	switch {
	case u.fixed:
	case took > longChunk:
		u.chunk = max(leastChunk, u.chunk/2)
	case took < shortChunk:
		u.chunk = min(mostChunk, u.chunk*2)
	}
}
