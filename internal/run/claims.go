package run

import (
	"context"
	"fmt"
	"hash/maphash"
	"math"
	"math/bits"

	"github.com/segue-app/segue/internal/database"
)

// claims remembers which address belongs to which profile of the run: the first by id has it, the others are
// duplicates. It holds eight bytes for each, a hash and a row number, and looks the profile up to be sure.
type claims struct {
	seed  maphash.Seed
	slots []uint64 // a table with open addressing, a power of two long: the hash above, the row below; 0 is free
	held  int
}

const fewestSlots = 1 << 10

func newClaims() *claims {
	return &claims{seed: maphash.MakeSeed(), slots: make([]uint64, fewestSlots)}
}

func (c *claims) hash(identity string) uint32 { return uint32(maphash.String(c.seed, identity) >> 32) }

// first is the place where the search for a hash begins.
func (c *claims) first(hash uint32) int { return int(hash >> (32 - bits.Len(uint(len(c.slots)-1)))) }

// next gives the next row of a hash from a place on, and the place after it; row is 0 when there is none.
func (c *claims) next(hash uint32, place int) (row int64, after int) {
	for ; c.slots[place] != 0; place = (place + 1) & (len(c.slots) - 1) {
		if uint32(c.slots[place]>>32) == hash {
			return int64(uint32(c.slots[place])), (place + 1) & (len(c.slots) - 1)
		}
	}
	return 0, place
}

// put takes the first free place for a slot. There is one: the table is never more than three quarters full.
func (c *claims) put(slot uint64) {
	place := c.first(uint32(slot >> 32))
	for c.slots[place] != 0 {
		place = (place + 1) & (len(c.slots) - 1)
	}
	c.slots[place] = slot
}

func (c *claims) add(hash uint32, row int64) error {
	if row <= 0 || row > math.MaxUint32 {
		return fmt.Errorf("a snapshot has no row %d", row)
	}
	if c.held++; c.held > len(c.slots)/4*3 {
		old := c.slots
		c.slots = make([]uint64, 2*len(old))
		for _, slot := range old {
			if slot != 0 {
				c.put(slot)
			}
		}
	}
	c.put(uint64(hash)<<32 | uint64(row))
	return nil
}

// owner finds the profile that has an address, as the contact it became; ok is false when nobody has.
func (c *claims) owner(ctx context.Context, q database.Querier, maker *contacts, identity string) (made contact, ok bool, err error) {
	hash := c.hash(identity)
	for row, place := c.next(hash, c.first(hash)); row != 0; row, place = c.next(hash, place) {
		member, ok, err := maker.selection.Row(ctx, q, row)
		if err != nil {
			return contact{}, false, err
		}
		if !ok {
			continue
		}
		if made, _ = maker.make(nil, member); made.identity == identity {
			return made, true, nil
		}
	}
	return contact{}, false, nil
}

// claim takes the address for the contact. When another profile has it already, that one's id is returned.
func (c *claims) claim(ctx context.Context, q database.Querier, maker *contacts, made contact) (ownerID string, err error) {
	hash := c.hash(made.identity)
	for row, place := c.next(hash, c.first(hash)); row != 0; row, place = c.next(hash, place) {
		owner, ok, err := maker.selection.Row(ctx, q, row)
		if err != nil {
			return "", err
		}
		if !ok {
			continue
		}
		if identity, _ := maker.encoder.Identity(owner.Values); identity == made.identity {
			return owner.ID, nil
		}
	}
	return "", c.add(hash, made.row)
}
