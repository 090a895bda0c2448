package home

import "github.com/segue-app/segue/views/component"

// Steps are the way to the first export.
type Steps struct {
	List   []Step
	Hidden bool // the person put them away from the page where one starts
	CSRF   string
}

// Step is one of them.
type Step struct {
	ID          string
	Title, Text string
	Done        bool
	Next        bool           // the first that is open and this person may do
	Link        component.Link // to do it, to see what is there, or to what the help says
}

// Done counts the steps that are done.
func (s Steps) Done() (count int) {
	for _, step := range s.List {
		if step.Done {
			count++
		}
	}
	return count
}

// Complete reports whether there is nothing more to do.
func (s Steps) Complete() bool { return s.Done() == len(s.List) }

// Next is the step to do now; nil when there is none for this person.
func (s Steps) Next() *Step {
	for i := range s.List {
		if s.List[i].Next {
			return &s.List[i]
		}
	}
	return nil
}
