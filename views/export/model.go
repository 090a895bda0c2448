// Package export holds the pages of exports: the list, one export, the form that makes or changes one, its schedule, and
// the questions before something is taken away. It shows what it is given.
package export

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/views/component"
	runviews "github.com/segue-app/segue/views/run"
)

// PageSize is how many exports a page of the list shows.
const PageSize = 25

// Listing is the page of all exports.
type Listing struct {
	Rows    []Row
	Query   export.Query
	Total   int // that match the search
	Now     time.Time
	MayAdd  bool // the role allows it
	MayRun  bool // all that have an active schedule
	CSRF    string
	Link    func(export.Query) string
	Changed bool // other exports than those the page shows: for htmx
}

// Row is an export in the list.
type Row struct {
	export.Row
	DestinationName string
	Obstacle        string // code of why it cannot run now
	MayEdit         bool
	NextRun         time.Time   // by itself; zero when it does not
	Recent          []run.Brief // the last runs, the oldest first
}

// Detail is the page of one export.
type Detail struct {
	export.Export
	DestinationName string
	Obstacle        string
	Unconfirmed     component.Alert   // what was marked higher since somebody meant it to be sent
	Labels          map[string]string // of the profile attributes, by key
	Profiles        int               // in the segments, each once; -1 when it cannot be counted
	BaseName        string            // of the source, when its profiles stay where they are
	MaxProfiles     int
	Channels        []destination.Channel // whose status can be mapped
	Sizes           map[int64]int         // of the segments
	Sentences       map[int64]string      // the beginning of what each says, in the reader's language
	Coming          []string              // the next times that it runs by itself
	NextRun         time.Time             // the first of them; zero when there is none
	Active          *run.Run              // the run that is in the way of a new one
	Waiting         *run.Run              // the run that Segue paused, and whose place a new one takes
	Runs            runviews.Listing
	Recent          []run.Brief // the last of them, the oldest first
	Delivered       []run.Day
	MayEdit         bool
	MayMend         bool // the connection
	Now             time.Time
	CSRF            string
}

// Act is a question before an export is changed by one step.
type Act struct {
	export.Export
	Do   string // "remove", "detach"
	CSRF string
}

// Missing is the page for who has no connection to export to.
type Missing struct {
	MayConnect bool
}

// Path is the page of an export.
func Path(id int64, more string) string { return fmt.Sprintf("/exports/%d%s", id, more) }

func (l Listing) column(ctx context.Context, key, order string) component.Column {
	query := l.Query
	query.Sort, query.Offset, query.Descending = order, 0, false
	column := component.Column{Label: i18n.T(ctx, key)}
	if l.Query.Sort == order {
		column.Sorted = "ascending"
		query.Descending = !l.Query.Descending
		if l.Query.Descending {
			column.Sorted = "descending"
		}
	}
	column.SortHref = l.Link(query)
	return column
}

func (l Listing) columns(ctx context.Context) []component.Column {
	return []component.Column{
		l.column(ctx, "exports.name.segments", "name"),
		l.column(ctx, "exports.connection.used", "connection"),
		l.column(ctx, "exports.status", "status"),
		l.column(ctx, "exports.refreshed", "refreshed"),
		l.column(ctx, "exports.schedule", "schedule"),
		{Label: i18n.T(ctx, "exports.permissions")},
	}
}

func (l Listing) pager(ctx context.Context) component.Pager {
	pager := component.Pager{
		Label: i18n.T(ctx, "exports.title"), PreviousLabel: i18n.T(ctx, "exports.previous"), NextLabel: i18n.T(ctx, "exports.next"),
		Summary: i18n.T(ctx, "exports.range", "From", l.Query.Offset+1, "To", l.Query.Offset+len(l.Rows), "Total", l.Total),
	}
	if l.Query.Offset > 0 {
		before := l.Query
		before.Offset = max(0, before.Offset-PageSize)
		pager.PreviousHref = l.Link(before)
	}
	if l.Query.Offset+len(l.Rows) < l.Total {
		after := l.Query
		after.Offset += PageSize
		pager.NextHref = l.Link(after)
	}
	return pager
}

func (l Listing) hidden() []component.Pair {
	var pairs []component.Pair
	if l.Query.Sort != "name" {
		pairs = append(pairs, component.Pair{Name: "sort", Value: l.Query.Sort})
	}
	if l.Query.Descending {
		pairs = append(pairs, component.Pair{Name: "direction", Value: "descending"})
	}
	return pairs
}

// address is where the page reads the rows again, which it names.
func (l Listing) address() string {
	ids := make([]string, len(l.Rows))
	for i, row := range l.Rows {
		ids[i] = fmt.Sprint(row.ID)
	}
	link := l.Link(l.Query)
	if strings.Contains(link, "?") {
		return link + "&ids=" + strings.Join(ids, ",")
	}
	return link + "?ids=" + strings.Join(ids, ",")
}

// inactive reports whether nobody may expect the export to run.
func (r Row) inactive() bool { return r.Paused() || r.ConnectionID == 0 }

func (r Row) obstacle(ctx context.Context) component.Badge {
	badge := component.Badge{Tone: component.Warning, Text: i18n.T(ctx, "exports.state."+r.Obstacle)}
	if r.Obstacle == string(export.IsPaused) {
		badge.Tone, badge.Icon = component.Neutral, "circle-pause"
	}
	return badge
}

func (r Row) segments() string {
	names := make([]string, len(r.Segments))
	for i, part := range r.Segments {
		names[i] = part.Name
	}
	return strings.Join(names, ", ")
}

func permission(ctx context.Context, mayEdit bool) string {
	if mayEdit {
		return i18n.T(ctx, "exports.permission.edit")
	}
	return i18n.T(ctx, "exports.permission.view")
}

// attribute names a profile attribute, and says so when the profiles no longer have it.
func (d Detail) attribute(ctx context.Context, key string) string {
	if label := d.Labels[key]; label != "" {
		return label
	}
	return i18n.T(ctx, "exports.attribute.gone", "Attribute", key)
}

// called gives the names of attributes to who tells of a line.
func (d Detail) called(ctx context.Context) func(key string) string {
	return func(key string) string { return d.attribute(ctx, key) }
}

func (d Detail) next(ctx context.Context) string {
	return next(ctx, d.Schedule, d.inactive(), d.NextRun, d.Now)
}

// inactive reports whether nobody may expect the export to run.
func (d Detail) inactive() bool { return d.Paused() || d.ConnectionID == 0 }

// soon reports whether the coming times are worth to be listed.
func (d Detail) soon() bool { return len(d.Coming) > 0 && !d.inactive() }

// ofConnection reports whether the obstacle is mended on the connection's page.
func ofConnection(obstacle string) bool {
	switch obstacle {
	case string(export.NoConnection), string(export.IsPaused), string(export.NoProfiles), string(export.AttributeMissing), string(export.Unconfirmed), string(export.NoSegments), string(export.SegmentInactive), "":
		return false
	}
	return true
}
