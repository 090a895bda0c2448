package source

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// AddFolder makes a source of a watched folder, and reads its file for a person to check the columns when there is one already.
func (s *Service) AddFolder(ctx context.Context, actor access.Actor, e Entry) (Source, error) {
	if err := actor.Require(access.ManageProfiles); err != nil {
		return Source{}, err
	}
	added := Source{Kind: Folder, Place: Copied}
	if err := s.add(ctx, actor, &added, e, func(database.Tx) error { return nil }); err != nil {
		return Source{}, err
	}
	_, err := s.fetch(ctx, added, by(actor, ByDemand))
	if problem.Of(err) != nil {
		err = nil // no file yet, or none that can be read: its page says so
	}
	return added, err
}

// add stores a new source. more does what belongs to it in the same transaction.
func (s *Service) add(ctx context.Context, actor access.Actor, added *Source, e Entry, more func(database.Tx) error) error {
	err := s.store.db.InTx(ctx, func(tx database.Tx) (err error) {
		if err := s.check(ctx, tx, added, e); err != nil {
			return err
		}
		if added.ID, err = s.store.insertSource(ctx, tx, *added, s.now()); err != nil {
			return err
		}
		if err := more(tx); err != nil {
			return err
		}
		if *added, err = s.store.source(ctx, tx, added.ID); err != nil {
			return err
		}
		return s.note(ctx, tx, actor, audit.SourceAdded, *added, append([]audit.Change{{Field: "kind", After: string(added.Kind)}, {Field: "place", After: string(added.Place)}}, differences(Source{}, *added)...)...)
	})
	if err == nil {
		s.events.Publish(SourcesTopic)
	}
	return err
}

func by(actor access.Actor, cause Cause) Import {
	return Import{Cause: cause, CreatedBy: actor.UserID, CreatedByName: actor.Name, by: actor}
}

// Refresh reads a folder or a database again, now. The first time, and when check is asked for, the import waits for a person
// to look at its columns.
func (s *Service) Refresh(ctx context.Context, actor access.Actor, sourceID int64, check bool) (Import, error) {
	needed := access.RefreshNow
	if check {
		needed = access.ManageProfiles
	}
	if err := actor.Require(needed); err != nil {
		return Import{}, err
	}
	of, err := s.store.source(ctx, s.store.db.Reader(), sourceID)
	if err != nil {
		return Import{}, err
	}
	i := by(actor, ByDemand)
	i.check = check
	return s.fetch(ctx, of, i)
}

// fetch begins an import of a source that is read by Segue itself, and starts it when a person has said how before.
func (s *Service) fetch(ctx context.Context, of Source, i Import) (_ Import, err error) {
	i.SourceID = of.ID
	if err := s.free(ctx, of); err != nil {
		return Import{}, err
	}
	switch of.Kind {
	case Folder:
		i, err = s.fetchFile(ctx, of, i)
	case SQL:
		i, err = s.fetchTable(ctx, of, i)
	default:
		return Import{}, problem.New(problem.Conflict, "sources.not_refreshed")
	}
	if err != nil || !of.Confirmed() || i.check || of.Place == Stays {
		return i, err
	}
	return i, s.goAhead(ctx, of, i)
}

// free ends what still waits for a person, whose place the next import takes. It is a Conflict while one is under way.
func (s *Service) free(ctx context.Context, of Source) error {
	var ended []int64
	err := s.store.db.InTx(ctx, func(tx database.Tx) error {
		busy, err := s.store.underWay(ctx, tx, of.ID)
		if err != nil {
			return err
		}
		if busy {
			return errUnderWay()
		}
		ended, err = s.store.endWaiting(ctx, tx, of.ID, s.now())
		return err
	})
	for _, id := range ended {
		s.events.Publish(topic(id))
		err = errors.Join(err, s.removeFile(id))
	}
	return err
}

// goAhead starts an import as its source was read before. What has columns missing fails, and nothing changes; columns that
// nobody has looked at are left out.
func (s *Service) goAhead(ctx context.Context, of Source, i Import) error {
	var names []string
	for _, c := range i.Settings.Missing(of.Reading) {
		names = append(names, c.Heading)
	}
	if len(names) > 0 {
		return s.endWith(ctx, i.ID, Failed, "sources.file.columns_missing", strings.Join(names, ", "))
	}
	for n := range i.Settings.Columns {
		if of.Reading.column(i.Settings.Columns[n].Key) < 0 {
			i.Settings.Columns[n].Include = false
		}
	}
	overtaken, err := s.store.overtaken(ctx, i)
	if err != nil {
		return err
	}
	if overtaken { // while its file was on its way
		return s.endWith(ctx, i.ID, Cancelled, codeSuperseded, "")
	}
	err = s.confirm(ctx, access.System, i, of.Reading)
	if p := problem.Of(err); p != nil && p.Code == codeUnderWay {
		// Another one began meanwhile. The file is read when its turn comes; nobody is to be asked about this one.
		return errors.Join(err, s.endWith(ctx, i.ID, Cancelled, codeSuperseded, ""), s.forgetMark(ctx, i))
	}
	if err != nil {
		return err
	}
	s.events.Publish(topic(i.ID), ImportsTopic, SourcesTopic)
	return nil
}

// forgetMark has a watched file read again, of which an import came to nothing that was no fault of the file.
func (s *Service) forgetMark(ctx context.Context, i Import) error {
	if i.Mark == "" {
		return nil
	}
	return s.store.db.InTx(ctx, func(tx database.Tx) error { return s.store.forgetMark(ctx, tx, i.SourceID, i.Mark) })
}

// OnSchedule lists the sources that are read again with the system's schedule, in the order of trust.
func (s *Service) OnSchedule(ctx context.Context, q database.Querier) (names []Name, err error) {
	list, err := s.store.sources(ctx, q)
	for _, of := range list {
		if of.WithSchedule && of.Place != Stays && of.Kind != Upload {
			names = append(names, Name{of.ID, of.Name, of.Rows})
		}
	}
	return names, err
}

// ReadAgain begins to read a source, for the program itself. It may be asked again after it was broken off: what was begun since a
// moment is not begun twice. An import that is under way already counts, whoever began it: it reads what there is now.
func (s *Service) ReadAgain(ctx context.Context, sourceID int64, since time.Time) (Import, error) {
	of, err := s.store.source(ctx, s.store.db.Reader(), sourceID)
	if err != nil {
		return Import{}, err
	}
	if i, found, err := s.readSince(ctx, sourceID, since); found || err != nil {
		return i, err
	}
	i, err := s.fetch(ctx, of, by(access.System, BySchedule))
	if p := problem.Of(err); p != nil && p.Code == codeUnderWay { // it was begun at this moment
		if i, found, err := s.readSince(ctx, sourceID, since); found || err != nil {
			return i, err
		}
	}
	return i, err
}

// readSince finds the import of a source that counts as its reading since a moment.
func (s *Service) readSince(ctx context.Context, sourceID int64, since time.Time) (i Import, found bool, err error) {
	last, err := s.store.imports(ctx, sourceID, 1)
	if err != nil || len(last) == 0 {
		return Import{}, false, err
	}
	i = last[0]
	mine := i.Cause == BySchedule && !i.CreatedAt.Before(since) && !i.BrokenOff()
	return i, mine || i.State == Queued || i.State == Running, nil
}
