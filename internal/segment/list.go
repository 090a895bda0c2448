package segment

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// Codes of what can be wrong with an uploaded list.
const (
	CodeListEmpty   = "segments.problem.list_empty"
	CodeListTooLong = "segments.problem.list_too_long" // names Most
	CodeListLine    = "segments.problem.list_line"     // names Line: not text, or too long to be an id
)

const (
	maxListIDs  = 5_000_000
	maxIDBytes  = 1000
	maxLine     = 64 << 10 // bytes
	chunkOfList = 5000     // ids in one transaction: others get to write in between
	// unusedListAge is how long a list waits for the form that it was uploaded with to be saved.
	unusedListAge = 24 * time.Hour
)

// List is an uploaded list of profile ids.
type List struct {
	ID         int64
	Count      int // distinct ids
	Repeated   int // lines with an id that stood before
	Unknown    int // ids that no current profile has; they count again when one does
	SnapshotID int64
}

// UploadList reads ids, one a line or in the first column of a CSV file, and keeps them as a new list. A heading is passed
// over. It becomes part of a segment by a definition that names it.
func (s *Service) UploadList(ctx context.Context, actor access.Actor, file io.Reader) (List, error) {
	if err := actor.Require(access.EditSegments); err != nil {
		return List{}, err
	}
	snapshot, err := s.current(ctx)
	if err != nil {
		return List{}, err
	}
	var uploaded List
	err = s.db.InTx(ctx, func(tx database.Tx) (err error) {
		uploaded.ID, err = beginList(ctx, tx, s.now())
		return err
	})
	if err != nil {
		return List{}, err
	}
	if err := s.fill(ctx, &uploaded, file); err != nil {
		// The request may be over already, and the half list must go all the same.
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return List{}, errors.Join(err, s.db.InTx(cleanup, func(tx database.Tx) error { return dropList(cleanup, tx, uploaded.ID) }))
	}
	return s.report(ctx, uploaded, snapshot.Table(), snapshot.ID)
}

// ListReport says how an uploaded list meets the current profiles.
func (s *Service) ListReport(ctx context.Context, actor access.Actor, listID int64) (List, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return List{}, err
	}
	snapshot, err := s.current(ctx)
	if err != nil {
		return List{}, err
	}
	return s.report(ctx, List{ID: listID}, snapshot.Table(), snapshot.ID)
}

func (s *Service) report(ctx context.Context, of List, table string, snapshotID int64) (List, error) {
	count, known, err := readList(ctx, s.db.Reader(), of.ID, table)
	if err != nil {
		return List{}, fmt.Errorf("read list %d: %w", of.ID, err)
	}
	of.Count, of.Unknown, of.SnapshotID = count, count-known, snapshotID
	return of, nil
}

// PruneLists removes uploads that no segment has any more. keep are the lists that runs still read.
func (s *Service) PruneLists(ctx context.Context, keep []int64) (removed int, err error) {
	err = s.db.InTx(ctx, func(tx database.Tx) (err error) {
		removed, err = pruneLists(ctx, tx, keep, s.now().Add(-unusedListAge))
		return err
	})
	return removed, err
}

func (s *Service) fill(ctx context.Context, into *List, file io.Reader) error {
	ids := newIDReader(file)
	chunk := make([]string, 0, chunkOfList)
	for {
		id, err := ids.next()
		if err != nil && err != io.EOF {
			return err
		}
		if err == nil {
			chunk = append(chunk, id)
		}
		if len(chunk) == chunkOfList || (err == io.EOF && len(chunk) > 0) {
			if err := s.addChunk(ctx, into, chunk); err != nil {
				return err
			}
			chunk = chunk[:0]
		}
		if err == io.EOF {
			break
		}
	}
	if into.Count == 0 {
		return invalidList(CodeListEmpty)
	}
	return s.db.InTx(ctx, func(tx database.Tx) error { return completeList(ctx, tx, into.ID, into.Count) })
}

func (s *Service) addChunk(ctx context.Context, into *List, chunk []string) error {
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		added, err := addToList(ctx, tx, into.ID, chunk)
		into.Count += added
		into.Repeated += len(chunk) - added
		return err
	})
	if err == nil && into.Count > maxListIDs {
		return invalidList(CodeListTooLong, "Most", maxListIDs)
	}
	return err
}

func invalidList(code string, args ...any) error {
	var check problem.Check
	check.Add("list", code, args...)
	return check.Err()
}

// idReader reads the first column of each line.
type idReader struct {
	lines *bufio.Scanner
	line  int
	first bool
}

func newIDReader(file io.Reader) *idReader {
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 0, 4096), maxLine)
	return &idReader{lines: lines, first: true}
}

// headings are what the first line may call an id, without spaces, dashes and underscores.
var headings = []string{"id", "ids", "profileid", "profilid", "profil", "profile", "customerid", "customer", "kundeid", "kunde", "kundenummer", "customernumber"}

// next gives the next id, and io.EOF after the last.
func (r *idReader) next() (string, error) {
	for r.lines.Scan() {
		r.line++
		line := r.lines.Bytes()
		if r.line == 1 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
		}
		id, ok := firstColumn(string(line))
		if !ok || !utf8.ValidString(id) || len(id) > maxIDBytes || strings.ContainsFunc(id, func(c rune) bool { return c < ' ' }) {
			return "", invalidList(CodeListLine, "Line", r.line)
		}
		if id == "" {
			continue
		}
		heading := r.first && slices.Contains(headings, strings.NewReplacer(" ", "", "-", "", "_", "").Replace(database.Fold(id)))
		r.first = false
		if !heading {
			return id, nil
		}
	}
	if err := r.lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return "", invalidList(CodeListLine, "Line", r.line+1)
	} else if err != nil {
		return "", fmt.Errorf("read list: %w", err)
	}
	return "", io.EOF
}

// firstColumn cuts a line at its first comma, semicolon or tab outside quotes. It fails on a quote that does not end.
func firstColumn(line string) (string, bool) {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, `"`) {
		if end := strings.IndexAny(line, ",;\t"); end >= 0 {
			line = line[:end]
		}
		return strings.TrimSpace(line), true
	}
	var id strings.Builder
	for rest := line[1:]; ; {
		end := strings.IndexByte(rest, '"')
		if end < 0 {
			return "", false
		}
		id.WriteString(rest[:end])
		rest = rest[end+1:]
		if !strings.HasPrefix(rest, `"`) {
			return strings.TrimSpace(id.String()), true
		}
		id.WriteByte('"')
		rest = rest[1:]
	}
}
