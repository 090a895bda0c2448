// Package logline says how lines of the log look: text or JSON, from which level on, and of what they are. What is being worked
// on (a request, a run, an import) is carried by the context, so that every line that is written for it names it, wherever it
// is written. What is logged is up to those who log; values of profiles, addresses and secrets are nothing for a log.
package logline

import (
	"context"
	"io"
	"log/slog"
	"slices"

	"github.com/segue-app/segue/internal/trace"
)

// New makes a logger that writes the lines of a level and above.
func New(w io.Writer, level slog.Level, json bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if json {
		return slog.New(Around(slog.NewJSONHandler(w, options)))
	}
	return slog.New(Around(slog.NewTextHandler(w, options)))
}

type carried struct{}

// With has the lines that are written in the context name what they are of. A key that is there already gets the new value.
func With(ctx context.Context, about ...slog.Attr) context.Context {
	kept := slices.DeleteFunc(slices.Clone(Of(ctx)), func(had slog.Attr) bool {
		return slices.ContainsFunc(about, func(a slog.Attr) bool { return a.Key == had.Key })
	})
	return context.WithValue(ctx, carried{}, append(kept, about...))
}

// Of lists what the context is of.
func Of(ctx context.Context) []slog.Attr {
	about, _ := ctx.Value(carried{}).([]slog.Attr)
	return about
}

// Around makes a handler add what the context of a line is of.
func Around(inner slog.Handler) slog.Handler { return handler{inner} }

type handler struct{ slog.Handler }

// Handle writes the line. What it says by itself is not said twice.
func (h handler) Handle(ctx context.Context, line slog.Record) error {
	about := Of(ctx)
	if id, span, ok := trace.IDs(ctx); ok {
		about = append(slices.Clip(about), slog.String("trace_id", id), slog.String("span_id", span))
	}
	if len(about) == 0 {
		return h.Handler.Handle(ctx, line)
	}
	said := make(map[string]bool, line.NumAttrs())
	line.Attrs(func(a slog.Attr) bool {
		said[a.Key] = true
		return true
	})
	line = line.Clone()
	for _, a := range about {
		if !said[a.Key] {
			line.AddAttrs(a)
		}
	}
	return h.Handler.Handle(ctx, line)
}

// WithAttrs keeps the context's part around what the logger adds.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs)}
}

// WithGroup does likewise.
func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }
