package web

import (
	"fmt"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/erasure"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/views/component"
	views "github.com/segue-app/segue/views/erasure"
)

// keptPlaces is what the page of a person shows, place by place.
func (s *Server) keptPlaces(c echo.Context, found erasure.Found) (places []views.Place) {
	at := map[string]int{}
	add := func(name string, item views.Item) {
		n, known := at[name]
		if !known {
			n = len(places)
			at[name], places = n, append(places, views.Place{Name: name})
		}
		places[n].Items = append(places[n].Items, item)
	}
	for _, h := range found.Held {
		add("snapshots", s.heldItem(c, h))
	}
	for _, l := range found.Lists {
		item := views.Item{Where: l.Name, Profile: l.Entry}
		if l.SegmentID == 0 {
			item.Where = text(c, "erasure.list.old")
		} else {
			item.Href = segmentPath(l.SegmentID)
		}
		add("lists", item)
	}
	for _, f := range found.Files {
		item := views.Item{Where: f.FileName, Href: importPath(f.ImportID), When: s.moment(c, f.CreatedAt)}
		note := text(c, "erasure.file.lines", "Number", f.Lines)
		if f.Unread {
			note = text(c, "erasure.file.unread")
		}
		item.Terms = []component.Term{{Label: text(c, "erasure.file.holds"), Text: note}}
		add("files", item)
	}
	for _, t := range found.Traces {
		add(string(t.Place), s.traceItem(c, t))
	}
	return places
}

func (s *Server) heldItem(c echo.Context, h profile.Held) views.Item {
	item := views.Item{Where: h.Snapshot.FileName, Profile: h.Record.ID, When: s.moment(c, h.Snapshot.CreatedAt)}
	if h.Spool {
		item.Where = text(c, "erasure.spool")
	} else if item.Where == "" {
		item.Where = text(c, "erasure.unified")
	}
	if h.Current {
		item.Where = text(c, "erasure.current", "Name", item.Where)
	}
	for i, a := range h.Snapshot.Attributes {
		if h.Record.Values[i] != nil {
			item.Terms = append(item.Terms, component.Term{Label: a.Label, Text: valueText(ctx(c), a, h.Record.Values[i])})
		}
	}
	return item
}

func (s *Server) traceItem(c echo.Context, t run.Trace) views.Item {
	item := views.Item{Where: t.Export, Profile: t.ProfileID, When: s.moment(c, t.At), Request: t.Request, Answer: t.Answer}
	if t.RunID > 0 {
		item.Where, item.Href = text(c, "erasure.of_run", "Export", t.Export, "Run", t.RunID), fmt.Sprintf("/runs/%d", t.RunID)
	}
	for _, term := range []struct{ key, value string }{
		{"erasure.address", t.Identity}, {"erasure.tags", strings.Join(t.Tags, ", ")}, {"erasure.outcome", t.Outcome}, {"erasure.field", t.Field},
		{"erasure.code", t.Code}, {"erasure.message", t.Message},
	} {
		if term.value != "" {
			item.Terms = append(item.Terms, component.Term{Label: text(c, term.key), Text: term.value})
		}
	}
	return item
}
