package audit

// Action is what was done, as a translation key behind "audit.action.". What stands before the point is its area.
type Action string

// The actions, area by area. One that a page shows must be in Actions and have a text in every language.
const (
	SignedIn Action = "account.signed_in"

	ExportWentBack   Action = "export.went_back"   // to an earlier version
	SegmentWentBack  Action = "segment.went_back"  // likewise
	ScheduleWentBack Action = "schedule.went_back" // likewise

	ApprovalGiven       Action = "approval.given"
	ApprovalRefused     Action = "approval.refused"
	ApprovalSettingsSet Action = "approval.settings_changed"
	GrantChanged        Action = "connection.grant_changed"
	ExportWithdrawn     Action = "export.paused_by_withdrawal"
	SealingKeyChanged   Action = "sealing.key_changed"
	TermsGraceChanged   Action = "terms.grace_changed"
)

// Actions lists them all, in the order in which they are offered as filters.
var Actions = []Action{
	SignedIn,
	ExportWentBack, SegmentWentBack, ScheduleWentBack,
	ApprovalGiven, ApprovalRefused, ApprovalSettingsSet,
	GrantChanged, ExportWithdrawn,
	SealingKeyChanged,
	TermsGraceChanged,
}
