package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/tabular"
	"github.com/segue-app/segue/internal/trace"
)

// A chunk is written in one transaction: long enough to be fast, short enough (tens of milliseconds) that others who
// write do not notice.
const (
	chunkRows  = 5_000
	chunkBytes = 8 << 20
	maxID      = 200                    // bytes
	tellEvery  = 300 * time.Millisecond // how often live pages are told of progress
)

// errStopped says that the import was cancelled, or that another process took it over.
var errStopped = errors.New("the import was stopped")

// RunImport reads a queued import's file into a new snapshot and, when all went well, makes that the one of its source in one
// transaction. It may be called again after a crash: the import begins anew from its file. It returns nil when the import
// has ended, whichever way; an error means that it has not, or that something broke which is not the file's fault.
func (s *Service) RunImport(ctx context.Context, importID int64) error {
	return s.runImport(ctx, importID, false)
}

// runImport carries an import out; one that is unasked is used even when there are far fewer profiles than before.
func (s *Service) runImport(ctx context.Context, importID int64, unasked bool) error {
	if !s.enter(importID) {
		return problem.New(problem.Conflict, "sources.import_running")
	}
	defer s.leave(importID)
	i, err := s.store.importByID(ctx, importID)
	if err == nil && i.State == Done { // what came after it failed, or was broken off
		return s.Unify(ctx)
	}
	if err != nil || i.State.Ended() || i.State == Asking {
		return err
	}
	if i.State != Queued && i.State != Running {
		return errNotWaiting()
	}
	i.unasked = unasked
	err = s.load(ctx, &i)
	// What follows must happen even when the process is being shut down.
	after := context.WithoutCancel(ctx)
	if err == nil {
		s.log.InfoContext(ctx, "the import stands", "state", i.State, "lines", i.Lines, "good", i.Good, "refused", i.Refused)
		trace.Of(ctx).Word("segue.state", string(i.State))
		trace.Of(ctx).Number("segue.lines", int64(i.Lines))
		s.events.Publish(topic(importID), ImportsTopic, SourcesTopic)
		if i.State == Asking {
			return errors.Join(s.removeFile(importID), s.profiles.Replaced(after)) // it may have taken the place of another question
		}
		return errors.Join(s.removeFile(importID), s.Unify(after))
	}
	var dropped error
	if i.SnapshotID != 0 {
		dropped = s.profiles.Drop(after, i.SnapshotID)
	}
	switch p := problem.Of(err); {
	case errors.Is(err, errStopped):
		return errors.Join(dropped, s.removeFile(importID))
	case ctx.Err() != nil: // the program stops: it begins again at the next start
		return errors.Join(ctx.Err(), dropped)
	case p != nil:
		return errors.Join(dropped, s.endWith(after, importID, Failed, p.Code, DetailOf(p)))
	default:
		s.log.ErrorContext(ctx, "import failed", "import", importID, "error", err)
		return errors.Join(err, dropped, s.end(after, importID, Failed, "sources.file.internal"))
	}
}

// DetailOf is what a problem is about: the column or the host that its text names.
func DetailOf(p *problem.Problem) string {
	for i := 0; i+1 < len(p.Args); i += 2 {
		switch p.Args[i] {
		case "Column", "Host", "Names":
			return fmt.Sprint(p.Args[i+1])
		}
	}
	return ""
}

func (s *Service) enter(importID int64) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.running[importID] {
		return false
	}
	s.running[importID] = true
	return true
}

func (s *Service) leave(importID int64) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.running, importID)
}

// chunk is what the reading half hands to the writing half.
type chunk struct {
	values  []any // row after row: id, then the attributes
	lines   []int // of each row
	refused []Refusal
	read    int               // lines of data
	bytes   int64             // of the file, so far
	err     error             // the file cannot be read further
	leftOut []tabular.LeftOut // of the last chunk: all that were met
}

// loader fills one snapshot.
type loader struct {
	service  *Service
	i        *Import
	snapshot profile.Snapshot
	fields   []int             // for each attribute, its column in the file
	how      []tabular.Reading // for each attribute
	next     int               // n of the next row
}

