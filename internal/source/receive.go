package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/tabular"
)

// MaxFile is the largest file that is taken, in bytes: 2 GiB.
const MaxFile = 2 << 30

// Receive stores a file of a source, of a new one named like the file when sourceID is 0, and guesses its settings; nothing is
// imported yet. size is how long the file is thought to be, for showing progress, 0 when unknown. A file that cannot be a list
// of profiles is an Invalid problem and is not kept.
func (s *Service) Receive(ctx context.Context, actor access.Actor, sourceID int64, fileName string, size int64, file io.Reader) (Import, error) {
	if err := actor.Require(access.ManageProfiles); err != nil {
		return Import{}, err
	}
	i := by(actor, ByUpload)
	i.SourceID, i.FileName, i.TotalBytes = sourceID, fileName, size
	return s.take(ctx, i, file)
}

// take stores a file for an import of its source, and guesses how it is read.
func (s *Service) take(ctx context.Context, i Import, file io.Reader) (Import, error) {
	i.State, i.CreatedAt = Receiving, s.now()
	i.FileName = cut(strings.ToValidUTF8(filepath.Base(i.FileName), "�"), 200)
	err := s.store.db.InTx(ctx, func(tx database.Tx) (err error) {
		if i.SourceID, err = s.sourceFor(ctx, tx, i); err != nil {
			return err
		}
		if i.ID, err = s.store.insertImport(ctx, tx, i); err != nil {
			return err
		}
		if err := s.noteBegun(ctx, tx, i); err != nil || i.Mark == "" {
			return err
		}
		return s.store.saveMark(ctx, tx, i.SourceID, i.Mark) // also when it cannot be read: it is not tried again and again
	})
	if err != nil {
		return Import{}, err
	}
	s.events.Publish(SourcesTopic)
	if err := s.receive(ctx, &i, file); err != nil {
		code := codeBrokenOff
		if p := problem.Of(err); p != nil {
			code = p.Code
		}
		// The person may be gone, and with them ctx; the end is written all the same.
		after := context.WithoutCancel(ctx)
		if err = errors.Join(err, s.end(after, i.ID, Failed, code)); ctx.Err() != nil {
			err = errors.Join(err, s.forgetMark(after, i)) // the program stops: a watched file is read after the next start
		}
		return Import{}, err
	}
	return s.again(ctx, i)
}

// again reads an import with what others have noted of it.
func (s *Service) again(ctx context.Context, i Import) (Import, error) {
	now, err := s.store.importByID(ctx, i.ID)
	now.check, now.unasked = i.check, i.unasked
	return now, err
}

// sourceFor is the import's source, made when there is none yet.
func (s *Service) sourceFor(ctx context.Context, tx database.Tx, i Import) (int64, error) {
	if i.SourceID != 0 {
		of, err := s.store.source(ctx, tx, i.SourceID)
		return of.ID, err
	}
	name, err := s.freeName(ctx, tx, nameOf(i.FileName))
	if err != nil {
		return 0, err
	}
	made := Source{Name: name, Kind: Upload, Place: Copied, ShrinkShare: DefaultShrinkShare}
	if made.ID, err = s.store.insertSource(ctx, tx, made, s.now()); err != nil {
		return 0, err
	}
	return made.ID, s.note(ctx, tx, i.by, audit.SourceAdded, made, audit.Change{Field: "kind", After: string(made.Kind)}, audit.Change{Field: "place", After: string(made.Place)})
}

// forgetEmpty removes the source of an upload that came to nothing, unless somebody has confirmed a file of it before.
func (s *Service) forgetEmpty(ctx context.Context, tx database.Tx, importID int64) error {
	sourceID, err := s.store.unused(ctx, tx, importID)
	if err != nil || sourceID == 0 {
		return err
	}
	return s.store.removeSource(ctx, tx, sourceID, s.now())
}

func (s *Service) receive(ctx context.Context, i *Import, file io.Reader) error {
	if err := os.MkdirAll(s.folder, 0o700); err != nil {
		return fmt.Errorf("folder for uploads: %w", err)
	}
	target, err := os.OpenFile(s.path(i.ID), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("store upload: %w", err)
	}
	progress := &receiving{service: s, ctx: ctx, id: i.ID, at: time.Now()}
	n, err := io.Copy(io.MultiWriter(target, progress), io.LimitReader(file, MaxFile+1))
	if err := errors.Join(err, target.Close()); err != nil {
		return fmt.Errorf("store upload: %w", err)
	}
	if n > MaxFile {
		return fileProblem("too_large", "Most", "2 GiB")
	}
	found, err := s.inspectFile(*i, i.options)
	if err != nil {
		return err
	}
	i.TotalBytes = n
	if i.Settings, err = s.guess(ctx, i.SourceID, found); err != nil {
		return err
	}
	return s.store.db.InTx(ctx, func(tx database.Tx) error {
		return s.store.saveSettings(ctx, tx, *i, Waiting)
	})
}

