package app

import (
	"context"
	"errors"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/pushdown"
	"github.com/segue-app/segue/internal/source"
)

// staying tells of the sources whose profiles stay where they are to those who ask there.
type staying struct{ sources *source.Service }

// Staying is one of them.
func (s staying) Staying(ctx context.Context, sourceID int64) (pushdown.Source, error) {
	of, err := s.sources.Staying(ctx, sourceID)
	if err != nil {
		return pushdown.Source{}, err
	}
	return pushdown.Source{Base: pushdown.Base{SourceID: of.ID, Name: of.Name}, Version: of.Version, Address: of.Remote.Address, Password: of.Password,
		What: of.Remote.What, Key: of.Key, KeyLabel: of.KeyLabel, Attributes: of.Attributes}, nil
}

// Bases lists them.
func (s staying) Bases(ctx context.Context) (bases []pushdown.Base, err error) {
	names, err := s.sources.StayingNames(ctx)
	for _, of := range names {
		bases = append(bases, pushdown.Base{SourceID: of.ID, Name: of.Name})
	}
	return bases, err
}

// imports has the segments calculated anew when new profiles came in.
type imports struct{ app *App }

// RunImport carries an import out.
func (i imports) RunImport(ctx context.Context, importID int64) error {
	if err := i.app.Sources.RunImport(ctx, importID); err != nil {
		return err
	}
	return i.recalculate(ctx)
}

// Unify makes the profiles anew of what the sources have.
func (i imports) Unify(ctx context.Context) error {
	if err := i.app.Sources.Unify(ctx); err != nil {
		return err
	}
	return i.recalculate(ctx)
}

// Look reads the watched folders whose file has changed.
func (i imports) Look(ctx context.Context) error { return i.app.Sources.Look(ctx) }

func (i imports) recalculate(ctx context.Context) error {
	i.app.Exclusions.ProfilesChanged()
	return i.app.Segments.CalculateAll(ctx)
}

// ImportAlone carries imports out without a server: those that an earlier process left, and those that work begins.
func (a *App) ImportAlone(ctx context.Context, work func() (source.Import, error)) (source.Import, error) {
	alone := &alone{}
	a.Sources.StartWith(alone)
	if err := errors.Join(a.Profiles.Recover(ctx), a.Sources.Recover(ctx), alone.run(ctx, a)); err != nil {
		return source.Import{}, err
	}
	i, err := work()
	return i, errors.Join(err, alone.run(ctx, a))
}

// alone notes what is to be carried out.
type alone struct{ started []int64 }

// StartImport notes an import.
func (a *alone) StartImport(_ context.Context, _ database.Tx, importID int64) error {
	a.started = append(a.started, importID)
	return nil
}

// run carries out what was noted.
func (a *alone) run(ctx context.Context, app *App) (err error) {
	for _, id := range a.started {
		err = errors.Join(err, imports{app}.RunImport(ctx, id))
	}
	a.started = nil
	return err
}

// StartUnify has nothing to note: an import unifies by itself.
func (a *alone) StartUnify(context.Context, database.Tx) error { return nil }
