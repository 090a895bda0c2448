package profile

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/problem"
)

// Record is one profile of a snapshot. Values are as stored, in the order of the snapshot's attributes.
type Record struct {
	N      int // its place in the file
	ID     string
	Values []any
}

// Found is one page of a search.
type Found struct {
	Snapshot Snapshot
	Records  []Record
	Next     int  // pass it as after for the next page; 0 when there is no more
	Partial  bool // the search took too long and stopped: Next goes on from there
}

const (
	headHits     = 20                      // hits through an index come first
	searchWindow = 20_000                  // rows looked through between two looks at the clock
	searchTime   = 1500 * time.Millisecond // for one page
	maxQuery     = 200                     // characters
)

// Search looks in the current snapshot for profiles whose id or whose personal text (address, name, …) contains the query;
// all profiles when it is blank. Ids and email addresses that begin with the query come first. after is Found.Next of
// the page before. It is not for viewers: profiles are personal data.
func (s *Service) Search(ctx context.Context, actor access.Actor, query string, after, limit int) (Found, error) {
	if err := actor.Require(access.SeePersonalData); err != nil {
		return Found{}, err
	}
	snapshot, err := s.Current(ctx)
	if err != nil {
		return Found{}, err
	}
	if query = strings.TrimSpace(query); utf8.RuneCountInString(query) > maxQuery {
		query = string([]rune(query)[:maxQuery])
	}
	found := Found{Snapshot: snapshot.searchable(actor)}
	if query == "" {
		found.Records, err = s.store.records(ctx, snapshot, `n > ? ORDER BY n LIMIT ?`, after, limit+1)
		found.page(limit)
		found.Snapshot = snapshot.veiled(actor, Task, found.Records...)
		return found, gone(err)
	}
	head, err := s.store.beginningWith(ctx, found.Snapshot, query, headHits)
	if err != nil {
		return Found{}, gone(err)
	}
	if err := s.scan(ctx, &found, query, head, after, limit+1); err != nil {
		return Found{}, gone(err)
	}
	found.page(limit)
	if after == 0 {
		found.Records = append(head, found.Records...)
	}
	found.Snapshot = snapshot.veiled(actor, Task, found.Records...)
	return found, nil
}

// page cuts the one record too many, which shows that there are more.
func (f *Found) page(limit int) {
	if len(f.Records) > limit {
		f.Records, f.Partial = f.Records[:limit], false
		f.Next = f.Records[limit-1].N
	}
}

// scan looks through the rows in the order of the file until there are enough or the time is over. Those in the head
// are passed over: the first page shows them on top.
func (s *Service) scan(ctx context.Context, found *Found, query string, head []Record, after, limit int) error {
	last, err := s.store.lastNumber(ctx, found.Snapshot)
	if err != nil {
		return err
	}
	begin := time.Now()
	for from := after; from < last && len(found.Records) < limit; from += searchWindow {
		if time.Since(begin) > searchTime {
			found.Partial, found.Next = true, from
			return nil
		}
		more, err := s.store.containing(ctx, found.Snapshot, variants(query), from, from+searchWindow, limit-len(found.Records), head)
		if err != nil {
			return err
		}
		found.Records = append(found.Records, more...)
	}
	return nil
}

// variants are the ways to write the query that SQLite, which folds only A to Z, would tell apart.
func variants(query string) []string {
	lower := strings.ToLower(query)
	if strings.IndexFunc(lower, func(r rune) bool { return r > unicode.MaxASCII }) < 0 {
		return []string{lower}
	}
	runes := []rune(lower)
	title := string(unicode.ToUpper(runes[0])) + string(runes[1:])
	return []string{lower, title, strings.ToUpper(lower)}
}

// Profile is one profile of a snapshot, the current one when snapshotID is 0. It is not for viewers.
func (s *Service) Profile(ctx context.Context, actor access.Actor, snapshotID int64, id string) (Snapshot, Record, error) {
	if err := actor.Require(access.SeePersonalData); err != nil {
		return Snapshot{}, Record{}, err
	}
	snapshot, err := s.Current(ctx)
	if snapshotID != 0 {
		snapshot, err = s.Snapshot(ctx, snapshotID)
	}
	if err != nil {
		return Snapshot{}, Record{}, err
	}
	records, err := s.store.records(ctx, snapshot, `id = ?`, id)
	if err != nil {
		return Snapshot{}, Record{}, gone(err)
	}
	if len(records) == 0 {
		return Snapshot{}, Record{}, problem.New(problem.NotFound, "problem.not_found")
	}
	return snapshot.veiled(actor, Task, records[0]), records[0], nil
}

// searched are the columns that a search looks in: few enough for one condition.
func searched(snapshot Snapshot) []string {
	const most = 40
	columns := []string{"id"}
	for _, a := range snapshot.Attributes {
		if a.Mark >= Personal && a.Kind == Text && len(columns) < most {
			columns = append(columns, a.Column)
		}
	}
	return columns
}

// containsSQL is the condition that one of the columns contains one of the texts.
func containsSQL(columns, texts []string) (condition string, args []any) {
	var parts []string
	escape := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
	for _, text := range texts {
		for _, column := range columns {
			parts = append(parts, fmt.Sprintf(`%s LIKE ? ESCAPE '\'`, column))
			args = append(args, "%"+escape.Replace(text)+"%")
		}
	}
	return "(" + strings.Join(parts, " OR ") + ")", args
}