// load fills a new snapshot, reading and writing side by side, and makes it that of its source.
func (s *Service) load(ctx context.Context, i *Import) error {
	of, err := s.store.source(ctx, s.store.db.Reader(), i.SourceID)
	if problem.Is(err, problem.NotFound) {
		return errStopped // removed meanwhile
	}
	if err != nil {
		return err
	}
	l := loader{service: s, i: i, next: 1}
	l.plan()
	if of.Kind == SQL {
		return l.fill(ctx, func(ctx context.Context, chunks chan<- *chunk) error { return l.streamTable(ctx, of, chunks) })
	}
	file, size, err := s.openUpload(i.ID)
	if err != nil {
		return err
	}
	defer file.Close()
	table, err := tabular.Open(file, size, i.FileName, i.Settings.options())
	if err != nil {
		return err
	}
	defer table.Close()
	return l.fill(ctx, func(ctx context.Context, chunks chan<- *chunk) error {
		defer context.AfterFunc(ctx, table.Close)() // ends a reading that is in the middle of something long
		l.read(ctx, table, chunks)
		return nil
	})
}

// fill makes the snapshot's table, fills it with what read gives, and settles what becomes of it.
func (l *loader) fill(ctx context.Context, read func(context.Context, chan<- *chunk) error) error {
	s, i := l.service, l.i
	if err := l.begin(ctx); err != nil {
		return err
	}
	s.events.Publish(topic(i.ID))
	told := time.Now()

	reading, stop := context.WithCancel(ctx)
	chunks := make(chan *chunk, 1) // memory stays flat: at most three chunks exist
	finished := make(chan struct{})
	var failed error // to be looked at when it has finished
	go func() {
		defer close(finished)
		defer close(chunks)
		failed = read(reading, chunks)
	}()
	defer func() { stop(); <-finished }()
	for c := range chunks {
		if c.err != nil {
			return c.err
		}
		if err := l.write(ctx, c); err != nil {
			return err
		}
		if time.Since(told) > tellEvery {
			told = time.Now()
			s.events.Publish(topic(i.ID))
		}
	}
	if <-finished; failed != nil || ctx.Err() != nil {
		return errors.Join(ctx.Err(), failed)
	}
	return l.finish(ctx)
}

// begin makes the snapshot's table and sets the import running on it.
func (l *loader) begin(ctx context.Context) error {
	s := l.service
	if l.i.SnapshotID != 0 { // an attempt that was killed
		if err := s.profiles.Drop(ctx, l.i.SnapshotID); err != nil {
			return err
		}
	}
	return s.store.db.InTx(ctx, func(tx database.Tx) error {
		if err := s.profiles.New(ctx, tx, &l.snapshot); err != nil {
			return err
		}
		return s.store.begin(ctx, tx, l.i, l.snapshot.ID, s.now())
	})
}

// plan decides the snapshot's attributes.
func (l *loader) plan() {
	l.snapshot.FileName, l.snapshot.SourceID = l.i.FileName, l.i.SourceID
	l.snapshot.IDLabel = l.i.Settings.Columns[l.i.Settings.ID].Label
	for n, c := range l.i.Settings.Columns {
		if !c.Include {
			continue
		}
		l.fields, l.how = append(l.fields, n), append(l.how, l.i.Settings.reading(c))
		l.snapshot.Attributes = append(l.snapshot.Attributes, profile.Attribute{
			Key: c.attribute(), Label: c.Label, Kind: c.Kind, Mark: c.Mark, Column: fmt.Sprintf("c%d", len(l.fields)),
			Indexed: c.Kind == profile.Text && tabular.IsEmail(c.attribute()), Address: c.Kind == profile.Text && tabular.IsEmail(c.attribute()),
		})
	}
}

// read parses the file into chunks until it ends or ctx does.
func (l *loader) read(ctx context.Context, table *tabular.Table, chunks chan<- *chunk) {
	for {
		c := l.readChunk(table)
		c.bytes = table.Read()
		done := errors.Is(c.err, io.EOF)
		if done {
			c.err, c.leftOut = nil, table.LeftOut()
		}
		select {
		case chunks <- c:
		case <-ctx.Done():
			return
		}
		if done || c.err != nil {
			return
		}
	}
}

