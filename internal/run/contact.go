package run

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"slices"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/membership"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
)

// entry is one profile of a batch, as the journal keeps it: enough to make the item again and to remember its delivery.
type entry struct {
	ProfileID string `json:"p"`
	Identity  string `json:"i"`
	Hash      []byte `json:"h"`
	Tags      string `json:"t,omitempty"` // one a line
}

// batch is some profiles on their way. items are their encoded contacts, in the order of entries; without both it is to be made
// again from the journal.
type batch struct {
	number  int
	tries   int
	entries []entry
	items   [][]byte
	checked uint64 // version of the list of exclusions by which it was sorted
	tried   bool   // it may have arrived already
}

// fingerprintBytes is how much of the SHA-256 is kept for each delivery.
const fingerprintBytes = 16

// contacts makes contacts of members, by a frozen plan. It is used by one goroutine at a time.
type contacts struct {
	brand     []byte // its id and a zero, before the item in what is hashed
	selection *membership.Selection
	encoder   destination.Encoder
	tags      []string          // of the plan's segments
	carried   []string          // reused: the tags of the member at hand
	sets      map[string]string // every set of tags met, one a line, kept once
	set       []byte            // reused
	digest    hash.Hash         // reused
	sum       []byte            // reused
	hashes    []byte            // room for the next fingerprints, apart from the items: those are needed much shorter
}

// compile prepares a plan for work on its snapshot.
func compile(plan *Plan, snapshot profile.Snapshot, driver destination.Driver) (*contacts, error) {
	c := &contacts{brand: append([]byte(plan.BrandID), 0), sets: map[string]string{}, digest: sha256.New()}
	var conditions []segment.Where
	for i, s := range plan.Segments {
		where, err := plan.where(i, snapshot)
		if err != nil {
			return nil, err
		}
		conditions = append(conditions, where)
		c.tags = append(c.tags, s.Tag)
	}
	var err error
	if c.selection, err = membership.Select(snapshot, conditions, plan.Mapping.Attributes()); err != nil {
		return nil, err
	}
	if c.encoder, err = plan.Mapping.NewEncoder(driver, plan.Consent, plan.At); err != nil {
		return nil, err
	}
	return c, nil
}

// contact is a member made ready to be sent, or the reasons why it cannot be.
type contact struct {
	profileID string
	row       int64
	identity  string // "" when it has no valid one
	item      []byte
	hash      []byte
	tags      string // one a line
	reasons   []destination.Reason
}

// make encodes a member. The item is written behind arena, which is returned longer; the contact's slices stay valid
// when arena grows, because a grown arena is a new one.
func (c *contacts) make(arena []byte, m membership.Member) (contact, []byte) {
	made := contact{profileID: m.ID, row: m.Row}
	c.carried = c.carried[:0]
	c.set = c.set[:0]
	for i, in := range m.In {
		if in && c.tags[i] != "" && !slices.Contains(c.carried, c.tags[i]) {
			c.carried = append(c.carried, c.tags[i])
			c.set = append(append(c.set, c.tags[i]...), '\n')
		}
	}
	made.tags = c.keep(c.set)
	start := len(arena)
	made.identity, _ = c.encoder.Identity(m.Values)
	arena, made.reasons = c.encoder.Encode(arena, m.Values, c.carried)
	if len(made.reasons) > 0 {
		return made, arena
	}
	made.item = arena[start:len(arena):len(arena)]
	made.hash = c.fingerprint(made.item)
	return made, arena
}

// keep gives the one copy of a set of tags.
func (c *contacts) keep(set []byte) string {
	if kept, ok := c.sets[string(set)]; ok {
		return kept
	}
	kept := string(set)
	c.sets[kept] = kept
	return kept
}

// fingerprint is by what a delivery is remembered. The brand is part of it: at another brand everybody is new.
func (c *contacts) fingerprint(item []byte) []byte {
	c.digest.Reset()
	c.digest.Write(c.brand)
	c.digest.Write(item)
	c.sum = c.digest.Sum(c.sum[:0])
	if len(c.hashes)+fingerprintBytes > cap(c.hashes) {
		c.hashes = make([]byte, 0, 64*fingerprintBytes)
	}
	start := len(c.hashes)
	c.hashes = append(c.hashes, c.sum[:fingerprintBytes]...)
	return c.hashes[start:len(c.hashes):len(c.hashes)]
}

// rebuild makes the items of a batch again from the snapshot, after a restart or for a second try.
func (c *contacts) rebuild(ctx context.Context, q database.Querier, b *batch) error {
	ids := make([]string, len(b.entries))
	for i, e := range b.entries {
		ids[i] = e.ProfileID
	}
	made := make(map[string]contact, len(ids))
	err := c.selection.These(ctx, q, ids, func(m membership.Member) error {
		made[m.ID], _ = c.make(nil, m)
		return nil
	})
	if err != nil {
		return err
	}
	b.items = b.items[:0]
	for i, e := range b.entries {
		again, ok := made[e.ProfileID]
		if !ok || len(again.reasons) > 0 {
			return fmt.Errorf("batch %d: a profile of the journal cannot be made again", b.number)
		}
		b.entries[i].Hash = again.hash
		b.items = append(b.items, again.item)
	}
	return nil
}
