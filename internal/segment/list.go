package segment

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/address"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/dialect"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
)

// Codes of what can be wrong with an uploaded list.
const (
	CodeListEmpty   = "segments.problem.list_empty"
	CodeListTooLong = "segments.problem.list_too_long" // names Most
	CodeListLine    = "segments.problem.list_line"     // names Line: most of the file cannot be read, this one first
	CodeNoAddresses = "segments.problem.no_addresses"  // no attribute holds addresses
)

const (
	maxListIDs  = 5_000_000
	chunkOfList = 5000 // entries in one transaction: others get to write in between
	mostLines   = 1000 // whose numbers are kept, of each fault
	// unusedListAge is how long a list waits for the form that it was uploaded with to be saved.
	unusedListAge = 24 * time.Hour
)

// List is an uploaded list of profile ids or addresses.
type List struct {
	ID         int64
	By         Entries
	Count      int // distinct entries
	Repeated   int // lines with an entry that stood before
	Malformed  int // lines that cannot be read
	Unknown    int // entries that no current profile has; they count again when one does
	SnapshotID int64
}

// UploadList reads ids or addresses, one a line or in the first column of a CSV file, and keeps them as a new list. A heading is
// passed over. What the file holds is told by its content unless by says so. It becomes part of a segment by a definition that names it.
func (s *Service) UploadList(ctx context.Context, actor access.Actor, file io.Reader, by Entries) (List, error) {
	if err := actor.Require(access.EditSegments); err != nil {
		return List{}, err
	}
	snapshot, err := s.current(ctx)
	if err != nil {
		return List{}, err
	}
	filler := filler{service: s, ctx: ctx, entries: newEntryReader(file), lines: map[string]int{}}
	filler.list.By = by
	if err := filler.begin(snapshot); err != nil {
		return List{}, err
	}
	if err := filler.fill(); err != nil {
		// The request may be over already, and the half list must go all the same.
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return List{}, errors.Join(err, s.db.InTx(cleanup, func(tx database.Tx) error { return dropList(cleanup, tx, filler.list.ID) }))
	}
	return s.ListReport(ctx, actor, filler.list.ID)
}

// PruneLists removes uploads that no segment has any more. keep are the lists that runs still read.
func (s *Service) PruneLists(ctx context.Context, keep []int64) (removed int, err error) {
	err = s.db.InTx(ctx, func(tx database.Tx) (err error) {
		removed, err = pruneLists(ctx, tx, keep, s.now().Add(-unusedListAge))
		return err
	})
	return removed, err
}

// filler reads a file into a list.
type filler struct {
	service *Service
	ctx     context.Context
	entries *entryReader
	ahead   []entry // read to tell what the file holds
	atEnd   bool
	list    List
	lines   map[string]int // kept numbers of lines, by fault
	first   int            // line that cannot be read
}

// begin makes the list, once it is known what is in it.
func (f *filler) begin(snapshot profile.Snapshot) error {
	for len(f.ahead) < judgedEntries {
		next, err := f.entries.next()
		if err == io.EOF {
			f.atEnd = true
			break
		}
		if err != nil {
			return err
		}
		f.ahead = append(f.ahead, next)
	}
	if f.list.By == "" {
		var err error
		if f.list.By, err = f.tell(snapshot); err != nil {
			return err
		}
	}
	return f.service.db.InTx(f.ctx, func(tx database.Tx) (err error) {
		f.list.ID, err = beginList(f.ctx, tx, f.list.By, f.service.now())
		return err
	})
}

// tell judges by the first entries what the file holds. Where ids look like addresses, the profiles decide.
func (f *filler) tell(snapshot profile.Snapshot) (Entries, error) {
	var texts []string
	addresses := 0
	for _, e := range f.ahead {
		if _, ok := address.Read(e.text); ok {
			addresses++
		}
		if e.text != "" {
			texts = append(texts, e.text)
		}
	}
	if 2*addresses <= len(texts) || len(addressColumns(snapshot)) == 0 {
		return IDs, nil
	}
	known, err := countKnownIDs(f.ctx, f.service.db.Reader(), snapshot.Table(), texts)
	if err != nil {
		return "", err
	}
	if 2*known > len(texts) {
		return IDs, nil
	}
	return Addresses, nil
}

