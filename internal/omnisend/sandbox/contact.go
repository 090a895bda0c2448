package sandbox

import (
	"encoding/binary"
	"slices"
	"strconv"
	"time"
)

// The single-valued texts of a contact, in the order in which they are packed.
const (
	firstName = iota
	lastName
	address
	city
	state
	postalCode
	country
	countryCode
	birthdate
	gender
	textFields
)

var textNames = [textFields]string{
	"firstName", "lastName", "address", "city", "state", "postalCode", "country", "countryCode", "birthdate", "gender",
}

func textField(name string) int { return slices.Index(textNames[:], name) }

// stored is a contact as it is held. A million of them fit because everything that is text is packed into one string:
// email, phone, the texts, then counted tags and counted custom properties, each with its length before it.
type stored struct {
	packed           string
	created, updated int64 // unix ms
	mail, sms        uint8 // status; its date is in dates, or that of creation
}

// dates is kept only for the contacts that a request gave a status or a consent.
type dates struct {
	Mail, SMS int64
	Consents  []consent
}

// record is a contact unpacked. Its strings are parts of the packed one.
type record struct {
	email, phone string
	texts        [textFields]string
	tags         []string
	properties   []property
}

func (r *record) pack(dst []byte) []byte {
	dst = appendPart(appendPart(dst, r.email), r.phone)
	for _, text := range r.texts {
		dst = appendPart(dst, text)
	}
	dst = binary.AppendUvarint(dst, uint64(len(r.tags)))
	for _, tag := range r.tags {
		dst = appendPart(dst, tag)
	}
	dst = binary.AppendUvarint(dst, uint64(len(r.properties)))
	for _, p := range r.properties {
		dst = appendPart(appendPart(dst, p.name), p.raw)
	}
	return dst
}

func (r *record) unpack(packed string) {
	rest := packed
	r.email, rest = cutPart(rest)
	r.phone, rest = cutPart(rest)
	for i := range r.texts {
		r.texts[i], rest = cutPart(rest)
	}
	count, rest := cutNumber(rest)
	r.tags = r.tags[:0]
	for range count {
		var tag string
		tag, rest = cutPart(rest)
		r.tags = append(r.tags, tag)
	}
	count, rest = cutNumber(rest)
	r.properties = r.properties[:0]
	for range count {
		var p property
		p.name, rest = cutPart(rest)
		p.raw, rest = cutPart(rest)
		r.properties = append(r.properties, p)
	}
}

