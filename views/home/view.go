// Package home holds the page where one starts.
package home

import "github.com/segue-app/segue/views/component"

// View is what the page shows.
type View struct {
	Name  string
	Steps []Step // to the first export; none when it was done, or is not for this person to do
	Quiet bool   // nothing was exported yet, and this person only looks
	Live  Live
}

// Step is one line of the way to the first export.
type Step struct {
	Title, Text string
	Done        bool
	Link        component.Link // to do it; none when another role does it or the step before is open
}

// Live is what changes while the page is open.
type Live struct {
	Verdict   component.Alert // how things stand, in one line, with the open alerts; none while there is no export and none of those
	Attention []Notice
	Running   []Running
	Recent    []Recent
	Stats     []component.Stat
	Refresh   []component.Term
}

// Notice is something that needs a person.
type Notice struct{ Title, Text, Href string }

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
