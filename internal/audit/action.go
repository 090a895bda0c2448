package audit

// Action is what was done, as a translation key behind "audit.action.". What stands before the point is its area.
type Action string

// The actions, area by area. One that a page shows must be in Actions and have a text in every language.
const (
	SignedIn           Action = "account.signed_in"
	SignedOut          Action = "account.signed_out"
	SignInFailed       Action = "account.sign_in_failed"
	CodeFailed         Action = "account.code_failed"
	ConfirmFailed      Action = "account.confirm_failed"
	SignInDisabled     Action = "account.sign_in_disabled"
	SessionsEnded      Action = "account.sessions_ended"
	PasswordChanged    Action = "account.password_changed"
	PreferencesChanged Action = "account.preferences_changed"

	SetUp        Action = "user.set_up"
	UserAdded    Action = "user.added"
	UserInvited  Action = "user.invited"
	LinkIssued   Action = "user.link_issued"
	LinkUsed     Action = "user.link_used"
	RoleChanged  Action = "user.role_changed"
	UserDisabled Action = "user.disabled"
	UserEnabled  Action = "user.enabled"

	TokenMade    Action = "token.made"
	TokenRevoked Action = "token.revoked"

	ConnectionAdded    Action = "connection.added"
	ConnectionEdited   Action = "connection.edited"
	KeyEntered         Action = "connection.key_entered"
	KeyReplaced        Action = "connection.key_replaced"
	KeyDiscarded       Action = "connection.key_discarded"
	BrandAccepted      Action = "connection.brand_accepted"
	ConnectionVerified Action = "connection.verified"
	ExportUserSet      Action = "connection.export_user"
	ConsentGiven       Action = "connection.consent_given"
	ConsentWithdrawn   Action = "connection.consent_withdrawn"
	ConnectionRemoved  Action = "connection.removed"

	SourceAdded     Action = "source.added"
	SourceEdited    Action = "source.edited"
	SourceMoved     Action = "source.moved"
	SourceRemoved   Action = "source.removed"
	ImportBegun     Action = "source.import_begun"
	ImportConfirmed Action = "source.import_confirmed"
	ImportUsed      Action = "source.import_used"
	ImportDiscarded Action = "source.import_discarded"
	ImportCancelled Action = "source.import_cancelled"
	ImportUndone    Action = "source.import_undone"

	RulesSaved  Action = "profile.rules_saved"
	RulesUndone Action = "profile.rules_undone"

	AttributesCorrected Action = "profile.attributes_corrected"

	SegmentCreated     Action = "segment.created"
	SegmentEdited      Action = "segment.edited"
	SegmentActivated   Action = "segment.activated"
	SegmentDeactivated Action = "segment.deactivated"
	SegmentDeleted     Action = "segment.deleted"

	ExclusionsAdded   Action = "exclusion.added"
	ExclusionRemoved  Action = "exclusion.removed"
	SegmentExcluded   Action = "exclusion.segment_added"
	SegmentUnexcluded Action = "exclusion.segment_removed"

	ExportCreated   Action = "export.created"
	ExportEdited    Action = "export.edited"
	ExportScheduled Action = "export.scheduled"
	ExportPaused    Action = "export.paused"
	ExportResumed   Action = "export.resumed"
	ExportDetached  Action = "export.detached"
	ExportRemoved   Action = "export.removed"

	RunStarted    Action = "run.started"
	RunPaused     Action = "run.paused"
	RunResumed    Action = "run.resumed"
	RunAnswered   Action = "run.answered"
	RunCancelled  Action = "run.cancelled"
	RunTried      Action = "run.tried"
	RunEnded      Action = "run.ended"
	OutcomesAgain Action = "run.outcomes_again"

	ChainStarted   Action = "schedule.chain_started"
	ChainCancelled Action = "schedule.chain_cancelled"
	ScheduleSaved  Action = "schedule.saved"

	StopImposed Action = "stop.imposed"
	StopLifted  Action = "stop.lifted"

	AlertLimitsSaved  Action = "alert.limits_saved"
	AlertChoicesSaved Action = "alert.choices_saved"
	HookAdded         Action = "hook.added"
	HookEdited        Action = "hook.edited"
	HookRotated       Action = "hook.rotated"
	HookSwitchedOn    Action = "hook.switched_on"
	HookSwitchedOff   Action = "hook.switched_off"
	HookRemoved       Action = "hook.removed"
	HookTested        Action = "hook.tested"

	PersonErased   Action = "privacy.erased"
	PersonAllowed  Action = "privacy.allowed"
	RetentionSaved Action = "privacy.retention_saved"

	SawProfile    Action = "look.profile"
	SawSearch     Action = "look.search"
	SawSamples    Action = "look.samples"
	SawStory      Action = "look.story"
	SawRejections Action = "look.rejections"
	SawOutcomes   Action = "look.outcomes"
	SawEvidence   Action = "look.evidence"
	SawMembers    Action = "look.members"
	SawUnmatched  Action = "look.unmatched"
	SawRule       Action = "look.rule"
	SawSpecimen   Action = "look.specimen"
	SawFound      Action = "look.found"
	SawUpload     Action = "look.upload"
	SawExclusion  Action = "look.exclusion"
	SawUnmasked   Action = "look.unmasked"

	ConfigApplied Action = "system.config_applied"
	BackedUp      Action = "system.backed_up"
	Restored      Action = "system.restored"
	KeyLost       Action = "system.key_lost"
	LogDownloaded Action = "system.log_downloaded"
	LogSeen       Action = "system.log_seen"

	AskedForReset     Action = "account.asked_for_reset"
	ResetPassword     Action = "account.reset_password"
	BoundToProvider   Action = "account.bound_to_provider"
	MadeByProvider    Action = "account.made_by_provider"
	RoleByProvider    Action = "account.role_by_provider"
	RefusedByProvider Action = "account.refused_by_provider"

	CodesAdded      Action = "factor.codes_added"
	CodesRemoved    Action = "factor.codes_removed"
	PasskeyAdded    Action = "factor.passkey_added"
	PasskeyRemoved  Action = "factor.passkey_removed"
	PasskeySuspect  Action = "factor.passkey_suspect" // it counted backwards, as a copy of it would
	RecoveryRenewed Action = "factor.recovery_renewed"
	RecoveryUsed    Action = "factor.recovery_used"
	FactorsReset    Action = "factor.reset"    // all of a person, who lost them
	FactorsRequired Action = "factor.required" // who must have one
	SessionEnded    Action = "account.session_ended"
	EndedEverywhere Action = "account.signed_out_everywhere"

	ExportWentBack   Action = "export.went_back"   // to an earlier version
	SegmentWentBack  Action = "segment.went_back"  // likewise
	ScheduleWentBack Action = "schedule.went_back" // likewise

	ApprovalGiven       Action = "approval.given"
	ApprovalRefused     Action = "approval.refused"
	ApprovalSettingsSet Action = "approval.settings_changed"
	GrantChanged        Action = "connection.grant_changed"
	ExportWithdrawn     Action = "export.paused_by_withdrawal"
	SealingKeyChanged   Action = "sealing.key_changed"
	PurposeStated       Action = "export.purpose_stated"
	TermsGraceChanged   Action = "terms.grace_changed"
)

