package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/tabular"
	"github.com/segue-app/segue/internal/warehouse"
)

// Remote says which table of which database is read.
type Remote struct {
	Address warehouse.Address `json:"address"`
	What    warehouse.What    `json:"what"`
}

func passwordBinding(sourceID int64) string { return fmt.Sprintf("source/%d/password", sourceID) }

// AddSQL makes a source of a database, once it has answered, and reads its columns for a person to check.
func (s *Service) AddSQL(ctx context.Context, actor access.Actor, e Entry, place Place, password secret.Text) (Source, Import, error) {
	if err := actor.Require(access.ManageProfiles); err != nil {
		return Source{}, Import{}, err
	}
	if err := actor.RequireFresh(s.now()); err != nil {
		return Source{}, Import{}, err
	}
	if place != Copied && place != Stays {
		var check problem.Check
		check.Add("place", "problem.choose")
		return Source{}, Import{}, check.Err()
	}
	added := Source{Kind: SQL, Place: place}
	if err := s.check(ctx, s.store.db.Reader(), &added, e); err != nil {
		return Source{}, Import{}, err
	}
	if _, err := s.ask(ctx, added.Remote, password); err != nil {
		return Source{}, Import{}, err
	}
	err := s.add(ctx, actor, &added, e, func(tx database.Tx) error {
		return s.store.saveSecret(ctx, tx, added.ID, s.sealer.Seal(password, passwordBinding(added.ID)))
	})
	if err != nil {
		return Source{}, Import{}, err
	}
	i, err := s.fetch(ctx, added, by(actor, ByDemand))
	return added, i, err
}

// ask opens a database and has it describe what is to be read.
func (s *Service) ask(ctx context.Context, r Remote, password secret.Text) (found warehouse.Tested, err error) {
	db, err := warehouse.Open(ctx, r.Address, password, s.limits)
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if found, err = db.Test(ctx); err != nil {
		return found, err
	}
	_, err = db.Columns(ctx, r.What)
	return found, err
}

// Test asks a database whether it can be read as its source says.
func (s *Service) Test(ctx context.Context, actor access.Actor, sourceID int64) (warehouse.Tested, error) {
	of, err := s.Get(ctx, actor, sourceID)
	if err != nil {
		return warehouse.Tested{}, err
	}
	password, err := s.password(ctx, of)
	if err != nil {
		return warehouse.Tested{}, err
	}
	return s.ask(ctx, of.Remote, password)
}

// EditSQL changes a source of a database, once that has answered; the password only when a new one is given.
func (s *Service) EditSQL(ctx context.Context, actor access.Actor, id int64, version int, e Entry, password secret.Text) (Source, error) {
	if err := actor.Require(access.ManageProfiles); err != nil {
		return Source{}, err
	}
	if !password.Empty() {
		if err := actor.RequireFresh(s.now()); err != nil {
			return Source{}, err
		}
	}
	of, err := s.Get(ctx, actor, id)
	if err != nil {
		return Source{}, err
	}
	asked, err := s.passwordFor(ctx, of, e.Remote.Address, password)
	if err != nil {
		return Source{}, err
	}
	if _, err := s.ask(ctx, e.Remote, asked); err != nil {
		return Source{}, err
	}
	// Both at once: an address never stands there with the password of another.
	return s.edit(ctx, actor, id, version, e, !password.Empty(), func(tx database.Tx) error {
		if password.Empty() {
			return nil
		}
		return s.store.saveSecret(ctx, tx, id, s.sealer.Seal(password, passwordBinding(id)))
	})
}

// passwordFor is the password typed, or the source's own when none was and it goes where it went before: the password is for who it
// was given to, and nobody may have it sent elsewhere without knowing it.
func (s *Service) passwordFor(ctx context.Context, of Source, address warehouse.Address, typed secret.Text) (secret.Text, error) {
	if !typed.Empty() {
		return typed, nil
	}
	before := of.Remote.Address
	if address.Host != before.Host || address.Port != before.Port || address.TLS != before.TLS || address.Kind != before.Kind ||
		address.Authority != before.Authority {
		return secret.Text{}, errPasswordAgain()
	}
	return s.password(ctx, of)
}

func (s *Service) password(ctx context.Context, of Source) (secret.Text, error) {
	sealed, err := s.store.secret(ctx, of.ID)
	if err != nil {
		return secret.Text{}, err
	}
	return s.sealer.Open(sealed, passwordBinding(of.ID))
}

