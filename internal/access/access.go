// Package access holds the roles and answers, in one place, who may do what. Domain packages ask it before they act;
// nothing is allowed that is not allowed here.
package access

import (
	"time"

	"github.com/segue-app/segue/internal/problem"
)

// Role of a person. Each includes the ones after it.
type Role string

// The roles.
const (
	Administrator Role = "administrator"
	Contributor   Role = "contributor"
	Viewer        Role = "viewer"
)

// Roles lists them from most to least.
var Roles = []Role{Administrator, Contributor, Viewer}

// Valid reports whether r is one of the roles.
func (r Role) Valid() bool { return r == Administrator || r == Contributor || r == Viewer }

// Actor is who acts: a person who is signed in, or the program itself. The zero Actor may do nothing.
type Actor struct {
	UserID int64 // 0 for the program
	Name   string
	Email  string
	Role   Role
	system bool

	reveals bool // asked to see what is masked
	limited bool // acts by a token: only within its scopes
	scopes  Scopes

	confirmed time.Time // when the person last proved to be there herself; zero: not, or long ago
	asked     bool      // proved it for the very act that she asks for
	excused   bool      // a token that carries out a configuration: nobody is there to be asked
	confined  bool      // must set up a second factor before anything else
}

// System is the program acting for itself: the schedule, the command line of the operator, start-up.
var System = Actor{Name: "Segue", system: true}

// Revealing is an administrator who asked to see values that are masked where their shape would do. Others stay as they are.
func (a Actor) Revealing() Actor {
	a.reveals = a.Can(ManagePrivacy)
	return a
}

// Reveals reports whether the actor asked for that, and may.
func (a Actor) Reveals() bool { return a.reveals && a.Can(ManagePrivacy) }

// IsSystem reports whether the program itself acts.
func (a Actor) IsSystem() bool { return a.system }

// Action is something that a person may want to do.
type Action string

// The actions that depend on the role alone. What also depends on a connection's grant is answered by MayUse.
const (
	LookAround         Action = "look_around" // home, segments, exports, runs, live status, help
	SeePersonalData    Action = "see_personal_data"
	ManageProfiles     Action = "manage_profiles" // upload, correct types
	ManageExclusions   Action = "manage_exclusions"
	EditSegments       Action = "edit_segments"
	ManageConnections  Action = "manage_connections"
	ManageUsers        Action = "manage_users"
	ManageSchedule     Action = "manage_schedule"
	ManageHooks        Action = "manage_hooks"   // where notices go that are no emails, and what became of all of them
	Configure          Action = "configure"      // read, compare and apply a whole configuration
	ManagePrivacy      Action = "manage_privacy" // find and erase persons, for how long data is kept
	ReadAudit          Action = "read_audit"     // who did what, when, from where
	RunAll             Action = "run_all"
	RefreshNow         Action = "refresh_now" // have sources read now, and what follows from it
	StopAll            Action = "stop_all"    // the emergency stop, and lifting it
	ManageOwnAccount   Action = "manage_own_account"
	ManageApprovals    Action = "manage_approvals"     // which exports a second person approves, and who may
	ApproveExports     Action = "approve_exports"      // what others made; who may of whom, package approval says
	SecureOwnAccount   Action = "secure_own_account"   // confirm that it is she; her second factors and passkeys
	UseSomeConnections Action = "use_some_connections" // may be offered the pages of exports that edit
	RunSomeExports     Action = "run_some_exports"     // run, cancel, pause, resume, answer
	SeeSomeConnections Action = "see_some_connections" // their names and types
)

var allowed = map[Action][]Role{
	LookAround:         {Administrator, Contributor, Viewer},
	SeePersonalData:    {Administrator, Contributor},
	ManageProfiles:     {Administrator},
	ManageExclusions:   {Administrator},
	EditSegments:       {Administrator, Contributor},
	ManageConnections:  {Administrator},
	ManageUsers:        {Administrator},
	ManageSchedule:     {Administrator},
	ManageHooks:        {Administrator},
	Configure:          {Administrator},
	ManagePrivacy:      {Administrator},
	ReadAudit:          {Administrator},
	RunAll:             {Administrator, Contributor},
	RefreshNow:         {Administrator},
	StopAll:            {Administrator},
	ManageOwnAccount:   {Administrator, Contributor, Viewer},
	ManageApprovals:    {Administrator},
	ApproveExports:     {Administrator, Contributor},
	SecureOwnAccount:   {Administrator, Contributor, Viewer},
	UseSomeConnections: {Administrator, Contributor},
	RunSomeExports:     {Administrator, Contributor},
	SeeSomeConnections: {Administrator, Contributor},
}

// Can reports whether the actor may do the action.
func (a Actor) Can(action Action) bool {
	return a.within(action) && a.holds(action) && (!a.confined || action == SecureOwnAccount)
}

// holds reports whether the actor's role has the action, whatever her token is for.
func (a Actor) holds(action Action) bool {
	if a.system {
		return true
	}
	for _, role := range allowed[action] {
		if a.UserID != 0 && role == a.Role {
			return true
		}
	}
	return false
}

// Require returns nil when the actor may do the action, a SignedOut problem when nobody is signed in, and NotPermitted otherwise.
func (a Actor) Require(action Action) error {
	if a.Can(action) {
		return nil
	}
	return a.refuse()
}

// MayUse reports whether the actor may create, edit and remove exports on a connection with the grant.
func (a Actor) MayUse(grant Grant) bool {
	return a.may(UseSomeConnections, grant)
}

// RequireUse is MayUse as an error.
func (a Actor) RequireUse(grant Grant) error {
	return a.unless(UseSomeConnections, a.MayUse(grant))
}

// MayRun reports whether the actor may run exports on a connection, and do with the runs what there is to do. A person may
// whenever MayUse; a token may be for one of the two.
func (a Actor) MayRun(grant Grant) bool {
	return a.may(RunSomeExports, grant)
}

// RequireRun is MayRun as an error.
func (a Actor) RequireRun(grant Grant) error {
	return a.unless(RunSomeExports, a.MayRun(grant))
}

// MaySee reports whether the actor may be told name and type of a connection.
func (a Actor) MaySee(grant Grant) bool {
	return a.may(SeeSomeConnections, grant)
}

func (a Actor) may(action Action, grant Grant) bool {
	return a.Can(action) && (a.holds(ManageConnections) || a.Role == Contributor && grant.reaches(a.UserID))
}

// NotGranted is the code of the refusal of somebody whose role has the action and who is not granted the connection, or not any more.
const NotGranted = "problem.not_granted"

func (a Actor) unless(action Action, ok bool) error {
	switch {
	case ok:
		return nil
	case a.Can(action):
		return problem.New(problem.NotPermitted, NotGranted)
	}
	return a.refuse()
}

func (a Actor) refuse() error {
	switch {
	case a.UserID == 0:
		return problem.New(problem.SignedOut, "problem.signed_out")
	case a.confined:
		return problem.New(problem.NotPermitted, FactorCode)
	}
	return problem.New(problem.NotPermitted, "problem.not_permitted")
}
