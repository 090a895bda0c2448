package access

import (
	"slices"
	"strings"
)

// Scope is a part of what a person may do that a token of hers may be used for.
type Scope string

// The scopes. Each is never more than what the person herself may do at that moment.
const (
	Read    Scope = "read"    // look at what her role may look at
	Run     Scope = "run"     // run exports, and cancel, pause, resume and answer runs; have sources read
	Results Scope = "results" // what became of each profile: personal data
	Edit    Scope = "edit"    // exports and segments, and with a configuration also who may use connections
)

// AllScopes lists them as they are offered.
var AllScopes = []Scope{Read, Run, Results, Edit}

// reach says in which scope an action is. What is in none is for persons alone: no token may do it.
var reach = map[Action]Scope{
	LookAround:         Read,
	SeeSomeConnections: Read,
	SeePersonalData:    Results,
	EditSegments:       Edit,
	UseSomeConnections: Edit,
	Configure:          Edit,
	RunSomeExports:     Run,
	RunAll:             Run,
	RefreshNow:         Run,
}

// Scopes is a set of scopes. The zero value is none.
type Scopes uint8

// ScopesOf makes a set. What is no scope is left out.
func ScopesOf(scopes ...Scope) (set Scopes) {
	for _, scope := range scopes {
		if i := slices.Index(AllScopes, scope); i >= 0 {
			set |= 1 << i
		}
	}
	return set
}

// ParseScopes reads what String wrote.
func ParseScopes(text string) (set Scopes) {
	for _, word := range strings.Fields(text) {
		set |= ScopesOf(Scope(word))
	}
	return set
}

// Has reports whether the scope is in the set.
func (s Scopes) Has(scope Scope) bool {
	one := ScopesOf(scope)
	return one != 0 && s&one == one
}

// List gives the scopes of the set in their order.
func (s Scopes) List() (list []Scope) {
	for _, scope := range AllScopes {
		if s.Has(scope) {
			list = append(list, scope)
		}
	}
	return list
}

// String writes the set as words.
func (s Scopes) String() string {
	var words []string
	for _, scope := range s.List() {
		words = append(words, string(scope))
	}
	return strings.Join(words, " ")
}

// Within is the person when she acts by a token: she may do what is in one of its scopes and what she may do anyway. Limited
// twice, she may do what is in both. The program itself has no tokens: within scopes it is nobody.
func (a Actor) Within(scopes Scopes) Actor {
	if a.system {
		return Actor{}
	}
	if a.limited {
		scopes &= a.scopes
	}
	a.limited, a.scopes, a.excused = true, scopes, false
	return a
}

// Configuring is the actor while she reads or applies a configuration. A token that she may do that by reaches what is in a
// configuration, also what no token may change one by one: rules that name people, and who may use a connection. That she is there
// herself was asked when the token was made.
func (a Actor) Configuring() (Actor, error) {
	if err := a.Require(Configure); err != nil {
		return Actor{}, err
	}
	a.excused = a.limited
	a.limited, a.scopes = false, 0
	return a, nil
}

// Lacks is the scope that the actor's token would need for the action; "" when it is not the token that keeps her from it, or
// when no token may do it.
func (a Actor) Lacks(action Action) Scope {
	if a.within(action) {
		return ""
	}
	return reach[action]
}

func (a Actor) within(action Action) bool {
	if !a.limited {
		return true
	}
	scope, ok := reach[action]
	return ok && a.scopes.Has(scope)
}
