package run

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/exclusion"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
)

// Who is on the list of exclusions is sorted out when a run plans. The list may change after that, also while a batch waits
// for its place in the budget: each batch knows by which version of the list it was sorted, and one of an older version is
// sorted once more before it goes out. The list is not part of a run's plan: it holds as it is, not as it was. So who is a
// member of a segment on it is judged by the profiles of the plan, and when others have come since also by those. A segment on it
// may be made from other profiles than the run: then the addresses are those of the attribute there that holds such.

// Exclusions is what runs need of the exclusion package.
type Exclusions interface {
	Version() uint64
	Matcher(ctx context.Context, scopes ...exclusion.Scope) (*exclusion.Matcher, error)
}

// excluded is the list of exclusions, as one plan sees it.
type excluded struct {
	service   *Service
	sourceID  int64 // whose profiles the plan is about
	planned   exclusion.Scope
	address   string                                                            // attribute that holds the addresses
	patiently func(ctx context.Context, read func(context.Context) error) error // reads a source; nil: once
	mutex     sync.Mutex
	held      *exclusion.Matcher
}

func (s *Service) excluded(plan *Plan, snapshot profile.Snapshot, driver destination.Driver) (*excluded, error) {
	encoder, err := plan.Mapping.NewEncoder(driver, plan.Consent, plan.At)
	if err != nil {
		return nil, err
	}
	return &excluded{service: s, sourceID: plan.SourceID, address: plan.Mapping.Attribute(destination.Email), planned: exclusion.Scope{Snapshot: snapshot, At: plan.At,
		Attributes: plan.Mapping.Attributes(), Identify: encoder.Identity}}, nil
}

// scopes are the profiles of the plan, and those of today where they are others. A spool holds members alone and is none.
func (e *excluded) scopes(ctx context.Context) ([]exclusion.Scope, error) {
	if e.sourceID != 0 {
		return nil, nil
	}
	scopes := []exclusion.Scope{e.planned}
	current, err := e.service.profiles.Current(ctx)
	if err != nil {
		return nil, err
	}
	if _, there := current.Attribute(e.address); !there || current.ID == e.planned.Snapshot.ID {
		return scopes, nil
	}
	return append(scopes, e.byAddress(0, current, e.address)), nil
}

// byAddress judges by one attribute of other profiles than those of the plan.
func (e *excluded) byAddress(sourceID int64, snapshot profile.Snapshot, attribute string) exclusion.Scope {
	place := slices.Index(e.planned.Attributes, e.address)
	values := make([]string, len(e.planned.Attributes))
	return exclusion.Scope{SourceID: sourceID, Snapshot: snapshot, At: e.service.clock(), Attributes: []string{attribute},
		Identify: func(address []string) (string, bool) {
			values[place] = address[0]
			return e.planned.Identify(values)
		}}
}

// elsewhere is the scope of segments that are made from other profiles than the plan's.
func (e *excluded) elsewhere(ctx context.Context, sourceID int64) (exclusion.Scope, error) {
	var snapshot profile.Snapshot
	var err error
	if sourceID == 0 {
		snapshot, err = e.service.profiles.Current(ctx)
	} else {
		snapshot, err = e.service.remote.Schema(ctx, sourceID)
	}
	if err != nil {
		return exclusion.Scope{}, err
	}
	if sourceID != 0 && sourceID == e.sourceID {
		return e.byAddress(sourceID, snapshot, e.address), nil
	}
	attribute, ok := export.AddressOf(snapshot)
	if !ok {
		return exclusion.Scope{}, problem.New(problem.Conflict, "exclusions.problem.no_addresses")
	}
	return e.byAddress(sourceID, snapshot, attribute.Key), nil
}

