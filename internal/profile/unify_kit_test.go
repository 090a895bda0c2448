package profile_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/profile"
)

// sourceOf is what one source brings in a test: lines of id, then values; "-" is no value.
type sourceOf struct {
	name       string
	own, email bool
	attributes string // key:kind, with * for an address: "mail*:text city:text"
	lines      []string
}

// part fills a snapshot with the lines.
func (k kit) part(t testing.TB, id int64, s sourceOf) profile.Part {
	t.Helper()
	snapshot := profile.Snapshot{FileName: s.name + ".csv", IDLabel: "id"}
	for i, text := range strings.Fields(s.attributes) {
		key, kind, _ := strings.Cut(text, ":")
		plain := strings.TrimSuffix(key, "*")
		snapshot.Attributes = append(snapshot.Attributes, profile.Attribute{Key: plain, Label: plain, Column: fmt.Sprintf("c%d", i+1),
			Kind: profile.Kind(kind), Address: plain != key, Mark: map[bool]profile.Mark{true: profile.Personal}[plain != key]})
	}
	var values []any
	for _, line := range s.lines {
		fields := strings.Split(line, "|")
		if len(fields) != len(snapshot.Attributes)+1 {
			t.Fatalf("%q does not fit %q", line, s.attributes)
		}
		values = append(values, strings.TrimSpace(fields[0]))
		for i, field := range fields[1:] {
			field = strings.Trim(field, " ")
			switch {
			case field == "-":
				values = append(values, nil)
			default:
				values = append(values, field)
			}
			if field != "-" {
				snapshot.Attributes[i].Filled++
			}
		}
	}
	snapshot.Rows = len(s.lines)
	k.fill(t, &snapshot, values, fmt.Sprintf("source/%d", id))
	return profile.Part{SourceID: id, Name: s.name, Snapshot: snapshot, OwnKeys: s.own, Prefix: s.name, MatchEmail: s.email}
}

func (k kit) parts(t testing.TB, sources []sourceOf) (parts []profile.Part) {
	t.Helper()
	for i, s := range sources {
		parts = append(parts, k.part(t, int64(i+1), s))
	}
	return parts
}

func (k kit) fill(t testing.TB, snapshot *profile.Snapshot, values []any, holder string) {
	t.Helper()
	err := k.db.InTx(t.Context(), func(tx database.Tx) error {
		if err := k.New(t.Context(), tx, snapshot); err != nil {
			return err
		}
		duplicates, err := k.Insert(t.Context(), tx, *snapshot, 1, values)
		if err != nil {
			return err
		}
		if len(duplicates) > 0 {
			return fmt.Errorf("rows %v have an id of others", duplicates)
		}
		return k.Keep(t.Context(), tx, *snapshot, holder)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// lines writes the profiles of a snapshot as the tests do: "n id|value|value".
func (k kit) lines(t testing.TB, snapshot profile.Snapshot) (lines []string) {
	t.Helper()
	rows, err := k.db.Reader().QueryContext(context.Background(), fmt.Sprintf(`SELECT * FROM %s ORDER BY n`, snapshot.Table()))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		values := make([]any, len(snapshot.Attributes)+2)
		into := make([]any, len(values))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprintf("%v %v", values[0], values[1])
		for _, v := range values[2:] {
			if v == nil {
				v = "-"
			}
			line += fmt.Sprintf("|%v", v)
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}
