package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/transform"
	"github.com/segue-app/segue/views/component"
	views "github.com/segue-app/segue/views/export"
)

// readChange reads what a line says is done to its values.
func readChange(values url.Values, at string) views.Change {
	c := views.Change{Way: transform.Way(values.Get(at + "way")), Text: values.Get(at + "text"), Separator: values.Get(at + "separator"), With: values.Get(at + "with"),
		From: transform.Order(values.Get(at + "from")), To: transform.Form(values.Get(at + "to"))}
	if !values.Has(at + "separator") {
		c.Separator = views.UsualChange.Separator
	}
	return c
}

// placeErrors moves what the domain says of a destination's field to the line of the form that fills it: the last, when
// several do.
func placeErrors(c echo.Context, errs component.Errors, fields []problem.Field, form views.Form) component.Errors {
	for i, said := range fields {
		field, part, ok := saidOf(said, form)
		if !ok {
			continue
		}
		if field == destination.Email {
			errs.Summary.Errors[i].Label = text(c, "exports.field.email")
			continue
		}
		for n, line := range form.Lines {
			if line.Target() == field {
				errs.Summary.Errors[i].FieldID = "line." + strconv.Itoa(n) + "." + part
				errs.Summary.Errors[i].Label = text(c, "exports.line", "Number", n+1)
			}
		}
	}
	return errs
}

// saidOf is the destination's field that a mistake is about, and the part of its line.
func saidOf(said problem.Field, form views.Form) (field destination.Field, part string, ok bool) {
	if rest, changing := strings.CutPrefix(said.Name, "change."); changing {
		dot := strings.LastIndexByte(rest, '.')
		return destination.Field(rest[:max(dot, 0)]), rest[dot+1:], dot >= 0
	}
	rest, ok := strings.CutPrefix(said.Name, export.MappingField(""))
	field = destination.Field(rest)
	i := slices.IndexFunc(form.Lines, func(l views.Line) bool { return l.Target() == field })
	switch {
	case said.Code == "problem.choose":
		return field, "attribute", ok
	case i >= 0 && form.Lines[i].Field == views.CustomField && !export.ValidCustomName(form.Lines[i].Custom):
		return field, "custom", ok
	}
	return field, "field", ok
}
