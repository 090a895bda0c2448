package web

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/source"
	"github.com/segue-app/segue/internal/tabular"
	"github.com/segue-app/segue/views/component"
	views "github.com/segue-app/segue/views/source"
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

// attributeUses names, by an attribute's key, the segments and exports that need it.
func (s *Server) attributeUses(c echo.Context) (map[string][]component.Link, error) {
	uses := map[string][]component.Link{}
	segments, err := s.Segments.List(ctx(c), actor(c), segment.Query{Limit: 1000})
	if err != nil {
		return nil, err
	}
	for _, one := range segments.Segments {
		for key := range attributesIn(one.Definition.Rule, map[string]bool{}) {
			uses[key] = append(uses[key], component.Link{Label: one.Name, Href: fmt.Sprintf("/segments/%d", one.ID)})
		}
	}
	exports, _, err := s.Exports.List(ctx(c), actor(c), export.Query{Limit: 1000})
	if err != nil {
		return nil, err
	}
	for _, one := range exports {
		for _, key := range slices.Compact(slices.Sorted(slices.Values(one.Mapping.Attributes()))) {
			uses[key] = append(uses[key], component.Link{Label: one.Name, Href: fmt.Sprintf("/exports/%d", one.ID)})
		}
	}
	return uses, nil
}

// attributesIn adds the attributes that a rule asks about.
func attributesIn(group segment.Group, keys map[string]bool) map[string]bool {
	for _, condition := range group.Conditions {
		keys[condition.Attribute] = true
	}
	for _, inner := range group.Groups {
		attributesIn(inner, keys)
	}
	return keys
}

// recognition has a person say whose ids those of a source are, before they mix with those of others. Numbers from 1 on are the
// rule, not the exception, and two persons made one are hard to notice: so the ids are the source's own unless said otherwise.
func (s *Server) recognition(c echo.Context, of source.Source, view *views.PreviewView) error {
	if of.SnapshotID != 0 || of.Place == source.Stays {
		return nil
	}
	all, err := s.Sources.Names(ctx(c), actor(c))
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.ID != of.ID && other.Rows > 0 {
			view.Keys, view.MatchEmail = views.OwnKeys, true
		}
	}
	if view.Keys != "" && c.FormValue("own_keys") != "" {
		view.Keys, view.MatchEmail = c.FormValue("own_keys"), c.FormValue("match_email") != ""
	}
	return nil
}

var delimiters = map[string]string{views.Comma: ",", views.Semicolon: ";", views.Tab: "\t"}

// previewView is the form with a file's settings, as they were guessed or typed.
func (s *Server) previewView(c echo.Context, preview source.Preview, settings source.Settings, errs component.Errors) (*views.PreviewView, error) {
	view := &views.PreviewView{
		Errors: errs, ID: strconv.Itoa(settings.ID), Mode: string(settings.Mode), DecimalComma: settings.DecimalComma,
		MonthFirst: settings.MonthFirst, Refused: refusedRows(c, preview.Refused),
	}
	if settings.Encoding == tabular.UTF8 || settings.Encoding == tabular.Windows1252 {
		view.Encoding = string(settings.Encoding)
	}
	for name, delimiter := range delimiters {
		if delimiter == settings.Delimiter {
			view.Delimiter = name
		}
	}
	for _, kind := range profile.Kinds {
		view.Kinds = append(view.Kinds, component.Option{Value: string(kind), Label: text(c, "profiles.kind."+string(kind))})
	}
	view.Marks = markOptions(c)
	for n, column := range settings.Columns {
		view.IDs = append(view.IDs, component.Option{Value: strconv.Itoa(n), Label: column.Heading})
		view.Columns = append(view.Columns, views.ColumnRow{
			Key: column.Key, Heading: column.Heading, Label: column.Label, Kind: string(column.Kind), Mark: column.Mark.String(), Include: column.Include,
			Samples: strings.Join(preview.Samples[n], " · "),
		})
	}
	return view, s.differences(c, preview, settings, view)
}

// differences shows what is not as in the earlier files of the source.
func (s *Server) differences(c echo.Context, preview source.Preview, settings source.Settings, view *views.PreviewView) error {
	of, err := s.Sources.Get(ctx(c), actor(c), preview.Import.SourceID)
	if err != nil {
		return err
	}
	var added []string
	for _, column := range preview.Import.Settings.New(of.Reading) {
		added = append(added, column.Heading)
	}
	view.New = strings.Join(added, ", ")
	view.Remote, view.Stays = of.Kind == source.SQL, of.Place == source.Stays
	if view.Remote {
		view.Delimiter = ""
	}
	if err := s.recognition(c, of, view); err != nil {
		return err
	}
	others, err := s.Sources.OfOthers(ctx(c), actor(c), of.ID)
	if err != nil {
		return err
	}
	for n := range view.Columns {
		view.Columns[n].Attributes, view.Columns[n].Attribute = attributeChoices(c, of.ID, settings.Columns[n], others)
	}
	missing := preview.Import.Settings.Missing(of.Reading)
	if len(missing) == 0 {
		return nil
	}
	uses, err := s.attributeUses(c)
	for _, column := range missing {
		key := column.Attribute
		if key == "" {
			key = column.Key
		}
		view.Missing = append(view.Missing, views.MissingRow{Name: column.Heading, Uses: uses[key]})
	}
	return err
}
