package export

import (
	"context"

	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/component"
)

// Outcomes is where it is written what became of the profiles of each run, as it is typed.
type Outcomes struct {
	Way    string // WayOff for nowhere
	Format string
	Folder string
	Table  string
	Places export.OutcomePlaces // that the operator allows
	Errors component.Errors
}

// WayOff is the choice to write nothing.
const WayOff = "off"

// OutcomesOf fills the fields with a choice.
func OutcomesOf(o export.Outcomes) Outcomes {
	typed := Outcomes{Way: string(o.Way), Format: string(o.Format), Folder: o.Folder, Table: o.Table}
	if o.Way == export.NoOutcomes {
		typed.Way = WayOff
	}
	return typed
}

// Outcomes is what the fields say.
func (o Outcomes) Outcomes() export.Outcomes {
	if o.Way == WayOff {
		return export.Outcomes{}
	}
	return export.Outcomes{Way: export.OutcomeWay(o.Way), Format: export.OutcomeFormat(o.Format), Folder: o.Folder, Table: o.Table}
}

// offered reports whether there is something to choose: the operator allows something, or did when the choice was made.
func (o Outcomes) offered() bool { return o.Places.Any() || o.Way != WayOff && o.Way != "" }

func (o Outcomes) files() bool { return len(o.Places.Folders) > 0 || o.Way == string(export.AsFile) }

func (o Outcomes) rows() bool { return o.Places.Database != "" || o.Way == string(export.AsRows) }

func (o Outcomes) choices(ctx context.Context) []component.Choice {
	choices := []component.Choice{{Value: WayOff, Title: i18n.T(ctx, "outcomes.off"), Text: i18n.T(ctx, "outcomes.off.text")}}
	if o.files() {
		choices = append(choices, component.Choice{Value: string(export.AsFile), Title: i18n.T(ctx, "outcomes.file"), Text: i18n.T(ctx, "outcomes.file.text")})
	}
	if o.rows() {
		choices = append(choices, component.Choice{Value: string(export.AsRows), Title: i18n.T(ctx, "outcomes.table"), Text: i18n.T(ctx, "outcomes.table.text", "Database", o.Places.Database)})
	}
	return choices
}

func formatOptions(ctx context.Context) (options []component.Option) {
	for _, format := range export.OutcomeFormats {
		options = append(options, component.Option{Value: string(format), Label: i18n.T(ctx, "outcomes.format."+string(format))})
	}
	return options
}

// folderOptions are those allowed. A folder that is allowed no more is not among them, and another must be chosen.
func (o Outcomes) folderOptions() (options []component.Option) {
	for _, folder := range o.Places.Folders {
		options = append(options, component.Option{Value: folder, Label: folder})
	}
	return options
}

// noFolder invites to choose a folder; where there is one only, it is chosen.
func (o Outcomes) noFolder(ctx context.Context) string {
	if len(o.Places.Folders) == 1 && (o.Folder == "" || o.Folder == o.Places.Folders[0]) {
		return ""
	}
	return i18n.T(ctx, "outcomes.folder.choose")
}

// outcomesText says where what became of the profiles is written. Where exactly, those are told who may edit the export.
func (d Detail) outcomesText(ctx context.Context) string {
	o := d.Outcomes
	switch {
	case o.Way == export.AsFile && d.MayEdit:
		return i18n.T(ctx, "outcomes.export.file.in", "Format", i18n.T(ctx, "outcomes.format."+string(o.Format)), "Folder", o.Folder)
	case o.Way == export.AsFile:
		return i18n.T(ctx, "outcomes.export.file", "Format", i18n.T(ctx, "outcomes.format."+string(o.Format)))
	}
	return i18n.T(ctx, "outcomes.export.table", "Table", o.Table)
}
