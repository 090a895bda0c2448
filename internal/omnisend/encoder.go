package omnisend

import (
	"fmt"
	"slices"
	"strings"

	"github.com/segue-app/segue/internal/destination"
)

// fieldOrder is the order in which fields are written. It does not depend on the mapping's order, so that the same
// profile always gives the same bytes and a hash of them tells whether anything changed.
var fieldOrder = [...]destination.Field{
	destination.Email, destination.Phone, destination.FirstName, destination.LastName, destination.Address,
	destination.City, destination.State, destination.PostalCode, destination.Country, destination.Birthdate,
	destination.Gender, destination.Tags,
}

// clearable are the fields that "" is written to. A phone is an identifier, and tags are added only.
var clearable = [...]destination.Field{
	destination.FirstName, destination.LastName, destination.Address, destination.City, destination.State, destination.PostalCode,
	destination.Country, destination.Birthdate, destination.Gender,
}

// encoder writes contacts for one list of mapped fields. What is always the same is prepared once.
type encoder struct {
	email, phone, tags int                      // places in values, -1 where not mapped
	standings          [len(channels)]*standing // in the order of channels, nil where a status is left alone
	texts              []column
	custom             []column
	written            []string // tags of the item at hand, to write each once
	valid              []string // tags that were found valid, knownTags at most: most profiles carry the same few
	given              string   // the last email address that was looked at, the form it is sent in, and whether it is one:
	form               []byte   // Identity and Encode ask for the same
	sound              bool
}

const knownTags = 16

// column is a mapped field: its place among the values and what stands before its value.
type column struct {
	field destination.Field
	place int
	name  string // `,"firstName":`
	limit int    // characters
	clear bool   // an empty value is written as ""
}

// NewEncoder prepares the writing of contacts.
func (d *Driver) NewEncoder(layout destination.Layout) (destination.Encoder, error) {
	e := &encoder{email: -1, phone: -1, tags: -1}
	info := d.Info()
	seen := make(map[destination.Field]bool, len(layout.Fields))
	for place, mapped := range layout.Fields {
		field := mapped.Field
		if seen[field] {
			return nil, fmt.Errorf("omnisend: field %q is mapped twice", field)
		}
		seen[field] = true
		if mapped.Clear && !info.Clears(field) {
			return nil, fmt.Errorf("omnisend: field %q cannot be emptied", field)
		}
		name, custom := strings.CutPrefix(string(field), destination.CustomPrefix)
		switch {
		case custom && !validProperty(name):
			return nil, fmt.Errorf("omnisend: %q is no name of a custom property", name)
		case custom:
			e.custom = append(e.custom, column{field, place, `"` + name + `":`, maxCustom, mapped.Clear})
		case field == destination.Email:
			e.email = place
		case field == destination.Phone:
			e.phone = place
		case field == destination.Tags:
			e.tags = place
		case slices.Contains(fieldOrder[:], field):
			limit := maxName
			if field == destination.Address {
				limit = maxStreet
			}
			e.texts = append(e.texts, column{field, place, `,"` + name + `":`, limit, mapped.Clear})
		case slices.ContainsFunc(channels[:], func(c destination.Channel) bool { return field == c.Status || field == c.StatusAt }):
		default:
			return nil, fmt.Errorf("omnisend: there is no field %q", field)
		}
	}
	if e.email < 0 {
		return nil, fmt.Errorf("omnisend: %q must be mapped", destination.Email)
	}
	var err error
	if e.standings, err = standings(layout); err != nil {
		return nil, err
	}
	slices.SortFunc(e.texts, func(a, b column) int {
		return slices.Index(fieldOrder[:], a.field) - slices.Index(fieldOrder[:], b.field)
	})
	slices.SortFunc(e.custom, func(a, b column) int { return strings.Compare(a.name, b.name) })
	return e, nil
}

// Identity gives the address as it will be sent.
func (e *encoder) Identity(values []string) (string, bool) {
	form, ok := e.address(values[e.email])
	if !ok {
		return "", false
	}
	if trimmed := strings.TrimSpace(values[e.email]); trimmed == string(form) {
		return trimmed, true // the usual case costs no allocation
	}
	return string(form), true
}

// address gives the form of an email address, which holds until the next one is asked for, and whether it is one.
func (e *encoder) address(value string) ([]byte, bool) {
	if value != e.given {
		e.form, e.sound = appendAddress(e.form[:0], value)
		e.given = value
	}
	return e.form, e.sound
}

