package profile

import "hash/maphash"

// hash96 is an address as it is compared here. That two different ones of ten million have one hash has a chance of 1 in 10^15.
type hash96 struct {
	high uint64
	low  uint32
}

// addresses tells whose an address is: the first who had it. It is a hash table with open addressing, 16 bytes a place.
type addresses struct {
	seeds  [2]maphash.Seed
	places []addressPlace
	used   int
}

type addressPlace struct {
	hash96
	person int32 // 0: free
}

func (t *addresses) hash(form string) hash96 {
	if len(t.places) == 0 {
		t.seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}
		t.places = make([]addressPlace, 1024)
	}
	return hash96{maphash.String(t.seeds[0], form), uint32(maphash.String(t.seeds[1], form))}
}

// place is where a hash is, or would be.
func (t *addresses) place(h hash96) *addressPlace {
	mask := uint64(len(t.places) - 1)
	for i := h.high & mask; ; i = (i + 1) & mask {
		if p := &t.places[i]; p.person == 0 || p.hash96 == h {
			return p
		}
	}
}

func (t *addresses) find(h hash96) int32 { return t.place(h).person }

func (t *addresses) add(h hash96, person int32) {
	p := t.place(h)
	if p.person != 0 {
		return
	}
	*p = addressPlace{h, person}
	if t.used++; t.used*4 < len(t.places)*3 {
		return
	}
	old := t.places
	t.places = make([]addressPlace, len(old)*2)
	for _, kept := range old {
		if kept.person != 0 {
			*t.place(kept.hash96) = kept
		}
	}
}
