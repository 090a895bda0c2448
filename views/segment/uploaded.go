package segment

import (
	"context"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/views/component"
)

// Leftovers are the entries of an uploaded list that no profile has, and the lines that did not count.
type Leftovers struct {
	segment.Segment
	List    segment.List
	Entries []string // the first of them
	Lines   []segment.Line
}

// listHas says how much a list has.
func listHas(ctx context.Context, l segment.List) string {
	if l.By == segment.Addresses {
		return i18n.N(ctx, "segments.list.has.addresses", l.Count)
	}
	return i18n.N(ctx, "segments.list.has", l.Count)
}

// listReport says how much of a list no profile has, and which lines did not count.
func listReport(ctx context.Context, l segment.List) string {
	said := i18n.T(ctx, "segments.list.all_known")
	switch {
	case l.Unknown > 0 && l.By == segment.Addresses:
		said = i18n.N(ctx, "segments.list.unknown.addresses", l.Unknown)
	case l.Unknown > 0:
		said = i18n.N(ctx, "segments.list.unknown", l.Unknown)
	}
	if l.Repeated > 0 {
		said += " " + i18n.N(ctx, "segments.list.repeated", l.Repeated)
	}
	if l.Malformed > 0 {
		said += " " + i18n.N(ctx, "segments.list.malformed", l.Malformed)
	}
	return said
}

func entryOptions(ctx context.Context) []component.Option {
	return []component.Option{
		{Value: string(segment.IDs), Label: i18n.T(ctx, "segments.list.entries.id")},
		{Value: string(segment.Addresses), Label: i18n.T(ctx, "segments.list.entries.email")},
	}
}
