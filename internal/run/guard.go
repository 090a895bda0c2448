package run

import "encoding/json"

// Question is what a run asks before it sends anything: whether so many may lose their tags, or so many may be sent that
// were not before.
type Question struct {
	Delivered int `json:"delivered"` // profiles to which something was delivered before
	Leaving   int `json:"leaving"`   // of those, who are in no segment any more and would lose tags
	New       int `json:"new"`       // profiles in the segments to which nothing was delivered
	Profiles  int `json:"profiles"`  // in the segments
	Share     int `json:"share"`     // percent of Delivered that may leave, or come, without a question
}

// Question reads what a run asks, or asked; the zero Question when it asked nothing.
func (r Run) Question() (q Question) {
	if r.PauseCode == ManyLeave || r.PauseCode == ManyNew {
		_ = json.Unmarshal([]byte(r.PauseDetail), &q) // we wrote it ourselves
	}
	return q
}
