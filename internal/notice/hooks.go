package notice

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/reach"
	"github.com/segue-app/segue/internal/secret"
)

// Flag is how the operator says which hosts hooks may be at; messages name it.
const Flag = "--hook-hosts"

// Limits of hooks.
const (
	longestName    = 100  // characters
	longestAddress = 2048 // bytes
	mostKinds      = 50
	mostHooks      = 50
	earlierFor     = 24 * time.Hour // that a secret signs beside the one that took its place
)

var errBadAddress = errors.New("no address of a hook")

// Draft is what a person says of a hook.
type Draft struct {
	Name     string
	Address  string // "" keeps the one that there is
	Kinds    []string
	Language string
	Format   Format
	Template string
}

// List lists the hooks.
func (s *Service) List(ctx context.Context, actor access.Actor) ([]Hook, error) {
	if err := actor.Require(access.ManageHooks); err != nil {
		return nil, err
	}
	return hooks(ctx, s.db.Reader(), ``)
}

// Hook reads one.
func (s *Service) Hook(ctx context.Context, actor access.Actor, id int64) (Hook, error) {
	if err := actor.Require(access.ManageHooks); err != nil {
		return Hook{}, err
	}
	return hookByID(ctx, s.db.Reader(), id)
}

// Present gives those of the ids that are there.
func (s *Service) Present(ctx context.Context, actor access.Actor, ids []int64) ([]int64, error) {
	if err := actor.Require(access.ManageHooks); err != nil {
		return nil, err
	}
	return database.Among(ctx, s.db.Reader(), `SELECT id FROM hooks`, ids)
}

// Add makes a hook. Its secret is given this once.
func (s *Service) Add(ctx context.Context, actor access.Actor, d Draft) (made Hook, key secret.Text, err error) {
	if err := s.requireFresh(actor); err != nil {
		return Hook{}, key, err
	}
	h, err := s.check(d, true)
	if err != nil {
		return Hook{}, key, err
	}
	key, h.CreatedBy, h.Created = newSecret(), actor.Name, s.clock()
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		if all, err := hooks(ctx, tx, ``); err != nil {
			return err
		} else if len(all) >= mostHooks {
			return problem.New(problem.Conflict, "notice.problem.too_many", "Most", mostHooks)
		}
		id, err := insertHook(ctx, tx, h)
		if err == nil {
			err = s.seal(ctx, tx, id, "address", secret.NewText(d.Address))
		}
		if err == nil {
			err = s.seal(ctx, tx, id, "secret", key)
		}
		if err == nil {
			made, err = hookByID(ctx, tx, id)
		}
		if err == nil {
			err = s.note(ctx, tx, actor, audit.HookAdded, made, differences(Hook{}, made)...)
		}
		return err
	})
	if err != nil {
		return Hook{}, secret.Text{}, err
	}
	s.events.Publish(Topic)
	return made, key, nil
}

// Save changes a hook. It fails with a Conflict when somebody else changed it since the version.
func (s *Service) Save(ctx context.Context, actor access.Actor, id int64, d Draft, version int) error {
	if d.Address != "" { // it may hold a key, and says where notices go
		if err := s.requireFresh(actor); err != nil {
			return err
		}
	}
	return s.change(ctx, actor, id, version, func(tx database.Tx, before Hook) error {
		h, err := s.check(d, false)
		if err != nil {
			return err
		}
		h.ID = id
		if d.Address == "" {
			h.Host = before.Host
		} else if err := s.seal(ctx, tx, id, "address", secret.NewText(d.Address)); err != nil {
			return err
		}
		if err := updateHook(ctx, tx, h); err != nil {
			return err
		}
		changes := differences(before, h)
		if d.Address != "" {
			changes = append(changes, audit.Change{Field: "address"})
		}
		return s.note(ctx, tx, actor, audit.HookEdited, h, changes...)
	})
}

