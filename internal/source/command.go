package source

import (
	"context"
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
		err = s.add(ctx, &of, Entry{Name: o.Source, ShrinkShare: DefaultShrinkShare}, func(database.Tx) error { return nil })
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
	return i, s.confirm(ctx, i, i.Settings)
}