// guess says how a file is read: as its source's files were, and else as it looks.
func (s *Service) guess(ctx context.Context, sourceID int64, found tabular.Inspection) (Settings, error) {
	known, err := s.profiles.Known(ctx)
	if err != nil {
		return Settings{}, err
	}
	of, err := s.store.source(ctx, s.store.db.Reader(), sourceID)
	if err != nil {
		return Settings{}, err
	}
	return guess(found, known).like(of.Reading).marked(known), nil
}

// receiving writes down how much of a file has come, twice a second.
type receiving struct {
	service *Service
	ctx     context.Context
	id      int64
	bytes   int64
	at      time.Time
}

// Write counts.
func (r *receiving) Write(p []byte) (int, error) {
	r.bytes += int64(len(p))
	if time.Since(r.at) < 500*time.Millisecond {
		return len(p), nil
	}
	r.at = time.Now()
	err := r.service.store.db.InTx(r.ctx, func(tx database.Tx) error {
		return r.service.store.received(r.ctx, tx, r.id, r.bytes)
	})
	r.service.events.Publish(topic(r.id), ImportsTopic)
	return len(p), err
}

// Preview shows the beginning of a waiting import's file under its settings.
func (s *Service) Preview(ctx context.Context, actor access.Actor, importID int64) (Preview, error) {
	i, err := s.Import(ctx, actor, importID)
	if err != nil {
		return Preview{}, err
	}
	if i.State != Waiting {
		return Preview{}, errNotWaiting()
	}
	of, err := s.store.source(ctx, s.store.db.Reader(), i.SourceID)
	if err != nil {
		return Preview{}, err
	}
	if of.Kind == SQL {
		return s.previewTable(ctx, of, i)
	}
	found, err := s.inspectFile(i, i.Settings.options())
	if err != nil {
		return Preview{}, err
	}
	preview := Preview{Import: i, Samples: found.Samples()}
	for _, r := range found.Refused {
		preview.Refused = append(preview.Refused, refusal(r, found.Headings))
	}
	return preview, nil
}

func errNotWaiting() error { return problem.New(problem.Conflict, "sources.not_waiting") }

// ReadAs reads a waiting CSV file anew with another delimiter or encoding ("": as it was); the columns are guessed again.
func (s *Service) ReadAs(ctx context.Context, actor access.Actor, importID int64, delimiter string, encoding tabular.Encoding) error {
	i, err := s.Import(ctx, actor, importID)
	if err != nil {
		return err
	}
	if i.State != Waiting {
		return errNotWaiting()
	}
	options := i.Settings.options()
	var check problem.Check
	check.Require(delimiter == "," || delimiter == ";" || delimiter == "\t", "delimiter", "problem.choose")
	check.Require(encoding == "" || encoding == tabular.UTF8 || encoding == tabular.Windows1252, "encoding", "problem.choose")
	if err := check.Err(); err != nil {
		return err
	}
	if options.Delimiter = delimiter; encoding != "" {
		options.Encoding = encoding
	}
	found, err := s.inspectFile(i, options)
	if err != nil {
		return err
	}
	if i.Settings, err = s.guess(ctx, i.SourceID, found); err != nil {
		return err
	}
	return s.store.db.InTx(ctx, func(tx database.Tx) error { return s.store.saveSettings(ctx, tx, i, Waiting) })
}

// Confirm takes a person's settings for a waiting import and starts it. Columns are those of the guess, in their
// order: headings and keys stay as they are. A source has one import at a time.
func (s *Service) Confirm(ctx context.Context, actor access.Actor, importID int64, settings Settings) error {
	i, err := s.Import(ctx, actor, importID)
	if err != nil {
		return err
	}
	others, err := s.ofOthers(ctx, i.SourceID)
	if err != nil {
		return err
	}
	if err := i.take(settings, others); err != nil {
		return err
	}
	of, err := s.store.source(ctx, s.store.db.Reader(), i.SourceID)
	if err != nil {
		return err
	}
	if of.Place == Stays {
		return s.learn(ctx, actor, i)
	}
	if err := s.confirm(ctx, actor, i, i.Settings); err != nil {
		return err
	}
	s.events.Publish(topic(importID), ImportsTopic, SourcesTopic)
	return nil
}

// learn keeps the columns of a source whose profiles stay where they are: there is nothing to import.
func (s *Service) learn(ctx context.Context, actor access.Actor, i Import) error {
	err := s.store.db.InTx(ctx, func(tx database.Tx) error {
		if err := s.noteColumns(ctx, tx, actor, i); err != nil {
			return err
		}
		if err := s.store.saveReading(ctx, tx, i.SourceID, i.Settings, s.now()); err != nil {
			return err
		}
		return s.store.forgetImport(ctx, tx, i.ID)
	})
	if err == nil {
		s.events.Publish(SourcesTopic)
	}
	return err
}

// confirm keeps how the next file of the source is read, and queues the import. The program itself confirms as a person did before.
func (s *Service) confirm(ctx context.Context, actor access.Actor, i Import, next Settings) error {
	return s.store.db.InTx(ctx, func(tx database.Tx) error {
		if busy, err := s.store.underWay(ctx, tx, i.SourceID); err != nil {
			return err
		} else if busy {
			return errUnderWay()
		}
		if !actor.IsSystem() {
			if err := s.noteColumns(ctx, tx, actor, i); err != nil {
				return err
			}
		}
		if err := s.store.saveReading(ctx, tx, i.SourceID, next, s.now()); err != nil {
			return err
		}
		if err := s.store.saveSettings(ctx, tx, i, Queued); err != nil {
			return err
		}
		if s.starter == nil {
			return nil
		}
		return s.starter.StartImport(ctx, tx, i.ID)
	})
}

