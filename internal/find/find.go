// Package find owns the search over what is set up: connections, segments, exports, sources, people and runs, by name or number, each
// for whom it is to see. It reads their names and changes nothing; it does not search customers, which packages profile and run do.
package find

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
)

// Kind is what kind of thing was found.
type Kind string

// The kinds, in the order in which they are told.
const (
	Segment    Kind = "segment"
	Export     Kind = "export"
	Run        Kind = "run"
	Connection Kind = "connection"
	Source     Kind = "source"
	Person     Kind = "person"
)

// Hit is one thing that was found.
type Hit struct {
	ID    int64
	Name  string    // of a run: its export's
	About string    // an export's connection, a connection's brand, a person's address, a source's kind; "" where there is none
	State string    // of a run or a segment; of an export "paused", of a person "disabled", or ""
	At    time.Time // of a run: when it ended, began, or was asked for
}

// Group is what was found of one kind, the best first.
type Group struct {
	Kind Kind
	Hits []Hit
	More bool // there are others
}

// Limits of what may be asked.
const (
	MaxText  = 100 // signs; what comes after is not looked at
	maxWords = 8
)

// Service finds.
type Service struct{ db *database.DB }

// NewService makes it.
func NewService(db *database.DB) *Service { return &Service{db} }

// Find gives at most so many of each kind that the actor may see. A thing is found when its name has every word of the text, whatever
// their case; a run also by its number. Names that are the text come first, then those that begin with it, then those of which a word does.
func (s *Service) Find(ctx context.Context, actor access.Actor, text string, most int) (found []Group, err error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	asked := read(text)
	if len(asked.words) == 0 {
		return nil, nil
	}
	q := s.db.Reader()
	for _, kind := range []struct {
		kind Kind
		may  bool
		find func(context.Context, database.Querier, question, int) ([]Hit, error)
	}{
		{Segment, true, segments},
		{Export, true, exports},
		{Run, true, runs},
		{Connection, actor.Can(access.SeeSomeConnections), connectionsOf(actor)},
		{Source, actor.Can(access.ManageProfiles), sources},
		{Person, actor.Can(access.ManageUsers), people},
	} {
		if !kind.may {
			continue
		}
		hits, err := kind.find(ctx, q, asked, most+1)
		if err != nil {
			return nil, err
		}
		if len(hits) > 0 {
			found = append(found, Group{Kind: kind.kind, Hits: hits[:min(len(hits), most)], More: len(hits) > most})
		}
	}
	return found, nil
}

// question is a text as it is looked for.
type question struct {
	text   string   // folded, one blank between words
	words  []string // of it
	number int64    // that it is, with or without # before it; 0: none
}

func read(text string) (asked question) {
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) > MaxText {
		text = string([]rune(text)[:MaxText])
	}
	asked.words = strings.Fields(database.Fold(text))
	if len(asked.words) > maxWords {
		asked.words = asked.words[:maxWords]
	}
	asked.text = strings.Join(asked.words, " ")
	if n, err := strconv.ParseInt(strings.TrimPrefix(asked.text, "#"), 10, 64); err == nil && n > 0 {
		asked.number = n
	}
	return asked
}
