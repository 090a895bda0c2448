package export

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/problem"
)

const (
	// DefaultConsentSource is what the destination is told of where a consent comes from, unless the export says otherwise.
	DefaultConsentSource = "segue"
	// ConsentSourceField is the name of the form field that holds the source.
	ConsentSourceField = "consent_source"
	// ConsentPrefix begins the names of the form fields that ConsentField gives.
	ConsentPrefix = "consent."

	longestConsentSource = 100 // characters
)

// Standing says where the status of a channel comes from.
type Standing string

// The choices.
const (
	LeftAlone Standing = "leave"    // it stays as it is at the destination
	FromData  Standing = "mapped"   // an attribute has it
	Everyone  Standing = "everyone" // everybody in the export agreed
)

// Standing finds where the status of a channel comes from.
func (d Draft) Standing(channel destination.Channel) Standing {
	return standing(d.Mapping, d.Consent, channel)
}

// Standing finds where the status of a channel comes from.
func (e Export) Standing(channel destination.Channel) Standing {
	return standing(e.Mapping, e.Consent, channel)
}

func standing(mapping Mapping, consent destination.Consent, channel destination.Channel) Standing {
	of := func(pair Pair) bool { return pair.Field == channel.Status || pair.Field == channel.StatusAt }
	switch {
	case consent.All(channel.Name):
		return Everyone
	case slices.ContainsFunc(mapping, of):
		return FromData
	}
	return LeftAlone
}

// ConsentField is the name of the form field that says where the status of a channel comes from.
func ConsentField(channel destination.Channel) string { return ConsentPrefix + channel.Name }

// checkConsent holds each channel whose status is sent to what makes it honest: a date for every status, and an address that it
// is about.
func checkConsent(check *problem.Check, draft *Draft, info destination.Info, mapped map[destination.Field]bool) {
	sent := false
	for _, channel := range info.Channels {
		standing := draft.Standing(channel)
		if standing == LeftAlone {
			continue
		}
		sent = true
		if !mapped[channel.Address] {
			check.Add(ConsentField(channel), "problem.export.consent_address")
		}
		if standing == Everyone && mapped[channel.Status] {
			check.Add(MappingField(channel.Status), "problem.export.consent_both")
		}
		if standing == FromData && !mapped[channel.Status] {
			check.Add(MappingField(channel.Status), "problem.export.consent_status")
		}
		if !mapped[channel.StatusAt] {
			check.Add(MappingField(channel.StatusAt), "problem.export.consent_date")
		}
	}
	for _, name := range draft.Consent.Everyone {
		known := slices.ContainsFunc(info.Channels, func(c destination.Channel) bool { return c.Name == name })
		check.Require(known, ConsentPrefix+name, "problem.choose")
	}
	source := strings.Join(strings.Fields(draft.Consent.Source), " ")
	switch {
	case !sent:
		source = ""
	case source == "":
		source = DefaultConsentSource
	case utf8.RuneCountInString(source) > longestConsentSource:
		check.Add(ConsentSourceField, "problem.too_long", "Most", longestConsentSource)
	}
	draft.Consent.Source = source
}
