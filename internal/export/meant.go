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

// checkMeant holds a mapped attribute that is marked to its tick, and a sensitive one to a reason as well.
func checkMeant(check *problem.Check, pair *Pair, a profile.Attribute) {
	pair.Reason = strings.Join(strings.Fields(pair.Reason), " ")
	pair.Tick.As = a.Mark
	switch {
	case a.Mark == profile.NotPersonal:
	case !pair.Meant:
		check.Add(MeantField(a.Key), "problem.export.meant."+a.Mark.String(), "Attribute", a.Label)
	case utf8.RuneCountInString(pair.Reason) > longestReason:
		check.Add(ReasonField(a.Key), "problem.too_long", "Most", longestReason)
	case a.Mark == profile.Sensitive && pair.Reason == "":
		check.Add(ReasonField(a.Key), "problem.export.meant.reason", "Attribute", a.Label)
	}
}

// ticked says who ticked each line, and when: whoever did so before, while what she said still stands.
func (m Mapping) ticked(before Mapping, actor access.Actor, now time.Time) {
	for i := range m {
		m[i].Tick.By, m[i].Tick.At = "", time.Time{}
		if !m[i].Meant {
			continue
		}
		m[i].Tick.By, m[i].Tick.At = actor.Name, now
		if old, ok := before.standing(m[i], m[i].Tick.As); ok {
			m[i].Tick = old
		}
	}
}

// standing is the tick that a mapping has of the attribute of a line, when it is for the same reason and good for the mark.
func (m Mapping) standing(line Pair, mark profile.Mark) (Tick, bool) {
	for _, pair := range m {
		if pair.Attribute == line.Attribute && pair.Meant && pair.Tick.As >= mark && pair.Reason == line.Reason {
			return pair.Tick, true
		}
	}
	return Tick{}, false
}

// unconfirmed are the attributes of a mapping that are marked higher now than anybody meant them to be sent as.
func (m Mapping) unconfirmed(snapshot profile.Snapshot) (found []profile.Attribute) {
	seen := map[string]bool{}
	for _, pair := range m {
		a, ok := snapshot.Attribute(pair.Attribute)
		if ok && a.Mark > profile.NotPersonal && !seen[a.Key] && (!pair.Meant || pair.Tick.As < a.Mark) {
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