func appendPart(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

func cutPart(packed string) (part, rest string) {
	n, rest := cutNumber(packed)
	return rest[:n], rest[n:]
}

func cutNumber(packed string) (n uint64, rest string) {
	for i := 0; ; i++ {
		n |= uint64(packed[i]&0x7f) << (7 * i)
		if packed[i] < 0x80 {
			return n, packed[i+1:]
		}
	}
}

// emailOf is the first part of a packed contact.
func emailOf(packed string) string {
	email, _ := cutPart(packed)
	return email
}

// Contact is a contact as the Go interface and tests see it.
type Contact struct {
	ID, Email, Phone                   string
	FirstName, LastName, Address, City string
	State, PostalCode                  string
	Country, CountryCode               string
	Birthdate, Gender                  string
	Tags                               []string
	CustomProperties                   map[string]string // values as JSON
	Status, SMSStatus                  string
	CreatedAt, UpdatedAt               time.Time
}

func (b *brand) contact(index uint32) Contact {
	var r record
	c := b.contacts[index]
	r.unpack(c.packed)
	properties := make(map[string]string, len(r.properties))
	for _, p := range r.properties {
		properties[p.name] = p.raw
	}
	return Contact{
		ID: b.contactID(index), Email: r.email, Phone: r.phone,
		FirstName: r.texts[firstName], LastName: r.texts[lastName], Address: r.texts[address], City: r.texts[city],
		State: r.texts[state], PostalCode: r.texts[postalCode], Country: r.texts[country],
		CountryCode: r.texts[countryCode], Birthdate: r.texts[birthdate], Gender: r.texts[gender],
		Tags: r.tags, CustomProperties: properties, Status: statusNames[c.mail], SMSStatus: statusNames[c.sms],
		CreatedAt: time.UnixMilli(c.created).UTC(), UpdatedAt: time.UnixMilli(c.updated).UTC(),
	}
}

// appendContact writes a contact as the API answers it.
func (b *brand) appendContact(dst []byte, index uint32) []byte {
	r := &b.reading
	c := b.contacts[index]
	r.unpack(c.packed)
	when := b.dates[index]
	if when == nil {
		when = &dates{}
	}
	at := func(ms int64) int64 {
		if ms == 0 {
			return c.created
		}
		return ms
	}
	dst = append(append(append(dst, `{"id":"`...), b.contactID(index)...), `","email":`...)
	dst = appendQuoted(dst, r.email)
	dst = append(dst, `,"phone":[`...)
	if r.phone != "" {
		dst = appendQuoted(dst, r.phone)
	}
	dst = append(dst, ']')
	for i, text := range r.texts {
		dst = append(append(append(dst, ',', '"'), textNames[i]...), '"', ':')
		dst = appendQuoted(dst, text)
	}
	dst = append(dst, `,"tags":[`...)
	for i, tag := range r.tags {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendQuoted(dst, tag)
	}
	dst = append(dst, `],"segments":[],"customProperties":{`...)
	for i, p := range r.properties {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(appendQuoted(dst, p.name), ':'), p.raw...)
	}
	dst = append(dst, `},"createdAt":`...)
	dst = appendTime(dst, c.created)
	dst = appendTime(append(dst, `,"updatedAt":`...), c.updated)
	if c.mail != none {
		dst = append(append(append(dst, `,"status":"`...), statusNames[c.mail]...), '"')
	}

	type reach struct {
		channel, kind, id string
		status            uint8
		at                int64
	}
	reaches := make([]reach, 0, 2)
	if r.email != "" {
		reaches = append(reaches, reach{"email", "email", r.email, c.mail, at(when.Mail)})
	}
	if r.phone != "" {
		reaches = append(reaches, reach{"sms", "phone", r.phone, c.sms, at(when.SMS)})
	}
	list := func(name string, write func(reach)) {
		dst = append(append(append(dst, `,"`...), name...), `":[`...)
		first := true
		for _, reach := range reaches {
			if name == "optIns" && reach.status != subscribed {
				continue
			}
			if !first {
				dst = append(dst, ',')
			}
			write(reach)
			first = false
		}
		dst = append(dst, ']')
	}
	list("statuses", func(x reach) {
		dst = append(append(append(dst, `{"channel":"`...), x.channel...), `","status":"`...)
		dst = append(append(dst, statusNames[x.status]...), `","statusChangedAt":`...)
		dst = append(appendTime(dst, x.at), '}')
	})
	list("optIns", func(x reach) {
		dst = append(append(append(dst, `{"channel":"`...), x.channel...), `","optInAt":`...)
		dst = append(appendTime(dst, x.at), '}')
	})
	dst = append(dst, `,"consents":[`...)
	for i, agreed := range when.Consents {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(dst, `{"channel":`...), strconv.Quote(agreed.Channel)...)
		for _, member := range [...][2]string{
			{"source", agreed.Source}, {"createdAt", agreed.CreatedAt}, {"ip", agreed.IP}, {"userAgent", agreed.UserAgent},
		} {
			dst = append(append(append(dst, ',', '"'), member[0]...), '"', ':')
			dst = appendQuoted(dst, member[1])
		}
		dst = append(dst, '}')
	}
	dst = append(dst, ']')
	list("identifiers", func(x reach) {
		dst = append(append(append(dst, `{"type":"`...), x.kind...), `","id":`...)
		dst = append(append(append(appendQuoted(dst, x.id), `,"channels":{"`...), x.channel...), `":{"status":"`...)
		dst = append(append(dst, statusNames[x.status]...), `","statusChangedAt":`...)
		dst = append(appendTime(dst, x.at), "}}}"...)
	})
	return append(dst, '}')
}

func appendTime(dst []byte, ms int64) []byte {
	return append(time.UnixMilli(ms).UTC().AppendFormat(append(dst, '"'), "2006-01-02T15:04:05.000Z"), '"')
}
