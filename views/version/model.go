// Package version holds the pages of histories: what versions there are of an export, a segment or the schedule, and how two of
// them differ. What the parts of each are called, and how their values read, the packages of their own pages say.
package version

import (
	"context"
	"fmt"
	"strings"

	"github.com/a-h/templ"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/component"
)

// Field is one part of a definition in words: what the pages call it, and what it is, line by line.
type Field struct {
	Label string
	Lines []string
}

// History is the page of the versions of one thing.
type History struct {
	Path    string // of the page
	Lead    string
	Rows    []Row
	Options []component.Option // versions that can be compared, the latest first
	From    string             // of them, those that are proposed
	To      string
	Older   string // leads to what came before the rows; "" when there is none
}

// Row is one version.
type Row struct {
	Number  int
	What    string // was done, in a sentence
	Who     string
	When    component.Moment
	Now     bool   // it is what holds
	Erased  bool   // values were erased with a person
	Changes string // leads to what it changed; "" of the first
	Compare string // leads to how it differs from what holds; "" of that itself
}

// Comparison is the page of how two versions differ.
type Comparison struct {
	Path        string // of the history
	From, To    Side
	Differences []Difference
	GoBack      string // posts that the first becomes what holds; "" for those who may not, or when it does
	Seen        int    // version that holds
	InTheWay    []string
	Edit        string // leads to the form; "" for those who may not
	CSRF        string
}

// Side is one of two versions.
type Side struct {
	Number int
	Who    string
	When   component.Moment
	Erased bool
}

// Difference is one part that is not the same. Of several lines there are those alone that differ.
type Difference struct {
	Label  string
	Before []string
	After  []string
	Note   string // what there is to say of it besides
}

// Compare tells how two definitions differ. Told are the words for the reader, real those by which they are compared: what a reader
// may not see differs all the same. Fields that one of them lacks are empty there.
func Compare(ctx context.Context, before, after, realBefore, realAfter []Field) (found []Difference) {
	for _, label := range labels(realBefore, realAfter) {
		was, is := linesOf(realBefore, label), linesOf(realAfter, label)
		if strings.Join(was, "\n") == strings.Join(is, "\n") {
			continue
		}
		d := Difference{Label: label, Before: less(linesOf(before, label), linesOf(after, label)), After: less(linesOf(after, label), linesOf(before, label))}
		switch {
		case len(d.Before)+len(d.After) > 0:
		case len(less(was, is))+len(less(is, was)) == 0:
			d.Note = i18n.T(ctx, "version.order")
		default:
			d.Note = i18n.T(ctx, "version.hidden")
		}
		found = append(found, d)
	}
	return found
}

func labels(lists ...[]Field) (all []string) {
	seen := map[string]bool{}
	for _, list := range lists {
		for _, f := range list {
			if !seen[f.Label] {
				seen[f.Label] = true
				all = append(all, f.Label)
			}
		}
	}
	return all
}

func linesOf(fields []Field, label string) []string {
	for _, f := range fields {
		if f.Label == label {
			return f.Lines
		}
	}
	return nil
}

// less are the lines that the others lack.
func less(lines, others []string) (left []string) {
	has := map[string]bool{}
	for _, line := range others {
		has[line] = true
	}
	for _, line := range lines {
		if !has[line] {
			left = append(left, line)
		}
	}
	return left
}

// Labels names the parts that differ, for a sentence.
func Labels(differences []Difference) string {
	names := make([]string, len(differences))
	for i, d := range differences {
		names[i] = d.Label
	}
	return strings.Join(names, ", ")
}

// Link leads to the comparison of two versions.
func Link(path string, from, to int) string {
	return fmt.Sprintf("%s/compare?from=%d&to=%d", path, from, to)
}

func number(ctx context.Context, n int) string { return i18n.T(ctx, "version.number", "Number", n) }

func (c Comparison) edit(ctx context.Context) templ.Component {
	if c.Edit == "" {
		return nil
	}
	return component.Button{Label: i18n.T(ctx, "version.edit"), Href: c.Edit, Icon: "pencil", Small: true}
}
