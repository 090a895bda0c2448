package run_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
)

// This file holds what a run did against what the model says, and the contacts against what is believed of them.

// judge holds the outcome of each profile against its fate, and notes what was delivered by that.
func (w *world) judge(r run.Run, o order, ended bool, seen []sandbox.Faults) {
	fates := o.fates()
	if r.OfRun != 0 {
		maps.DeleteFunc(fates, func(id string, _ *fate) bool { return !w.turned[id] })
	}
	c := r.Counts
	if c.Profiles != len(fates) || c.Open() < 0 || ended && c.Open() != 0 || r.BatchesSettled > r.BatchesSent {
		w.fail("", "%d members, the run counts %+v and %d batches of %d", len(fates), c, r.BatchesSettled, r.BatchesSent)
	}
	rejections, err := w.app.Runs.Rejections(context.Background(), w.admin, r.ID, "", 0, 10000)
	w.must(err)
	invalid, refused, duplicates, known, excluded := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, rejection := range rejections {
		f := fates[rejection.ProfileID]
		if f == nil {
			w.fail("", "not a member: %+v", rejection)
		}
		switch rejection.Outcome {
		case run.Excluded:
			excluded[rejection.ProfileID] = true
			if !f.never {
				w.fail("", "not excluded: %+v", rejection)
			}
		case run.Invalid:
			invalid[rejection.ProfileID] = true
			if !f.invalid {
				w.fail("", "valid, and rejected: %+v", rejection)
			}
		case run.Duplicate:
			duplicates[rejection.ProfileID] = true
			if f.owner == "" || f.owner != rejection.OtherID {
				w.fail("", "duplicate of %q: %+v", f.owner, rejection)
			}
		case run.Refused:
			refused[rejection.ProfileID] = true
			switch {
			case !f.sendable() || rejection.SinceRun == 0 && !refusable(f.identity, seen):
				w.fail("", "refused without a cause: %+v", rejection)
			case rejection.SinceRun != 0 && (r.Complete || !w.refused[standing(rejection.ProfileID, f)]):
				w.fail("", "not sent, though it was never refused like that: %+v", rejection)
			}
			known[rejection.ProfileID] = rejection.SinceRun != 0
			w.refused[standing(rejection.ProfileID, f)] = true
		}
	}
	if len(invalid) != c.Invalid || len(refused) != c.Refused || len(duplicates) != c.Duplicates || len(excluded) != c.Excluded {
		w.fail("", "%d invalid, %d refused, %d duplicates have a reason, the run counts %+v", len(invalid), len(refused), len(duplicates), c)
	}
	if n := len(slices.DeleteFunc(slices.Collect(maps.Keys(known)), func(id string) bool { return !known[id] })); n != c.Known {
		w.fail("", "%d were not sent because they had been refused, the run counts %+v", n, c)
	}
	if ended && (r.State == run.Warnings) != (c.Rejected() > 0) {
		w.fail("", "%d rejected, and the run ended as %s", c.Rejected(), r.State)
	}
	for id, f := range fates {
		if ended && (f.never != excluded[id] || f.invalid != invalid[id] || (f.owner != "") != duplicates[id]) {
			w.fail("", "profile %s should be %+v; invalid %t, duplicate %t", id, *f, invalid[id], duplicates[id])
		}
		switch {
		case !f.sendable():
		case ended && !refused[id]:
			w.believe(f.identity).sent(f, true)
		case refused[id] && len(seen) == 1: // whichever way it was tried, it was refused
		default:
			w.believe(f.identity).sent(f, false)
		}
	}
	if c.Rejected() > 0 {
		w.of, w.turned = r.ID, maps.Clone(invalid)
		maps.Copy(w.turned, refused)
	}
	switch {
	case w.leavers != export.Untag:
	case r.OfRun != 0:
		w.judgeRetried(fates)
	default:
		w.judgeLeavers(fates, o.never, ended)
	}
}

// judgeRetried notes under which addresses a retry may have delivered: nobody loses a tag before the next run.
func (w *world) judgeRetried(fates map[string]*fate) {
	for id, f := range fates {
		if !f.sendable() {
			continue
		}
		if w.under[id] == nil {
			w.under[id] = map[string]bool{}
		}
		w.under[id][f.identity] = true
	}
}

// judgeLeavers notes who lost tags: everybody but who has them by right, and contacts of members that cannot be sent now,
// while nobody else has the address and it is not excluded. Only a run that came to its end has taken tags from those who are sent no more.
func (w *world) judgeLeavers(fates map[string]*fate, never map[string]bool, ended bool) {
	right, kept := map[string][]string{}, map[string]bool{}
	for id, f := range fates {
		switch {
		case f.invalid:
			maps.Copy(kept, w.under[id])
		case f.sendable():
			right[f.identity] = f.marks
			if ended || w.under[id] == nil {
				w.under[id] = map[string]bool{}
			}
			w.under[id][f.identity] = true
		case ended:
			delete(w.under, id)
		}
	}
	maps.DeleteFunc(kept, func(identity string, _ bool) bool { return never[identity] })
	for identity, b := range w.held {
		_, owned := right[identity]
		b.left(right[identity], ended && (owned || !kept[identity]))
	}
	if !ended {
		return
	}
	for id, under := range w.under {
		if fates[id] == nil {
			delete(w.under, id)
		}
		maps.DeleteFunc(under, func(identity string, _ bool) bool { return never[identity] })
	}
}

// standing is a profile and everything that would be sent of it.
func standing(id string, f *fate) string {
	return fmt.Sprint(id, f.identity, f.fields, slices.Compact(slices.Sorted(slices.Values(f.tags))))
}

func refusable(identity string, seen []sandbox.Faults) bool {
	for _, f := range seen {
		if f.RejectEmail != "" && strings.Contains(identity, f.RejectEmail) || f.RefuseBatchesWith != "" && strings.Contains(identity, f.RefuseBatchesWith) {
			return true
		}
	}
	return false
}

func (w *world) believe(identity string) *belief {
	if w.held[identity] == nil {
		w.held[identity] = nobody()
	}
	return w.held[identity]
}

// compare holds every contact against what is believed of it.
func (w *world) compare(r run.Run) {
	rest := maps.Clone(w.held)
	for held := range w.kit.Sandbox.Contacts() {
		w.compared++
		delete(rest, held.Email)
		if err := w.believe(held.Email).see(held, true); err != nil {
			w.fail(held.Email, "after run %d (%s, %+v) %s %v", r.ID, r.State, r.Counts, held.Email, err)
		}
	}
	for identity, b := range rest {
		if err := b.see(sandbox.Contact{}, false); err != nil {
			w.fail(identity, "after run %d (%s, %+v) %s %v", r.ID, r.State, r.Counts, identity, err)
		}
	}
	if welcomes := w.kit.Sandbox.Stats().Welcomes; welcomes != 0 {
		w.fail("", "%d contacts would be sent a welcome message", welcomes)
	}
}
