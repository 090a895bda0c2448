package source

import (
	"context"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/component"
)

func listColumns(ctx context.Context, v ListView) []component.Column {
	columns := []component.Column{
		{Label: i18n.T(ctx, "sources.name")}, {Label: i18n.T(ctx, "sources.kind")}, {Label: i18n.T(ctx, "sources.profiles"), Numeric: true},
		{Label: i18n.T(ctx, "sources.last")}, {Label: i18n.T(ctx, "sources.next")},
	}
	if len(v.Rows) > 1 {
		columns = append(columns, component.Column{Label: i18n.T(ctx, "sources.order")})
	}
	return columns
}

func historyColumns(ctx context.Context) []component.Column {
	return []component.Column{
		{Label: i18n.T(ctx, "sources.import.when")}, {Label: i18n.T(ctx, "sources.import.cause")}, {Label: i18n.T(ctx, "sources.import.state")},
		{Label: i18n.T(ctx, "sources.profiles"), Numeric: true}, {Label: i18n.T(ctx, "sources.import.added"), Numeric: true},
		{Label: i18n.T(ctx, "sources.import.changed"), Numeric: true}, {Label: i18n.T(ctx, "sources.import.removed"), Numeric: true},
		{Label: i18n.T(ctx, "sources.import.refused"), Numeric: true},
	}
}

func attributeColumns(ctx context.Context) []component.Column {
	return []component.Column{
		{Label: i18n.T(ctx, "profiles.attribute.label")}, {Label: i18n.T(ctx, "profiles.attribute.kind")}, {Label: i18n.T(ctx, "profiles.attribute.mark")},
		{Label: i18n.T(ctx, "profiles.attribute.filled"), Numeric: true}, {Label: i18n.T(ctx, "sources.share")},
	}
}

func formLead(ctx context.Context, v FormView) string {
	if !v.New {
		return ""
	}
	return i18n.T(ctx, "sources.kind."+v.Kind+".text")
}

func saveLabel(ctx context.Context, v FormView) string {
	if v.New {
		return i18n.T(ctx, "sources.continue")
	}
	return i18n.T(ctx, "sources.save")
}

func passwordHint(ctx context.Context, v FormView) string {
	if v.Carried != "" {
		return i18n.T(ctx, "sources.sql.password.carried")
	}
	if v.New {
		return ""
	}
	return i18n.T(ctx, "sources.sql.password.kept")
}
