package erasure

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/address"
	"github.com/segue-app/segue/internal/exclusion"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/source"
	"github.com/segue-app/segue/internal/version"
)

// Query asks for a person.
type Query struct {
	Text   string   // a key or an address
	Chosen []string // of the profiles that it finds, those meant; nil: all that it finds itself
}

// Found is all that is kept about a person.
type Found struct {
	Query     string
	Profiles  []Candidate
	Addresses []string // of the chosen profiles, as they are written
	Shared    []string // of those, which profiles that are not chosen have too: they are not kept from coming back
	Held      []profile.Held
	Lists     []InList
	Files     []source.WaitingFile
	Traces    []run.Trace
	Rules     []segment.Listed // that name the person: changed by hand
	Versions  int              // of exports and segments, earlier ones and those of today, with an address in them
	Excluded  []exclusion.Answer
	aliases   []string // other ids of the chosen profiles
	Erased    bool     // somebody with this key or address was erased before, and must not come back
}

// Candidate is a profile that the query finds, or one that has an address of those.
type Candidate struct {
	ID     string
	Chosen bool
	Direct bool // found by what was typed; else it shares an address
	InData bool // in some snapshot
}

// InList is a person's place in an uploaded list.
type InList struct {
	Entry string // id or address
	segment.Listed
}

// Anything reports whether something is kept.
func (f Found) Anything() bool {
	return len(f.Held)+len(f.Lists)+len(f.Files)+len(f.Traces)+len(f.Rules)+f.Versions > 0
}

