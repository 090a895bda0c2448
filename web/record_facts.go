package web

import (
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/processing"
	"github.com/segue-app/segue/internal/profile"
	exportviews "github.com/segue-app/segue/views/export"
	views "github.com/segue-app/segue/views/processing"
	runviews "github.com/segue-app/segue/views/run"
)

// facts are what the record says of an export, in words.
type facts struct {
	people, sent, recipient, brand, consent, exportUser, mayUse []string
	often, since, lastRun                                       string
}

func factsOf(c echo.Context, a processing.Activity, record processing.Record) (f facts) {
	locale := i18n.From(ctx(c))
	for _, one := range a.Segments {
		if one.CalculatedAt.IsZero() {
			f.people = append(f.people, text(c, "processing.segment.uncounted", "Name", one.Name))
			continue
		}
		f.people = append(f.people, i18n.N(ctx(c), "processing.segment", one.Size, "Name", one.Name, "Day", locale.Date(one.CalculatedAt)))
	}
	for _, sent := range a.Sent {
		line := runviews.MappedText(ctx(c), sent.Line, sent.Called)
		if len(sent.Line.Sends()) > 1 {
			line += " · " + sent.Label
		}
		if sent.Mark > profile.NotPersonal {
			line += " · " + text(c, "profiles.mark."+sent.Mark.String()) + " · " + meantText(c, sent)
		}
		f.sent = append(f.sent, line)
	}
	f.recipient = []string{a.Recipient.Name, a.Recipient.Host}
	f.often = exportviews.ScheduleText(ctx(c), a.Export.Schedule)
	if a.Export.Paused() {
		f.often = text(c, "processing.paused")
	}
	f.since, f.lastRun = locale.Date(a.Export.CreatedAt), text(c, "processing.never")
	if !a.LastRun.IsZero() {
		f.lastRun = locale.DateTime(a.LastRun)
	}
	none := []string{text(c, "processing.connection.none")}
	f.brand, f.consent, f.exportUser, f.mayUse = none, none, none, none
	if on := a.Connection; on.ID != 0 {
		f.brand = []string{on.BrandName, on.BrandID}
		f.consent = consentFacts(c, on)
		f.exportUser = []string{text(c, "connections.export_user.none")}
		if on.ExportUserID != 0 {
			f.exportUser = []string{text(c, "connections.export_user.since", "Name", on.ExportUser, "At", on.ExportUserAt)}
		}
		f.mayUse = []string{accessText(c, on.Grant, record.Contributors)}
	}
	return f
}

func consentFacts(c echo.Context, on connection.Overview) []string {
	if on.Consent.TermsVersion == "" {
		return []string{text(c, "processing.consent.none")}
	}
	lines := []string{text(c, "connections.agreed", "Name", on.Consent.UserName, "Version", on.Consent.TermsVersion, "At", on.Consent.At)}
	if !on.AgreeBy.IsZero() {
		lines = append(lines, text(c, "processing.consent.older", "Until", i18n.From(ctx(c)).Date(on.AgreeBy)))
	}
	return lines
}

func fieldName(c echo.Context, sent processing.Sent) string {
	return runviews.FieldText(ctx(c), string(sent.Line.Field))
}

// transformedText says what is done to the values of a line before they are sent; "" when nothing is.
func transformedText(c echo.Context, sent processing.Sent) string {
	if sent.Line.Change.None() {
		return ""
	}
	return runviews.SourceText(ctx(c), sent.Line, sent.Called)
}

// meantText says who ticked that a marked attribute is sent, when and why.
func meantText(c echo.Context, sent processing.Sent) string {
	switch {
	case sent.Mark == profile.NotPersonal:
		return ""
	case !sent.Meant || sent.Tick.As < sent.Mark:
		return text(c, "processing.unconfirmed")
	}
	said := text(c, "exports.meant.by", "Name", sent.Tick.By, "At", sent.Tick.At)
	if sent.Reason != "" {
		said += ": " + sent.Reason
	}
	return said
}

func (f facts) list(c echo.Context, a processing.Activity) []views.Fact {
	stated := func(name, said string) views.Fact {
		fact := views.Fact{Label: text(c, "processing.fact."+name), Lines: strings.Split(said, "\n"), Missing: said == ""}
		if fact.Missing {
			fact.Lines = []string{text(c, "processing.not_stated")}
		}
		return fact
	}
	return []views.Fact{
		stated("purpose", a.Purpose.Purpose), stated("basis", a.Purpose.Basis),
		{Label: text(c, "processing.fact.people"), Lines: f.people},
		{Label: text(c, "processing.fact.sent"), Lines: f.sent},
		{Label: text(c, "processing.fact.recipient"), Lines: f.recipient},
		{Label: text(c, "processing.fact.brand"), Lines: f.brand},
		{Label: text(c, "processing.fact.connection"), Lines: []string{nameOr(c, a.Connection.Name)}},
		{Label: text(c, "processing.fact.consent"), Lines: f.consent},
		{Label: text(c, "processing.fact.export_user"), Lines: f.exportUser},
		{Label: text(c, "processing.fact.may_use"), Lines: f.mayUse},
		{Label: text(c, "processing.fact.often"), Lines: []string{f.often}},
		{Label: text(c, "processing.fact.since"), Lines: []string{f.since}},
		{Label: text(c, "processing.fact.last_run"), Lines: []string{f.lastRun}},
	}
}

func nameOr(c echo.Context, name string) string {
	if name == "" {
		return text(c, "processing.connection.none")
	}
	return name
}

// commonFacts are what is so for all exports: for how long data is kept, who is never sent, and what protects it.
func commonFacts(c echo.Context, record processing.Record) []views.Fact {
	var kept []string
	for _, k := range record.Keeping {
		long := text(c, "erasure.keep."+k.Name+".long")
		if k.Settable() {
			long = i18n.N(ctx(c), "erasure.days", k.Days)
		}
		kept = append(kept, text(c, "processing.kept", "What", text(c, "erasure.keep."+k.Name), "Long", long))
	}
	return []views.Fact{
		{Label: text(c, "processing.fact.kept"), Lines: kept},
		{Label: text(c, "processing.fact.excluded"), Lines: []string{
			i18n.N(ctx(c), "processing.excluded.emails", record.Exclusions.Emails), i18n.N(ctx(c), "processing.excluded.domains", record.Exclusions.Domains),
			i18n.N(ctx(c), "processing.excluded.segments", record.Exclusions.Segments),
		}},
		{Label: text(c, "processing.fact.measures"), Lines: []string{text(c, "processing.measures")}},
	}
}
