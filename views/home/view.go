// Package home holds the page where one starts.
package home

import "github.com/segue-app/segue/views/component"

// View is what the page shows.
type View struct {
	Name  string
	Steps *Steps // to the first export; nil when it was done, or is not for this person to do
	Quiet bool   // nothing was exported yet, and this person only looks
	Live  Live
}

// Live is what changes while the page is open.
type Live struct {
	Verdict component.Alert // how things stand, in one line, with the open alerts; none while there is no export and none of those
	Mine    Notices         // that this person may see to
	Others  Notices         // that others must
	Running []Running
	Idle    string // what is next, while nothing runs
	Recent  []Recent
	Stats   []component.Stat
	Refresh []component.Term
}

// Notice is something that needs a person.
type Notice struct {
	Title, Text, Href string
	Icon              string // of the kind of thing that it is about
}

// Notices are as many as are shown, and how many there are beside them.
type Notices struct {
	Shown []Notice
	More  int
}

// Add puts a notice behind the others.
func (n *Notices) Add(notice Notice) {
	if len(n.Shown) == mostNotices {
		n.More++
		return
	}
	n.Shown = append(n.Shown, notice)
}

// Count is how many there are.
func (n Notices) Count() int { return len(n.Shown) + n.More }

// mostNotices are shown at once: who has more sees them in the lists.
const mostNotices = 12

// Running is a run that waits or is under way.
type Running struct {
	Progress component.Progress
	Href     string
}

// Recent is a run that has ended.
type Recent struct {
	Name, Href string
	State      component.Badge
	Accepted   string
	Ended      component.Moment
}

// LastRefresh is how and when the last refresh went.
type LastRefresh struct {
	State component.Badge
	Due   component.Moment
	Href  string
}
