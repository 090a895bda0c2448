package run

import (
	"math"
	"testing"
)

func TestEveryClaimIsFoundAgainHoweverManyThereAreAndHoweverTheirHashesFall(t *testing.T) {
	c := newClaims()
	hashOf := func(row int64) uint32 { return uint32(row%5000) * 0x9e3779b1 } // two or three rows have each
	const rows = 12_000
	for row := int64(1); row <= rows; row++ {
		if err := c.add(hashOf(row), row); err != nil {
			t.Fatal(err)
		}
	}
	for _, hash := range []uint32{0, math.MaxUint32} { // the table's two ends
		if err := c.add(hash, rows+1); err != nil {
			t.Fatal(err)
		}
		if err := c.add(hash, rows+2); err != nil {
			t.Fatal(err)
		}
	}
	found := func(hash uint32) (all []int64) {
		for row, place := c.next(hash, c.first(hash)); row != 0; row, place = c.next(hash, place) {
			all = append(all, row)
		}
		return all
	}
	has := func(all []int64, row int64) bool {
		n := 0
		for _, one := range all {
			if one == row {
				n++
			}
		}
		return n == 1
	}
	for row := int64(1); row <= rows; row++ {
		if all := found(hashOf(row)); !has(all, row) {
			t.Fatalf("row %d is not among %v", row, all)
		}
	}
	if all := found(math.MaxUint32); len(all) != 2 || !has(all, rows+1) || !has(all, rows+2) {
		t.Errorf("of the last hash there are %v", all)
	}
	if all := found(12345); all != nil {
		t.Errorf("of a hash that nobody has there are %v", all)
	}
	for _, row := range []int64{0, -1, math.MaxUint32 + 1} {
		if c.add(1, row) == nil {
			t.Errorf("row %d was taken", row)
		}
	}
}
