package export

import (
	"context"

	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/transform"
	"github.com/segue-app/segue/views/component"
)

// Change is what a line of the form says is done to its values. What another way would use is kept while one is tried.
type Change struct {
	Way       transform.Way
	Text      string // for everybody
	Separator string
	With      string // the second attribute
	From      transform.Order
	To        transform.Form
}

// UsualChange is what the fields of a line say before anybody changed them.
var UsualChange = Change{Separator: " ", From: transform.DayFirst, To: transform.ISO}

// ChangeOf is a change as the form shows it.
func ChangeOf(pair export.Pair) Change {
	c := UsualChange
	c.Way, c.With = pair.Change.Way, pair.With.Attribute
	switch pair.Change.Way {
	case transform.Constant:
		c.Text = pair.Change.Text
	case transform.Join:
		c.Separator = pair.Change.Text
	case transform.Date:
		c.From, c.To = pair.Change.From, pair.Change.To
	}
	return c
}

// Put makes a pair of what the line says.
func (c Change) Put(pair export.Pair) export.Pair {
	pair.Change = transform.Change{Way: c.Way, From: c.From, To: c.To}
	switch c.Way {
	case transform.Constant:
		pair.Attribute, pair.Change.Text = "", c.Text
	case transform.Join:
		pair.Change.Text, pair.With.Attribute = c.Separator, c.With
	}
	pair.Change = pair.Change.Tidy()
	return pair
}

// changeSummary is what is seen of a change that is folded away.
func (f Form) changeSummary(ctx context.Context, line Line) string {
	if line.Change.Way == transform.None {
		return i18n.T(ctx, "transform.none.summary")
	}
	return i18n.T(ctx, "transform.summary", "Way", i18n.T(ctx, "transform.way."+string(line.Change.Way)))
}

// changeOpen reports whether a change must be seen.
func (f Form) changeOpen(i int, line Line) bool {
	for _, part := range changeParts {
		if f.Errors.For(lineName(i, part)) != "" {
			return true
		}
	}
	return line.Change.Way != transform.None
}

var changeParts = []string{"way", "text", "separator", "with", "from", "to"}

// changeWay lists the ways. One that the field cannot have stays chosen until another is.
func (f Form) changeWay(ctx context.Context, i int, line Line) component.Select {
	name := lineName(i, "way")
	s := component.Select{Name: name, Label: i18n.T(ctx, "transform.way"), Hint: i18n.T(ctx, "transform.way.hint"), Value: string(line.Change.Way), Error: f.Errors.For(name), Attrs: f.again(MatchingID),
		Options: []component.Option{{Value: "", Label: i18n.T(ctx, "transform.way.none")}}}
	offered := export.Ways(f.Info, line.Target())
	if line.Target() == "" {
		offered = transform.Ways
	}
	for _, way := range transform.Ways {
		if way == line.Change.Way || contains(offered, way) {
			s.Options = append(s.Options, component.Option{Value: string(way), Label: i18n.T(ctx, "transform.way."+string(way))})
		}
	}
	return s
}

func contains(ways []transform.Way, way transform.Way) bool {
	for _, one := range ways {
		if one == way {
			return true
		}
	}
	return false
}

func (f Form) changeText(ctx context.Context, i int, line Line) component.Field {
	name := lineName(i, "text")
	return component.Field{Name: name, Label: i18n.T(ctx, "transform.text"), Value: line.Change.Text, Error: f.Errors.For(name), Autocomplete: "off", Attrs: f.again(MatchingID)}
}

func (f Form) changeSeparator(ctx context.Context, i int, line Line) component.Field {
	name := lineName(i, "separator")
	return component.Field{Name: name, Label: i18n.T(ctx, "transform.separator"), Hint: i18n.T(ctx, "transform.separator.hint"), Value: line.Change.Separator, Error: f.Errors.For(name),
		Autocomplete: "off", Attrs: f.again(MatchingID)}
}

func (f Form) changeWith(ctx context.Context, i int, line Line) component.Select {
	name := lineName(i, "with")
	return component.Select{Name: name, Label: i18n.T(ctx, "transform.with"), Value: line.Change.With, Empty: i18n.T(ctx, "exports.attribute.choose"),
		Options: f.attributeOptions(ctx, line.Change.With), Error: f.Errors.For(name), Attrs: f.again(MatchingID)}
}

func (f Form) changeFrom(ctx context.Context, i int, line Line) component.Select {
	name := lineName(i, "from")
	s := component.Select{Name: name, Label: i18n.T(ctx, "transform.from"), Hint: i18n.T(ctx, "transform.from.hint"), Value: string(line.Change.From), Error: f.Errors.For(name), Attrs: f.again(MatchingID)}
	for _, order := range transform.Orders {
		s.Options = append(s.Options, component.Option{Value: string(order), Label: i18n.T(ctx, "transform.order."+string(order))})
	}
	return s
}

func (f Form) changeTo(ctx context.Context, i int, line Line) component.Select {
	name := lineName(i, "to")
	s := component.Select{Name: name, Label: i18n.T(ctx, "transform.to"), Value: string(line.Change.To), Error: f.Errors.For(name), Attrs: f.again(MatchingID)}
	for _, form := range transform.Forms {
		s.Options = append(s.Options, component.Option{Value: string(form), Label: i18n.T(ctx, "transform.form."+string(form))})
	}
	return s
}
