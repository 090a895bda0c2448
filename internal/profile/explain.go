package profile

import (
	"context"
	"fmt"
	"strings"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/problem"
)

// Explained is a profile, and where it comes from.
type Explained struct {
	Snapshot Snapshot
	Record   Record
	From     []From     // the sources that know the person, in the order of trust; empty when there is only one source
	Said     [][]Saying // of each attribute, what the sources say: the one that is believed first
}

// From is a source that knows a person, and under which key.
type From struct {
	Name string
	Key  string // the id in the source
}

// Saying is what a source says about an attribute of a person. It has a value, and the value may be the same as another's.
type Saying struct {
	Source string
	Value  any // as stored
}

// Explain is Profile, and says which source gave each value and what the others say. It is not for viewers.
func (s *Service) Explain(ctx context.Context, actor access.Actor, id string) (Explained, error) {
	snapshot, record, err := s.Profile(ctx, actor, 0, id)
	if err != nil {
		return Explained{}, err
	}
	e := Explained{Snapshot: snapshot, Record: record, Said: make([][]Saying, len(snapshot.Attributes))}
	report, _, err := s.store.report(ctx, snapshot.ID)
	if problem.Is(err, problem.NotFound) {
		return e, nil
	}
	if err != nil {
		return Explained{}, err
	}
	rows, err := s.store.rowsOf(ctx, snapshot.ID, record.N, len(report.Parts))
	if err != nil {
		return Explained{}, gone(err)
	}
	for p, part := range report.Parts {
		if rows[p] == 0 {
			continue
		}
		of, err := s.Snapshot(ctx, part.SnapshotID)
		if err != nil {
			return Explained{}, err
		}
		found, err := s.store.records(ctx, of, `n = ?`, rows[p])
		if err != nil {
			return Explained{}, gone(err)
		}
		if len(found) == 0 {
			continue // erased there meanwhile
		}
		e.From = append(e.From, From{Name: part.Name, Key: found[0].ID})
		for i, a := range of.Attributes {
			if found[0].Values[i] != nil {
				if Veiled(actor, e.markOf(a), Task) {
					found[0].Values[i] = Mask(a.Format(found[0].Values[i]))
				}
				e.hear(a.Key, Saying{part.Name, found[0].Values[i]}, report.Trust[a.Key] == part.SourceID)
			}
		}
	}
	return e, nil
}

// markOf is the mark of an attribute of a source, or of the profile where that is higher.
func (e *Explained) markOf(a Attribute) Mark {
	known, _ := e.Snapshot.Attribute(a.Key)
	return max(a.Mark, known.Mark)
}

// hear adds what a source says about an attribute.
func (e *Explained) hear(key string, said Saying, first bool) {
	for i, a := range e.Snapshot.Attributes {
		if a.Key != key {
			continue
		}
		if first {
			e.Said[i] = append([]Saying{said}, e.Said[i]...)
		} else {
			e.Said[i] = append(e.Said[i], said)
		}
	}
}

// Example is the id of a profile that as many sources as possible know, to explain with; "" when no profile is known by two.
// It is not for viewers.
func (s *Service) Example(ctx context.Context, actor access.Actor) (string, error) {
	if err := actor.Require(access.SeePersonalData); err != nil {
		return "", err
	}
	current, err := s.Current(ctx)
	if err != nil {
		return "", err
	}
	report, _, err := s.store.report(ctx, current.ID)
	if problem.Is(err, problem.NotFound) || len(report.Parts) < 2 {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return s.store.example(ctx, current, len(report.Parts))
}

// rowsOf are the rows that made a profile, 0 for parts that do not know the person.
func (s store) rowsOf(ctx context.Context, snapshotID int64, n, parts int) ([]int, error) {
	rows, columns, targets := make([]int, parts), make([]string, parts), make([]any, parts)
	for p := range parts {
		columns[p], targets[p] = fmt.Sprintf("coalesce(r%d, 0)", p), &rows[p]
	}
	query := fmt.Sprintf(`SELECT %s FROM %s WHERE n = ?`, strings.Join(columns, ", "), peopleTable(snapshotID))
	return rows, s.db.Reader().QueryRowContext(ctx, query, n).Scan(targets...)
}

// example looks among the first people for one that many parts know.
func (s store) example(ctx context.Context, snapshot Snapshot, parts int) (id string, err error) {
	known := make([]string, parts)
	for p := range parts {
		known[p] = fmt.Sprintf("(r%d IS NOT NULL)", p)
	}
	// So few are looked at that the page does not wait, and so many that two sources with anybody in common show somebody.
	query := fmt.Sprintf(`SELECT s.id FROM (SELECT n, %s AS known FROM %s WHERE n <= 50000 ORDER BY known DESC, n LIMIT 1) p
		JOIN %s s ON s.n = p.n WHERE p.known > 1`, strings.Join(known, " + "), peopleTable(snapshot.ID), snapshot.Table())
	err = s.db.Reader().QueryRowContext(ctx, query).Scan(&id)
	if p := gone(err); problem.Is(p, problem.NotFound) {
		return "", nil
	}
	return id, err
}
