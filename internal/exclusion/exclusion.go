// Package exclusion owns the list of those who are never sent, whatever a later upload says: email addresses, kept as
// keyed hashes alone; domains with all that is below them; and segments, whose members' addresses are excluded too when
// another profile has them. It answers whether an address is on the list. Keeping a run from sending, and taking back what
// was sent before, is the runner's.
package exclusion

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/address"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/pushdown"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/segment"
)

const (
	saltBinding   = "exclusion/salt"
	saltBytes     = 32
	longestReason = 200 // characters
)

// Segments is what the list needs of the segment package.
type Segments interface {
	Definitions(ctx context.Context, ids []int64) ([]segment.Definition, error)
}

// Remote is what the list needs of profiles that stay where they are.
type Remote interface {
	Stream(ctx context.Context, reading pushdown.Reading, visit func(pushdown.Member) error) (withoutID int, err error)
}

// Service keeps the list.
type Service struct {
	db       *database.DB
	sealer   *secret.Sealer
	segments Segments
	remote   Remote
	now      func() time.Time

	version atomic.Uint64
	mutex   sync.Mutex
	hasher  *hasher
	list    *listed
}

// NewService makes the service.
func NewService(db *database.DB, sealer *secret.Sealer, segments Segments, now func() time.Time) *Service {
	s := &Service{db: db, sealer: sealer, segments: segments, now: now}
	s.version.Store(1) // 0 is the version of nothing
	return s
}

// SetRemote says who reads profiles that stay where they are. Call it before the service is used.
func (s *Service) SetRemote(remote Remote) { s.remote = remote }

// Addition is one act of adding.
type Addition struct {
	At                        time.Time
	By                        string
	Reason                    string
	Emails, Domains, Segments int // that it added
}

// Domain is a domain on the list.
type Domain struct {
	ID     int64
	Name   string
	At     time.Time
	By     string
	Reason string
}

// Segment is a segment on the list.
type Segment struct {
	ID     int64
	Name   string
	At     time.Time
	By     string
	Reason string
}

// Overview is the list, less what nobody can see: the addresses.
type Overview struct {
	Emails, Domains, Segments int
	Additions                 []Addition // the latest ones; the following only for those who may see personal data
	SegmentList               []Segment
	DomainList                []Domain // a part: see Query
	Matching                  int      // domains that the query matches
}

// Query asks for a part of the domains.
type Query struct {
	Search string // part of the domain
	Offset int
	Limit  int
}

const additionsShown = 10

// Overview reads the list.
func (s *Service) Overview(ctx context.Context, actor access.Actor, query Query) (Overview, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return Overview{}, err
	}
	query.Search = address.NormalDomain(strings.TrimSpace(query.Search))
	return overview(ctx, s.db.Reader(), query, actor.Can(access.SeePersonalData))
}

// Answer says whether an address is on the list, by itself or by its domain.
type Answer struct {
	Code   Code   // "": it is not
	ID     string // of the entry, for ByEmail
	Domain Domain // for ByDomain
	At     time.Time
	By     string
	Reason string
}

// Check looks an address up, and remembers nothing of it. Something that is no address is Invalid.
func (s *Service) Check(ctx context.Context, actor access.Actor, typed string) (Answer, error) {
	if err := actor.Require(access.SeePersonalData); err != nil {
		return Answer{}, err
	}
	form, ok := address.Read(typed)
	if !ok {
		var check problem.Check
		check.Add("address", "exclusions.problem.no_address")
		return Answer{}, check.Err()
	}
	list, err := s.current(ctx)
	if err != nil {
		return Answer{}, err
	}
	own := list.hasher.fingerprint(form)
	if list.emails.hold(own) {
		return readEmail(ctx, s.db.Reader(), own)
	}
	if domain := list.domainOf(form); domain != "" {
		found, err := readDomainNamed(ctx, s.db.Reader(), domain)
		return Answer{Code: ByDomain, Domain: found, At: found.At, By: found.By, Reason: found.Reason}, err
	}
	return Answer{}, nil
}

// Email reads the entry of an address by the id that Check gave.
func (s *Service) Email(ctx context.Context, actor access.Actor, id string) (Answer, error) {
	if err := actor.Require(access.ManageExclusions); err != nil {
		return Answer{}, err
	}
	own, err := fingerprintOf(id)
	if err != nil {
		return Answer{}, err
	}
	return readEmail(ctx, s.db.Reader(), own)
}

// Domain reads a domain of the list.
func (s *Service) Domain(ctx context.Context, actor access.Actor, id int64) (Domain, error) {
	if err := actor.Require(access.ManageExclusions); err != nil {
		return Domain{}, err
	}
	return readDomainByID(ctx, s.db.Reader(), id)
}

// Segment reads a segment of the list.
func (s *Service) Segment(ctx context.Context, actor access.Actor, id int64) (Segment, error) {
	if err := actor.Require(access.ManageExclusions); err != nil {
		return Segment{}, err
	}
	return readSegment(ctx, s.db.Reader(), id)
}