// Rotate gives a hook a new secret, which is told this once. The one before signs as well for a day.
func (s *Service) Rotate(ctx context.Context, actor access.Actor, id int64, version int) (key secret.Text, err error) {
	if err := s.requireFresh(actor); err != nil {
		return key, err
	}
	key = newSecret()
	return key, s.change(ctx, actor, id, version, func(tx database.Tx, h Hook) error {
		before, err := s.open(ctx, tx, id, "secret")
		if err != nil {
			return err
		}
		return errors.Join(s.seal(ctx, tx, id, "earlier", before), s.seal(ctx, tx, id, "secret", key), setEarlier(ctx, tx, id, s.clock().Add(earlierFor)),
			s.note(ctx, tx, actor, audit.HookRotated, h, audit.Change{Field: "secret"}))
	})
}

// Switch switches a hook on or off. What waits for one that is off is given up.
func (s *Service) Switch(ctx context.Context, actor access.Actor, id int64, version int, on bool) error {
	return s.change(ctx, actor, id, version, func(tx database.Tx, h Hook) error {
		if on {
			return errors.Join(switchOn(ctx, tx, id), s.note(ctx, tx, actor, audit.HookSwitchedOn, h))
		}
		return errors.Join(switchOff(ctx, tx, id, "", s.clock()), s.note(ctx, tx, actor, audit.HookSwitchedOff, h))
	})
}

// Remove removes a hook and what was sent to it.
func (s *Service) Remove(ctx context.Context, actor access.Actor, id int64) error {
	return s.change(ctx, actor, id, 0, func(tx database.Tx, h Hook) error {
		return errors.Join(deleteHook(ctx, tx, id), s.note(ctx, tx, actor, audit.HookRemoved, h))
	})
}

// Test puts a sample in the outbox for a hook.
func (s *Service) Test(ctx context.Context, actor access.Actor, id int64) error {
	return s.change(ctx, actor, id, 0, func(tx database.Tx, h Hook) error {
		if !h.Off.IsZero() {
			return problem.New(problem.Conflict, "notice.problem.off")
		}
		m := sample(h.Language, s.clock())
		m.Key = "test/" + rand.Text()
		return errors.Join(s.ToHook(ctx, tx, id, m), s.note(ctx, tx, actor, audit.HookTested, h))
	})
}

// requireFresh is for what shows or changes a secret of a hook.
func (s *Service) requireFresh(actor access.Actor) error {
	if err := actor.Require(access.ManageHooks); err != nil {
		return err
	}
	return actor.RequireFresh(s.clock())
}

// change does something to a hook of which the person saw the version; 0 stands for any.
func (s *Service) change(ctx context.Context, actor access.Actor, id int64, version int, work func(database.Tx, Hook) error) error {
	if err := actor.Require(access.ManageHooks); err != nil {
		return err
	}
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		h, err := hookByID(ctx, tx, id)
		if err != nil {
			return err
		}
		if version != 0 && h.Version != version {
			return problem.New(problem.Conflict, "problem.changed")
		}
		return errors.Join(work(tx, h), touch(ctx, tx, id, version != 0, s.clock()))
	})
	if err == nil {
		s.events.Publish(Topic)
	}
	return err
}

// Deliveries lists the last notices to a hook, newest first.
func (s *Service) Deliveries(ctx context.Context, actor access.Actor, hookID int64, limit int) ([]Notice, error) {
	if err := actor.Require(access.ManageHooks); err != nil {
		return nil, err
	}
	return notices(ctx, s.db.Reader(), `WHERE hook_id = ? ORDER BY id DESC LIMIT ?`, hookID, limit)
}

// Mails lists the last notices by email, newest first.
func (s *Service) Mails(ctx context.Context, actor access.Actor, limit int) ([]Notice, error) {
	if err := actor.Require(access.ManageHooks); err != nil {
		return nil, err
	}
	return notices(ctx, s.db.Reader(), `WHERE user_id IS NOT NULL ORDER BY id DESC LIMIT ?`, limit)
}

