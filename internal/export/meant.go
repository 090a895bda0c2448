package export

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
)

// Tick is a person's word that a mapped attribute is meant to be sent although it is personal or sensitive.
type Tick struct {
	As profile.Mark // what the attribute was marked as then: the word is good for no higher mark
	By string
	At time.Time
}

const longestReason = 300 // characters

// The names of the form fields that hold the tick of an attribute, and why a sensitive one is sent.
func MeantField(attribute string) string  { return "meant." + attribute }
func ReasonField(attribute string) string { return "reason." + attribute }

// checkMeant holds an attribute that is sent and is marked to its tick, and a sensitive one to a reason as well.
func checkMeant(check *problem.Check, sent *Sent, a profile.Attribute) {
	sent.Reason = strings.Join(strings.Fields(sent.Reason), " ")
	sent.Tick.As = a.Mark
	switch {
	case a.Mark == profile.NotPersonal:
	case !sent.Meant:
		check.Add(MeantField(a.Key), "problem.export.meant."+a.Mark.String(), "Attribute", a.Label)
	case utf8.RuneCountInString(sent.Reason) > longestReason:
		check.Add(ReasonField(a.Key), "problem.too_long", "Most", longestReason)
	case a.Mark == profile.Sensitive && sent.Reason == "":
		check.Add(ReasonField(a.Key), "problem.export.meant.reason", "Attribute", a.Label)
	}
}

// checkSent holds all attributes that the lines send to their ticks. What is said of an attribute first counts for all lines that send
// it, and it is said once what is wrong with it.
func (d *Draft) checkSent(check *problem.Check, snapshot profile.Snapshot) {
	said := map[string]Sent{}
	hold := func(sent *Sent) {
		if before, ok := said[sent.Attribute]; ok {
			*sent = before
			return
		}
		a, known := snapshot.Attribute(sent.Attribute)
		if !known {
			return
		}
		if _, stands := d.ticks.standing(*sent, a.Mark); d.backTo != 0 && !stands {
			sent.Meant = false // a version does not say who meant it
		}
		checkMeant(check, sent, a)
		said[a.Key] = *sent
	}
	for i := range d.Mapping {
		line := &d.Mapping[i]
		first := Sent{line.Attribute, line.Meant, line.Reason, line.Tick}
		hold(&first)
		line.Meant, line.Reason, line.Tick = first.Meant, first.Reason, first.Tick
		hold(&line.With)
	}
}

// ticked says who ticked each attribute, and when: whoever did so before, while what she said still stands.
func (m Mapping) ticked(before Mapping, actor access.Actor, now time.Time) {
	tick := func(sent Sent) Tick {
		if !sent.Meant {
			return Tick{As: sent.Tick.As}
		}
		if old, ok := before.standing(sent, sent.Tick.As); ok {
			return old
		}
		return Tick{As: sent.Tick.As, By: actor.Name, At: now}
	}
	for i, line := range m {
		m[i].Tick, m[i].With.Tick = tick(Sent{line.Attribute, line.Meant, line.Reason, line.Tick}), tick(line.With)
	}
}

// standing is the tick that a mapping has of an attribute, when it is for the same reason and good for the mark.
func (m Mapping) standing(sent Sent, mark profile.Mark) (Tick, bool) {
	for _, old := range m.Sends() {
		if old.Attribute == sent.Attribute && old.Meant && old.Tick.As >= mark && old.Reason == sent.Reason {
			return old.Tick, true
		}
	}
	return Tick{}, false
}

// unconfirmed are the attributes of a mapping that are marked higher now than anybody meant them to be sent as.
func (m Mapping) unconfirmed(snapshot profile.Snapshot) (found []profile.Attribute) {
	seen := map[string]bool{}
	for _, sent := range m.Sends() {
		a, ok := snapshot.Attribute(sent.Attribute)
		if ok && a.Mark > profile.NotPersonal && !seen[a.Key] && (!sent.Meant || sent.Tick.As < a.Mark) {
			seen[a.Key] = true
			found = append(found, a)
		}
	}
	return found
}

// sensitive reports whether one of the attributes keeps new runs waiting.
func sensitive(unconfirmed []profile.Attribute) bool {
	for _, a := range unconfirmed {
		if a.Mark == profile.Sensitive {
			return true
		}
	}
	return false
}

// Schema describes the profiles that an export's segments are made from, without any of them.
func (s *Service) Schema(ctx context.Context, actor access.Actor, e Export) (profile.Snapshot, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return profile.Snapshot{}, err
	}
	return s.base(ctx, e.Base())
}

// Unconfirmed lists the attributes that an export maps and that were marked higher since somebody meant them to be sent.
func (s *Service) Unconfirmed(ctx context.Context, actor access.Actor, e Export) ([]profile.Attribute, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	snapshot, err := s.base(ctx, e.Base())
	if problem.Is(err, problem.NotFound) {
		return nil, nil
	}
	return e.Mapping.unconfirmed(snapshot), err
}