func (f *filler) fill() error {
	chunk := make([]entry, 0, chunkOfList)
	for {
		next, err := f.next()
		if err != nil && err != io.EOF {
			return err
		}
		if err == nil {
			chunk = append(chunk, next)
		}
		if len(chunk) == chunkOfList || err == io.EOF {
			if err := f.add(chunk); err != nil {
				return err
			}
			chunk = chunk[:0]
		}
		if err == io.EOF {
			break
		}
	}
	if f.list.Malformed > f.list.Count+f.list.Repeated {
		return invalidList(CodeListLine, "Line", f.first)
	}
	if f.list.Count == 0 {
		return invalidList(CodeListEmpty)
	}
	return f.service.db.InTx(f.ctx, func(tx database.Tx) error { return completeList(f.ctx, tx, f.list) })
}

// next gives the next entry in the form in which it is kept.
func (f *filler) next() (next entry, err error) {
	switch {
	case len(f.ahead) > 0:
		next, f.ahead = f.ahead[0], f.ahead[1:]
	case f.atEnd:
		return entry{}, io.EOF
	default:
		if next, err = f.entries.next(); err != nil {
			return next, err
		}
	}
	if f.list.By == Addresses && next.text != "" {
		next.text = addressOrNone(next.text)
	}
	return next, nil
}

func addressOrNone(text string) string {
	form, ok := address.Read(text)
	if !ok {
		return ""
	}
	return form
}

func (f *filler) add(chunk []entry) error {
	err := f.service.db.InTx(f.ctx, func(tx database.Tx) error {
		texts := make([]string, 0, len(chunk))
		for _, e := range chunk {
			if e.text != "" {
				texts = append(texts, e.text)
			}
		}
		added, err := addToList(f.ctx, tx, f.list.ID, texts)
		if err != nil {
			return err
		}
		f.list.Count += len(added)
		for _, e := range chunk {
			fault := ""
			switch {
			case e.text == "":
				fault = "malformed"
				f.list.Malformed++
				if f.first == 0 {
					f.first = e.line
				}
			case !added[e.text]:
				fault = "repeated"
				f.list.Repeated++
			}
			delete(added, e.text) // the next one with it repeats it
			if fault == "" || f.lines[fault] >= mostLines {
				continue
			}
			f.lines[fault]++
			if err := addListLine(f.ctx, tx, f.list.ID, e.line, fault); err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case f.list.Count > maxListIDs:
		return invalidList(CodeListTooLong, "Most", maxListIDs)
	case f.list.Malformed > mostLines && f.list.Malformed > f.list.Count+f.list.Repeated: // it will not become better
		return invalidList(CodeListLine, "Line", f.first)
	}
	return nil
}

func invalidList(code string, args ...any) error {
	var check problem.Check
	check.Add("list", code, args...)
	return check.Err()
}

// list compiles a definition of a list.
func (c *compiler) list(def Definition) (Where, error) {
	if def.ListID <= 0 {
		return Where{}, problem.New(problem.Invalid, CodeListMissing)
	}
	if c.dialect != dialect.SQLite {
		return Where{}, problem.New(problem.Invalid, CodeListElsewhere)
	}
	const listed = " IN (SELECT profile_id FROM segment_list_members WHERE list_id = ?)"
	if def.ListBy != Addresses {
		return Where{SQL: "(p.id" + listed + ")", Args: []any{def.ListID}}, nil
	}
	var parts []Where
	for _, column := range addressColumns(c.schema) {
		column = "p." + column
		parts = append(parts, Where{SQL: "(" + column + " IS NOT NULL AND " + normalForm(column) + listed + ")", Args: []any{def.ListID}})
	}
	if len(parts) == 0 {
		return Where{}, problem.New(problem.Invalid, CodeNoAddresses)
	}
	return dialect.Or(parts...), nil
}

// normalForm is a column's value in the form in which lists keep addresses.
func normalForm(column string) string { return database.AddressFunction + "(" + column + ")" }
