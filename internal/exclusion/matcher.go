package exclusion

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"hash"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/segue-app/segue/internal/address"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/membership"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/pushdown"
	"github.com/segue-app/segue/internal/segment"
)

// Code says by what an address is excluded.
type Code string

// The codes; "" is not excluded.
const (
	ByEmail   Code = "excluded_email"
	ByDomain  Code = "excluded_domain"
	BySegment Code = "excluded_segment"
)

// Matcher answers for one snapshot whether an address is excluded, as the list was at Version. It needs no database, and
// many goroutines may ask at once.
type Matcher struct {
	Version uint64
	*listed
	members fingerprints // addresses of the members of excluded segments
}

// listed is the list in memory, 16 bytes for each address, shared by all matchers of a version.
type listed struct {
	version  uint64
	hasher   *hasher
	emails   fingerprints
	domains  map[string]struct{}
	segments []int64
}

// Empty reports that nobody is excluded.
func (m *Matcher) Empty() bool { return len(m.emails)+len(m.domains)+len(m.members) == 0 }

// Match says by what an address is excluded, given in the form in which a destination knows it. The first of address, domain
// and segment that holds is told.
func (m *Matcher) Match(identity string) Code {
	if identity == "" || m.Empty() {
		return ""
	}
	form := address.Normal(identity)
	var own fingerprint
	if len(m.emails)+len(m.members) > 0 {
		own = m.hasher.fingerprint(form)
	}
	switch {
	case m.emails.hold(own):
		return ByEmail
	case m.domainOf(form) != "":
		return ByDomain
	case m.members.hold(own):
		return BySegment
	}
	return ""
}

// domainOf is the excluded domain that an address belongs to, "" when there is none.
func (l *listed) domainOf(form string) string {
	if len(l.domains) == 0 {
		return ""
	}
	_, domain, _ := strings.Cut(form, "@")
	for domain != "" {
		if _, ok := l.domains[domain]; ok {
			return domain
		}
		_, domain, _ = strings.Cut(domain, ".")
	}
	return ""
}

// Scope is for whom a matcher is: the profiles that segments of one base are made from, and how their addresses are found.
type Scope struct {
	SourceID   int64 // the base: a source whose profiles stay where they are; 0: the snapshot's
	Snapshot   profile.Snapshot
	At         time.Time                            // relative dates in excluded segments are judged by this moment
	Attributes []string                             // whose values Identify wants
	Identify   func(values []string) (string, bool) // gives the address, and false when there is none
}

// NoScope says that a segment on the list is made from profiles that no scope was given for.
type NoScope struct{ SourceID int64 }

// Error names the base.
func (n *NoScope) Error() string {
	return fmt.Sprintf("no scope for segments of source %d", n.SourceID)
}

const membersAtOnce = 5000

// Matcher reads the list as it is now. Who is a member of a segment on it in any of the scopes is excluded. A segment on the list
// that cannot be judged on one of them is a problem, and one whose base is among none of them a *NoScope: nobody may be sent by
// accident.
func (s *Service) Matcher(ctx context.Context, scopes ...Scope) (*Matcher, error) {
	list, err := s.current(ctx)
	if err != nil {
		return nil, err
	}
	m := &Matcher{Version: list.version, listed: list}
	if len(list.segments) == 0 {
		return m, nil
	}
	definitions, err := s.segments.Definitions(ctx, list.segments)
	if err != nil {
		return nil, err
	}
	ofBase := map[int64][]segment.Definition{}
	for _, d := range definitions {
		ofBase[d.SourceID] = append(ofBase[d.SourceID], d)
		if !slices.ContainsFunc(scopes, func(s Scope) bool { return s.SourceID == d.SourceID }) {
			return nil, &NoScope{d.SourceID}
		}
	}
	for _, scope := range scopes {
		if err := s.addMembers(ctx, m, ofBase[scope.SourceID], scope); err != nil {
			return nil, err
		}
	}
	m.members.sort()
	return m, nil
}

