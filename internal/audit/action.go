package audit

// Action is what was done, as a translation key behind "audit.action.". What stands before the point is its area.
type Action string

// The actions, area by area. One that a page shows must be in Actions and have a text in every language.
const (
	SignedIn Action = "account.signed_in"
)

// Actions lists them all, in the order in which they are offered as filters.
var Actions = []Action{
	SignedIn,
}