// RemoveEmail takes an address off the list, by the id that Check gave.
func (s *Service) RemoveEmail(ctx context.Context, actor access.Actor, id string) error {
	if err := actor.Require(access.ManageExclusions); err != nil {
		return err
	}
	own, err := fingerprintOf(id)
	if err != nil {
		return err
	}
	return s.change(ctx, func(tx database.Tx) error {
		if err := removeEmail(ctx, tx, own); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.now(), actor, audit.Entry{Action: audit.ExclusionRemoved, Changes: []audit.Change{{Field: "addresses", Before: "1"}}})
	})
}

// RemoveDomain takes a domain off the list.
func (s *Service) RemoveDomain(ctx context.Context, actor access.Actor, id int64) error {
	if err := actor.Require(access.ManageExclusions); err != nil {
		return err
	}
	return s.change(ctx, func(tx database.Tx) error {
		found, err := readDomainByID(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := removeRow(ctx, tx, `DELETE FROM excluded_domains WHERE id = ?`, id); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.now(), actor, audit.Entry{Action: audit.ExclusionRemoved, Changes: []audit.Change{{Field: "domains", Before: found.Name}}})
	})
}

// RemoveSegment takes a segment off the list.
func (s *Service) RemoveSegment(ctx context.Context, actor access.Actor, id int64) error {
	if err := actor.Require(access.ManageExclusions); err != nil {
		return err
	}
	return s.change(ctx, func(tx database.Tx) error {
		found, err := readSegment(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := removeRow(ctx, tx, `DELETE FROM excluded_segments WHERE segment_id = ?`, id); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.now(), actor, audit.Entry{Action: audit.SegmentUnexcluded, Subject: audit.Of("segment", id, found.Name)})
	})
}

// AddSegments puts segments on the list. It returns how many were not there before.
func (s *Service) AddSegments(ctx context.Context, actor access.Actor, ids []int64, reason string) (added int, err error) {
	if err := actor.Require(access.ManageExclusions); err != nil {
		return 0, err
	}
	if reason, err = checkReason(reason, len(ids) > 0, "segments", "exclusions.problem.no_segment"); err != nil {
		return 0, err
	}
	if _, err := s.segments.Definitions(ctx, ids); err != nil { // one that is gone
		return 0, err
	}
	err = s.change(ctx, func(tx database.Tx) error {
		if added, err = addSegments(ctx, tx, ids, Addition{At: s.now(), By: actor.Name, Reason: reason}); err != nil || added == 0 {
			return err
		}
		for _, id := range ids {
			found, err := readSegment(ctx, tx, id)
			if err != nil {
				return err
			}
			if err := audit.Write(ctx, tx, s.now(), actor, audit.Entry{Action: audit.SegmentExcluded, Subject: audit.Of("segment", id, found.Name)}); err != nil {
				return err
			}
		}
		return nil
	})
	return added, err
}

// SegmentChanged has runs under way judge by a segment's new rule, when it is on the list. The segment package calls it.
func (s *Service) SegmentChanged(id int64) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.list == nil || s.list.version != s.version.Load() || slices.Contains(s.list.segments, id) {
		s.version.Add(1)
	}
}

// ProfilesChanged has runs under way judge by the profiles that came in, when a segment is on the list.
func (s *Service) ProfilesChanged() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.list == nil || s.list.version != s.version.Load() || len(s.list.segments) > 0 {
		s.version.Add(1)
	}
}

// OfSegment tells the segment package that a segment is on the list, so that it cannot be removed.
func (s *Service) OfSegment(ctx context.Context, q database.Querier, segmentID int64) ([]segment.Use, error) {
	_, err := readSegment(ctx, q, segmentID)
	if problem.Is(err, problem.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []segment.Use{{Path: "/exclusions"}}, nil
}

// change writes, and then has everybody who holds a matcher ask again.
func (s *Service) change(ctx context.Context, work func(tx database.Tx) error) error {
	defer s.version.Add(1)
	return s.db.InTx(ctx, work)
}

func (s *Service) newSalt() []byte {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // crypto/rand.Read does not fail; it ends the program instead
	return s.sealer.Seal(secret.NewText(string(salt)), saltBinding)
}

func fingerprintOf(id string) (f fingerprint, err error) {
	bytes, err := hex.DecodeString(id)
	if err != nil || len(bytes) != len(f) {
		return f, problem.New(problem.NotFound, "problem.not_found")
	}
	copy(f[:], bytes)
	return f, nil
}

// checkReason checks what is typed beside the entries: the reason, and that there is something to add.
func checkReason(reason string, something bool, field, code string) (string, error) {
	reason = strings.Join(strings.Fields(reason), " ")
	var check problem.Check
	check.Require(something, field, code)
	check.Require(utf8.RuneCountInString(reason) <= longestReason, "reason", "problem.too_long", "Most", longestReason)
	check.Require(!strings.Contains(reason, "@"), "reason", "exclusions.problem.reason_address")
	return reason, check.Err()
}