// Encode appends one contact request. An empty value is left out, which leaves Omnisend's alone, or written as "" where the
// layout says so; Omnisend's reference does not say that "" empties a field. sendWelcomeMessage is always false, since
// Omnisend's default is true.
func (e *encoder) Encode(dst []byte, values []string, tags []string) ([]byte, []destination.Reason) {
	start := len(dst)
	var reasons []destination.Reason
	refuse := func(field destination.Field, code string) {
		reasons = append(reasons, destination.Reason{Field: string(field), Code: code})
	}

	dst = append(dst, `{"identifiers":[{"type":"email","id":"`...)
	address, ok := e.address(values[e.email])
	dst = append(dst, address...)
	if !ok {
		if strings.TrimSpace(values[e.email]) == "" {
			refuse(destination.Email, "required")
		} else {
			refuse(destination.Email, "invalid_email")
		}
	}
	dst = e.closeIdentifier(dst, 0, values, refuse)
	if e.phone >= 0 {
		if phone := strings.TrimSpace(values[e.phone]); phone != "" {
			dst = append(dst, `,{"type":"phone","id":"`...)
			if dst, ok = appendPhone(dst, phone); !ok {
				refuse(destination.Phone, "invalid_phone")
			}
			dst = e.closeIdentifier(dst, 1, values, refuse)
		}
	}
	dst = append(dst, ']')

	for i := range e.texts {
		c := &e.texts[i]
		value := strings.TrimSpace(values[c.place])
		if value == "" {
			if c.clear {
				dst = c.empty(dst)
			}
			continue
		}
		var code string
		if dst, code = c.append(dst, value); code != "" {
			refuse(c.field, code)
		}
	}

	var code string
	if dst, code = e.appendTags(dst, values, tags); code != "" {
		refuse(destination.Tags, code)
	}

	opened := false
	for i := range e.custom {
		c := &e.custom[i]
		value := strings.TrimSpace(values[c.place])
		if value == "" && !c.clear {
			continue
		}
		if longer(value, c.limit) {
			refuse(c.field, "too_long")
			continue
		}
		if opened {
			dst = append(dst, ',')
		} else {
			dst = append(dst, `,"customProperties":{`...)
			opened = true
		}
		dst = appendString(append(dst, c.name...), value)
	}
	if opened {
		dst = append(dst, '}')
	}
	dst = append(dst, '}')
	if reasons != nil {
		return dst[:start], reasons
	}
	return dst, nil
}

// closeIdentifier ends an identifier after its id, with the status of its channel where one is mapped.
func (e *encoder) closeIdentifier(dst []byte, channel int, values []string, refuse func(destination.Field, string)) []byte {
	dst = append(dst, '"')
	if s := e.standings[channel]; s != nil {
		var field destination.Field
		var code string
		if dst, field, code = s.append(dst, values); code != "" {
			refuse(field, code)
		}
	}
	return append(dst, `,"sendWelcomeMessage":false}`...)
}

// empty writes that the field holds nothing: of a country neither its name nor its code.
func (c *column) empty(dst []byte) []byte {
	dst = append(append(dst, c.name...), `""`...)
	if c.field == destination.Country {
		dst = append(dst, `,"countryCode":""`...)
	}
	return dst
}

// append writes a single-valued field. code says why it cannot.
func (c *column) append(dst []byte, value string) (_ []byte, code string) {
	switch c.field {
	case destination.Country:
		if iso, ok := countryCode(value); ok {
			dst = append(dst, `,"countryCode":"`...)
			return append(dst, iso[0], iso[1], '"'), ""
		}
	case destination.Birthdate:
		date, ok := birthdate(value)
		if !ok {
			return dst, "invalid_date"
		}
		value = date
	case destination.Gender:
		letter, ok := gender(value)
		if !ok {
			return dst, "invalid_gender"
		}
		value = letter
	}
	if longer(value, c.limit) {
		return dst, "too_long"
	}
	return appendString(append(dst, c.name...), value), ""
}

// appendTags writes the mapped tags, then the given ones, each once.
func (e *encoder) appendTags(dst []byte, values, more []string) (_ []byte, code string) {
	e.written = e.written[:0]
	if e.tags >= 0 {
		for list := values[e.tags]; list != ""; {
			var tag string
			if tag, list = nextTag(list); tag != "" && !slices.Contains(e.written, tag) {
				e.written = append(e.written, tag)
			}
			if len(e.written) > MaxTags {
				return dst, "too_many_tags"
			}
		}
	}
	for _, tag := range more {
		if !slices.Contains(e.written, tag) {
			e.written = append(e.written, tag)
		}
	}
	if len(e.written) > MaxTags {
		return dst, "too_many_tags"
	}
	for i, tag := range e.written {
		if !e.validTag(tag) {
			return dst, "invalid_tag"
		}
		if i == 0 {
			dst = append(dst, `,"tags":[`...)
		} else {
			dst = append(dst, ',')
		}
		dst = appendString(dst, tag)
	}
	if len(e.written) > 0 {
		dst = append(dst, ']')
	}
	return dst, ""
}

func (e *encoder) validTag(tag string) bool {
	if slices.Contains(e.valid, tag) {
		return true
	}
	valid := validTag(tag)
	if valid && len(e.valid) < knownTags {
		e.valid = append(e.valid, strings.Clone(tag))
	}
	return valid
}
