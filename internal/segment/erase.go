package segment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
)

// Listed is an uploaded list that has a person in it, or a segment whose rule names one.
type Listed struct {
	SegmentID int64  // 0: no segment has the list any more
	Name      string // of the segment
}

// ListsWith finds the uploaded lists that have an id, or an address in its normal form, in them, those that were replaced and
// are held included.
func (s *Service) ListsWith(ctx context.Context, actor access.Actor, entry string) (found []Listed, err error) {
	if err := actor.Require(access.ManagePrivacy); err != nil {
		return nil, err
	}
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT coalesce(g.id, 0), coalesce(g.name, '') FROM segment_lists l JOIN segment_list_members m ON m.list_id = l.id AND m.profile_id = ?
		LEFT JOIN segments g ON g.list_id = l.id ORDER BY l.id`, entry)
	if err != nil {
		return nil, fmt.Errorf("look through lists: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var one Listed
		if err := rows.Scan(&one.SegmentID, &one.Name); err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	return found, rows.Err()
}

// Naming finds the segments whose rule names one of the texts as a value, whatever the case: a person may have typed an address
// there. Such a rule is changed by hand.
func (s *Service) Naming(ctx context.Context, actor access.Actor, texts []string) (found []Listed, err error) {
	if err := actor.Require(access.ManagePrivacy); err != nil {
		return nil, err
	}
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT id, name, definition FROM segments ORDER BY name_key`)
	if err != nil {
		return nil, fmt.Errorf("look through rules: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var one Listed
		var definition string
		if err := rows.Scan(&one.SegmentID, &one.Name, &definition); err != nil {
			return nil, err
		}
		for _, text := range texts {
			written, err := json.Marshal(text)
			if err != nil {
				return nil, err
			}
			if strings.Contains(strings.ToLower(definition), strings.ToLower(string(written))) {
				found = append(found, one)
				break
			}
		}
	}
	return found, rows.Err()
}

// EraseEntry takes an id, or an address in its normal form, out of every uploaded list. It returns in how many it was.
func (s *Service) EraseEntry(ctx context.Context, tx database.Tx, entry string) (lists int, err error) {
	if _, err := tx.ExecContext(ctx, `UPDATE segment_lists SET ids = max(ids - 1, 0) WHERE complete = 1
		AND id IN (SELECT l.id FROM segment_lists l JOIN segment_list_members m ON m.list_id = l.id AND m.profile_id = ?)`, entry); err != nil {
		return 0, fmt.Errorf("erase from lists: %w", err)
	}
	result, err := tx.ExecContext(ctx, `DELETE FROM segment_list_members WHERE list_id IN (SELECT id FROM segment_lists) AND profile_id = ?`, entry)
	if err != nil {
		return 0, fmt.Errorf("erase from lists: %w", err)
	}
	n, err := result.RowsAffected()
	return int(n), err
}
