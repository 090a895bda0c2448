package run

import (
	"context"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/exclusion"
)

// sorter decides, profile by profile in the order of ids, what a run does with each. It writes nothing: it tells its sink.
// A run and a dry run differ in their sinks alone, so that what the one says is what the other does.
type sorter struct {
	exportID int64
	complete bool      // everybody is sent, also those who did not change
	untag    bool      // who left a segment loses its tag
	maker    *contacts // who reads
	checker  *contacts // who decides; the same one unless both go on at once
	excluded *excluded
	matcher  *exclusion.Matcher // of the page at hand
	claims   *claims
	refused  *refused
	only     *chosen // nil: everybody
	erased   func(context.Context, database.Querier) (Erased, error)
	gone     Erased // of the page at hand; nil: nobody
	sink     sink
	cursor   string // the last profile that was decided on
}

// sink hears what was decided.
type sink interface {
	erase()                             // it was erased for good, and is still in a source that is not copied
	exclude(made contact, code string)  // it is never sent
	reject(made contact)                // it cannot be sent
	skip(made contact, ownerID string)  // another profile of the run has its address
	pass(made contact)                  // as last delivered
	refuse(known refusal)               // the destination has refused it as it is
	forget(known refusal)               // which holds no more
	send(made contact, before delivery) // the zero delivery when there was none
	withdraw(w withdrawal)              // a contact of before is to lose tags
	doubt(before delivery)              // it need not be what the contact is like now: another profile may have its address
}

// page decides on the next page of members, and reports whether there may be more.
func (s *sorter) page(ctx context.Context, q database.Querier) (more bool, err error) {
	p, err := s.read(ctx, q, s.cursor)
	if err != nil {
		return false, err
	}
	return p.more, s.sort(ctx, q, p)
}

// sort decides on a page, the one after the cursor, and after the last one on those who left and come after it.
func (s *sorter) sort(ctx context.Context, q database.Querier, p page) (err error) {
	if s.matcher, err = s.excluded.matcher(ctx); err != nil {
		return err
	}
	if s.gone, err = s.erased(ctx, q); err != nil {
		return err
	}
	if len(p.made) > 0 {
		if err := s.sortMembers(ctx, q, p); err != nil {
			return err
		}
	}
	if !p.more {
		if err := s.leaveRest(ctx, q, p.last); err != nil {
			return err
		}
	}
	s.cursor = p.last
	return nil
}

// sortMembers decides on each contact of a page. What was delivered to profiles between those of the page belongs to some
// that left.
func (s *sorter) sortMembers(ctx context.Context, q database.Querier, p page) error {
	earlier := p.earlier
	refused, err := s.refused.upTo(ctx, q, s.cursor, p.last)
	if err != nil {
		return err
	}
	chosen, err := s.only.between(ctx, q, s.cursor, p.last)
	if err != nil {
		return err
	}
	for _, made := range p.made {
		for len(earlier) > 0 && earlier[0].profileID < made.profileID {
			s.leave(earlier[0])
			earlier = earlier[1:]
		}
		var before delivery
		if len(earlier) > 0 && earlier[0].profileID == made.profileID {
			before, earlier = earlier[0], earlier[1:]
		}
		for len(refused) > 0 && refused[0].profileID < made.profileID {
			s.away(refused[0])
			refused = refused[1:]
		}
		var known refusal
		if len(refused) > 0 && refused[0].profileID == made.profileID {
			known, refused = refused[0], refused[1:]
		}
		if s.only != nil && !chosen[made.profileID] {
			err = s.passOver(ctx, q, made)
		} else {
			err = s.decide(ctx, q, made, before, known)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// passOver has a member whom a retry leaves alone claim its address.
func (s *sorter) passOver(ctx context.Context, q database.Querier, made contact) error {
	if len(made.reasons) > 0 || s.matcher.Match(made.identity) != "" || s.gone.has(made) {
		return nil
	}
	_, err := s.claims.claim(ctx, q, s.checker, made)
	return err
}

// decide sorts one contact. before is its last delivery and known its refusal, the zero ones when there were none.
func (s *sorter) decide(ctx context.Context, q database.Querier, made contact, before delivery, known refusal) error {
	holds := false
	defer func() {
		if known.profileID != "" && !holds {
			s.sink.forget(known)
		}
	}()
	if s.gone.has(made) {
		s.sink.erase()
		return nil
	}
	if code := s.matcher.Match(made.identity); code != "" {
		s.leave(before)
		s.sink.exclude(made, string(code))
		return nil
	}
	if len(made.reasons) > 0 {
		why := unable
		if s.matcher.Match(before.identity) != "" {
			why = left // the list is about addresses: the one that it had loses the tags
		}
		s.doubt(before)
		s.withdraw(before, before.tags, why)
		s.sink.reject(made)
		return nil
	}
	owner, err := s.claims.claim(ctx, q, s.checker, made)
	switch {
	case err != nil:
		return err
	case owner != "":
		s.leave(before) // another one stands for it; when it has an address of its own again, it is new
		s.sink.skip(made, owner)
		return nil
	case !s.complete && before.hash == string(made.hash):
		s.sink.pass(made)
		return nil
	case !s.complete && s.only == nil && known.profileID != "" && known.hash == string(made.hash):
		holds = true
		s.sink.refuse(known)
	default:
		s.sink.send(made, before)
	}
	switch {
	case before.profileID == "":
	case before.identity != made.identity:
		s.withdraw(before, before.tags, moved)
	default:
		s.withdraw(before, less(before.tags, made.tags), moved)
	}
	return nil
}

// leaveRest decides on those who left and whose ids come after the last member's.
func (s *sorter) leaveRest(ctx context.Context, q database.Querier, last string) error {
	refused, err := s.refused.upTo(ctx, q, last, "")
	if err != nil {
		return err
	}
	for _, known := range refused {
		s.away(known)
	}
	for {
		rest, err := delivered(ctx, q, s.exportID, last, "", pageSize)
		if err != nil || len(rest) == 0 {
			return err
		}
		for _, gone := range rest {
			s.leave(gone)
		}
		last = rest[len(rest)-1].profileID
	}
}

// away decides on a refusal whose profile is no member any more.
func (s *sorter) away(known refusal) {
	if s.only == nil {
		s.sink.forget(known)
	}
}

// leave decides on a delivery whose profile is no member any more, or is sent no more. A retry leaves that to the next run.
func (s *sorter) leave(gone delivery) {
	if s.only != nil {
		return
	}
	s.doubt(gone)
	s.withdraw(gone, gone.tags, left)
}

// doubt has a delivery count no longer as the last word on its contact. From now on another profile may be sent under
// its address; when its own comes back, unchanged, it must be sent once more.
func (s *sorter) doubt(before delivery) {
	if before.hash != "" {
		s.sink.doubt(before)
	}
}

func (s *sorter) withdraw(before delivery, tags string, why why) {
	if s.only != nil && why != moved {
		return // a retry leaves that to the next run
	}
	if s.untag && before.profileID != "" && (tags != "" || why == left) {
		s.sink.withdraw(withdrawal{profileID: before.profileID, identity: before.identity, tags: tags, why: why, later: s.only != nil})
	}
}
