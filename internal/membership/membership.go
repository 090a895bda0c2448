// Package membership streams the members of segments from a profile snapshot, in the order of their ids and a page at a
// time, with the attributes that somebody wants. It reads; what happens with a member is its callers' affair.
package membership

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
)

// Selection is what to read: the profiles of a snapshot that belong to at least one of the segments, each once.
type Selection struct {
	table    string
	segments []segment.Where
	kinds    []profile.Kind
	fields   string // ", p.c3, p.c7"
	members  string // the segments' conditions, each as a column: ", (…) IS TRUE AS m0"
	args     []any  // of members
	any      string // "m0 OR m1"
}

// Member is one profile of a selection. Its slices are reused: they hold until the next member is read.
type Member struct {
	ID     string
	Row    int64    // the snapshot's own number of the profile
	Values []string // of the wanted attributes, "" where the profile has none
	In     []bool   // which of the segments it belongs to, in the order of Select
}

// Select prepares the reading. attributes are keys of the snapshot's attributes; segments are conditions compiled for it.
func Select(snapshot profile.Snapshot, segments []segment.Where, attributes []string) (*Selection, error) {
	if len(segments) == 0 {
		return nil, errors.New("select members of no segment")
	}
	s := &Selection{table: snapshot.Table(), segments: segments}
	for _, key := range attributes {
		attribute, ok := snapshot.Attribute(key)
		if !ok {
			return nil, fmt.Errorf("snapshot %d has no attribute %q", snapshot.ID, key)
		}
		s.fields += ", p." + attribute.Column
		s.kinds = append(s.kinds, attribute.Kind)
	}
	var either []string
	for i, where := range segments {
		s.members += fmt.Sprintf(", (%s) IS TRUE AS m%d", where.SQL, i)
		s.args = append(s.args, where.Args...)
		either = append(either, fmt.Sprintf("m%d", i))
	}
	s.any = strings.Join(either, " OR ")
	return s, nil
}

// Count is the number of members.
func (s *Selection) Count(ctx context.Context, q database.Querier) (n int, err error) {
	query := fmt.Sprintf(`SELECT count(*) FROM (SELECT p.id%s FROM %s p) WHERE %s`, s.members, s.table, s.any)
	if err := q.QueryRowContext(ctx, query, s.args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count members: %w", err)
	}
	return n, nil
}

// Holds is a condition, with its arguments, that the profile whose id stands in a column of the query around it is a member.
func (s *Selection) Holds(column string) (condition string, args []any) {
	return fmt.Sprintf(`EXISTS (SELECT 1 FROM (SELECT p.id%s FROM %s p WHERE p.id = %s) WHERE %s)`, s.members, s.table, column, s.any), s.args
}

// Middle is an id with about as many profiles of the snapshot before it as after it, where they were brought in in the order
// of their ids or in none; "" when there are no profiles.
func (s *Selection) Middle(ctx context.Context, q database.Querier) (id string, err error) {
	query := fmt.Sprintf(`SELECT id FROM %[1]s WHERE n >= (SELECT (max(n) + 1) / 2 FROM %[1]s) ORDER BY n LIMIT 1`, s.table)
	if err := q.QueryRowContext(ctx, query).Scan(&id); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("look for the middle of the profiles: %w", err)
	}
	return id, nil
}

// Page visits up to limit members after the id, in order, and reports whether there may be more.
func (s *Selection) Page(ctx context.Context, q database.Querier, after string, limit int, visit func(Member) error) (more bool, err error) {
	query := fmt.Sprintf(`SELECT * FROM (SELECT p.id, p.n%s%s FROM %s p WHERE p.id > ?) WHERE %s ORDER BY id LIMIT ?`,
		s.fields, s.members, s.table, s.any)
	args := append(append(append(make([]any, 0, len(s.args)+2), s.args...), after), limit)
	read, err := s.visit(ctx, q, query, args, visit)
	return read == limit, err
}

// These visits the profiles of the ids that belong to the selection, in order.
func (s *Selection) These(ctx context.Context, q database.Querier, ids []string, visit func(Member) error) error {
	if len(ids) == 0 {
		return nil
	}
	query := fmt.Sprintf(`SELECT * FROM (SELECT p.id, p.n%s%s FROM %s p WHERE p.id IN (?%s)) WHERE %s ORDER BY id`,
		s.fields, s.members, s.table, strings.Repeat(", ?", len(ids)-1), s.any)
	args := append(make([]any, 0, len(s.args)+len(ids)), s.args...)
	for _, id := range ids {
		args = append(args, id)
	}
	_, err := s.visit(ctx, q, query, args, visit)
	return err
}

// Row reads one profile by the snapshot's number of it; ok is false when it is not in the selection.
func (s *Selection) Row(ctx context.Context, q database.Querier, row int64) (member Member, ok bool, err error) {
	query := fmt.Sprintf(`SELECT * FROM (SELECT p.id, p.n%s%s FROM %s p WHERE p.n = ?) WHERE %s`, s.fields, s.members, s.table, s.any)
	_, err = s.visit(ctx, q, query, append(append(make([]any, 0, len(s.args)+1), s.args...), row), func(m Member) error {
		member, ok = m, true
		return nil
	})
	return member, ok, err
}

// visit reads rows as the driver gives them: at this many, what database/sql does for each row and column is a fifth of the
// reading.
func (s *Selection) visit(ctx context.Context, q database.Querier, query string, args []any, visit func(Member) error) (read int, err error) {
	values := make([]driver.Value, 2+len(s.kinds)+len(s.segments))
	m := Member{Values: make([]string, len(s.kinds)), In: make([]bool, len(s.segments))}
	err = database.Rows(ctx, q, query, args, values, func() error {
		m.ID, m.Row = Text(profile.Text, values[0]), values[1].(int64)
		for i, kind := range s.kinds {
			m.Values[i] = Text(kind, values[2+i])
		}
		for i, in := range values[2+len(s.kinds):] {
			m.In[i] = in != int64(0) // of IS TRUE
		}
		read++
		return visit(m)
	})
	if err != nil {
		return read, fmt.Errorf("read members: %w", err)
	}
	return read, nil
}

// Text writes a stored value as it is sent.
func Text(kind profile.Kind, value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case []byte:
		return string(v)
	case int64:
		if kind == profile.Boolean {
			return strconv.FormatBool(v != 0)
		}
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}
