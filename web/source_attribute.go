package web

import (
	"fmt"
	"maps"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/source"
	"github.com/segue-app/segue/views/component"
)

// attributeChoices are the attributes that a column may become: one of its own, or one of another source. Without other sources
// there is nothing to choose.
func attributeChoices(c echo.Context, sourceID int64, column source.Column, others map[string]profile.Attribute) (options []component.Option, chosen string) {
	if len(others) == 0 {
		return nil, ""
	}
	own := column.NewAttribute(sourceID, others)
	options = []component.Option{{Value: own, Label: text(c, "sources.attribute.new")}}
	for _, key := range slices.Sorted(maps.Keys(others)) {
		options = append(options, component.Option{Value: key, Label: text(c, "sources.attribute.existing", "Name", others[key].Label, "Kind", text(c, "profiles.kind."+string(others[key].Kind)))})
	}
	if chosen = column.Attribute; chosen == "" {
		chosen = column.Key
	}
	return options, chosen
}

// usesOfAttribute names the segments and exports that need what a column becomes.
func (s *Server) usesOfAttribute(c echo.Context, column source.Column) (uses []component.Link, err error) {
	key := column.Attribute
	if key == "" {
		key = column.Key
	}
	segments, err := s.Segments.List(ctx(c), actor(c), segment.Query{Limit: 1000})
	if err != nil {
		return nil, err
	}
	for _, one := range segments.Segments {
		if names(one.Definition.Rule, key) {
			uses = append(uses, component.Link{Label: one.Name, Href: fmt.Sprintf("/segments/%d", one.ID)})
		}
	}
	exports, _, err := s.Exports.List(ctx(c), actor(c), export.Query{Limit: 1000})
	if err != nil {
		return nil, err
	}
	for _, one := range exports {
		if slices.Contains(one.Mapping.Attributes(), key) {
			uses = append(uses, component.Link{Label: one.Name, Href: fmt.Sprintf("/exports/%d", one.ID)})
		}
	}
	return uses, nil
}

// names reports whether a rule asks about an attribute.
func names(group segment.Group, key string) bool {
	return slices.ContainsFunc(group.Conditions, func(c segment.Condition) bool { return c.Attribute == key }) ||
		slices.ContainsFunc(group.Groups, func(g segment.Group) bool { return names(g, key) })
}
