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

// read reads the page after an id.
func (s *sorter) read(ctx context.Context, q database.Querier, after string) (page, error) {
	p := page{made: make([]contact, 0, pageSize), last: after}
	arena := make([]byte, 0, pageSize*usualItem)
	var err error
	p.more, err = s.maker.selection.Page(ctx, q, after, pageSize, func(m membership.Member) error {
		var made contact
		made, arena = s.maker.make(arena, m)
		p.made, p.last = append(p.made, made), m.ID
		return nil
	})
	if err != nil || len(p.made) == 0 {
		return p, err
	}
	p.earlier, err = delivered(ctx, q, s.exportID, after, p.last, math.MaxInt32)
	return p, err
}

// usualItem is about how many bytes an item has.
const usualItem = 400

// readAhead reads pages while others are decided on and journalled, a few ahead.
type readAhead struct {
	pages chan page
	group *errgroup.Group
	stop  context.CancelFunc
}

// pagesAhead is how many pages are read and not decided on, at most; also how many are journalled in one transaction.
const pagesAhead = 4

// readAhead begins to read after the cursor. Call end in the end.
func (s *sorter) readAhead(ctx context.Context, q database.Querier) *readAhead {
	ctx, stop := context.WithCancel(ctx)
	group, ctx := errgroup.WithContext(ctx)
	r := &readAhead{pages: make(chan page, pagesAhead), group: group, stop: stop}
	group.Go(func() error {
		defer close(r.pages)
		for after, more := s.cursor, true; more; {
			p, err := s.read(ctx, q, after)
			if err != nil {
				return err
			}
			select {
			case r.pages <- p:
			case <-ctx.Done():
				return ctx.Err()
			}
			after, more = p.last, p.more
		}
		return nil
	})
	return r
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
