// Package audit shows the audit log: who did what, when, and from where.
package audit

import (
	"context"
	"net/url"
	"slices"

	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/component"
)

// The addresses of the area.
const (
	Path         = "/audit"
	CSVPath      = Path + "/entries.csv"
	NDJSONPath   = Path + "/entries.ndjson"
	CustomerPath = Path + "/customer"
)

// ProgramValue is the choice of a filter by person that stands for the program itself.
const ProgramValue = "program"

// Row is an entry.
type Row struct {
	ID      string
	At      component.Moment
	Who     string
	Role    string // "" of the program
	What    string
	Subject component.Link   // without an address what is there no more, or has no page
	Changes []component.Term // what a field was, and what it is
	Via     string
	Address string
}

// Filter is what the log is narrowed to, as it stands in the address.
type Filter struct {
	Person, Area, Action, Kind, ID, Via, From, To string
	Errors                                        component.Errors
}

// Values are the filter as it stands in an address.
func (f Filter) Values() url.Values {
	values := url.Values{}
	for name, value := range map[string]string{"person": f.Person, "area": f.Area, "action": f.Action, "kind": f.Kind, "id": f.ID, "via": f.Via, "from": f.From, "to": f.To} {
		if value != "" {
			values.Set(name, value)
		}
	}
	return values
}

// At is an address with the filter.
func (f Filter) At(path string) string {
	if values := f.Values(); len(values) > 0 {
		return path + "?" + values.Encode()
	}
	return path
}

// View is the page.
type View struct {
	Filter  Filter
	People  []component.Option
	Kinds   []component.Option
	Rows    []Row
	Newer   string // addresses; "" for none
	Older   string
	Sealed  []component.Term
	Command string
}

func areas(ctx context.Context) (options []component.Option) {
	for _, action := range audit.Actions {
		if !slices.ContainsFunc(options, func(o component.Option) bool { return o.Value == action.Area() }) {
			options = append(options, component.Option{Value: action.Area(), Label: i18n.T(ctx, "audit.area."+action.Area())})
		}
	}
	return options
}

func actions(ctx context.Context) (groups []component.OptionGroup) {
	for _, area := range areas(ctx) {
		group := component.OptionGroup{Label: area.Label}
		for _, action := range audit.Actions {
			if action.Area() == area.Value {
				group.Options = append(group.Options, component.Option{Value: string(action), Label: i18n.T(ctx, "audit.action."+string(action))})
			}
		}
		groups = append(groups, group)
	}
	return groups
}

func means(ctx context.Context) (options []component.Option) {
	for _, via := range []audit.Means{audit.Browser, audit.Token, audit.Command, audit.Program} {
		options = append(options, component.Option{Value: string(via), Label: i18n.T(ctx, "audit.via."+string(via))})
	}
	return options
}

func columns(ctx context.Context) []component.Column {
	return []component.Column{{Label: i18n.T(ctx, "audit.when")}, {Label: i18n.T(ctx, "audit.who")}, {Label: i18n.T(ctx, "audit.what")}, {Label: i18n.T(ctx, "audit.where")}}
}
