package source

import (
	"context"
	"errors"
	"io"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/tabular"
)

// Order is a file as the command line brings it.
type Order struct {
	Source   string // name
	Create   bool   // make the source when there is none of that name
	FileName string
	Format   tabular.Format // "": find out
	Size     int64          // 0: not known
}

// Command imports a file into the source of that name, read as its files were before, and a new source's as it looks. It queues
// the import and does not wait for it.
func (s *Service) Command(ctx context.Context, actor access.Actor, o Order, file io.Reader) (Import, error) {
	if err := actor.Require(access.ManageProfiles); err != nil {
		return Import{}, err
	}
	of, err := s.store.sourceNamed(ctx, s.store.db.Reader(), cleanName(o.Source))
	switch {
	case problem.Is(err, problem.NotFound) && !o.Create:
		return Import{}, problem.New(problem.NotFound, "sources.command.unknown", "Name", o.Source)
	case problem.Is(err, problem.NotFound):
		of = Source{Kind: Upload, Place: Copied}
		err = s.add(ctx, actor, &of, Entry{Name: o.Source, ShrinkShare: DefaultShrinkShare}, func(database.Tx) error { return nil })
	}
	if err != nil {
		return Import{}, err
	}
	if of.Kind != Upload {
		return Import{}, problem.New(problem.Conflict, "sources.command.kind", "Name", of.Name)
	}
	if err := s.free(ctx, of); err != nil {
		return Import{}, err
	}
	i := by(actor, ByCommand)
	i.SourceID, i.FileName, i.TotalBytes, i.options = of.ID, o.FileName, o.Size, tabular.Options{Format: o.Format}
	if i, err = s.take(ctx, i, file); err != nil {
		return Import{}, err
	}
	if of.Confirmed() {
		return i, s.goAhead(ctx, of, i)
	}
	return i, s.confirm(ctx, actor, i, i.Settings)
}

// ImportFile receives and imports in one go, into the source that is named like the file, which is made when there is none. It
// asks no question, however few profiles there are. Settings that are not given are guessed; Columns are matched by heading.
func (s *Service) ImportFile(ctx context.Context, actor access.Actor, name string, file io.Reader, settings Settings) (Import, error) {
	of, err := s.store.sourceNamed(ctx, s.store.db.Reader(), nameOf(name))
	if err != nil && !problem.Is(err, problem.NotFound) {
		return Import{}, err
	}
	i, err := s.Receive(ctx, actor, of.ID, name, 0, file)
	if err != nil {
		return Import{}, err
	}
	if settings.Delimiter != "" && settings.Delimiter != i.Settings.Delimiter {
		if err := s.ReadAs(ctx, actor, i.ID, settings.Delimiter, ""); err != nil {
			return Import{}, errors.Join(err, s.end(ctx, i.ID, Cancelled, ""))
		}
		if i, err = s.Import(ctx, actor, i.ID); err != nil {
			return Import{}, err
		}
	}
	chosen := i.Settings
	if settings.Mode != "" {
		chosen.Mode = settings.Mode
	}
	for _, c := range settings.Columns {
		for n := range chosen.Columns {
			if chosen.Columns[n].Heading == c.Heading {
				c.Key = chosen.Columns[n].Key
				chosen.Columns[n] = c
			}
		}
	}
	others, err := s.ofOthers(ctx, i.SourceID)
	if err != nil {
		return Import{}, err
	}
	if err := i.take(chosen, others); err != nil {
		return Import{}, errors.Join(err, s.end(ctx, i.ID, Cancelled, ""))
	}
	err = s.store.db.InTx(ctx, func(tx database.Tx) error {
		if err := s.noteColumns(ctx, tx, actor, i); err != nil {
			return err
		}
		if err := s.store.saveReading(ctx, tx, i.SourceID, i.Settings, s.now()); err != nil {
			return err
		}
		return s.store.saveSettings(ctx, tx, i, Queued)
	})
	if err != nil {
		return Import{}, err
	}
	if err := s.runImport(ctx, i.ID, true); err != nil {
		return Import{}, err
	}
	return s.store.importByID(ctx, i.ID)
}
