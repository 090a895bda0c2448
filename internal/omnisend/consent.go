package omnisend

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/destination"
)

// channels are those for which Omnisend keeps a status (Omnisend API reference 2026-03-15, Contacts).
var channels = [...]destination.Channel{
	{Name: "email", Address: destination.Email, Status: destination.EmailStatus, StatusAt: destination.EmailStatusAt},
	{Name: "sms", Address: destination.Phone, Status: destination.SMSStatus, StatusAt: destination.SMSStatusAt},
}

const (
	maxSource     = 100 // characters; Omnisend states no limit
	defaultSource = "segue"
)

// standing writes the status of one channel beside its identifier.
//
// A status goes out only with the date at which it was given or withdrawn, never with the moment of sending: Omnisend lets
// the status with the latest date stand (its v3 page says so, that of 2026-03-15 is silent), so an old consent does not
// bring back somebody who unsubscribed later. Without channels a contact's status is left alone.
type standing struct {
	channel    destination.Channel
	status, at int    // places among the values, -1 where not mapped
	all        bool   // everybody agreed
	opening    string // what stands before the status
	consent    string // what stands before the consent's date
	now        time.Time
}

// standings pairs the mapped fields of each channel. It fails on a status without its date, the other way round, and on a
// channel without its address.
func standings(layout destination.Layout) (found [len(channels)]*standing, err error) {
	place := func(field destination.Field) int {
		return slices.IndexFunc(layout.Fields, func(m destination.Mapped) bool { return m.Field == field })
	}
	for _, name := range layout.Consent.Everyone {
		if !slices.ContainsFunc(channels[:], func(c destination.Channel) bool { return c.Name == name }) {
			return found, fmt.Errorf("omnisend: there is no channel %q", name)
		}
	}
	source := strings.TrimSpace(layout.Consent.Source)
	if source == "" {
		source = defaultSource
	}
	if utf8.RuneCountInString(source) > maxSource {
		return found, fmt.Errorf("omnisend: the source of consents has more than %d characters", maxSource)
	}
	for i, channel := range channels {
		s := &standing{channel: channel, status: place(channel.Status), at: place(channel.StatusAt), all: layout.Consent.All(channel.Name), now: layout.At}
		mapped := s.status >= 0
		switch {
		case !mapped && !s.all && s.at < 0:
			continue
		case mapped == s.all:
			return found, fmt.Errorf("omnisend: the status of channel %q must come from one place", channel.Name)
		case s.at < 0:
			return found, fmt.Errorf("omnisend: the status of channel %q has no date", channel.Name)
		case place(channel.Address) < 0:
			return found, fmt.Errorf("omnisend: channel %q has no address", channel.Name)
		}
		s.opening = `,"channels":{"` + channel.Name + `":{"status":"`
		s.consent = `,"consent":{"source":` + string(appendString(nil, source)) + `,"createdAt":`
		found[i] = s
	}
	return found, nil
}

// append writes the status and, of somebody who agreed, the consent. Where the profile has no status or no date for it
// nothing is written. field and code say why it cannot be.
func (s *standing) append(dst []byte, values []string) (_ []byte, field destination.Field, code string) {
	status := subscribed
	if !s.all {
		value := strings.TrimSpace(values[s.status])
		if value == "" || strings.TrimSpace(values[s.at]) == "" {
			return dst, "", ""
		}
		var ok bool
		if status, ok = statusOf(value); !ok {
			return dst, s.channel.Status, "invalid_consent"
		}
	}
	value := strings.TrimSpace(values[s.at])
	if value == "" {
		return dst, "", ""
	}
	at, ok := consentDate(value, status != subscribed, s.now)
	if !ok {
		return dst, s.channel.StatusAt, "invalid_consent_date"
	}
	dst = append(append(append(dst, s.opening...), status...), `","statusChangedAt":`...)
	dst = append(appendMoment(dst, at), "}}"...)
	if status == subscribed {
		dst = append(appendMoment(append(dst, s.consent...), at), '}')
	}
	return dst, "", ""
}

// Statuses of a channel (Omnisend API reference 2026-03-15, Contacts).
const (
	subscribed    = "subscribed"
	unsubscribed  = "unsubscribed"
	nonSubscribed = "nonSubscribed"
)

var statuses = [...]struct{ word, status string }{
	{"true", subscribed}, {"false", unsubscribed}, {subscribed, subscribed}, {unsubscribed, unsubscribed}, {nonSubscribed, nonSubscribed},
	{"yes", subscribed}, {"no", unsubscribed}, {"ja", subscribed}, {"nej", unsubscribed}, {"1", subscribed}, {"0", unsubscribed},
}

// statusOf reads a plain yes or no. Whatever else a profile says is neither.
func statusOf(value string) (string, bool) {
	for _, s := range statuses {
		if strings.EqualFold(value, s.word) {
			return s.status, true
		}
	}
	return "", false
}

// firstConsent keeps out the dates that stand for none: year 1, 1900, and the beginning of Unix time.
var firstConsent = time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC)

// consentDate reads an RFC 3339 time, or a day alone, that is not in the future. Of a day alone doubt counts for the person: a
// consent dates from its beginning, and what withdraws one from its end, once the day is over. Days are those of UTC.
func consentDate(value string, withdrawn bool, now time.Time) (at time.Time, ok bool) {
	if len(value) == len(time.DateOnly) {
		day, err := time.Parse(time.DateOnly, value)
		if err != nil {
			return at, false
		}
		at = day
		if end := day.AddDate(0, 0, 1).Add(-time.Second); withdrawn && !end.After(now) {
			at = end
		}
	} else {
		var err error
		if at, err = time.Parse(time.RFC3339, value); err != nil {
			return at, false
		}
	}
	return at, !at.After(now) && !at.Before(firstConsent)
}

func appendMoment(dst []byte, at time.Time) []byte {
	return append(at.UTC().AppendFormat(append(dst, '"'), "2006-01-02T15:04:05.999Z07:00"), '"')
}