// read asks for the list, and for what segments on it need that are made from other profiles.
func (e *excluded) read(ctx context.Context, scopes []exclusion.Scope) (*exclusion.Matcher, error) {
	for {
		held, err := e.service.exclusions.Matcher(ctx, scopes...)
		var lacking *exclusion.NoScope
		if !errors.As(err, &lacking) {
			return held, err
		}
		scope, err := e.elsewhere(ctx, lacking.SourceID)
		if err != nil {
			return nil, err
		}
		scopes = append(scopes, scope)
	}
}

// matcher is of the list as it is now. A *halt says that a segment on it cannot be judged: then nobody is sent.
func (e *excluded) matcher(ctx context.Context) (*exclusion.Matcher, error) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.held != nil && e.held.Version == e.service.exclusions.Version() {
		return e.held, nil
	}
	scopes, err := e.scopes(ctx)
	if err != nil {
		return nil, err
	}
	var held *exclusion.Matcher
	reading := func(ctx context.Context) error {
		held, err = e.read(ctx, slices.Clone(scopes))
		return err
	}
	if e.patiently == nil {
		err = haltOnFault(reading(ctx))
	} else {
		err = e.patiently(ctx, reading)
	}
	if p := problem.Of(err); p != nil {
		return nil, &halt{state: Failed, code: failExclusion, detail: p.Code}
	}
	if err != nil {
		return nil, err
	}
	e.held = held
	return held, nil
}

// orStop stops the run for a *halt, and passes any other error on.
func (x *execution) orStop(err error) error {
	var halted *halt
	if errors.As(err, &halted) {
		x.stop(halted)
		return nil
	}
	return err
}

// withoutExcluded takes out of a batch who is excluded by now, and gives them their outcome. When it was empty after that, it
// is gone.
func (x *execution) withoutExcluded(ctx context.Context, b batch) (batch, error) {
	matcher, err := x.excluded.matcher(ctx)
	if err != nil || b.checked == matcher.Version {
		return b, err
	}
	kept := batch{number: b.number, tries: b.tries, tried: b.tried, checked: matcher.Version}
	var out []entry
	var p progress
	for i, e := range b.entries {
		code := matcher.Match(e.Identity)
		if code == "" {
			kept.entries, kept.items = append(kept.entries, e), append(kept.items, b.items[i])
			continue
		}
		e.Hash = []byte{} // in doubt
		out = append(out, e)
		p.Excluded++
		p.rejections = append(p.rejections, Rejection{ProfileID: e.ProfileID, Outcome: Excluded, Code: string(code)})
	}
	if len(out) == 0 {
		return kept, nil
	}
	err = x.write(ctx, p, func(j journal) error {
		if b.tried { // it may have arrived: the next run takes the tags away
			if err := j.remember(ctx, x.run.ExportID, x.run.ID, out); err != nil {
				return err
			}
		}
		for _, e := range out {
			if err := j.doubt(ctx, x.run.ExportID, []string{e.ProfileID}); err != nil {
				return err
			}
		}
		if len(kept.entries) == 0 {
			return j.dropBatch(ctx, x.run.ID, b.number)
		}
		return j.writeBatch(ctx, x.run.ID, kept, "planned")
	})
	if err != nil {
		return b, err
	}
	x.changed.Store(true)
	if len(kept.entries) == 0 {
		x.settled(1)
	}
	return kept, nil
}

// errListChanged says that the list of exclusions changed while something that was sorted by it waited to be sent.
var errListChanged = errors.New("the list of exclusions changed")

type sortedBy struct{}

// sortedByList notes by which version of the list what is about to be sent was sorted.
func sortedByList(ctx context.Context, version uint64) context.Context {
	return context.WithValue(ctx, sortedBy{}, version)
}

// confirm has a place in the budget used only for what was sorted by the list as it is now.
func confirm(ctx context.Context, list Exclusions, done func(destination.Answer)) error {
	if version, ok := ctx.Value(sortedBy{}).(uint64); ok && version != list.Version() {
		done(destination.Answer{})
		return errListChanged
	}
	return nil
}
