package export

import (
	"context"

	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/component"
)

// ConsentID is the part of the form about consents; a change in it asks for a new outlook.
const ConsentID = "export-consent"

// Consent is what the form says of consents.
type Consent struct {
	Standings  map[string]export.Standing   // by the channel's name; one that is not there is left alone
	Attributes map[destination.Field]string // keys, by the fields of the channels
	Source     string
}

// Standing is where the status of a channel comes from.
func (c Consent) Standing(channel destination.Channel) export.Standing {
	if standing, ok := c.Standings[channel.Name]; ok {
		return standing
	}
	return export.LeftAlone
}

func channelText(ctx context.Context, channel destination.Channel) string {
	return i18n.T(ctx, "exports.channel."+channel.Name)
}

func (f Form) standing(ctx context.Context, channel destination.Channel) component.RadioCards {
	name := export.ConsentField(channel)
	cards := component.RadioCards{Name: name, Legend: i18n.T(ctx, "exports.consent.of", "Channel", channelText(ctx, channel)), InRow: true,
		Value: string(f.Consent.Standing(channel)), Error: f.Errors.For(name)}
	if channel.Address != destination.Email {
		cards.Hint = i18n.T(ctx, "exports.consent.needs", "Field", i18n.T(ctx, "exports.field."+string(channel.Address)))
	}
	for _, standing := range []export.Standing{export.LeftAlone, export.FromData, export.Everyone} {
		cards.Choices = append(cards.Choices, component.Choice{Value: string(standing), Title: i18n.T(ctx, "exports.consent."+string(standing)),
			Text: i18n.T(ctx, "exports.consent."+string(standing)+".text", "Destination", f.DestinationName)})
	}
	return cards
}

func (f Form) consentAttribute(ctx context.Context, field destination.Field, hint string) component.Select {
	name := export.MappingField(field)
	return component.Select{Name: name, Label: i18n.T(ctx, "exports.field."+string(field)), Hint: i18n.T(ctx, hint), Value: f.Consent.Attributes[field],
		Empty: i18n.T(ctx, "exports.attribute.choose"), Options: f.attributeOptions(ctx, f.Consent.Attributes[field]), Error: f.Errors.For(name)}
}

func (f Form) consentSource(ctx context.Context) component.Field {
	return component.Field{Name: export.ConsentSourceField, Label: i18n.T(ctx, "exports.consent.source"),
		Hint:  i18n.T(ctx, "exports.consent.source.hint", "Destination", f.DestinationName, "Default", export.DefaultConsentSource),
		Value: f.Consent.Source, Error: f.Errors.For(export.ConsentSourceField), Autocomplete: "off"}
}

// sentFields are the fields of the channels whose status the form says something of.
func (f Form) sentFields() (fields []destination.Field) {
	for _, channel := range f.Info.Channels {
		switch f.Consent.Standing(channel) {
		case export.FromData:
			fields = append(fields, channel.Status, channel.StatusAt)
		case export.Everyone:
			fields = append(fields, channel.StatusAt)
		}
	}
	return fields
}

// standingText says on the page of an export what it does about the status of a channel.
func (d Detail) standingText(ctx context.Context, channel destination.Channel) string {
	standing := d.Standing(channel)
	return i18n.T(ctx, "exports.consent.says."+string(standing), "Channel", channelText(ctx, channel), "Destination", d.DestinationName,
		"Status", d.attribute(ctx, d.Mapping.Attribute(channel.Status)), "Date", d.attribute(ctx, d.Mapping.Attribute(channel.StatusAt)))
}

// matched are the lines of the matching besides those of consents, which are told apart from them.
func (d Detail) matched() (pairs export.Mapping) {
	info := destination.Info{Channels: d.Channels}
	for _, pair := range d.Mapping {
		if _, ofChannel := info.ChannelOf(pair.Field); !ofChannel {
			pairs = append(pairs, pair)
		}
	}
	return pairs
}