func (l *loader) readChunk(table *tabular.Table) *chunk {
	width := len(l.fields) + 1
	c := &chunk{values: make([]any, 0, min(chunkRows*width, 100_000)), lines: make([]int, 0, chunkRows)}
	for size := 0; c.read < chunkRows && size < chunkBytes; {
		r, err := table.Next()
		if errors.Is(err, io.EOF) {
			c.err = err
			return c
		}
		if err != nil {
			c.err = err
			return c
		}
		c.read++
		size += r.Size
		if r.Refused != "" {
			c.refused = append(c.refused, refusal(r, table.Headings))
		} else if refusal, refused := l.parse(c, r, table.Headings); refused {
			c.refused = append(c.refused, refusal)
		}
	}
	return c
}

// parse adds a record's values to the chunk, all of them or none.
func (l *loader) parse(c *chunk, r tabular.Record, headings []string) (Refusal, bool) {
	refuse := func(column int, code string) (Refusal, bool) {
		return Refusal{Line: r.Line, Column: headings[column], Code: code}, true
	}
	id := strings.TrimSpace(r.Fields[l.i.Settings.ID])
	if id == "" {
		return refuse(l.i.Settings.ID, refusedIDEmpty)
	}
	if len(id) > maxID {
		return refuse(l.i.Settings.ID, refusedIDLong)
	}
	begin := len(c.values)
	c.values = append(c.values, id)
	for n, field := range l.fields {
		kind := l.snapshot.Attributes[n].Kind
		value, ok := r.Value(field, kind, l.how[n])
		if !ok {
			c.values = c.values[:begin]
			return refuse(field, refusedWrongKind+string(kind))
		}
		c.values = append(c.values, value)
	}
	c.lines = append(c.lines, r.Line)
	return Refusal{}, false
}

// write puts a chunk into the snapshot's table and its counts into the import, in one transaction.
func (l *loader) write(ctx context.Context, c *chunk) error {
	width := len(l.fields) + 1
	before := *l.i
	reasons := map[string]int{}
	for code, n := range l.i.Reasons {
		reasons[code] = n
	}
	err := l.service.store.db.InTx(ctx, func(tx database.Tx) error {
		var err error
		if c, err = l.leaveOutErased(ctx, tx, c); err != nil {
			return err
		}
		duplicates, err := l.service.profiles.Insert(ctx, tx, l.snapshot, l.next, c.values)
		if err != nil {
			return err
		}
		refused := c.refused
		for _, row := range duplicates {
			refused = append(refused, Refusal{
				Line: c.lines[row], Column: l.i.Settings.Columns[l.i.Settings.ID].Heading, Code: refusedIDDuplicate,
			})
		}
		for _, r := range refused {
			reasons[r.Code]++
		}
		if c.leftOut != nil {
			l.i.Settings.LeftOut = c.leftOut
		}
		l.i.Lines += c.read
		l.i.Good += len(c.lines) - len(duplicates)
		l.i.Refused += len(refused)
		l.i.Bytes, l.i.Reasons = c.bytes, reasons
		if err := l.service.store.insertRefusals(ctx, tx, l.i.ID, before.Refused, refused); err != nil {
			return err
		}
		if err := l.service.store.progress(ctx, tx, *l.i); err != nil {
			return err
		}
		l.countFilled(c, width, duplicates)
		return nil
	})
	l.next += len(c.lines)
	return err
}

// countFilled counts the values of the rows that were inserted. It is called last in the transaction: when that fails,
// the whole import does.
func (l *loader) countFilled(c *chunk, width int, duplicates []int) {
	for row := range c.lines {
		if len(duplicates) > 0 && duplicates[0] == row {
			duplicates = duplicates[1:]
			continue
		}
		for n, value := range c.values[row*width+1 : (row+1)*width] {
			if value != nil {
				l.snapshot.Attributes[n].Filled++
			}
		}
	}
}

// finish makes the snapshot that of its source, unless too little came of the file.
func (l *loader) finish(ctx context.Context) error {
	if l.i.Settings.Mode == AllOrNothing && l.i.Refused > 0 {
		return fileProblem("refused_lines")
	}
	if l.i.Good == 0 {
		return fileProblem("no_good_lines")
	}
	l.snapshot.Rows = l.i.Good
	return l.service.settle(ctx, l.i, l.snapshot)
}
