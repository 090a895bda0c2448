package pushdown

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/dialect"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/warehouse"
)

// Source is a source whose profiles stay where they are.
type Source struct {
	Base
	Version    int // changes with everything below
	Address    warehouse.Address
	Password   secret.Text
	What       warehouse.What
	Key        string              // name of the column of ids
	KeyLabel   string              // what people call it
	Attributes []profile.Attribute // Column is the name of the column over there
}

// Sources is what pushdown needs of whoever keeps sources.
type Sources interface {
	// Staying is one whose profiles stay where they are; any other, also one that was removed, is NotFound.
	Staying(ctx context.Context, sourceID int64) (Source, error)
	// Bases lists them, by name.
	Bases(ctx context.Context) ([]Base, error)
}

// Service asks sources.
type Service struct {
	sources Sources
	limits  warehouse.Limits

	mutex sync.Mutex
	open  map[int64]*opened
}

// opened is a database that is kept open for the next who asks.
type opened struct {
	version  int
	password secret.Text
	database *warehouse.Database
	users    int
	stale    bool // closed when the last user is gone
}

// NewService makes the service. Close it in the end.
func NewService(sources Sources, limits warehouse.Limits) *Service {
	return &Service{sources: sources, limits: limits, open: map[int64]*opened{}}
}

// Bases lists the sources whose profiles stay where they are, by name.
func (s *Service) Bases(ctx context.Context) ([]Base, error) { return s.sources.Bases(ctx) }

// Named finds the source by its name, in any case.
func (s *Service) Named(ctx context.Context, name string) (sourceID int64, err error) {
	bases, err := s.Bases(ctx)
	if err != nil {
		return 0, err
	}
	for _, base := range bases {
		if database.Fold(base.Name) == database.Fold(name) {
			return base.SourceID, nil
		}
	}
	return 0, problem.New(problem.NotFound, CodeGone)
}

// Schema describes the profiles of a source as a snapshot does that has no table: its attributes name columns over there. It
// asks nobody.
func (s *Service) Schema(ctx context.Context, sourceID int64) (profile.Snapshot, error) {
	source, err := s.source(ctx, sourceID)
	return source.schema(), err
}

func (s Source) schema() profile.Snapshot {
	return profile.Snapshot{FileName: s.Name, IDLabel: s.KeyLabel, Attributes: s.Attributes}
}

func (s *Service) source(ctx context.Context, id int64) (Source, error) {
	source, err := s.sources.Staying(ctx, id)
	if problem.Is(err, problem.NotFound) {
		return source, problem.New(problem.NotFound, CodeGone).Because(err)
	}
	return source, err
}

// Count counts the rows that at least one of the definitions holds for, within the time that a person waits for an answer. A
// deadline of the context that passes is Unavailable.
func (s *Service) Count(ctx context.Context, sourceID int64, definitions []segment.Definition, at time.Time) (int, error) {
	source, err := s.source(ctx, sourceID)
	if err != nil {
		return 0, err
	}
	where, err := segment.UnionFor(source.dialect(), definitions, source.schema(), at)
	if err != nil {
		return 0, err
	}
	from, err := source.What.From(source.Address.Kind)
	if err != nil {
		return 0, NewFault(source.Name, problem.Of(err))
	}
	var n int64
	err = s.with(ctx, source, func(db *warehouse.Database) error {
		statement := "SELECT count(*) FROM " + from + " p WHERE p." + source.dialect().Quote(source.Key) + " IS NOT NULL AND "
		var err error
		n, err = db.Count(ctx, statement+source.dialect().Rebind(where.SQL), where.Args)
		return err
	})
	return int(n), err
}

