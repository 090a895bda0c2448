// Package exclusion holds the pages of those who are never sent.
package exclusion

import (
	"context"
	"fmt"
	"strings"

	"github.com/segue-app/segue/internal/exclusion"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/component"
)

// PageSize is how many domains a page shows.
const PageSize = 50

// View is the page of the list.
type View struct {
	exclusion.Overview
	MaySee    bool // what is on the list
	MayChange bool
	Query     exclusion.Query
	Link      func(exclusion.Query) string

	Typed    Form // addresses and domains in the page
	File     Form
	Segment  SegmentForm
	Check    CheckForm
	Report   *exclusion.Report // of what was just added, when some lines were faulty
	Segments []Row
	Domains  []Row
	Added    []AdditionRow
}

// Form adds addresses and domains.
type Form struct {
	Entries, Reason string
	Errors          component.Errors
}

// SegmentForm adds a segment.
type SegmentForm struct {
	Chosen, Reason string
	Choices        []component.Option // that are not on the list
	Errors         component.Errors
}

// CheckForm looks an address up.
type CheckForm struct {
	Address string
	Errors  component.Errors
	Answer  *exclusion.Answer
	Added   component.Moment // when the Answer's entry was added
}

// Row is a domain or a segment of the list.
type Row struct {
	Name, Href, RemoveHref, By, Reason string
	Added                              component.Moment
}

// AdditionRow is one act of adding.
type AdditionRow struct {
	exclusion.Addition
	When component.Moment
}

// Removal asks before something is taken off the list.
type Removal struct {
	Action, CSRF, Text string
	Facts              []component.Term
}

// errors are of the form that was not accepted.
func (v View) errors() component.ErrorSummary {
	for _, e := range []component.Errors{v.Typed.Errors, v.File.Errors, v.Segment.Errors, v.Check.Errors} {
		if e.Summary.Title != "" {
			return e.Summary
		}
	}
	return component.ErrorSummary{}
}

func (v View) stats(ctx context.Context) []component.Stat {
	stat := func(key string, n int) component.Stat {
		return component.Stat{Label: i18n.T(ctx, "exclusions.count."+key), Number: i18n.Number(ctx, n), Note: i18n.T(ctx, "exclusions.count."+key+".note")}
	}
	return []component.Stat{stat("emails", v.Emails), stat("domains", v.Overview.Domains), stat("segments", v.Overview.Segments)}
}

// report says what came of an adding of which some lines were faulty.
func (v View) report(ctx context.Context) component.Alert {
	r := v.Report
	return component.Alert{ID: "report", Live: true, Tone: component.Warning, Title: i18n.N(ctx, "exclusions.report.faulty", r.Faulty),
		Text: i18n.T(ctx, "exclusions.report", "Emails", r.Emails, "Domains", r.Domains, "Known", r.Known)}
}

// faults are the numbers of the faulty lines, as many as are kept.
func (v View) faults(ctx context.Context) string {
	numbers := make([]string, len(v.Report.Faults))
	for i, line := range v.Report.Faults {
		numbers[i] = i18n.Number(ctx, line)
	}
	return i18n.T(ctx, "exclusions.report.lines", "Lines", strings.Join(numbers, "; "))
}

// answer says whether the address that was asked for is on the list.
func (v View) answer(ctx context.Context) component.Alert {
	a := v.Check.Answer
	alert := component.Alert{ID: "answer", Live: true, Tone: component.Success, Title: i18n.T(ctx, "exclusions.answer.excluded")}
	switch a.Code {
	case exclusion.ByEmail:
		alert.Text = i18n.T(ctx, "exclusions.answer.email")
		if v.MayChange {
			alert.Action = component.Button{Label: i18n.T(ctx, "exclusions.remove"), Href: EmailPath(a.ID), Icon: "trash", Small: true}
		}
	case exclusion.ByDomain:
		alert.Text = i18n.T(ctx, "exclusions.answer.domain", "Domain", a.Domain.Name)
		if v.MayChange {
			alert.Action = component.Button{Label: i18n.T(ctx, "exclusions.remove"), Href: DomainPath(a.Domain.ID), Icon: "trash", Small: true}
		}
	default:
		alert.Tone, alert.Title, alert.Text = component.Info, i18n.T(ctx, "exclusions.answer.none"), i18n.T(ctx, "exclusions.answer.none.text")
	}
	return alert
}

