package web

import (
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/views/component"
	views "github.com/segue-app/segue/views/export"
)

// readConsent reads what the form says of consents. Which channels there are is the destination's to say, later.
func readConsent(values url.Values) views.Consent {
	said := views.Consent{Standings: map[string]export.Standing{}, Attributes: map[destination.Field]string{}, Source: values.Get(export.ConsentSourceField)}
	for name := range values {
		if channel, ok := strings.CutPrefix(name, export.ConsentPrefix); ok {
			said.Standings[channel] = export.Standing(values.Get(name))
		} else if field, ok := strings.CutPrefix(name, export.MappingField("")); ok && field != string(destination.Email) {
			said.Attributes[destination.Field(field)] = values.Get(name)
		}
	}
	return said
}

// consentOf is what an export says of consents.
func consentOf(e export.Export, info destination.Info) views.Consent {
	said := views.Consent{Standings: map[string]export.Standing{}, Attributes: map[destination.Field]string{}, Source: e.Consent.Source}
	for _, channel := range info.Channels {
		said.Standings[channel.Name] = e.Standing(channel)
		for _, field := range []destination.Field{channel.Status, channel.StatusAt} {
			said.Attributes[field] = e.Mapping.Attribute(field)
		}
	}
	return said
}

// mapConsent is what the form's choices mean: an attribute that is not chosen is "", for the domain to name what is missing.
func mapConsent(said views.Consent, info destination.Info) (mapping export.Mapping, consent destination.Consent) {
	consent.Source = said.Source
	for _, channel := range info.Channels {
		standing := said.Standing(channel)
		switch standing {
		case export.FromData:
			mapping = append(mapping, export.Pair{Field: channel.Status, Attribute: said.Attributes[channel.Status]})
		case export.Everyone:
			consent.Everyone = append(consent.Everyone, channel.Name)
		default:
			continue
		}
		mapping = append(mapping, export.Pair{Field: channel.StatusAt, Attribute: said.Attributes[channel.StatusAt]})
	}
	return mapping, consent
}

// tryConsent is mapConsent of the channels that can be tried: those whose attributes are chosen and whose address is mapped.
func tryConsent(form views.Form, known profile.Snapshot, mapped export.Mapping) (export.Mapping, destination.Consent) {
	info := form.Info
	info.Channels = nil
	for _, channel := range form.Info.Channels {
		_, dated := known.Attribute(form.Consent.Attributes[channel.StatusAt])
		_, told := known.Attribute(form.Consent.Attributes[channel.Status])
		if dated && (told || form.Consent.Standing(channel) == export.Everyone) && mapped.Attribute(channel.Address) != "" {
			info.Channels = append(info.Channels, channel)
		}
	}
	return mapConsent(form.Consent, info)
}

// kindOf is the type of destination of a connection among the choices; the first one's when it is none of them.
func kindOf(choices []connection.Choice, connectionID int64) string {
	kind := ""
	for i, choice := range choices {
		if i == 0 || choice.ID == connectionID {
			kind = choice.Type
		}
	}
	return kind
}

// offered is what can be mapped over the connection that the form chooses; nothing when there is no connection at all.
func (s *Server) offered(c echo.Context, form views.Form) (destination.Info, error) {
	choices, err := s.Connections.Usable(ctx(c), actor(c))
	if err != nil || len(choices) == 0 {
		return destination.Info{}, err
	}
	driver, err := s.Exports.Driver(kindOf(choices, form.ConnectionID))
	if err != nil {
		return destination.Info{}, err
	}
	return driver.Info(), nil
}

// labelConsentErrors names the fields of the form about consents in the summary of what must be corrected.
func labelConsentErrors(c echo.Context, errs component.Errors, info destination.Info) {
	labels := map[string]string{export.ConsentSourceField: text(c, "exports.consent.source")}
	for _, channel := range info.Channels {
		labels[export.ConsentField(channel)] = text(c, "exports.consent.of", "Channel", text(c, "exports.channel."+channel.Name))
		for _, field := range []destination.Field{channel.Status, channel.StatusAt} {
			labels[export.MappingField(field)] = text(c, "exports.field."+string(field))
		}
	}
	for i, one := range errs.Summary.Errors {
		if label, ok := labels[one.FieldID]; ok {
			errs.Summary.Errors[i].Label = label
		}
	}
}