const codeUnderWay = "sources.import_running"

func errUnderWay() error { return problem.New(problem.Conflict, codeUnderWay) }

// take checks what a person chose and puts it in the place of the guess.
func (i *Import) take(settings Settings, others map[string]profile.Attribute) error {
	if i.State != Waiting {
		return errNotWaiting()
	}
	var check problem.Check
	check.Require(settings.Mode == KeepGood || settings.Mode == AllOrNothing, "mode", "problem.choose")
	if len(settings.Columns) != len(i.Settings.Columns) || settings.ID < 0 || settings.ID >= len(settings.Columns) {
		check.Add("id", "problem.choose")
		return check.Err()
	}
	included := 0
	for n, c := range settings.Columns {
		own := &i.Settings.Columns[n]
		own.Label, own.Kind, own.Mark, own.Include = strings.TrimSpace(c.Label), c.Kind, c.Mark, c.Include
		own.Attribute = c.Attribute
		if !own.Include {
			continue
		}
		included++
		profile.CheckLabel(&check, own.Key, own.Label)
		check.Require(own.Kind.Valid(), "kind-"+own.Key, "problem.choose")
	}
	check.Require(included > 0, "columns", "sources.no_columns")
	i.Settings.fit(&check, others)
	i.Settings.Mode, i.Settings.ID = settings.Mode, settings.ID
	i.Settings.DecimalComma, i.Settings.MonthFirst = settings.DecimalComma, settings.MonthFirst
	return check.Err()
}

// Cancel discards a waiting import, or stops one under way. The profiles stay as they were.
func (s *Service) Cancel(ctx context.Context, actor access.Actor, importID int64) error {
	i, err := s.Import(ctx, actor, importID)
	if err != nil {
		return err
	}
	if i.State.Ended() {
		return problem.New(problem.Conflict, "sources.not_running")
	}
	if err := s.ended(ctx, importID, Cancelled, "", "", func(tx database.Tx) error { return s.noteImport(ctx, tx, actor, audit.ImportCancelled, i) }); err != nil || i.State != Asking {
		return err
	}
	return s.profiles.Replaced(ctx) // nobody holds what it brought
}

// end closes an import that has not ended, and removes its file: it holds personal data and is of no more use.
func (s *Service) end(ctx context.Context, importID int64, state State, code string) error {
	return s.endWith(ctx, importID, state, code, "")
}

// endWith is end with what the code is about.
func (s *Service) endWith(ctx context.Context, importID int64, state State, code, detail string) error {
	return s.ended(ctx, importID, state, code, detail, func(database.Tx) error { return nil })
}

// ended is endWith with what is to be noted of it in the same transaction.
func (s *Service) ended(ctx context.Context, importID int64, state State, code, detail string, note func(tx database.Tx) error) error {
	err := s.store.db.InTx(ctx, func(tx database.Tx) error {
		if err := note(tx); err != nil {
			return err
		}
		if err := s.store.endImport(ctx, tx, importID, state, code, detail, s.now()); err != nil {
			return err
		}
		if err := s.profiles.LetGo(ctx, tx, askingHolder(importID)); err != nil {
			return err
		}
		return s.forgetEmpty(ctx, tx, importID)
	})
	if err != nil {
		return err
	}
	s.events.Publish(topic(importID), ImportsTopic, SourcesTopic)
	return s.removeFile(importID)
}

func (s *Service) removeFile(importID int64) error {
	if err := os.Remove(s.path(importID)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove upload: %w", err)
	}
	return nil
}

// Import is one import.
func (s *Service) Import(ctx context.Context, actor access.Actor, id int64) (Import, error) {
	if err := actor.Require(access.ManageProfiles); err != nil {
		return Import{}, err
	}
	return s.store.importByID(ctx, id)
}

// Imports are the newest imports, newest first.
func (s *Service) Imports(ctx context.Context, actor access.Actor, limit int) ([]Import, error) {
	if err := actor.Require(access.ManageProfiles); err != nil {
		return nil, err
	}
	return s.store.imports(ctx, 0, limit)
}

// History are the newest imports of a source, newest first.
func (s *Service) History(ctx context.Context, actor access.Actor, sourceID int64, limit int) ([]Import, error) {
	if err := actor.Require(access.ManageProfiles); err != nil {
		return nil, err
	}
	return s.store.imports(ctx, sourceID, limit)
}

// Refusals are the refused lines of an import in the order of the file, at most limit, beginning after the given one.
func (s *Service) Refusals(ctx context.Context, actor access.Actor, importID int64, after, limit int) ([]Refusal, error) {
	if err := actor.Require(access.ManageProfiles); err != nil {
		return nil, err
	}
	return s.store.refusals(ctx, importID, after, limit)
}
