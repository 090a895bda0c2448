package sandbox

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Brand is an account at the stand-in.
type Brand struct {
	ID, Name, Website string
	Key               string
	Scopes            []string // nil means all that the stand-in knows
	Disconnected      bool     // answers connected:false
	Nameless          bool     // answers without a brandID
}

// brand is what the stand-in holds of one account. Every member is guarded by mu.
type brand struct {
	mu sync.Mutex
	Brand
	number   int // place among the brands, part of the ids
	contacts []stored
	byEmail  map[string]uint32
	byPhone  map[string]uint32
	dates    map[uint32]*dates
	batches  []*batch // by number, nil once forgotten
	windows  [pots]window
	welcomes int // identifiers sent without sendWelcomeMessage:false

	asking  change // used again for each request
	reading record
	room    []byte
}

func newBrand(number int, settings Brand) *brand {
	return &brand{
		Brand: settings, number: number,
		byEmail: map[string]uint32{}, byPhone: map[string]uint32{}, dates: map[uint32]*dates{},
	}
}

func (b *brand) may(scope string) bool { return b.Scopes == nil || slices.Contains(b.Scopes, scope) }

// Ids have 24 hexadecimal digits, as in the reference's examples: what it is, the brand, the place.
func (b *brand) contactID(index uint32) string { return fmt.Sprintf("c0%06x%016x", b.number, index) }
func (b *brand) batchID(index int) string      { return fmt.Sprintf("ba%06x%016x", b.number, index) }

func (b *brand) place(id, kind string, count int) (int, bool) {
	digits, ok := strings.CutPrefix(id, fmt.Sprintf("%s%06x", kind, b.number))
	if !ok || len(digits) != 16 {
		return 0, false
	}
	index, err := strconv.ParseUint(digits, 16, 31)
	return int(index), err == nil && int(index) < count
}

// upsert does what a contact request asks, by email. ok is false when every identifier belongs to somebody else, in
// which case nobody is created (Omnisend API reference 2026-03-15, Contacts).
func (b *brand) upsert(c *change, now int64, replaceTags bool) (index uint32, created, ok bool) {
	b.welcomes += c.welcomes
	if c.email != "" {
		if index, known := b.byEmail[c.email]; known {
			b.apply(index, c, now, replaceTags)
			return index, false, true
		}
	} else if _, taken := b.byPhone[c.phone]; taken {
		return 0, false, false
	}
	index = uint32(len(b.contacts))
	b.contacts = append(b.contacts, stored{created: now, mail: none})
	b.reading = record{tags: b.reading.tags[:0], properties: b.reading.properties[:0]}
	if c.email != "" {
		b.reading.email = c.email
		b.contacts[index].mail = nonSubscribed
	}
	b.write(index, c, now, replaceTags)
	if c.email != "" {
		b.byEmail[emailOf(b.contacts[index].packed)] = index
	}
	return index, true, true
}

// apply changes an existing contact: only what is given.
func (b *brand) apply(index uint32, c *change, now int64, replaceTags bool) {
	b.reading.unpack(b.contacts[index].packed)
	b.write(index, c, now, replaceTags)
}

// write merges the change into b.reading, which holds the contact, and stores it.
func (b *brand) write(index uint32, c *change, now int64, replaceTags bool) {
	r, s := &b.reading, &b.contacts[index]
	if c.phone != "" && c.phone != r.phone {
		if _, taken := b.byPhone[c.phone]; !taken { // an identifier of somebody else is ignored
			delete(b.byPhone, r.phone)
			r.phone = strings.Clone(c.phone)
			b.byPhone[r.phone] = index
			s.sms = nonSubscribed
		}
	}
	for i := range r.texts {
		if c.given&(1<<i) != 0 {
			r.texts[i] = c.texts[i]
		}
	}
	if c.given&(1<<country) != 0 && c.given&(1<<countryCode) == 0 {
		r.texts[countryCode] = codeOf(c.texts[country])
	}
	if c.tagsGiven && replaceTags {
		r.tags = r.tags[:0]
	}
	for _, tag := range c.tags {
		if !slices.Contains(r.tags, tag) {
			r.tags = append(r.tags, tag)
		}
	}
	for _, p := range c.properties {
		at := slices.IndexFunc(r.properties, func(held property) bool { return held.name == p.name })
		if at >= 0 {
			r.properties[at].raw = p.raw
		} else {
			r.properties = append(r.properties, p)
		}
	}
	b.setStatus(index, c, now)
	b.store(index, now)
}

func (b *brand) store(index uint32, now int64) {
	b.room = b.reading.pack(b.room[:0])
	s := &b.contacts[index]
	if s.packed != string(b.room) {
		s.packed = string(b.room)
	}
	s.updated = now
}

// setStatus follows the rule that the latest date stands: a status dated before the stored one is ignored.
func (b *brand) setStatus(index uint32, c *change, now int64) {
	if c.mail.status == none && c.sms.status == none && len(c.consents) == 0 {
		return
	}
	when := b.dates[index]
	if when == nil {
		when = &dates{}
		b.dates[index] = when
	}
	for _, agreed := range c.consents {
		when.Consents = append(when.Consents, consent{
			agreed.Channel, strings.Clone(agreed.Source), strings.Clone(agreed.CreatedAt), strings.Clone(agreed.IP), strings.Clone(agreed.UserAgent),
		})
	}
	set := func(asked channel, status *uint8, at *int64, fresh bool) {
		if asked.status == none {
			return
		}
		if asked.at == 0 {
			asked.at = now
		}
		if asked.at >= *at || fresh {
			*status, *at = asked.status, asked.at
		}
	}
	s := &b.contacts[index]
	for _, at := range []*int64{&when.Mail, &when.SMS} {
		if *at == 0 && s.packed != "" {
			*at = s.created // the date of a status that no request gave
		}
	}
	set(c.mail, &s.mail, &when.Mail, s.packed == "")
	set(c.sms, &s.sms, &when.SMS, s.packed == "")
}

// tag adds tags to a contact or removes them.
func (b *brand) tag(index uint32, tags []string, remove bool, now int64) {
	r := &b.reading
	r.unpack(b.contacts[index].packed)
	for _, tag := range tags {
		at := slices.Index(r.tags, tag)
		switch {
		case remove && at >= 0:
			r.tags = slices.Delete(r.tags, at, at+1)
		case !remove && at < 0:
			r.tags = append(r.tags, tag)
		}
	}
	b.store(index, now)
}
