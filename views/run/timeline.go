package run

import (
	"context"
	"strconv"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/views/component"
)

func (d Detail) timeline(ctx context.Context) component.Timeline {
	var line component.Timeline
	for _, e := range d.Events {
		event := component.Event{Title: i18n.T(ctx, "runs.event."+e.Code), Time: Exact(ctx, e.At)}
		switch state := run.State(e.Code); e.Code {
		case "queued":
			event.Tone, event.Icon = component.Info, "clock"
			event.Text = askedBy(ctx, d.Run)
		case "cancel_asked":
			event.Tone, event.Icon, event.Text = component.Warning, "circle-stop", e.Detail
		case "started":
			event.Tone, event.Icon = component.Info, "play"
		case "pause_asked":
			event.Tone, event.Icon, event.Text = component.Warning, "pause", e.Detail
		case "paused":
			event.Tone, event.Icon, event.Text = tone(state), icon(state), pauseReason(ctx, e.Detail, d.DestinationName)
		case "continued", "approved", "approved_tags_left", "lifted":
			event.Tone, event.Icon, event.Text = component.Info, "play", e.Detail
		case "no_progress":
			event.Tone, event.Icon, event.Text = component.Warning, "clock", d.waitsFor(ctx, e.Detail)
		case "late_batches":
			number, _ := strconv.Atoi(e.Detail)
			event.Tone, event.Icon, event.Text = component.Warning, "history", i18n.N(ctx, "runs.event.late_batches.text", number, "Destination", d.DestinationName)
		case "erased":
			number, _ := strconv.Atoi(e.Detail)
			event.Tone, event.Icon, event.Text = component.Info, "shield", i18n.N(ctx, "runs.event.erased.text", number)
		case "tags_refused":
			event.Tone, event.Icon, event.Text = component.Warning, "tag", i18n.T(ctx, "runs.event.tags_refused.text", "Destination", d.DestinationName)
		case "source_read", "source_without_id", "source_twice", "source_erased":
			number, _ := strconv.Atoi(e.Detail)
			event.Tone, event.Icon, event.Text = component.Info, "database", i18n.N(ctx, "runs.event."+e.Code+".text", number)
			if e.Code != "source_read" {
				event.Tone, event.Icon = component.Warning, "triangle-alert"
			}
		case "resumed":
			event.Tone, event.Icon, event.Text = component.Info, "refresh-cw", i18n.T(ctx, "runs.event.resumed.text")
		default:
			event.Tone, event.Icon = tone(state), icon(state)
			if e.Detail != "" {
				event.Text = ErrorText(ctx, e.Detail, d.ErrorDetail, d.DestinationName)
			}
		}
		line.Events = append(line.Events, event)
	}
	return line
}
