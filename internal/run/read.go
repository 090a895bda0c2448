package run

import (
	"context"
	"math"

	"golang.org/x/sync/errgroup"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/membership"
)

// page is some members in the order of their ids, made into contacts, and what was last delivered to profiles from the
// first to the last of them.
type page struct {
	made    []contact // their items stay valid for good
	earlier []delivery
	last    string // the last member's id
	more    bool   // there may be another page
}

// members are those of a page before they are made into contacts.
type members struct {
	each  []membership.Member
	after string // the id behind which the page begins
	last  string // the last member's id
	more  bool   // there may be another page
}

// read reads the page after an id.
func (s *sorter) read(ctx context.Context, q database.Querier, after string) (page, error) {
	read, err := s.members(ctx, q, after)
	if err != nil {
		return page{}, err
	}
	return s.make(ctx, q, read)
}

// members reads those of the page after an id.
func (s *sorter) members(ctx context.Context, q database.Querier, after string) (members, error) {
	read := members{each: make([]membership.Member, 0, pageSize), after: after, last: after}
	var values []string
	var in []bool
	var err error
	read.more, err = s.maker.selection.Page(ctx, q, after, pageSize, func(m membership.Member) error {
		if values == nil {
			values, in = make([]string, 0, pageSize*len(m.Values)), make([]bool, 0, pageSize*len(m.In))
		}
		values, in = append(values, m.Values...), append(in, m.In...)
		m.Values, m.In = values[len(values)-len(m.Values):], in[len(in)-len(m.In):]
		read.each, read.last = append(read.each, m), m.ID
		return nil
	})
	return read, err
}

// make makes contacts of the members of a page, and reads what was delivered to them.
func (s *sorter) make(ctx context.Context, q database.Querier, read members) (page, error) {
	p := page{made: make([]contact, len(read.each)), last: read.last, more: read.more}
	arena := make([]byte, 0, len(read.each)*usualItem)
	for i, m := range read.each {
		p.made[i], arena = s.maker.make(arena, m)
	}
	if len(p.made) == 0 {
		return p, nil
	}
	var err error
	p.earlier, err = delivered(ctx, q, s.exportID, read.after, read.last, math.MaxInt32)
	return p, err
}

// usualItem is about how many bytes an item has.
const usualItem = 400

// readAhead reads pages while others are decided on and journalled, a few ahead: one goroutine reads members, another
// makes contacts of them.
type readAhead struct {
	pages chan page
	group *errgroup.Group
	stop  context.CancelFunc
}

// pagesAhead is how many pages are made and not decided on, at most; also how many are journalled in one transaction.
const pagesAhead = 4

// readAhead begins to read after the cursor. Call end in the end.
func (s *sorter) readAhead(ctx context.Context, q database.Querier) *readAhead {
	ctx, stop := context.WithCancel(ctx)
	group, ctx := errgroup.WithContext(ctx)
	r := &readAhead{pages: make(chan page, pagesAhead), group: group, stop: stop}
	all := make(chan members, 1)
	group.Go(func() error {
		defer close(all)
		for after, more := s.cursor, true; more; {
			read, err := s.members(ctx, q, after)
			if err != nil {
				return err
			}
			if err := pass(ctx, all, read); err != nil {
				return err
			}
			after, more = read.last, read.more
		}
		return nil
	})
	group.Go(func() error {
		defer close(r.pages)
		for read := range all {
			p, err := s.make(ctx, q, read)
			if err != nil {
				return err
			}
			if err := pass(ctx, r.pages, p); err != nil {
				return err
			}
		}
		return nil
	})
	return r
}

// pass hands something on to the next goroutine.
func pass[T any](ctx context.Context, to chan<- T, what T) error {
	select {
	case to <- what:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// next waits for a page.
func (r *readAhead) next() (page, error) {
	p, ok := <-r.pages
	if !ok {
		return page{}, r.group.Wait()
	}
	return p, nil
}

// end stops the reading, and waits until it has ended.
func (r *readAhead) end() {
	r.stop()
	_ = r.group.Wait() // next has told
}
