package segment

import (
	"context"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
	versionviews "github.com/segue-app/segue/views/version"
)

// Versioned tells a definition in the words of the segment's page. Erased says that values were taken out of it.
func Versioned(ctx context.Context, d segment.Defined, attributes []profile.Attribute, maySee, erased bool) []versionviews.Field {
	who := i18n.T(ctx, "version.list_of", "Number", d.Definition.ListID)
	if d.Definition.Kind == segment.ByRule {
		if erased {
			d.Definition.Rule = withErased(d.Definition.Rule, i18n.T(ctx, "version.erased"))
		}
		who = Sentence(ctx, segment.Segment{Definition: d.Definition}, attributes, maySee)
	}
	zone := d.Definition.Zone
	if zone == "" {
		zone = "UTC"
	}
	return []versionviews.Field{
		{Label: i18n.T(ctx, "segments.name"), Lines: []string{d.Name}},
		{Label: i18n.T(ctx, "segments.description"), Lines: []string{d.Description}},
		{Label: i18n.T(ctx, "segments.who"), Lines: []string{who}},
		{Label: i18n.T(ctx, "version.zone"), Lines: []string{zone}},
		{Label: i18n.T(ctx, "segments.state"), Lines: []string{i18n.T(ctx, "segments.state."+string(d.State))}},
	}
}

// withErased has values that were erased say so.
func withErased(g segment.Group, said string) segment.Group {
	changed := segment.Group{Match: g.Match}
	for _, c := range g.Conditions {
		values := make([]string, len(c.Values))
		for i, value := range c.Values {
			if values[i] = value; value == "" {
				values[i] = said
			}
		}
		c.Values = values
		changed.Conditions = append(changed.Conditions, c)
	}
	for _, inner := range g.Groups {
		changed.Groups = append(changed.Groups, withErased(inner, said))
	}
	return changed
}
