package run_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
)

// This file says, without a line of the engine's, what the destination should hold: who is in the segments, what becomes
// of each, and what contacts can look like after a run that ended well, was stopped, or met with faults.

// customer is a profile as it was uploaded.
type customer struct {
	id, email, other, first, last, city, points, labels, area string
	level                                                     int
}

var columns = []string{"id", "email", "other_email", "first_name", "last_name", "city", "points", "labels", "area", "level"}

func (c customer) row() []string {
	return []string{c.id, c.email, c.other, c.first, c.last, c.city, c.points, c.labels, c.area, strconv.Itoa(c.level)}
}

func (c customer) value(attribute string) string { return c.row()[slices.Index(columns, attribute)] }

// rule is a segment's: a least level, and an area unless it is "".
type rule struct {
	level int
	area  string
}

func (r rule) takes(c customer) bool { return c.level >= r.level && (r.area == "" || c.area == r.area) }

// part is a segment of the export, by its place among the segments, and its tag.
type part struct {
	segment int
	tag     string
}

// order is everything that decides what a run sends.
type order struct {
	people  map[string]customer
	rules   [3]rule
	parts   []part
	mapping export.Mapping
	never   map[string]bool // addresses that are excluded
}

func (o order) frozen() order {
	o.people, o.parts, o.mapping, o.never = maps.Clone(o.people), slices.Clone(o.parts), slices.Clone(o.mapping), maps.Clone(o.never)
	return o
}

// fate is what should become of a member of the segments.
type fate struct {
	invalid  bool
	never    bool
	owner    string // of whom this is a duplicate
	identity string
	fields   map[string]string // by name; only those with a value are sent
	tags     []string
	marks    []string // of those, the segments'
}

func (f *fate) sendable() bool { return !f.never && !f.invalid && f.owner == "" }

// fates decides by the rules that people are told: an address is trimmed, lower-cased and composed; of several profiles
// with one address the first by id has it; an empty value is left out.
func (o order) fates() map[string]*fate {
	found, owners := map[string]*fate{}, map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(o.people)) {
		c := o.people[id]
		f := &fate{fields: map[string]string{}}
		member := false
		var tags []string
		for _, p := range o.parts {
			if o.rules[p.segment].takes(c) {
				member = true
				if p.tag != "" {
					tags = append(tags, p.tag)
				}
			}
		}
		if !member {
			continue
		}
		found[id] = f
		for _, pair := range o.mapping {
			value := strings.TrimSpace(c.value(pair.Attribute))
			switch pair.Field {
			case destination.Email:
				f.identity = norm.NFC.String(strings.ToLower(value))
			case destination.Tags:
				for tag := range strings.SplitSeq(value, ";") {
					if tag != "" {
						f.tags = append(f.tags, tag)
					}
					f.invalid = f.invalid || strings.Contains(tag, "<")
				}
			default:
				if value != "" {
					f.fields[string(pair.Field)] = value
				}
			}
		}
		f.tags, f.marks = append(f.tags, tags...), tags
		f.never = o.never[f.identity]
		f.invalid = !f.never && (f.invalid || !slices.Contains(addresses, f.identity))
		if f.never || f.invalid {
			continue
		}
		if owner, taken := owners[f.identity]; taken {
			f.owner = owner
		} else {
			owners[f.identity] = id
		}
	}
	return found
}

// belief is what is known of one contact at the destination. Where a run was stopped more than one thing may be true.
type belief struct {
	absent, present bool                       // possible
	fields          map[string]map[string]bool // the values that each may have; {""} when it is not here
	surely, perhaps map[string]bool            // tags
}

func nobody() *belief {
	return &belief{absent: true, fields: map[string]map[string]bool{}, surely: map[string]bool{}, perhaps: map[string]bool{}}
}

// sent notes that a contact was delivered for certain, or perhaps.
func (b *belief) sent(f *fate, certain bool) {
	for name, value := range f.fields {
		if certain || b.fields[name] == nil {
			b.fields[name] = map[string]bool{}
		}
		if !certain && len(b.fields[name]) == 0 {
			b.fields[name][""] = true
		}
		b.fields[name][value] = true
	}
	b.present = true
	if certain {
		b.absent = false
	}
	b.tagged(f.tags, certain)
}

// tagged is what sending makes of the tags of a contact: those that it carries are added.
func (b *belief) tagged(tags []string, certain bool) {
	for _, tag := range tags {
		b.perhaps[tag] = true
		if certain {
			b.surely[tag] = true
		}
	}
}

// marks are the tags of segments. Those of profiles themselves have other names, and are never taken away.
var marks = []string{"red", "blue", "green"}

// left is what becomes of a contact that lost a segment, or whose profile left them all: it loses the tags of segments
// that it does not carry by right, for certain or perhaps.
func (b *belief) left(right []string, certain bool) {
	for _, tag := range marks {
		if slices.Contains(right, tag) {
			continue
		}
		delete(b.surely, tag)
		if certain {
			delete(b.perhaps, tag)
		}
	}
}

// see holds a belief against what is there, and learns which of the possible things came true.
func (b *belief) see(held sandbox.Contact, there bool) error {
	if there && !b.present || !there && !b.absent {
		return fmt.Errorf("is there: %t, possible: there %t, not there %t", there, b.present, b.absent)
	}
	b.present, b.absent = there, !there
	if !there {
		*b = *nobody()
		return nil
	}
	for name, value := range fieldsOf(held) {
		possible := b.fields[name]
		if len(possible) == 0 && value == "" {
			continue
		}
		if !possible[value] {
			return fmt.Errorf("%s is %q, possible %q", name, value, slices.Sorted(maps.Keys(possible)))
		}
		b.fields[name] = map[string]bool{value: true}
	}
	has := map[string]bool{}
	for _, tag := range held.Tags {
		if has[tag] = true; !b.perhaps[tag] {
			return fmt.Errorf("carries the tag %q", tag)
		}
	}
	for tag := range b.surely {
		if !has[tag] {
			return fmt.Errorf("lacks the tag %q", tag)
		}
	}
	b.surely, b.perhaps = has, maps.Clone(has)
	return nil
}

func fieldsOf(c sandbox.Contact) map[string]string {
	points, err := strconv.Unquote(c.CustomProperties["points"])
	if err != nil {
		points = c.CustomProperties["points"]
	}
	return map[string]string{
		string(destination.FirstName): c.FirstName, string(destination.LastName): c.LastName, string(destination.City): c.City,
		destination.CustomPrefix + "points": points,
	}
}

// addresses are the valid ones, as they are sent. They are few, so that profiles often meet on one.
var addresses = func() []string {
	list := []string{"rené@example.dk", "søren@exämple.dk"}
	for i := range 400 {
		list = append(list, fmt.Sprintf("e%03d@example.dk", i))
	}
	return list
}()

// spelt are ways to write an address that mean the same one.
var spelt = []func(string) string{
	func(a string) string { return a },
	strings.ToUpper,
	norm.NFD.String,
	func(a string) string { return " " + strings.ToUpper(a[:1]) + a[1:] + "  " },
}

var malformed = []string{"", "   ", "nobody", "a@@example.dk", "two words@example.dk", "x@nodot", ".dot@example.dk"}
