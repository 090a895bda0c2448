package erasure

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/approval"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/source"
	"github.com/segue-app/segue/internal/version"
)

// Order says whom to erase, and that it is meant.
type Order struct {
	Query
	Confirm   string // the key or address once more
	Reason    Reason
	Reference string // number of the case elsewhere; may be empty
}

// A reference is a number, with letters at most: no name fits in, and no address.
var reference = regexp.MustCompile(`^[A-Za-z]{0,8}[-./#]?[0-9][0-9A-Za-z./-]{0,29}$`)

// stillWithin is how long runs may take to come to stand: a request that is under way is waited for.
const stillWithin = 45 * time.Second

// The places of what is removed, besides those of package run.
const (
	placeSnapshots = "snapshots"
	placeLists     = "lists"
	placeFiles     = "files"
	placeVersions  = "versions"
	placeReasons   = "reasons"
)

// Erase removes a person everywhere here, and has their tags taken away at destinations. It returns the id of the proof.
// Runs under way stand still for it and go on without the person.
func (s *Service) Erase(ctx context.Context, actor access.Actor, order Order) (id int64, err error) {
	if err := actor.Require(access.ManagePrivacy); err != nil {
		return 0, err
	}
	if err := actor.RequireFresh(s.Clock()); err != nil {
		return 0, err
	}
	if err := order.check(); err != nil {
		return 0, err
	}
	s.erasing.Lock()
	defer s.erasing.Unlock()
	found, err := s.Find(ctx, actor, order.Query)
	if err != nil {
		return 0, err
	}
	if !found.Anything() {
		return 0, problem.New(problem.Conflict, "erasure.problem.nothing")
	}
	if err := s.Exclusions.MakeKey(ctx); err != nil {
		return 0, err
	}
	// From here on it is done to the end, also when the person who asked for it has left the page.
	ctx = context.WithoutCancel(ctx)
	within, cancel := context.WithTimeout(ctx, stillWithin)
	defer cancel()
	err = s.Profiles.Settled(within, func() error {
		return s.Runs.Still(within, func() error {
			id, err = s.remove(ctx, actor, order, found)
			return err
		})
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return 0, problem.New(problem.Unavailable, "erasure.problem.runs_busy").Because(err)
	}
	if err != nil {
		return 0, err
	}
	s.Profiles.Erased()
	s.Events.Publish(ListTopic)
	s.Log.InfoContext(ctx, "a person was erased", "erasure", id, "user", actor.UserID)
	return id, nil
}

func (order *Order) check() error {
	order.Text, order.Reference = strings.TrimSpace(order.Text), strings.TrimSpace(order.Reference)
	var check problem.Check
	check.Require(strings.EqualFold(strings.TrimSpace(order.Confirm), order.Text), "confirm", "erasure.problem.confirm")
	check.Require(slices.Contains(Reasons, order.Reason), "reason", "problem.choose")
	check.Require(order.Reference == "" || reference.MatchString(order.Reference), "reference", "erasure.problem.reference")
	return check.Err()
}

// remove does it, while runs stand still.
func (s *Service) remove(ctx context.Context, actor access.Actor, order Order, found Found) (id int64, err error) {
	profiles := found.Chosen()
	if len(profiles) == 0 && normal(found.Query) == "" { // a key that is in an uploaded file alone
		profiles = []string{found.Query}
	}
	// Once more, since snapshots may have come and gone since.
	var held []profile.Held
	for _, profileID := range profiles {
		some, err := s.Profiles.HeldOf(ctx, actor, profileID)
		if err != nil {
			return 0, err
		}
		held = append(held, some...)
	}
	for _, h := range held {
		profiles = append(profiles, h.Aliases...)
	}
	slices.Sort(profiles)
	profiles = slices.Compact(profiles)
	forgetting, err := s.Runs.PrepareForget(ctx, profiles, found.Addresses)
	if err != nil {
		return 0, err
	}
	prints, err := s.fingerprints(ctx, profiles, blocked(found))
	if err != nil {
		return 0, err
	}
	files, err := s.discard(ctx, actor, found.Files)
	if err != nil {
		return 0, err
	}
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		removed, err := forgetting.Do(ctx, tx)
		if err != nil {
			return err
		}
		if importing, err := importRuns(ctx, tx); err != nil {
			return err
		} else if importing {
			return problem.New(problem.Conflict, "erasure.problem.import_runs")
		}
		removed[placeFiles] = files
		if removed[placeSnapshots], err = s.Profiles.Erase(ctx, tx, held, profiles); err != nil {
			return err
		}
		for _, entry := range slices.Concat(profiles, blocked(found)) {
			lists, err := s.Segments.EraseEntry(ctx, tx, entry)
			if err != nil {
				return err
			}
			removed[placeLists] += lists
		}
		if removed[placeVersions], err = version.Erase(ctx, tx, blocked(found)); err != nil {
			return err
		}
		if removed[placeReasons], err = approval.Erase(ctx, tx, found.Addresses); err != nil {
			return err
		}
		if id, err = insertErasure(ctx, tx, Erasure{At: s.Clock(), By: actor.Name, Reason: order.Reason, Reference: order.Reference}, removed); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, s.Clock(), actor, audit.Entry{Action: audit.PersonErased, Subject: audit.Of("erasure", id, ""), Changes: toldErasure(order, removed)}); err != nil {
			return err
		}
		if err := insertFingerprints(ctx, tx, id, prints); err != nil {
			return err
		}
		for _, stray := range forgetting.Strays {
			if err := s.insertTags(ctx, tx, id, stray); err != nil {
				return err
			}
		}
		return s.queue.EnqueueErasure(ctx, tx, id)
	})
	return id, err
}

// toldErasure says how much was removed, and why, and not of whom. The reference is a person's text: it is not told.
func toldErasure(order Order, removed map[string]int) (changes []audit.Change) {
	changes = append(changes, audit.Change{Field: "reason", After: string(order.Reason)})
	for _, place := range slices.Sorted(maps.Keys(removed)) {
		if removed[place] > 0 {
			changes = append(changes, audit.Change{Field: place, Before: strconv.Itoa(removed[place])})
		}
	}
	return changes
}

// blocked are the addresses, in their normal form, by which nobody may come in again: not those that somebody else has too.
func blocked(found Found) (forms []string) {
	for _, address := range found.Addresses {
		if form := normal(address); !slices.Contains(found.Shared, address) && !slices.Contains(forms, form) {
			forms = append(forms, form)
		}
	}
	return forms
}

// discard drops the uploads that hold the person and that nobody has confirmed. From one that is being imported they are left
// out, and its file goes when that has ended.
func (s *Service) discard(ctx context.Context, actor access.Actor, files []source.WaitingFile) (dropped int, err error) {
	for _, file := range files {
		done, err := s.Sources.Discard(ctx, actor, file.ImportID)
		if err != nil {
			return dropped, err
		}
		if done {
			dropped++
		}
	}
	return dropped, nil
}

// fateOf says what is to be done about the tags of a stray.
func fateOf(stray run.Stray) (TagsState, string) {
	switch {
	case len(stray.Tags) == 0:
		return TagsKept, NothingToDo
	case stray.Keeps:
		return TagsKept, KeptByExport
	case stray.ConnectionID == 0:
		return TagsKept, run.UntagNoConnection
	}
	return TagsWaiting, ""
}