// Actions lists them all, in the order in which they are offered as filters.
var Actions = []Action{
	SignedIn, SignedOut, SignInFailed, CodeFailed, ConfirmFailed, SignInDisabled, SessionsEnded, PasswordChanged, PreferencesChanged,
	SetUp, UserAdded, UserInvited, LinkIssued, LinkUsed, RoleChanged, UserDisabled, UserEnabled,
	TokenMade, TokenRevoked,
	ConnectionAdded, ConnectionEdited, KeyEntered, KeyReplaced, KeyDiscarded, BrandAccepted, ConnectionVerified, ExportUserSet, ConsentGiven, ConsentWithdrawn, ConnectionRemoved,
	SourceAdded, SourceEdited, SourceMoved, SourceRemoved, ImportBegun, ImportConfirmed, ImportUsed, ImportDiscarded, ImportCancelled, ImportUndone,
	RulesSaved, RulesUndone, AttributesCorrected,
	SegmentCreated, SegmentEdited, SegmentActivated, SegmentDeactivated, SegmentDeleted,
	ExclusionsAdded, ExclusionRemoved, SegmentExcluded, SegmentUnexcluded,
	ExportCreated, ExportEdited, ExportScheduled, ExportPaused, ExportResumed, ExportDetached, ExportRemoved,
	RunStarted, RunPaused, RunResumed, RunAnswered, RunCancelled, RunTried, RunEnded, OutcomesAgain,
	ChainStarted, ChainCancelled, ScheduleSaved,
	StopImposed, StopLifted,
	AlertLimitsSaved, AlertChoicesSaved, HookAdded, HookEdited, HookRotated, HookSwitchedOn, HookSwitchedOff, HookRemoved, HookTested,
	PersonErased, PersonAllowed, RetentionSaved,
	SawProfile, SawSearch, SawSamples, SawStory, SawRejections, SawOutcomes, SawEvidence, SawMembers, SawUnmatched, SawRule, SawSpecimen, SawFound, SawUpload, SawExclusion, SawUnmasked,
	ConfigApplied, BackedUp, Restored, KeyLost, LogDownloaded, LogSeen,
	CodesAdded, CodesRemoved, PasskeyAdded, PasskeyRemoved, PasskeySuspect, RecoveryRenewed, RecoveryUsed, FactorsReset, FactorsRequired,
	SessionEnded, EndedEverywhere,
	ExportWentBack, SegmentWentBack, ScheduleWentBack,
	ApprovalGiven, ApprovalRefused, ApprovalSettingsSet,
	GrantChanged, ExportWithdrawn,
	SealingKeyChanged,
	TermsGraceChanged, PurposeStated,
	AskedForReset, ResetPassword, BoundToProvider, MadeByProvider, RoleByProvider, RefusedByProvider,
}