// openRemote opens the database of a source. Close it in the end.
func (s *Service) openRemote(ctx context.Context, of Source) (*warehouse.Database, error) {
	password, err := s.password(ctx, of)
	if err != nil {
		return nil, err
	}
	return warehouse.Open(ctx, of.Remote.Address, password, s.limits)
}

// fetchTable makes an import of a database's table or query. of is of SQL.
func (s *Service) fetchTable(ctx context.Context, of Source, i Import) (_ Import, err error) {
	db, err := s.openRemote(ctx, of)
	if err != nil {
		return Import{}, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	columns, err := db.Columns(ctx, of.Remote.What)
	if err != nil {
		return Import{}, err
	}
	i.FileName, i.State, i.CreatedAt = of.Remote.title(), Receiving, s.now()
	known, err := s.profiles.Known(ctx)
	if err != nil {
		return Import{}, err
	}
	i.Settings = guessColumns(columns, known).like(of.Reading).marked(known)
	if len(i.Settings.Columns) == 0 {
		return Import{}, problem.New(problem.Invalid, "warehouse.problem.no_columns")
	}
	err = s.store.db.InTx(ctx, func(tx database.Tx) (err error) {
		if i.ID, err = s.store.insertImport(ctx, tx, i); err != nil {
			return err
		}
		if err := s.noteBegun(ctx, tx, i); err != nil {
			return err
		}
		return s.store.saveSettings(ctx, tx, i, Waiting)
	})
	if err != nil {
		return Import{}, err
	}
	s.events.Publish(ImportsTopic, SourcesTopic)
	return s.again(ctx, i)
}

func (r Remote) title() string {
	if r.What.Table == "" {
		return "SQL"
	}
	return strings.TrimPrefix(r.What.Schema+"."+r.What.Table, ".")
}

// guessColumns makes settings of a table's columns, and says which cannot be read.
func guessColumns(columns []warehouse.Column, known map[string]profile.Attribute) Settings {
	s := Settings{Mode: KeepGood}
	taken := map[string]bool{}
	var keys []string
	var read []warehouse.Column
	for _, c := range columns {
		if c.LeftOut != "" {
			s.LeftOut = append(s.LeftOut, tabular.LeftOut{Heading: c.Name, Reason: c.LeftOut})
			continue
		}
		read = append(read, c)
		key := tabular.KeyOf(c.Name)
		for n := 2; key == "" || taken[key]; n++ {
			key = fmt.Sprintf("%s_%d", strings.TrimSuffix(cut(tabular.KeyOf("c "+c.Name), 40), "_"), n)
		}
		taken[key] = true
		column := Column{Heading: c.Name, Key: key, Label: tabular.LabelOf(c.Name), Kind: c.Kind, Native: c.Kind, Include: true, Mark: tabular.GuessMark(key, nil)}
		if a, ok := known[key]; ok {
			column.Label, column.Mark = a.Label, a.Mark
			if becomes(c.Kind, a.Kind) {
				column.Kind = a.Kind
			}
		}
		s.Columns, keys = append(s.Columns, column), append(keys, key)
	}
	if len(keys) > 0 {
		s.ID = guessKey(read, keys)
		s.includeID()
	}
	return s
}

// guessKey finds the column that most likely tells rows apart, by what it is called, whether it is always there, and its type.
func guessKey(columns []warehouse.Column, keys []string) int {
	if n := tabular.GuessID(slices.Insert(slices.Clone(keys), 0, "")); n > 0 {
		return n - 1
	}
	for _, likely := range []func(n int) bool{
		func(n int) bool { return strings.HasSuffix(keys[n], "_id") && !columns[n].Nullable },
		func(n int) bool { return columns[n].Native == "uuid" || columns[n].Native == "uniqueidentifier" },
		func(n int) bool {
			return !columns[n].Nullable && (columns[n].Kind == profile.Text || columns[n].Kind == profile.Number)
		},
	} {
		for n := range columns {
			if likely(n) {
				return n
			}
		}
	}
	return 0
}

// becomes reports whether values of a database's column can be read as a kind.
func becomes(is, wanted profile.Kind) bool {
	return is == wanted || wanted == profile.Text || is == profile.Text && wanted == profile.List || is == profile.Number && wanted == profile.Boolean
}

// shownRows are read for the check of a database's columns.
const shownRows = 20

// previewTable shows the beginning of a table under the settings of an import.
func (s *Service) previewTable(ctx context.Context, of Source, i Import) (preview Preview, err error) {
	db, err := s.openRemote(ctx, of)
	if err != nil {
		return Preview{}, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	sample, err := db.Preview(ctx, of.Remote.What, shownRows)
	if err != nil {
		return Preview{}, err
	}
	preview = Preview{Import: i, Samples: make([][]string, len(i.Settings.Columns))}
	for at, c := range sample.Columns {
		for n, own := range i.Settings.Columns {
			if own.Heading != c.Name {
				continue
			}
			attribute := profile.Attribute{Kind: c.Kind}
			for _, row := range sample.Rows {
				if text := attribute.Format(row[at]); text != "" && len(preview.Samples[n]) < shownSamples && !slices.Contains(preview.Samples[n], cut(text, 60)) {
					preview.Samples[n] = append(preview.Samples[n], cut(text, 60))
				}
			}
		}
	}
	return preview, nil
}

const shownSamples = 5

// streamTable reads a table into chunks until it ends or ctx does.
func (l *loader) streamTable(ctx context.Context, of Source, chunks chan<- *chunk) (err error) {
	db, err := l.service.openRemote(ctx, of)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	settings := l.i.Settings
	columns := []warehouse.Column{{Name: settings.Columns[settings.ID].Heading, Kind: profile.Text}}
	for n, at := range l.fields {
		columns = append(columns, warehouse.Column{Name: settings.Columns[at].Heading, Kind: l.snapshot.Attributes[n].Kind})
	}
	c, line, size := &chunk{}, 0, 0
	hand := func() error {
		select {
		case chunks <- c:
			c, size = &chunk{}, 0
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	_, err = db.Stream(ctx, of.Remote.What, columns, func(row []any) error {
		line++
		c.read++
		id, _ := row[0].(string)
		id = strings.TrimSpace(id)
		switch {
		case id == "":
			c.refused = append(c.refused, Refusal{Line: line, Column: columns[0].Name, Code: refusedIDEmpty})
		case len(id) > maxID:
			c.refused = append(c.refused, Refusal{Line: line, Column: columns[0].Name, Code: refusedIDLong})
		default:
			c.values, c.lines = append(append(c.values, id), row[1:]...), append(c.lines, line)
		}
		for _, v := range row {
			if text, ok := v.(string); ok {
				size += len(text)
			}
			size += 16
		}
		if c.read < chunkRows && size < chunkBytes {
			return nil
		}
		return hand()
	})
	if err != nil {
		return err
	}
	return hand()
}

// Staying is a source whose profiles stay where they are, as those need it who ask there.
type Staying struct {
	Source
	Password   secret.Text
	Key        string              // name of the column of ids
	KeyLabel   string              // what people call it
	Attributes []profile.Attribute // Column is the name of the column over there
}

// Staying is one whose profiles stay where they are and whose columns a person has checked; any other is NotFound.
func (s *Service) Staying(ctx context.Context, sourceID int64) (Staying, error) {
	of, err := s.store.source(ctx, s.store.db.Reader(), sourceID)
	if err != nil {
		return Staying{}, err
	}
	if of.Place != Stays || !of.Confirmed() {
		return Staying{}, problem.New(problem.NotFound, "problem.not_found")
	}
	staying := Staying{Source: of, Key: of.Reading.Columns[of.Reading.ID].Heading, KeyLabel: of.Reading.Columns[of.Reading.ID].Label}
	if staying.Password, err = s.password(ctx, of); err != nil {
		return Staying{}, err
	}
	for _, c := range of.Reading.Columns {
		if c.Include {
			staying.Attributes = append(staying.Attributes, profile.Attribute{Key: c.attribute(), Label: c.Label, Column: c.Heading, Kind: c.Kind,
				Mark: c.Mark, Address: c.Kind == profile.Text && tabular.IsEmail(c.Key)})
		}
	}
	return staying, nil
}

// StayingNames lists the sources whose profiles stay where they are and can be asked.
func (s *Service) StayingNames(ctx context.Context) (names []Name, err error) {
	list, err := s.store.sources(ctx, s.store.db.Reader())
	for _, of := range list {
		if of.Place == Stays && of.Confirmed() {
			names = append(names, Name{ID: of.ID, Name: of.Name})
		}
	}
	return names, err
}
