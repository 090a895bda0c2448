package run

import (
	"bytes"
	"context"
	"math"

	"github.com/segue-app/segue/internal/membership"
)

// planner turns members into batches. What it holds and has not journalled is lost when the process is killed, and made
// again from the cursor on.
type planner struct {
	x       *execution
	claims  *claims
	full    []batch // of the page at hand, not journalled yet
	filling batch
	leaving []withdrawal // not journalled yet
	step    progress
	cursor  string
	arena   []byte // reused: the items of the page at hand
}

// plan looks at every profile of the segments once, in the order of ids: rejects what cannot be sent, passes over
// duplicates and what is unchanged, and journals the rest in full batches.
func (x *execution) plan(ctx context.Context) error {
	p := &planner{x: x, claims: newClaims()}
	if err := p.catchUp(ctx); err != nil {
		return err
	}
	for more := !x.run.Planned; more; {
		if x.stopping.Err() != nil {
			return nil
		}
		if err := x.followed.waitForRoom(ctx); err != nil {
			return err
		}
		page, last, full, err := p.read(ctx)
		if err != nil {
			return err
		}
		more = full
		if err := p.sort(ctx, page, last); err != nil {
			return err
		}
		if !more {
			if err := p.leaveRest(ctx, last); err != nil {
				return err
			}
		}
		if err := p.flush(ctx, last, !more); err != nil {
			return err
		}
	}
	x.allPlanned()
	return x.withdrawAll(ctx, p.claims)
}

// catchUp brings the planner to where the journal ends: the addresses claimed so far, and the batch that was filling.
func (p *planner) catchUp(ctx context.Context) error {
	x := p.x
	var err error
	if p.cursor, err = cursorOf(ctx, x.service.db.Reader(), x.run.ID); err != nil {
		return err
	}
	for after, more := "", p.cursor != ""; more && after < p.cursor; {
		more, err = x.maker.selection.Page(ctx, x.service.db.Reader(), after, pageSize, func(m membership.Member) error {
			if after = m.ID; m.ID > p.cursor {
				return nil
			}
			if made, _ := x.maker.make(nil, m); len(made.reasons) == 0 {
				_, err := p.claims.claim(ctx, x.service.db.Reader(), x.maker, made)
				return err
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	open, err := openBatches(ctx, x.service.db.Reader(), x.run.ID)
	if err != nil {
		return err
	}
	for _, b := range open {
		if b.state == "filling" {
			if p.filling, err = x.makeAgain(ctx, b.number, b.tries); err != nil {
				return err
			}
		}
	}
	return nil
}

// read makes the contacts of the next page.
func (p *planner) read(ctx context.Context) (page []contact, last string, full bool, err error) {
	last = p.cursor
	page = make([]contact, 0, pageSize)
	arena := p.arena[:0]
	full, err = p.x.maker.selection.Page(ctx, p.x.service.db.Reader(), p.cursor, pageSize, func(m membership.Member) error {
		var made contact
		made, arena = p.x.maker.make(arena, m)
		page, last = append(page, made), m.ID
		return nil
	})
	p.arena = arena
	return page, last, full, err
}

// sort decides for each contact of a page: rejected, duplicate, unchanged, or to be sent. What was delivered to profiles
// between those of the page belongs to some that left.
func (p *planner) sort(ctx context.Context, page []contact, last string) error {
	var known []delivery
	if len(page) > 0 {
		var err error
		if known, err = delivered(ctx, p.x.service.db.Reader(), p.x.run.ExportID, p.cursor, last, math.MaxInt32); err != nil {
			return err
		}
	}
	for _, made := range page {
		for len(known) > 0 && known[0].profileID < made.profileID {
			p.withdraw(known[0], known[0].tags, true)
			known = known[1:]
		}
		var before delivery
		if len(known) > 0 && known[0].profileID == made.profileID {
			before, known = known[0], known[1:]
		}
		if err := p.decide(ctx, made, before); err != nil {
			return err
		}
		if len(p.filling.entries) == p.x.maxBatch {
			p.full = append(p.full, p.number())
		}
	}
	return nil
}

// decide sorts one contact. before is its last delivery, the zero delivery when there was none.
func (p *planner) decide(ctx context.Context, made contact, before delivery) error {
	if len(made.reasons) > 0 {
		p.step.Invalid++
		p.step.rejections = append(p.step.rejections, refusals(made.profileID, Invalid, made.reasons)...)
		return nil
	}
	owner, err := p.claims.claim(ctx, p.x.service.db.Reader(), p.x.maker, made)
	switch {
	case err != nil:
		return err
	case owner != "":
		p.step.Duplicates++
		p.step.rejections = append(p.step.rejections, Rejection{ProfileID: made.profileID, Outcome: Duplicate, Code: "duplicate", OtherID: owner})
		return nil
	case !p.x.run.Complete && before.hash == string(made.hash):
		p.step.Unchanged++
		return nil
	}
	p.filling.entries = append(p.filling.entries, entry{ProfileID: made.profileID, Identity: made.identity, Hash: made.hash, Tags: made.tags})
	p.filling.items = append(p.filling.items, bytes.Clone(made.item))
	switch {
	case before.profileID == "":
	case before.identity != made.identity:
		p.withdraw(before, before.tags, false)
	default:
		p.withdraw(before, less(before.tags, made.tags), false)
	}
	return nil
}

// number gives the batch that is filling its number and takes it out.
func (p *planner) number() batch {
	b := p.filling
	if b.number == 0 {
		b.number = int(p.x.numbers.Add(1))
	}
	p.filling = batch{}
	return b
}

// flush journals everything up to the profile at cursor, in one transaction, and then hands the batches that are full to
// the senders; at the end the last one too.
func (p *planner) flush(ctx context.Context, cursor string, end bool) error {
	x := p.x
	if end && len(p.filling.entries) > 0 {
		p.full = append(p.full, p.number())
	}
	if len(p.filling.entries) > 0 && p.filling.number == 0 {
		p.filling.number = int(x.numbers.Add(1))
	}
	err := x.write(ctx, p.step, func(j journal) error {
		for _, b := range p.full {
			if err := j.writeBatch(ctx, x.run.ID, b, "planned"); err != nil {
				return err
			}
		}
		if len(p.filling.entries) > 0 {
			if err := j.writeBatch(ctx, x.run.ID, p.filling, "filling"); err != nil {
				return err
			}
		}
		if err := j.addWithdrawals(ctx, x.run.ID, p.leaving); err != nil {
			return err
		}
		return j.moveCursor(ctx, x.run.ID, cursor, end)
	})
	if err != nil {
		return err
	}
	ready := p.full
	p.cursor, p.step, p.full, p.leaving = cursor, progress{}, nil, nil
	x.changed.Store(true)
	x.unsettled.Add(int64(len(ready)))
	for _, b := range ready {
		if err := x.hand(ctx, b); err != nil {
			return err
		}
	}
	return nil
}