// addMembers reads the addresses of members of segments on the list.
func (s *Service) addMembers(ctx context.Context, m *Matcher, definitions []segment.Definition, scope Scope) error {
	if len(definitions) == 0 {
		return nil
	}
	if scope.SourceID != 0 {
		return s.addRemote(ctx, m, definitions, scope)
	}
	var conditions []segment.Where
	for _, definition := range definitions {
		where, err := segment.Compile(definition, scope.Snapshot, scope.At)
		if err != nil {
			return err
		}
		conditions = append(conditions, where)
	}
	selection, err := membership.Select(scope.Snapshot, conditions, scope.Attributes)
	if err != nil {
		return err
	}
	for after, more := "", true; more; {
		more, err = selection.Page(ctx, s.db.Reader(), after, membersAtOnce, func(member membership.Member) error {
			after = member.ID
			if identity, ok := scope.Identify(member.Values); ok {
				m.members = append(m.members, m.hasher.fingerprint(address.Normal(identity)))
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("read members of excluded segments: %w", err)
		}
	}
	return nil
}

// addRemote reads them from a source whose profiles stay where they are. What an attempt left that was cut off does no harm: the
// next one makes a new matcher.
func (s *Service) addRemote(ctx context.Context, m *Matcher, definitions []segment.Definition, scope Scope) error {
	kinds := make([]profile.Kind, len(scope.Attributes))
	for i, key := range scope.Attributes {
		attribute, ok := scope.Snapshot.Attribute(key)
		if !ok {
			return fmt.Errorf("source %d has no attribute %q", scope.SourceID, key)
		}
		kinds[i] = attribute.Kind
	}
	values := make([]string, len(scope.Attributes))
	reading := pushdown.Reading{SourceID: scope.SourceID, Definitions: definitions, Attributes: scope.Attributes, At: scope.At, Anybody: true}
	_, err := s.remote.Stream(ctx, reading, func(member pushdown.Member) error {
		for i, value := range member.Values {
			values[i] = membership.Text(kinds[i], value)
		}
		if identity, ok := scope.Identify(values); ok {
			m.members = append(m.members, m.hasher.fingerprint(address.Normal(identity)))
		}
		return nil
	})
	return err
}

// Version changes with every change of the list. Whoever holds a matcher of another version asks for a new one before
// anything is sent.
func (s *Service) Version() uint64 { return s.version.Load() }

// current gives the list as it is now, and keeps it for the next who asks.
func (s *Service) current(ctx context.Context) (*listed, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	version := s.version.Load() // before reading: what is read may be newer, never older
	if s.list != nil && s.list.version == version {
		return s.list, nil
	}
	key, err := s.hasherLocked(ctx)
	if err != nil {
		return nil, err
	}
	list := &listed{version: version, hasher: key}
	if err := readList(ctx, s.db.Reader(), list); err != nil {
		return nil, err
	}
	s.list = list
	return list, nil
}

// fingerprint is by what an address is remembered. Half of a SHA-256 is enough: two addresses would have to agree by chance.
type fingerprint [16]byte

// fingerprints are in order.
type fingerprints []fingerprint

func compare(a, b fingerprint) int { return bytes.Compare(a[:], b[:]) }

func (f fingerprints) sort() { slices.SortFunc(f, compare) }

func (f fingerprints) hold(one fingerprint) bool {
	_, found := slices.BinarySearchFunc(f, one, compare)
	return found
}

// hasher makes fingerprints with the installation's key, so that nobody who has the database alone can try addresses out.
type hasher struct{ pool sync.Pool }

func newHasher(key []byte) *hasher {
	return &hasher{sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

func (h *hasher) fingerprint(form string) (f fingerprint) {
	mac := h.pool.Get().(hash.Hash)
	defer h.pool.Put(mac)
	var sum [sha256.Size]byte
	mac.Reset()
	mac.Write([]byte(form))
	copy(f[:], mac.Sum(sum[:0]))
	return f
}

// hasherLocked opens the key of the installation, or makes it when there is none yet.
func (s *Service) hasherLocked(ctx context.Context) (*hasher, error) {
	if s.hasher != nil {
		return s.hasher, nil
	}
	var sealed []byte
	err := s.db.InTx(ctx, func(tx database.Tx) (err error) {
		sealed, err = readOrMakeSalt(ctx, tx, s.newSalt)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := s.openSalt(sealed); err != nil {
		return nil, err
	}
	return s.hasher, nil
}
