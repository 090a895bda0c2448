package run

import (
	"context"
	"strings"

	"github.com/a-h/templ"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/views/component"
)

// PauseText says why a run is paused.
func PauseText(ctx context.Context, r run.Run, destinationName string) string {
	switch r.PauseCode {
	case run.ByPerson:
		return i18n.T(ctx, "pause.by_person", "Name", r.PausedBy)
	case run.ManyLeave, run.ManyNew:
		return QuestionText(ctx, r.PauseCode, r.Question(), destinationName)
	case "source_unavailable", "source_refused":
		why := r.Unreadable()
		return i18n.T(ctx, "pause."+r.PauseCode+".of", "Source", why.Source, "Why", strings.TrimSpace(i18n.T(ctx, why.Code, "Host", why.Host, "Detail", "", "Column", why.Column, "Type", why.Type, "Flag", why.Flag)))
	}
	return pauseReason(ctx, r.PauseCode, destinationName)
}

// QuestionText says what a run asks.
func QuestionText(ctx context.Context, code string, q run.Question, destinationName string) string {
	return i18n.T(ctx, "pause."+code, "Leaving", q.Leaving, "New", q.New, "Delivered", q.Delivered, "Share", q.Share, "Destination", destinationName)
}

// pauseReason is PauseText without what only the run knows.
func pauseReason(ctx context.Context, code, destinationName string) string {
	switch code {
	case run.ByStop, "destination_unavailable", "batches_stalled", "source_unavailable", "source_refused":
		return i18n.T(ctx, "pause."+code, "Destination", destinationName)
	case run.ManyLeave, run.ManyNew:
		return i18n.T(ctx, "pause.question")
	case run.ByPerson:
		return ""
	}
	return i18n.T(ctx, "obstacle."+code)
}

// hint says what to do; "" where the text says so, or where somebody else must.
func (d Detail) hint(ctx context.Context) string {
	if !d.MayCancel || d.PauseCode == run.ByStop {
		return ""
	}
	if d.PauseCode == run.ByPerson {
		return i18n.T(ctx, "pause.hint.by_person")
	}
	return i18n.T(ctx, "pause.hint")
}

// asked are the numbers of a question.
func (d Detail) asked(ctx context.Context) []component.Term {
	q := d.Question()
	number := func(key string, n int) component.Term {
		return component.Term{Label: i18n.T(ctx, "pause.number."+key), Text: i18n.Number(ctx, n)}
	}
	return []component.Term{number("delivered", q.Delivered), number("leaving", q.Leaving), number("new", q.New), number("profiles", q.Profiles)}
}

// goOn names the answer that lets the run do all of it.
func (d Detail) goOn(ctx context.Context) string {
	if d.PauseCode == run.ManyLeave {
		return i18n.T(ctx, "pause.go_on.leave")
	}
	return i18n.T(ctx, "pause.go_on.new")
}

// pauseActions are the buttons to pause a run and to resume it.
func (d Detail) pauseActions(ctx context.Context) []templ.Component {
	if !d.MayCancel || !d.CancelAskedAt.IsZero() || d.Pausing() || d.Asks() {
		return nil
	}
	button := func(act string, b component.Button) []templ.Component {
		b.Attrs = templ.Attributes{"id": "run-" + act}
		return []templ.Component{component.PostButton{Action: Path(d.ID) + "/" + act, CSRF: d.CSRF, Button: b}}
	}
	switch {
	case d.State == run.Paused && d.PauseCode == run.ByStop:
		return button("pause", component.Button{Label: i18n.T(ctx, "pause.keep"), Icon: "pause"})
	case d.State == run.Paused:
		return button("resume", component.Button{Label: i18n.T(ctx, "pause.resume"), Icon: "play", Emphasis: component.Primary})
	case d.State.Going():
		return button("pause", component.Button{Label: i18n.T(ctx, "pause.pause"), Icon: "pause"})
	}
	return nil
}
