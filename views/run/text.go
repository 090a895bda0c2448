package run

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/transform"
)

// ErrorText says why a run failed, and what to do about it.
func ErrorText(ctx context.Context, code, detail, destinationName string) string {
	if code == "too_many_profiles" {
		var n int
		if _, err := fmt.Sscan(detail, &n); err != nil {
			n = 0
		}
		return i18n.T(ctx, "runs.error.too_many_profiles", "Profiles", n, "Destination", destinationName)
	}
	if Knows(code) {
		return i18n.T(ctx, "runs.error."+code, "Destination", destinationName)
	}
	return i18n.T(ctx, "obstacle."+code)
}

// errorCodes are those of failures that have a text of their own; the others are obstacles of exports and connections.
var errorCodes = []string{
	"too_many_profiles", "destination_unavailable", "batches_stalled", "api_retired", "does_not_add_up", "internal", "segment_unusable", "exclusion_unusable",
	"superseded", "stopped_all", "source_unavailable", "source_refused",
}

// Knows reports whether the code is one of a run's failures that is no obstacle.
func Knows(code string) bool { return slices.Contains(errorCodes, code) }

// words are the destination's own about the failure, if the detail holds such.
func (d Detail) words(ctx context.Context, code, detail string) string {
	if detail == "" || code == "source_unavailable" || code == "source_refused" || code == "too_many_profiles" || code == "segment_unusable" || code == "exclusion_unusable" {
		return ""
	}
	return i18n.T(ctx, "runs.words.said", "Destination", d.DestinationName, "Words", detail)
}

// connectionObstacle reports whether the failure is mended on the connection's page.
func connectionObstacle(code string) bool {
	switch code {
	case string(connection.NotVerified), string(connection.NoConsent), string(connection.NoExportUser), string(connection.ExportUserUnable),
		string(connection.KeyFailed), string(connection.KeyRefused), string(connection.ScopeMissing), string(connection.BrandUnable),
		string(connection.BrandChanged), string(connection.PaymentRequired), string(connection.SecretMissing), string(connection.StoreUnavailable):
		return true
	}
	return false
}

// reasonCodes are those that have a text: the encoder's, and the runner's own.
var reasonCodes = []string{
	"required", "invalid_email", "invalid_phone", "invalid_date", "invalid_gender", "too_long", "invalid_tag", "too_many_tags",
	"invalid_consent", "invalid_consent_date", "no_answer", "refused", "rejected", "no_reason", "duplicate",
	"excluded_email", "excluded_domain", "excluded_segment",
}

// fields are those of destinations that have a name in the reader's language.
var fields = []destination.Field{
	destination.Email, destination.FirstName, destination.LastName, destination.Address, destination.Country, destination.State,
	destination.City, destination.PostalCode, destination.Phone, destination.Birthdate, destination.Gender, destination.Tags,
	destination.EmailStatus, destination.EmailStatusAt, destination.SMSStatus, destination.SMSStatusAt,
}

// ReasonText says why a profile was not accepted. Codes of the destination that Segue does not know are shown as they are.
func ReasonText(ctx context.Context, code, destinationName string) string {
	if !slices.Contains(reasonCodes, code) {
		return i18n.T(ctx, "runs.reason.other", "Code", code, "Destination", destinationName)
	}
	return i18n.T(ctx, "runs.reason."+code, "Destination", destinationName)
}

// MappedText says which attribute fills a field, what is done to its values first, and what an empty value does where that is not
// to leave it. label gives what an attribute is called.
func MappedText(ctx context.Context, pair export.Pair, label func(key string) string) string {
	key := "runs.mapped"
	if pair.Clear {
		key = "runs.mapped.clear"
	}
	return i18n.T(ctx, key, "Field", FieldText(ctx, string(pair.Field)), "Attribute", SourceText(ctx, pair, label))
}

// SourceText says where the value of a field comes from, and what is done to it.
func SourceText(ctx context.Context, pair export.Pair, label func(key string) string) string {
	change := pair.Change
	switch change.Way {
	case transform.None:
		return label(pair.Attribute)
	case transform.Constant:
		return i18n.T(ctx, "transform.says.constant", "Text", change.Text)
	case transform.Join:
		if change.Text == "" {
			return i18n.T(ctx, "transform.says.join.bare", "First", label(pair.Attribute), "Second", label(pair.With.Attribute))
		}
		return i18n.T(ctx, "transform.says.join", "First", label(pair.Attribute), "Second", label(pair.With.Attribute), "Between", change.Text)
	case transform.Date:
		return i18n.T(ctx, "transform.says.date", "Attribute", label(pair.Attribute), "Form", i18n.T(ctx, "transform.form."+string(change.To)))
	}
	return i18n.T(ctx, "transform.says."+string(change.Way), "Attribute", label(pair.Attribute))
}

// FieldText names a destination's field; one that Segue does not know is shown as the destination writes it.
func FieldText(ctx context.Context, field string) string {
	if name, custom := strings.CutPrefix(field, destination.CustomPrefix); custom {
		return name
	}
	if slices.Contains(fields, destination.Field(field)) {
		return i18n.T(ctx, "exports.field."+field)
	}
	return field
}