// Stream reads the members of a reading, in no particular order, in one consistent reading and constant memory. It returns how
// many rows were left out because they have no id that could be kept.
func (s *Service) Stream(ctx context.Context, reading Reading, visit func(Member) error) (withoutID int, err error) {
	source, err := s.source(ctx, reading.SourceID)
	if err != nil {
		return 0, err
	}
	columns := []warehouse.Column{{Name: source.Key, Kind: profile.Text}}
	for _, key := range reading.Attributes {
		a, ok := source.schema().Attribute(key)
		if !ok {
			return 0, problem.New(problem.Invalid, segment.CodeAttributeMissing, "Attribute", key)
		}
		columns = append(columns, warehouse.Column{Name: a.Column, Kind: a.Kind})
	}
	narrowed, err := narrow(source, reading)
	if err != nil {
		return 0, err
	}
	m := Member{Values: make([]any, len(reading.Attributes)), In: make([]bool, len(reading.Definitions))}
	err = s.with(ctx, source, func(db *warehouse.Database) error {
		return db.Select(ctx, source.What, columns, narrowed, source.dialect().Rebind, func(row []any, flags []bool) error {
			id, ok := row[0].(string)
			id = strings.TrimSpace(id)
			if ok = ok && keepable(id); !ok && !reading.Anybody {
				withoutID++
				return nil
			}
			m.ID = id
			for i, v := range row[1:] {
				m.Values[i] = kept(v)
			}
			if copy(m.In, flags); len(m.In) == 1 {
				m.In[0] = true // it was not asked for by itself
			}
			if err := visit(m); err != nil {
				return &ownError{err}
			}
			return nil
		})
	})
	return withoutID, err
}

// narrow compiles the definitions. Of a single one it is known that it holds for every row.
func narrow(source Source, reading Reading) (warehouse.Narrowed, error) {
	n := warehouse.Narrowed{First: reading.ID, Most: reading.Most}
	var union []any
	var either []string
	for _, definition := range reading.Definitions {
		where, err := segment.CompileFor(source.dialect(), definition, source.schema(), reading.At)
		if err != nil {
			return n, err
		}
		either = append(either, where.SQL)
		union = append(union, where.Args...)
		if len(reading.Definitions) > 1 {
			n.Flags = append(n.Flags, where.SQL)
			n.Args = append(n.Args, where.Args...)
		}
	}
	if len(either) == 0 {
		return n, errors.New("a reading of no segment")
	}
	n.Where = "(" + strings.Join(either, " OR ") + ")"
	n.Args = append(n.Args, union...)
	return n, nil
}

const maxID = 200 // bytes, as of imports

// keepable reports whether an id can be a profile's.
func keepable(id string) bool {
	return id != "" && len(id) <= maxID && !strings.ContainsFunc(id, unicode.IsControl)
}

// kept is a value as an import keeps it: text that is nothing but white space is none.
func kept(v any) any {
	if text, ok := v.(string); ok && strings.TrimSpace(text) == "" {
		return nil
	}
	return v
}

// dialect is how the source's database writes things.
func (s Source) dialect() dialect.Dialect {
	names := map[warehouse.Kind]dialect.Dialect{warehouse.PostgreSQL: dialect.PostgreSQL, warehouse.MySQL: dialect.MySQL,
		warehouse.SQLServer: dialect.SQLServer, warehouse.Trino: dialect.Trino}
	return names[s.Address.Kind]
}

// ownError is an error of whoever visits the members, which is no fault of the source.
type ownError struct{ err error }

func (e *ownError) Error() string { return e.err.Error() }

// with gives the database of a source, open. What the database says comes back as a Fault.
func (s *Service) with(ctx context.Context, source Source, use func(db *warehouse.Database) error) error {
	o, err := s.take(ctx, source)
	if err == nil {
		defer s.giveBack(o)
		err = use(o.database)
	}
	var own *ownError
	if errors.As(err, &own) {
		return own.err
	}
	return faultOf(ctx, source.Name, err)
}

// take opens the database of a source, or shares the one that is open. One of an older version of the source is closed when its
// last user is gone.
func (s *Service) take(ctx context.Context, source Source) (*opened, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	o := s.open[source.SourceID]
	if o != nil && (o.version != source.Version || o.password.Reveal() != source.Password.Reveal()) {
		s.retire(o)
		o = nil
	}
	if o == nil {
		database, err := warehouse.Open(ctx, source.Address, source.Password, s.limits)
		if err != nil {
			return nil, err
		}
		o = &opened{version: source.Version, password: source.Password, database: database}
		s.open[source.SourceID] = o
	}
	o.users++
	return o, nil
}

func (s *Service) giveBack(o *opened) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if o.users--; o.stale && o.users == 0 {
		_ = o.database.Close() // nobody reads from it any more
	}
}

func (s *Service) retire(o *opened) {
	if o.stale = true; o.users == 0 {
		_ = o.database.Close() // nobody reads from it any more
	}
}

// Close ends all sessions with databases.
func (s *Service) Close() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for id, o := range s.open {
		s.retire(o)
		delete(s.open, id)
	}
}
