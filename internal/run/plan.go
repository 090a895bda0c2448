package run

import (
	"context"

	"github.com/segue-app/segue/internal/membership"
	"github.com/segue-app/segue/internal/trace"
)

// planner turns members into batches. What it holds and has not journalled is lost when the process is killed, and made
// again from the cursor on.
type planner struct {
	x       *execution
	sorter  *sorter
	full    []batch // of the pages at hand, not journalled yet
	filling batch
	leaving []withdrawal // not journalled yet
	doubted []string     // profiles, not journalled yet
	healed  []string     // profiles whose refusal is forgotten, not journalled yet
	step    progress
}

// plan looks at every profile of the segments once, in the order of ids, and journals in full batches those who are to be
// sent.
func (x *execution) plan(ctx context.Context) error {
	p := &planner{x: x}
	p.sorter = &sorter{exportID: x.run.ExportID, complete: x.run.Complete, untag: x.tagger != nil, maker: x.maker, checker: x.checker, excluded: x.excluded, claims: newClaims(), refused: &refused{exportID: x.run.ExportID}, sink: p, erased: x.service.erased}
	if x.run.OfRun != 0 {
		p.sorter.only = &chosen{x.run.ID}
	}
	if err := p.catchUp(ctx); err != nil {
		return x.orStop(err)
	}
	if !x.run.Planned {
		if done, err := p.all(ctx); err != nil || !done {
			return err
		}
	}
	x.allPlanned()
	trace.Of(ctx).Event("run.planned")
	return x.withdrawAll(ctx, p.sorter.claims)
}

// all decides and journals page by page; done is false when the run stops before the end.
func (p *planner) all(ctx context.Context) (done bool, err error) {
	x := p.x
	ahead := p.sorter.readAhead(ctx, x.service.db.Reader())
	defer ahead.end()
	for {
		if x.stopping.Err() != nil {
			return false, nil
		}
		if err := x.followed.waitForRoom(ctx); err != nil {
			return false, err
		}
		next, err := ahead.next()
		for pages := 1; err == nil; pages++ {
			if err = p.sorter.sort(ctx, x.service.db.Reader(), next); err != nil || pages == pagesAhead || len(ahead.pages) == 0 || !next.more {
				break
			}
			next, err = ahead.next()
		}
		if err != nil {
			return false, x.orStop(err)
		}
		if err := p.flush(ctx, !next.more); err != nil || !next.more {
			return err == nil, err
		}
	}
}

// catchUp brings the planner to where the journal ends: the addresses claimed so far, and the batch that was filling.
func (p *planner) catchUp(ctx context.Context) error {
	x := p.x
	var err error
	if p.sorter.cursor, err = cursorOf(ctx, x.service.db.Reader(), x.run.ID); err != nil {
		return err
	}
	matcher, err := x.excluded.matcher(ctx)
	if err != nil {
		return err
	}
	page := make([]contact, 0, pageSize)
	for after, more := "", p.sorter.cursor != ""; more && after < p.sorter.cursor; {
		page = page[:0]
		more, err = x.maker.selection.Page(ctx, x.service.db.Reader(), after, pageSize, func(m membership.Member) error {
			if after = m.ID; m.ID > p.sorter.cursor {
				return nil
			}
			if made, _ := x.maker.make(nil, m); len(made.reasons) == 0 && matcher.Match(made.identity) == "" {
				page = append(page, contact{profileID: made.profileID, row: made.row, identity: made.identity})
			}
			return nil
		})
		// Not while the page is read: each would hold a connection and want another, and many runs at once would wait for ever.
		for _, made := range page {
			if err != nil {
				break
			}
			_, err = p.sorter.claims.claim(ctx, x.service.db.Reader(), x.maker, made)
		}
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
			if p.filling, err = x.makeAgain(ctx, b.batch); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *planner) erase() { p.step.Erased++ }

func (p *planner) exclude(made contact, code string) {
	p.step.Excluded++
	p.step.rejections = append(p.step.rejections, Rejection{ProfileID: made.profileID, Outcome: Excluded, Code: code})
}

func (p *planner) reject(made contact) {
	p.step.Invalid++
	p.step.rejections = append(p.step.rejections, refusals(made.profileID, Invalid, made.reasons)...)
}

func (p *planner) skip(made contact, ownerID string) {
	p.step.Duplicates++
	p.step.rejections = append(p.step.rejections, Rejection{ProfileID: made.profileID, Outcome: Duplicate, Code: duplicateCode, OtherID: ownerID})
}

func (p *planner) pass(contact) { p.step.Unchanged++ }

func (p *planner) refuse(known refusal) {
	p.step.Refused++
	p.step.Known++
	p.step.rejections = append(p.step.rejections, knownRejections(known)...)
}

func (p *planner) forget(known refusal) { p.healed = append(p.healed, known.profileID) }

func (p *planner) send(made contact, _ delivery) {
	if len(p.filling.entries) == 0 {
		p.filling.checked = p.sorter.matcher.Version
	}
	p.filling.entries = append(p.filling.entries, entry{ProfileID: made.profileID, Identity: made.identity, Hash: made.hash, Tags: made.tags})
	p.filling.items = append(p.filling.items, made.item)
	if len(p.filling.entries) == p.x.maxBatch {
		p.full = append(p.full, p.number())
	}
}

func (p *planner) doubt(before delivery) { p.doubted = append(p.doubted, before.profileID) }

func (p *planner) withdraw(w withdrawal) { p.leaving = append(p.leaving, w) }

// number gives the batch that is filling its number and takes it out.
func (p *planner) number() batch {
	b := p.filling
	if b.number == 0 {
		b.number = int(p.x.numbers.Add(1))
	}
	p.filling = batch{}
	return b
}

// flush journals everything that was decided, in one transaction, and then hands the batches that are full to
// the senders; at the end the last one too.
func (p *planner) flush(ctx context.Context, end bool) error {
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
		if err := j.doubt(ctx, x.run.ExportID, p.doubted); err != nil {
			return err
		}
		if err := j.forgetRefusals(ctx, x.run.ExportID, p.healed); err != nil {
			return err
		}
		if err := j.addWithdrawals(ctx, x.run.ID, p.leaving); err != nil {
			return err
		}
		return j.moveCursor(ctx, x.run.ID, p.sorter.cursor, end)
	})
	if err != nil {
		return err
	}
	ready := p.full
	p.step, p.full, p.leaving, p.doubted, p.healed = progress{}, nil, nil, nil, nil
	x.changed.Store(true)
	x.unsettled.Add(int64(len(ready)))
	for _, b := range ready {
		if err := x.hand(ctx, b); err != nil {
			return err
		}
	}
	return nil
}