// facts of the entry that was found.
func (v View) facts(ctx context.Context) []component.Term {
	a := v.Check.Answer
	return Facts(ctx, v.Check.Added, a.By, a.Reason)
}

// Facts say since when something is on the list.
func Facts(ctx context.Context, added component.Moment, by, reason string) []component.Term {
	terms := []component.Term{{Label: i18n.T(ctx, "exclusions.added"), Content: added}, {Label: i18n.T(ctx, "exclusions.by"), Text: by}}
	if reason != "" {
		terms = append(terms, component.Term{Label: i18n.T(ctx, "exclusions.reason"), Text: reason})
	}
	return terms
}

// EmailPath asks before an address is taken off the list.
func EmailPath(id string) string { return "/exclusions/emails/" + id + "/remove" }

// DomainPath asks before a domain is taken off the list.
func DomainPath(id int64) string { return fmt.Sprintf("/exclusions/domains/%d/remove", id) }

// SegmentPath asks before a segment is taken off the list.
func SegmentPath(id int64) string { return fmt.Sprintf("/exclusions/segments/%d/remove", id) }

func (v View) columns(ctx context.Context, name string) []component.Column {
	columns := []component.Column{{Label: i18n.T(ctx, name)}, {Label: i18n.T(ctx, "exclusions.added")}, {Label: i18n.T(ctx, "exclusions.by")}, {Label: i18n.T(ctx, "exclusions.reason")}}
	if v.MayChange {
		columns = append(columns, component.Column{Label: i18n.T(ctx, "exclusions.actions"), HideLabel: true})
	}
	return columns
}

func additionColumns(ctx context.Context) []component.Column {
	return []component.Column{
		{Label: i18n.T(ctx, "exclusions.added")}, {Label: i18n.T(ctx, "exclusions.by")}, {Label: i18n.T(ctx, "exclusions.reason")},
		{Label: i18n.T(ctx, "exclusions.count.emails"), Numeric: true}, {Label: i18n.T(ctx, "exclusions.count.domains"), Numeric: true},
		{Label: i18n.T(ctx, "exclusions.count.segments"), Numeric: true},
	}
}

func (v View) search(ctx context.Context) component.SearchForm {
	return component.SearchForm{Action: "/exclusions", Label: i18n.T(ctx, "exclusions.search"), Placeholder: i18n.T(ctx, "exclusions.search.example"), Value: v.Query.Search,
		Submit: i18n.T(ctx, "exclusions.search.submit"), ClearLabel: i18n.T(ctx, "exclusions.search.clear"), ClearHref: "/exclusions"}
}

func (v View) pager(ctx context.Context) component.Pager {
	first, last := v.Query.Offset+1, v.Query.Offset+len(v.Domains)
	p := component.Pager{Label: i18n.T(ctx, "exclusions.domains"), Summary: i18n.T(ctx, "exclusions.page", "First", first, "Last", last, "Total", v.Matching),
		PreviousLabel: i18n.T(ctx, "exclusions.previous"), NextLabel: i18n.T(ctx, "exclusions.next")}
	if v.Query.Offset > 0 {
		before := v.Query
		before.Offset = max(0, before.Offset-PageSize)
		p.PreviousHref = v.Link(before)
	}
	if last < v.Matching {
		after := v.Query
		after.Offset += PageSize
		p.NextHref = v.Link(after)
	}
	return p
}

// orNothing shows that there is no text.
func orNothing(text string) string {
	if text == "" {
		return "–"
	}
	return text
}
