package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/tabular"
)

// Erasures is what sources need of the erasure package: of a row, by its id and the texts in it, whether it is of a person who
// was erased and must not come back. The function is nil when nobody was. It is asked within the transaction that writes the
// row, so that nobody slips in who is erased at that moment.
type Erasures interface {
	Erased(ctx context.Context, q database.Querier) (func(profileID string, texts ...string) bool, error)
}

// LeaveOut says who must not come back. Without it everybody may.
func (s *Service) LeaveOut(erasures Erasures) { s.erasures = erasures }

// leaveOutErased takes the rows of erased persons out of a chunk and counts them.
func (l *loader) leaveOutErased(ctx context.Context, tx database.Tx, c *chunk) (*chunk, error) {
	if l.service.erasures == nil {
		return c, nil
	}
	gone, err := l.service.erasures.Erased(ctx, tx)
	if err != nil || gone == nil {
		return c, err
	}
	own, err := ownKeys(ctx, tx, l.i.SourceID)
	if err != nil {
		return nil, err
	}
	width := len(l.fields) + 1
	left := *c
	left.values, left.lines = make([]any, 0, len(c.values)), make([]int, 0, len(c.lines))
	var texts []string
	for row, line := range c.lines {
		values := c.values[row*width : (row+1)*width]
		texts = texts[:0]
		for _, value := range values[1:] {
			if text, ok := value.(string); ok && strings.Contains(text, "@") {
				texts = append(texts, text)
			}
		}
		key := values[0].(string)
		if own {
			key = profile.SourceKey(l.i.SourceID, key)
		}
		if gone(key, texts...) {
			l.i.Erased++
			continue
		}
		left.values, left.lines = append(left.values, values...), append(left.lines, line)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE imports SET erased_count = ? WHERE id = ?`, l.i.Erased, l.i.ID); err != nil {
		return nil, fmt.Errorf("count who is left out: %w", err)
	}
	return &left, nil
}

// ownKeys reports whether a source numbers in its own way, so that its keys mean others elsewhere.
func ownKeys(ctx context.Context, q database.Querier, sourceID int64) (own bool, err error) {
	if err := q.QueryRowContext(ctx, `SELECT own_keys FROM sources WHERE id = ?`, sourceID).Scan(&own); err != nil {
		return false, fmt.Errorf("read source %d: %w", sourceID, err)
	}
	return own, nil
}

// WaitingFile is an uploaded file that is not imported yet, or being imported, and seems to hold somebody.
type WaitingFile struct {
	ImportID  int64
	FileName  string
	State     State
	CreatedAt time.Time
	Lines     int  // that hold them
	Unread    bool // it cannot be read to the end: what it holds is not known
}

// WaitingWith looks through the uploaded files that are kept, for rows of which the caller says that they are of the person it
// means, by the id (in the column that is taken for it until now) and all fields.
func (s *Service) WaitingWith(ctx context.Context, actor access.Actor, means func(id string, fields []string) bool) (found []WaitingFile, err error) {
	if err := actor.Require(access.ManagePrivacy); err != nil {
		return nil, err
	}
	ids, err := database.Column[int64](s.store.db.Reader().QueryContext(ctx, `SELECT i.id FROM imports i JOIN sources s ON s.id = i.source_id
		WHERE i.state IN ('waiting', 'queued', 'running') AND s.kind <> 'sql' ORDER BY i.id`))
	if err != nil {
		return nil, fmt.Errorf("list waiting files: %w", err)
	}
	for _, id := range ids {
		i, err := s.store.importByID(ctx, id)
		if err != nil {
			return nil, err
		}
		w := WaitingFile{ImportID: id, FileName: i.FileName, State: i.State, CreatedAt: i.CreatedAt}
		if w.Lines, err = s.linesWith(ctx, i, means); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			w.Unread = true
		}
		if w.Lines > 0 || w.Unread {
			found = append(found, w)
		}
	}
	return found, nil
}

func (s *Service) linesWith(ctx context.Context, i Import, means func(id string, fields []string) bool) (lines int, err error) {
	file, size, err := s.openUpload(i.ID)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	own, err := ownKeys(ctx, s.store.db.Reader(), i.SourceID)
	if err != nil {
		return 0, err
	}
	table, err := tabular.Open(file, size, i.FileName, i.Settings.options())
	if err != nil {
		return 0, err
	}
	defer table.Close()
	for n := 0; ; n++ {
		if n%1000 == 0 && ctx.Err() != nil {
			return lines, ctx.Err()
		}
		r, err := table.Next()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
		if r.Refused != "" || i.Settings.ID >= len(r.Fields) {
			continue
		}
		key := strings.TrimSpace(r.Fields[i.Settings.ID])
		if own {
			key = profile.SourceKey(i.SourceID, key)
		}
		if means(key, r.Fields) {
			lines++
		}
	}
}

// Discard ends an upload that nobody has confirmed, with its file. It reports whether there was one.
func (s *Service) Discard(ctx context.Context, actor access.Actor, importID int64) (bool, error) {
	if err := actor.Require(access.ManagePrivacy); err != nil {
		return false, err
	}
	i, err := s.store.importByID(ctx, importID)
	if err != nil || i.State != Waiting {
		return false, err
	}
	return true, s.end(ctx, importID, Cancelled, "")
}
