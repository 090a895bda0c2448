package approval

import (
	"fmt"
	"slices"

	"github.com/segue-app/segue/internal/version"
)

// stood is how a thing stood at one moment.
type stood struct {
	number    int    // of its version
	substance string // of it; "": not known, and equal to nothing
	since     int    // number of the version with which the substance became so
}

// same reports whether what is now is what was approved.
func (s stood) same(approved stood) bool {
	return s.substance != "" && s.substance == approved.substance
}

// part is a segment of an export, or of a rule of one.
type part struct {
	id  int64
	now stood
	was stood // as it was approved with the export; the zero value: it was not
}

// state is all that decides whether an export may run. The zero value of what was approved: nothing was.
type state struct {
	connectionID int64
	export       stood
	was          stood // as it was approved
	approved     *Decision
	segments     []part // in the order of their ids
}

// waits reports whether somebody must look at it before it runs.
func (s state) waits(ofRules bool) bool {
	if s.approved == nil || !s.export.same(s.was) {
		return true
	}
	for _, p := range s.segments {
		if ofRules && !p.now.same(p.was) {
			return true
		}
	}
	return false
}

// mark tells what is to be looked at from all else that the export ever was. Another one, and the same one brought back, has
// another mark.
func (s state) mark(ofRules bool) string {
	of := fmt.Sprint(s.connectionID, s.export.since, s.export.substance)
	for _, p := range s.segments {
		if ofRules {
			of += fmt.Sprint(" ", p.id, p.now.since, p.now.substance)
		}
	}
	mark, err := version.Substance(of)
	if err != nil {
		panic(err) // a text
	}
	return mark
}

// redacted is the code of whose values were erased, so that nobody can say what it is: the export's, or a segment's where they count.
// "": of none.
func (s state) redacted(ofRules bool) string {
	switch {
	case s.export.substance == "":
		return CodeRedacted
	case ofRules && slices.ContainsFunc(s.segments, func(p part) bool { return p.now.substance == "" }):
		return CodeRedactedSegment
	}
	return ""
}

// parts tells about the segments.
func (s state) parts() (list []Segment) {
	for _, p := range s.segments {
		list = append(list, Segment{ID: p.id, Number: p.now.number, Approved: p.was.number, Changed: !p.now.same(p.was)})
	}
	return list
}
