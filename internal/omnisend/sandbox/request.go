package sandbox

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// Subscription states of a channel (Omnisend API reference 2026-03-15, Contacts).
const (
	none uint8 = iota
	nonSubscribed
	subscribed
	unsubscribed
)

var statusNames = [...]string{none: "", nonSubscribed: "nonSubscribed", subscribed: "subscribed", unsubscribed: "unsubscribed"}

func statusOf(name string) uint8 {
	for status, known := range statusNames {
		if known == name {
			return uint8(status)
		}
	}
	return none
}

// channel is what a request says of one channel.
type channel struct {
	status uint8
	at     int64 // unix ms, 0 when the request gives none
}

type consent struct{ Channel, Source, CreatedAt, IP, UserAgent string }

// property is a custom property; raw is its value as JSON.
type property struct{ name, raw string }

// fieldProblem is one entry of a problem's errors.
type fieldProblem struct{ Field, Code, Message string }

// change is what one contact request asks for. It is used again for the next one, and its texts are parts of the body.
type change struct {
	email, phone string
	mail, sms    channel
	texts        [textFields]string
	given        uint16 // bit i: texts[i] is in the request
	tags         []string
	tagsGiven    bool
	properties   []property
	consents     []consent
	welcomes     int // identifiers that do not switch the welcome message off
	identifiers  int
	problems     []fieldProblem
}

func (c *change) reset() {
	*c = change{tags: c.tags[:0], properties: c.properties[:0], problems: nil, consents: nil}
}

func (c *change) refuse(field, code, message string) {
	c.problems = append(c.problems, fieldProblem{field, code, message})
}

// text reads a string member; another type is a problem, and null is taken as not given.
func (c *change) text(s *scanner, field string) (string, bool) {
	switch s.peek() {
	case '"':
		return s.text(), true
	case 'n':
		s.skip(0)
	default:
		s.skip(0)
		c.refuse(field, "invalid_type", "must be a text")
	}
	return "", false
}

// read reads a contact request. patch allows a request without identifiers.
func (c *change) read(s *scanner, patch bool) {
	c.reset()
	if s.peek() != '{' {
		s.skip(0)
		c.refuse("", "invalid_type", "must be an object")
		return
	}
	s.pos++
	for first := true; s.more('}', &first); {
		switch key := s.key(); key {
		case "identifiers":
			c.readIdentifiers(s)
		case "tags":
			c.readTags(s)
		case "customProperties":
			c.readProperties(s)
		case "createdAt":
			if at, ok := c.text(s, key); ok {
				if _, err := time.Parse(time.RFC3339, at); err != nil {
					c.refuse(key, "invalid_format", "must be an RFC 3339 time")
				}
				c.properties = append(c.properties, property{"externalCreated", string(appendQuoted(nil, at))})
			}
		default:
			i := textField(key)
			if i < 0 {
				s.skip(0) // what is not known is passed over
				continue
			}
			if value, ok := c.text(s, key); ok {
				c.texts[i] = value
				c.given |= 1 << i
				c.checkText(i, value)
			}
		}
	}
	if c.identifiers == 0 && !patch && !s.bad {
		c.refuse("identifiers", "required", "at least one identifier is required")
	}
}

func (c *change) checkText(i int, value string) {
	if value == "" {
		return
	}
	switch i {
	case countryCode:
		if region, err := language.ParseRegion(value); len(value) != 2 || err != nil || region.String() != value || !region.IsCountry() {
			c.refuse("countryCode", "invalid_format", "must be an ISO 3166-1 alpha-2 code")
		}
	case birthdate:
		if _, err := time.Parse(time.DateOnly, value); err != nil {
			c.refuse("birthdate", "invalid_format", "must be YYYY-MM-DD")
		}
	case gender:
		if value != "m" && value != "f" {
			c.refuse("gender", "invalid_value", "must be m or f")
		}
	}
}

func (c *change) readIdentifiers(s *scanner) {
	if s.peek() != '[' {
		s.skip(0)
		c.refuse("identifiers", "invalid_type", "must be a list")
		c.identifiers = -1
		return
	}
	s.pos++
	for first := true; s.more(']', &first); c.identifiers++ {
		c.readIdentifier(s, c.identifiers)
	}
}

func (c *change) readIdentifier(s *scanner, place int) {
	at := func(member string) string { return fmt.Sprintf("identifiers[%d].%s", place, member) }
	var kind, id, channels, agreed string
	welcome := true // the default of 2026-03-15
	s.expect('{')
	for first := true; !s.bad && s.more('}', &first); {
		switch s.key() {
		case "type":
			kind, _ = c.text(s, "identifiers.type")
		case "id":
			id, _ = c.text(s, "identifiers.id")
		case "channels":
			channels = s.raw()
		case "consent":
			agreed = s.raw()
		case "sendWelcomeMessage":
			switch s.raw() {
			case "false":
				welcome = false
			case "true":
			default:
				c.refuse(at("sendWelcomeMessage"), "invalid_type", "must be true or false")
			}
		default:
			s.skip(0)
		}
	}
	if welcome {
		c.welcomes++
	}
	channelName, target := "email", &c.mail
	switch {
	case kind == "":
		c.refuse(at("type"), "required", "is required")
		return
	case id == "":
		c.refuse(at("id"), "required", "is required")
		return
	case kind == "email":
		if !validEmail(id) {
			c.refuse(at("id"), "invalid_format", "is not a valid email address")
		}
		c.email = id
	case kind == "phone":
		if !validPhone(id) {
			c.refuse(at("id"), "invalid_format", "is not a phone number in E.164")
		}
		c.phone = id
		channelName, target = "sms", &c.sms
	default:
		c.refuse(at("type"), "invalid_value", "must be email or phone")
		return
	}
	if channels != "" && channels != "null" {
		c.readChannel(channels, channelName, at("channels"), target)
	}
	if agreed != "" && agreed != "null" {
		c.readConsent(agreed, channelName, at("consent"))
	}
}

