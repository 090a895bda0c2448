package alert

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/notice"
)

// A storm is folded: when in a window of time more alerts open, or close, than these, a recipient gets one message about them.
const (
	window    = 2 * time.Minute
	mostOfOne = 5  // of one kind
	mostOfAll = 20 // together
	listed    = 10 // in the message that folds the others
)

// address says to whom something is told.
type address struct {
	hook bool
	id   int64
}

// recipient is somebody who is told.
type recipient struct {
	address
	language string
	zone     *time.Location
	wants    func(Alert) bool // and may be told
}

// recipients lists the people who can sign in, and the hooks that are switched on.
func (s *Service) recipients(ctx context.Context) (map[address]recipient, error) {
	users, err := s.accounts.Users(ctx, access.System)
	if err != nil {
		return nil, err
	}
	choices, err := readChoices(ctx, s.db.Reader(), 0)
	if err != nil {
		return nil, err
	}
	found := map[address]recipient{}
	for _, user := range users {
		if user.State() == account.Active {
			to := person(user, choices[user.ID])
			found[to.address] = to
		}
	}
	hooks, err := s.notices.Hooks(ctx, s.db.Reader())
	if err != nil {
		return nil, err
	}
	for _, hook := range hooks {
		kinds := hook.Kinds
		to := recipient{address: address{hook: true, id: hook.ID}, language: hook.Language, zone: time.UTC,
			wants: func(a Alert) bool { return len(kinds) == 0 || slices.Contains(kinds, string(a.Kind)) }}
		found[to.address] = to
	}
	return found, nil
}

func person(user account.User, chosen Choices) recipient {
	language := chosen.Language
	if language == "" {
		language = i18n.Match(user.Language)
	}
	return recipient{address: address{id: user.ID}, language: language, zone: user.Zone(), wants: func(a Alert) bool {
		return mayBeTold(user.Actor(), a) && chosen.wants(user.Role, a.Kind)
	}}
}

// tellDue notes for everybody who wants to know that alerts opened whose quiet time, if they had one, is over.
func tellDue(ctx context.Context, tx database.Tx, everybody map[address]recipient, now time.Time) error {
	due, err := toTell(ctx, tx, now)
	if err != nil || len(due) == 0 {
		return err
	}
	var tellings []telling
	for _, a := range due {
		for _, to := range everybody {
			if to.wants(a) {
				tellings = append(tellings, telling{address: to.address, alertID: a.ID})
			}
		}
	}
	if err := addTellings(ctx, tx, tellings, now); err != nil {
		return err
	}
	return told(ctx, tx, now)
}

// say puts in what each recipient is to hear, and holds back what belongs to a storm of which a message went out just now. Who
// may hear of it is decided by the grants of connections as they are now, not as they were.
func (s *Service) say(ctx context.Context, tx database.Tx, everybody map[address]recipient, settings Settings, now time.Time) error {
	waiting, alerts, err := waitingTellings(ctx, tx)
	if err != nil || len(waiting) == 0 {
		return err
	}
	recent, err := recentTellings(ctx, tx, now.Add(-window))
	if err != nil {
		return err
	}
	said := map[int64]bool{}
	for _, turn := range slices.SortedFunc(maps.Keys(waiting), turn.compare) {
		to, is := everybody[turn.address]
		var heard, unwanted []Alert
		for _, id := range waiting[turn] {
			a := alerts[id]
			if is && to.wants(a) {
				heard = append(heard, a)
			} else {
				unwanted = append(unwanted, a)
			}
		}
		if err := settle(ctx, tx, turn, unwanted, true, now); err != nil {
			return err
		}
		for _, group := range fold(heard, recent[turn]) {
			if err := s.send(ctx, tx, to, write(to, turn.opening, group, now)); err != nil {
				return err
			}
			if err := settle(ctx, tx, turn, group.alerts, false, now); err != nil {
				return err
			}
			for _, a := range group.alerts {
				said[a.ID] = true
			}
		}
	}
	return quieten(ctx, tx, slices.Sorted(maps.Keys(said)), now.Add(settings.quiet()))
}

// group are alerts that make one message.
type group struct {
	alerts []Alert
	folded bool
}

// fold parts what a recipient is to hear into messages. What is in no group is held back until the storm has passed.
func fold(alerts []Alert, recent map[Kind]int) (groups []group) {
	ofKind, all := maps.Clone(recent), len(alerts)
	if ofKind == nil {
		ofKind = map[Kind]int{}
	}
	for _, n := range recent {
		all += n
	}
	for _, a := range alerts {
		ofKind[a.Kind]++
	}
	if all > mostOfAll {
		if len(recent) == 0 {
			groups = append(groups, group{alerts, true})
		}
		return groups
	}
	storms := map[Kind][]Alert{}
	for _, a := range alerts {
		if ofKind[a.Kind] > mostOfOne {
			storms[a.Kind] = append(storms[a.Kind], a)
		} else {
			groups = append(groups, group{alerts: []Alert{a}})
		}
	}
	for _, kind := range Kinds {
		if len(storms[kind]) > 0 && recent[kind] == 0 {
			groups = append(groups, group{storms[kind], true})
		}
	}
	return groups
}

func (s *Service) send(ctx context.Context, tx database.Tx, to recipient, m notice.Message) error {
	put := s.notices.ToPerson
	if to.hook {
		put = s.notices.ToHook
	}
	if err := put(ctx, tx, to.id, m); err != nil {
		return fmt.Errorf("put a message about alerts in: %w", err)
	}
	return nil
}
