package web

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/segment"
	exportviews "github.com/segue-app/segue/views/export"
	segmentviews "github.com/segue-app/segue/views/segment"
	views "github.com/segue-app/segue/views/version"
)

// A form carries the version that it was opened with. When somebody else saved another meanwhile, it comes back as it was typed and
// tells what differs; only a button of its own saves over theirs, and only over the version that was shown.

// codeChanged is what the domain answers to whoever saves a version that is no more the last one.
const codeChanged = "problem.changed"

// changedMeanwhile reports whether a save was refused because somebody else saved since the form was opened.
func changedMeanwhile(err error) bool {
	p := problem.Of(err)
	return p != nil && p.Kind == problem.Conflict && p.Code == codeChanged
}

// overOr is the version that the form is about to replace: the one that it was shown as somebody else's, if it is to be saved over
// that, and otherwise the one that it was opened with.
func overOr(c echo.Context, opened int) int {
	for _, said := range []string{c.FormValue(views.OverField), c.QueryParam(views.OverField)} {
		if over, err := strconv.Atoi(said); err == nil {
			return over
		}
	}
	return opened
}

// mostSince is how many acts of others a form tells.
const mostSince = 20

// meanwhile tells what became of a thing with versions since the one that a form was opened with, beside what was typed.
func (h historied) meanwhile(s *Server, c echo.Context, opened int, typed []views.Field) (*views.Conflict, error) {
	found, err := h.list(0, mostSince+1)
	if err != nil {
		return nil, err
	}
	conflict := &views.Conflict{Take: h.edit, Over: strconv.Itoa(h.now)}
	for i, v := range found[:min(len(found), mostSince)] {
		if v.Number <= opened {
			break
		}
		var changed []views.Difference
		if i+1 < len(found) {
			if changed, err = h.compare(c, found[i+1], v); err != nil {
				return nil, err
			}
		}
		conflict.Since = append(conflict.Since, views.Since{Who: v.UserName, What: whatWasDone(c, v, changed, i+1 < len(found)), When: s.moment(c, v.At)})
	}
	now, err := h.told(h.now)
	if problem.Is(err, problem.NotFound) { // it was never saved: nobody can have opened another version of it
		return conflict, nil
	}
	if err != nil {
		return nil, err
	}
	was, err := h.told(opened)
	if conflict.Known = err == nil; !conflict.Known && !problem.Is(err, problem.NotFound) {
		return nil, err
	}
	conflict.Clashes = views.Clashes(ctx(c), was, now, typed)
	return conflict, nil
}

// told tells one version in words.
func (h historied) told(number int) ([]views.Field, error) {
	v, err := h.get(number)
	if err != nil {
		return nil, err
	}
	return h.tell(v, false)
}

// exportConflict tells what differs between an export as it is saved now and as it was typed. Whether it is paused is no part of the
// form, so that is told as it is.
func (s *Server) exportConflict(c echo.Context, form exportviews.Form, draft export.Draft) (*views.Conflict, error) {
	e, err := s.exportOf(c)
	if err != nil {
		return nil, err
	}
	h, err := s.exportHistory(c)
	if err != nil {
		return nil, err
	}
	tell, err := s.exportTeller(c, e)
	if err != nil {
		return nil, err
	}
	typed := export.Export{Name: draft.Name, DestinationType: e.DestinationType, ConnectionID: draft.ConnectionID, Mapping: draft.Mapping, Consent: draft.Consent, Schedule: draft.Schedule,
		Leavers: draft.Leavers, AskShare: draft.AskShare, Outcomes: draft.Outcomes, PausedAt: e.PausedAt}
	for _, chosen := range form.Chosen {
		typed.Segments = append(typed.Segments, export.Part{SegmentID: chosen.ID, Name: chosen.Name, Tag: chosen.Tag})
	}
	choices, err := s.Connections.Usable(ctx(c), actor(c))
	if err != nil {
		return nil, err
	}
	for _, choice := range choices {
		if choice.ID == draft.ConnectionID {
			typed.ConnectionName, typed.DestinationType = choice.Name, choice.Type
		}
	}
	return h.meanwhile(s, c, form.Version, tell(typed.Defined(), false))
}

// segmentConflict tells what differs between a segment as it is saved now and as it was typed. Its state is told as it is, unless the
// button says another.
func (s *Server) segmentConflict(c echo.Context, form segmentviews.Form, draft segment.Draft) (*views.Conflict, error) {
	h, err := s.segmentHistory(c)
	if err != nil {
		return nil, err
	}
	found, err := s.segmentOf(c)
	if err != nil {
		return nil, err
	}
	attributes, err := s.attributesOf(c, draft.Definition.SourceID)
	if err != nil {
		return nil, err
	}
	typed := segment.Defined{Name: draft.Name, Description: draft.Description, State: draft.State, Definition: draft.Definition}
	if typed.State == "" {
		typed.State = found.State
	}
	others, err := s.others(c, form.ID, form.Base)
	if err != nil {
		return nil, err
	}
	names := map[int64]string{}
	for _, other := range others {
		names[other.ID] = other.Name
	}
	typed.Definition.Rule = typed.Definition.Rule.Named(names)
	conflict, err := h.meanwhile(s, c, form.Version, segmentviews.Versioned(ctx(c), typed, attributes, actor(c).Can(access.SeePersonalData), false))
	if conflict != nil && form.Kind == segment.ByList {
		conflict.Action = segmentPath(found.ID) + "/list?do=save&" + views.OverField + "=" + conflict.Over
	}
	return conflict, err
}