// check reads a draft.
func (s *Service) check(d Draft, isNew bool) (h Hook, err error) {
	h = Hook{Name: oneLine(d.Name), Kinds: d.Kinds, Language: d.Language, Format: d.Format}
	var check problem.Check
	check.Require(h.Name != "", "name", "problem.required")
	check.Require(utf8.RuneCountInString(h.Name) <= longestName, "name", "problem.too_long", "Most", longestName)
	check.Require(slices.Contains(i18n.Languages(), d.Language), "language", "notice.problem.language")
	check.Require(slices.Contains(Formats, d.Format), "format", "notice.problem.format")
	for _, kind := range d.Kinds {
		if kind == "" || strings.Trim(kind, "abcdefghijklmnopqrstuvwxyz_") != "" || len(d.Kinds) > mostKinds {
			check.Add("kinds", "notice.problem.kinds")
			break
		}
	}
	if d.Format == Own {
		h.Template = d.Template
		check.Require(strings.TrimSpace(d.Template) != "", "template", "problem.required")
		if n := (Notice{Mark: "sample", Message: sample(d.Language, s.clock()), Created: s.clock()}); strings.TrimSpace(d.Template) != "" {
			if _, err := s.write(n, h); err != nil {
				check.Add("template", "notice.problem.template", "Detail", shorten(oneLine(strings.ToValidUTF8(err.Error(), "?")), 300))
			}
		}
	}
	if isNew && d.Address == "" {
		check.Add("address", "problem.required")
	} else if d.Address != "" {
		h.Host, err = s.checkAddress(d.Address)
		var refusal *reach.Refusal
		switch {
		case errors.As(err, &refusal):
			check.Add("address", "notice.problem."+string(refusal.Why), "Host", refusal.Host, "Flag", Flag)
		case err != nil:
			check.Add("address", "notice.problem.address")
		}
	}
	return h, check.Err()
}

// sample is a message with which a hook is tried.
func sample(language string, now time.Time) Message {
	l := i18n.For(language, nil)
	return Message{Language: language, Subject: l.T("notice.test.subject"), Intro: l.T("notice.test.intro"), Lines: []Line{
		{Kind: "test", State: Open, Text: l.T("notice.test.open"), About: "Segue", Link: "/system/hooks", At: now, Values: map[string]any{"profiles": 1000, "rejected": 12}},
		{Kind: "test", State: Closed, Text: l.T("notice.test.closed"), About: "Segue", Link: "/system/hooks", At: now},
	}}
}

// keys are what is sealed of a hook.
type keys struct {
	address secret.Text
	secrets []secret.Text // the present one first
}

// opened reads a hook with what is sealed of it. One that is gone has no ID.
func (s *Service) opened(ctx context.Context, id int64) (h Hook, k keys, err error) {
	reader := s.db.Reader()
	h, err = hookByID(ctx, reader, id)
	if problem.Is(err, problem.NotFound) {
		return Hook{}, keys{}, nil
	}
	if err == nil {
		k.address, err = s.open(ctx, reader, id, "address")
	}
	for _, what := range []string{"secret", "earlier"} {
		if err != nil || what == "earlier" && !h.Earlier.After(s.clock()) {
			continue
		}
		var key secret.Text
		key, err = s.open(ctx, reader, id, what)
		k.secrets = append(k.secrets, key)
	}
	return h, k, err
}

func (s *Service) seal(ctx context.Context, tx database.Tx, id int64, what string, value secret.Text) error {
	return setSealed(ctx, tx, id, what, s.sealer.Seal(value, hookBinding(id, what)))
}

func (s *Service) open(ctx context.Context, q database.Querier, id int64, what string) (secret.Text, error) {
	sealed, err := getSealed(ctx, q, id, what)
	if err != nil {
		return secret.Text{}, err
	}
	return s.sealer.Open(sealed, hookBinding(id, what))
}

// Hosts are the hosts that hooks may be at, as the operator wrote them.
func (s *Service) Hosts(actor access.Actor) (names []string, err error) {
	if err := actor.Require(access.ManageHooks); err != nil {
		return nil, err
	}
	for _, h := range s.allowed {
		names = append(names, h.String())
	}
	return names, nil
}

// Mail says how mail is sent.
type Mail struct {
	On   bool
	Host string
	From string
}

// Mail tells whether mail is sent, and how.
func (s *Service) Mail() Mail {
	if s.mail == nil {
		return Mail{}
	}
	return Mail{On: true, Host: s.mail.Host(), From: s.mail.From()}
}

// HasLinks reports whether notices lead to pages: the operator said under which address people reach them.
func (s *Service) HasLinks() bool { return s.publicURL != "" }