func (c *change) readChannel(raw, name, field string, target *channel) {
	s := &scanner{data: raw}
	if s.peek() != '{' {
		c.refuse(field, "invalid_type", "must be an object")
		return
	}
	s.pos++
	for first := true; s.more('}', &first); {
		if key := s.key(); key != name || s.peek() != '{' {
			s.skip(0)
			c.refuse(field+"."+key, "invalid_value", "is no channel of this identifier")
			continue
		}
		s.pos++
		for first := true; s.more('}', &first); {
			switch s.key() {
			case "status":
				status, _ := c.text(s, field+"."+name+".status")
				if target.status = statusOf(status); target.status == none {
					c.refuse(field+"."+name+".status", "invalid_value", "must be subscribed, nonSubscribed or unsubscribed")
				}
			case "statusChangedAt":
				text, _ := c.text(s, field+"."+name+".statusChangedAt")
				at, err := time.Parse(time.RFC3339, text)
				if err != nil {
					c.refuse(field+"."+name+".statusChangedAt", "invalid_format", "must be an RFC 3339 time")
				}
				target.at = at.UnixMilli()
			default:
				s.skip(0)
			}
		}
		if target.status == none && len(c.problems) == 0 {
			c.refuse(field+"."+name+".status", "required", "is required")
		}
	}
}

func (c *change) readConsent(raw, channelName, field string) {
	s := &scanner{data: raw}
	if s.peek() != '{' {
		c.refuse(field, "invalid_type", "must be an object")
		return
	}
	s.pos++
	agreed := consent{Channel: channelName}
	for first := true; s.more('}', &first); {
		switch key := s.key(); key {
		case "source":
			agreed.Source, _ = c.text(s, field+".source")
		case "createdAt":
			agreed.CreatedAt, _ = c.text(s, field+".createdAt")
			if _, err := time.Parse(time.RFC3339, agreed.CreatedAt); err != nil {
				c.refuse(field+".createdAt", "invalid_format", "must be an RFC 3339 time")
			}
		case "ip":
			agreed.IP, _ = c.text(s, field+".ip")
		case "userAgent":
			agreed.UserAgent, _ = c.text(s, field+".userAgent")
		default:
			s.skip(0)
		}
	}
	c.consents = append(c.consents, agreed)
}

func (c *change) readTags(s *scanner) {
	if s.peek() != '[' {
		if s.raw() != "null" {
			c.refuse("tags", "invalid_type", "must be a list")
		}
		return
	}
	c.tagsGiven = true
	s.pos++
	for first := true; s.more(']', &first); {
		tag, _ := c.text(s, "tags")
		if !validTag(tag) {
			c.refuse("tags["+strconv.Itoa(len(c.tags))+"]", "invalid_format", "must have 1 to 128 visible characters")
		}
		c.tags = append(c.tags, tag)
	}
	if len(c.tags) > maxTags {
		c.refuse("tags", "too_many", "at most 100 tags in one request")
	}
}

func (c *change) readProperties(s *scanner) {
	if s.peek() != '{' {
		if s.raw() != "null" {
			c.refuse("customProperties", "invalid_type", "must be an object")
		}
		return
	}
	s.pos++
	for first := true; s.more('}', &first); {
		name := s.key()
		sign := s.peek()
		raw := s.raw()
		if !validProperty(name) {
			c.refuse("customProperties."+name, "invalid_format", "names are 1 to 128 of A-Z a-z 0-9 _")
			continue
		}
		if sign == '{' || sign == '[' && !listOfTexts(raw) {
			c.refuse("customProperties."+name, "invalid_type", "must be a text, number, boolean or list of texts")
			continue
		}
		c.properties = append(c.properties, property{name, raw})
	}
}

func listOfTexts(raw string) bool {
	s := &scanner{data: raw, pos: 1}
	for first := true; s.more(']', &first); {
		if s.peek() != '"' {
			return false
		}
		s.text()
	}
	return !s.bad
}

const maxTags = 100

func validTag(tag string) bool {
	if tag == "" || utf8.RuneCountInString(tag) > 128 {
		return false
	}
	return strings.IndexFunc(tag, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

func validProperty(name string) bool {
	return name != "" && len(name) <= 128 && strings.IndexFunc(name, func(r rune) bool {
		return r != '_' && (r >= utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r))
	}) < 0
}

// validEmail is deliberately plain: what a service would take at least.
func validEmail(address string) bool {
	at := strings.IndexByte(address, '@')
	if at < 1 || len(address) > 254 || at > 64 {
		return false
	}
	dot := strings.LastIndexByte(address, '.')
	return dot > at+1 && dot < len(address)-1 && strings.IndexByte(address[at+1:], '@') < 0 &&
		!strings.Contains(address, "..") &&
		strings.IndexFunc(address, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '"' }) < 0
}

func validPhone(number string) bool {
	if len(number) < 8 || len(number) > 16 || number[0] != '+' || number[1] == '0' {
		return false
	}
	for i := 1; i < len(number); i++ {
		if number[i] < '0' || number[i] > '9' {
			return false
		}
	}
	return true
}
