package run

import (
	"context"

	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/outcome"
	"github.com/segue-app/segue/views/component"
)

// OutcomesID is what is exchanged until the outcomes are written.
const OutcomesID = "run-outcomes"

func (d Detail) writingBadge(ctx context.Context) component.Badge {
	w := d.Writing
	badge := component.Badge{Tone: component.Info, Icon: "clock", Text: i18n.T(ctx, "outcomes.state."+string(w.State))}
	switch {
	case w.State == outcome.Written:
		badge.Tone, badge.Icon = component.Success, ""
	case w.State == outcome.Failed:
		badge.Tone, badge.Icon = component.Danger, ""
	case w.Reason != "":
		badge.Tone, badge.Icon = component.Warning, ""
	}
	return badge
}

// writingText says what is written, or is to be, and where. The folder only those are told who may edit the export.
func (d Detail) writingText(ctx context.Context) string {
	w := d.Writing
	text := w.File
	switch {
	case w.Place.Way == export.AsRows:
		text = i18n.T(ctx, "outcomes.writing.table", "Table", w.Place.Table)
	case d.MayCancel:
		text = i18n.T(ctx, "outcomes.writing.file.in", "File", w.File, "Folder", w.Place.Folder)
	}
	if w.State != outcome.Written {
		return text
	}
	return text + " · " + i18n.N(ctx, "outcomes.lines", w.Lines) + " · " + i18n.DateTime(ctx, w.EndedAt)
}

// writingTrouble says why it is not written, what mends it, and when it is tried again.
func (d Detail) writingTrouble(ctx context.Context) (texts []string) {
	w := d.Writing
	if w.Reason == "" {
		return nil
	}
	texts = append(texts, i18n.T(ctx, "outcomes.reason."+string(w.Reason)))
	if w.State == outcome.Waiting {
		texts = append(texts, i18n.T(ctx, "outcomes.next", "When", i18n.Ago(ctx, w.NextAt, d.Now)))
	}
	return texts
}
