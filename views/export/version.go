package export

import (
	"context"

	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/profile"
	runviews "github.com/segue-app/segue/views/run"
	versionviews "github.com/segue-app/segue/views/version"
)

// Versioned tells a definition in the words of the export's page. marks say of attributes how much care their values need.
func (d Detail) Versioned(ctx context.Context, marks map[string]profile.Mark) []versionviews.Field {
	var parts, matched, consents []string
	for _, part := range d.Segments {
		tag := i18n.T(ctx, "exports.tag.none")
		if part.Tag != "" {
			tag = i18n.T(ctx, "runs.tagged", "Tag", part.Tag)
		}
		parts = append(parts, i18n.T(ctx, "version.segment", "Segment", part.Name, "Tag", tag))
	}
	for _, pair := range d.Mapping {
		line := runviews.MappedText(ctx, pair, d.called(ctx))
		mark := profile.NotPersonal
		for _, sent := range pair.Sends() {
			mark = max(mark, marks[sent.Attribute])
		}
		if mark != profile.NotPersonal {
			line = i18n.T(ctx, "version.marked", "Line", line, "Mark", i18n.T(ctx, "profiles.mark."+mark.String()))
		}
		for _, sent := range pair.Sends() {
			if sent.Reason != "" && d.MayEdit {
				line = i18n.T(ctx, "version.reason", "Line", line, "Reason", sent.Reason)
			}
		}
		matched = append(matched, line)
	}
	for _, channel := range d.Channels {
		consents = append(consents, d.standingText(ctx, channel))
	}
	if d.Consent.Source != "" {
		consents = append(consents, i18n.T(ctx, "runs.consent.source", "Source", d.Consent.Source))
	}
	connection := d.ConnectionName
	if d.ConnectionID == 0 {
		connection = i18n.T(ctx, "exports.connection.none")
	}
	fields := []versionviews.Field{
		{Label: i18n.T(ctx, "exports.name"), Lines: []string{d.Name}},
		{Label: i18n.T(ctx, "exports.connection.used"), Lines: []string{connection}},
		{Label: i18n.T(ctx, "exports.segments"), Lines: parts},
		{Label: i18n.T(ctx, "exports.matching"), Lines: matched},
		{Label: i18n.T(ctx, "exports.consent"), Lines: consents},
		{Label: i18n.T(ctx, "exports.leavers"), Lines: []string{i18n.T(ctx, "exports.leavers."+string(d.Leavers))}},
		{Label: i18n.T(ctx, "exports.ask"), Lines: []string{askText(ctx, d.AskShare)}},
		{Label: i18n.T(ctx, "exports.schedule"), Lines: []string{ScheduleText(ctx, d.Schedule)}},
		{Label: i18n.T(ctx, "version.pause"), Lines: []string{i18n.T(ctx, "version.pause.no")}},
	}
	if d.Paused() {
		fields[len(fields)-1].Lines[0] = i18n.T(ctx, "version.pause.yes")
	}
	if d.Outcomes.Way != export.NoOutcomes {
		fields = append(fields, versionviews.Field{Label: i18n.T(ctx, "outcomes.term"), Lines: []string{d.outcomesText(ctx)}})
	}
	return fields
}
