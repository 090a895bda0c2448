// Package notice owns the outbox: notices by email and by signed hook, sent at least once, tried again for a day and then given
// up with the reason; and the hooks themselves. Who is told what, and when, is decided by others, who put a Message in for a
// recipient within their own transaction. The package knows no condition of an alert, and how mail is sent is mail's.
package notice

import (
	"time"
)

// Message is what is said, in the recipient's language.
type Message struct {
	Key      string // what was put in for a recipient under a key is not put in again
	Language string
	Subject  string
	Intro    string
	Lines    []Line
	Folded   int  // how many more there are that no line tells of
	Confined bool // to administrators: it is not sent to who is none any more

	About      string    // of a letter to a person about her account: the occasion; "" for alerts
	Paragraphs []string  // of such a letter
	Button     string    // what its link is called
	Path       string    // where it leads: /account
	Until      time.Time // when it is of no use any more; zero: never
}

// Line tells of one alert.
type Line struct {
	Kind   string
	State  string // Open or Closed
	Text   string // the whole of it, in words
	About  string // what it is about: the name of an export, say
	Link   string // path of a page: /runs/12; "" for none
	At     time.Time
	Values map[string]any // for programs: numbers and names that Text has in words
}

// The states of a line.
const (
	Open   = "open"
	Closed = "closed"
)

// State says how far a notice is.
type State string

// The states.
const (
	Waiting State = "waiting" // to be sent, or sent again
	Sent    State = "sent"
	GivenUp State = "given_up"
)

// Notice is a message to one recipient, and what became of it.
type Notice struct {
	ID      int64
	Mark    string // what receivers know it by
	Key     string
	UserID  int64 // of a person; 0 for a hook
	HookID  int64
	Message Message
	State   State
	Tries   int
	Created time.Time
	Next    time.Time // when it is tried next, while it waits
	Tried   time.Time // zero before the first time
	Ended   time.Time
	Reason  string // code of the last failure; "" for none
	Status  int    // what the receiver answered then, of HTTP or SMTP; 0 for nothing

	turn int64
}

// Limits of the outbox.
const (
	patience = 24 * time.Hour      // until a notice is given up
	kept     = 30 * 24 * time.Hour // until it is dropped
	lease    = 5 * time.Minute     // longer than the longest delivery: one that took longer has died
)

// pause is how long a notice waits after so many tries: half a minute at first, at the end four hours.
func pause(tries int) time.Duration {
	return min(30*time.Second<<min(tries-1, 10), 4*time.Hour)
}