// Chosen are the ids of the profiles that are meant.
func (f Found) Chosen() (ids []string) {
	for _, c := range f.Profiles {
		if c.Chosen {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

const longestQuery = 300 // characters

// Find shows all that is kept about a person, wherever it is. It reads everything, so at a million profiles it takes some
// seconds.
func (s *Service) Find(ctx context.Context, actor access.Actor, query Query) (found Found, err error) {
	if err := actor.Require(access.ManagePrivacy); err != nil {
		return Found{}, err
	}
	found.Query = strings.TrimSpace(query.Text)
	var check problem.Check
	check.Require(found.Query != "", "q", "problem.required")
	check.Require(len([]rune(found.Query)) <= longestQuery, "q", "problem.too_long", "Most", longestQuery)
	if err := check.Err(); err != nil {
		return Found{}, err
	}
	l := looking{service: s, actor: actor, held: map[string][]profile.Held{}, aliases: map[string][]string{}, traces: map[string][]run.Trace{}}
	if err := l.candidates(ctx, found.Query); err != nil {
		return Found{}, err
	}
	for i := range l.profiles {
		c := &l.profiles[i]
		c.Chosen, c.InData = c.Direct, len(l.held[c.ID]) > 0
		if query.Chosen != nil {
			c.Chosen = slices.Contains(query.Chosen, c.ID)
		}
	}
	found.Profiles = l.profiles
	return found, l.fill(ctx, &found)
}

// looking gathers who is meant.
type looking struct {
	service  *Service
	actor    access.Actor
	profiles []Candidate
	held     map[string][]profile.Held // by id
	aliases  map[string][]string       // likewise
	traces   map[string][]run.Trace    // likewise
}

// heldOf reads what snapshots have of a profile, and the other ids that it goes by, once.
func (l *looking) heldOf(ctx context.Context, id string) ([]profile.Held, error) {
	if held, ok := l.held[id]; ok {
		return held, nil
	}
	held, err := l.service.Profiles.HeldOf(ctx, l.actor, id)
	if err != nil {
		return nil, err
	}
	l.held[id] = held
	for _, h := range held {
		l.aliases[id] = append(l.aliases[id], h.Aliases...)
	}
	return held, nil
}

func (l *looking) add(id string, direct bool) {
	if !slices.ContainsFunc(l.profiles, func(c Candidate) bool { return c.ID == id }) {
		l.profiles = append(l.profiles, Candidate{ID: id, Direct: direct})
	}
}

// candidates finds the profiles of a key or an address, and then those that share an address with them.
func (l *looking) candidates(ctx context.Context, text string) error {
	ids, err := l.service.Profiles.IDsOf(ctx, l.actor, text)
	if err != nil {
		return err
	}
	for _, id := range ids {
		l.add(id, true)
		if _, err := l.heldOf(ctx, id); err != nil {
			return err
		}
	}
	if !slices.Contains(ids, text) && !l.isAlias(text) {
		known, err := l.known(ctx, text)
		if err != nil {
			return err
		}
		if known {
			l.add(text, true)
		}
	}
	if err := l.at(ctx, text, true); err != nil {
		return err
	}
	for _, c := range slices.Clone(l.profiles) {
		addresses, err := l.addressesOf(ctx, c.ID)
		if err != nil {
			return err
		}
		for _, written := range addresses {
			if err := l.at(ctx, written, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// known reports whether an id that no snapshot has is known elsewhere.
func (l *looking) known(ctx context.Context, id string) (bool, error) {
	traces, err := l.tracesOf(ctx, id)
	if err != nil || len(traces) > 0 {
		return len(traces) > 0, err
	}
	lists, err := l.service.Segments.ListsWith(ctx, l.actor, id)
	return len(lists) > 0, err
}

func (l *looking) tracesOf(ctx context.Context, id string) ([]run.Trace, error) {
	if traces, ok := l.traces[id]; ok {
		return traces, nil
	}
	if _, err := l.heldOf(ctx, id); err != nil {
		return nil, err
	}
	traces, err := l.service.Runs.Traces(ctx, l.actor, append([]string{id}, l.aliases[id]...))
	if err != nil {
		return nil, err
	}
	l.traces[id] = traces
	return traces, nil
}

// at adds the profiles that have an address, now or in what exports remember.
func (l *looking) at(ctx context.Context, text string, direct bool) error {
	form, ok := address.Read(text)
	if !ok {
		return nil
	}
	inData, err := l.service.Profiles.IDsWith(ctx, l.actor, tellingPart(form), func(text string) bool { return normal(text) == form })
	if err != nil {
		return err
	}
	for _, id := range inData {
		l.add(id, direct)
		if _, err := l.heldOf(ctx, id); err != nil {
			return err
		}
	}
	identities, err := l.service.Runs.Identities(strings.TrimSpace(text))
	if err != nil {
		return err
	}
	if !slices.Contains(identities, form) {
		identities = append(identities, form)
	}
	ids, err := l.service.Runs.ProfilesAt(ctx, l.actor, identities)
	for _, id := range ids {
		if !l.isAlias(id) {
			l.add(id, direct)
		}
	}
	return err
}

// isAlias reports whether an id is another one of a profile that was found.
func (l *looking) isAlias(id string) bool {
	return slices.ContainsFunc(l.profiles, func(c Candidate) bool { return slices.Contains(l.aliases[c.ID], id) })
}

// tellingPart is what every spelling of an address has in it: SQLite folds A to Z alone, and a domain may be written in two ways.
func tellingPart(form string) string {
	local, _, _ := strings.Cut(form, "@")
	if strings.IndexFunc(local, func(r rune) bool { return r > unicode.MaxASCII }) >= 0 {
		return "@"
	}
	return local + "@"
}

// addressesOf lists the addresses of a profile, as they are written: those in its data, and those that exports know.
func (l *looking) addressesOf(ctx context.Context, id string) (addresses []string, err error) {
	add := func(text string) {
		text = strings.TrimSpace(text)
		if _, ok := address.Read(text); ok && !slices.Contains(addresses, text) {
			addresses = append(addresses, text)
		}
	}
	held, err := l.heldOf(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, h := range held {
		for _, text := range profile.Written(h.Snapshot, h.Record) {
			add(text)
		}
	}
	traces, err := l.tracesOf(ctx, id)
	for _, t := range traces {
		add(t.Identity)
	}
	return addresses, err
}

// fill reads what is kept of the chosen profiles.
func (l *looking) fill(ctx context.Context, found *Found) error {
	s := l.service
	taken := map[string]bool{} // addresses of those who are not chosen
	for _, c := range found.Profiles {
		addresses, err := l.addressesOf(ctx, c.ID)
		if err != nil {
			return err
		}
		if !c.Chosen {
			for _, written := range addresses {
				taken[normal(written)] = true
			}
			continue
		}
		for _, written := range addresses {
			if !slices.Contains(found.Addresses, written) {
				found.Addresses = append(found.Addresses, written)
			}
		}
		found.Held = append(found.Held, l.held[c.ID]...)
		found.Traces = append(found.Traces, l.traces[c.ID]...)
		found.aliases = append(found.aliases, l.aliases[c.ID]...)
	}
	if form, ok := address.Read(found.Query); ok && !slices.ContainsFunc(found.Addresses, func(a string) bool { return normal(a) == form }) {
		found.Addresses = append(found.Addresses, found.Query)
	}
	for _, written := range found.Addresses {
		if taken[normal(written)] {
			found.Shared = append(found.Shared, written)
		}
	}
	for _, entry := range slices.Concat(found.Chosen(), found.aliases, blocked(*found)) {
		lists, err := s.Segments.ListsWith(ctx, l.actor, entry)
		if err != nil {
			return err
		}
		for _, one := range lists {
			found.Lists = append(found.Lists, InList{entry, one})
		}
	}
	var err error
	if found.Files, err = s.Sources.WaitingWith(ctx, l.actor, l.means(found)); err != nil {
		return err
	}
	if found.Rules, err = s.Segments.Naming(ctx, l.actor, found.Addresses); err != nil {
		return err
	}
	if found.Versions, err = version.Naming(ctx, s.db.Reader(), blocked(*found)); err != nil {
		return err
	}
	for _, written := range found.Addresses {
		answer, err := s.Exclusions.Check(ctx, l.actor, written)
		if err != nil {
			return err
		}
		if answer.Code != "" {
			found.Excluded = append(found.Excluded, answer)
		}
	}
	erased, err := s.Erased(ctx, s.db.Reader())
	found.Erased = err == nil && erased != nil && erased(found.Query, found.Query)
	return err
}

// means says of a row of a file whether it is of the person: it has one of the keys, or an address of theirs.
func (l *looking) means(found *Found) func(id string, fields []string) bool {
	keys, forms := append(found.Chosen(), found.aliases...), map[string]bool{}
	for _, written := range found.Addresses {
		forms[normal(written)] = true
	}
	return func(id string, fields []string) bool {
		if slices.Contains(keys, id) {
			return true
		}
		for _, field := range fields {
			if strings.Contains(field, "@") && forms[normal(field)] {
				return true
			}
		}
		return false
	}
}

// normal is the form in which addresses are compared; "" of what is none.
func normal(written string) string {
	form, _ := address.Read(written)
	return form
}
