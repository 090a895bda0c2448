package help

import "github.com/segue-app/segue/internal/access"

// Guide follows the pages in the order in which one needs them.
var Guide = []Section{
	{ID: "overview", Steps: 5, Notes: 1, to: home},
	{ID: "first", Notes: 1, to: home, Parts: []Section{
		{ID: "first.profiles", Steps: 4, Notes: 1, to: profiles},
		{ID: "first.segment", Steps: 4, to: segments},
		{ID: "first.connection", Steps: 7, to: connections},
		{ID: "first.export", Steps: 7, to: exports},
		{ID: "first.run", Steps: 2, Notes: 1, to: exports},
	}},
	{ID: "roles", Notes: 4, to: users, Parts: []Section{
		{ID: "roles.invite", Steps: 3, Notes: 1, to: users},
		{ID: "roles.change", Steps: 3, Notes: 1, to: users},
		{ID: "roles.factors", Steps: 3, Notes: 1, to: users},
	}},
	{ID: "profiles", Steps: 4, Notes: 2, to: profiles, Parts: []Section{
		{ID: "profiles.attributes", Steps: 4, Notes: 1, to: profiles},
		{ID: "profiles.story", Steps: 3, to: place{"/story", "story.title", access.SeePersonalData}},
	}},
	{ID: "sources", Notes: 1, to: sources, Parts: []Section{
		{ID: "sources.folder", Steps: 5, to: sources},
		{ID: "sources.sql", Steps: 5, Notes: 1, to: sources},
		{ID: "sources.unification", Steps: 4, to: place{"/profiles/unification", "unification.title", access.ManageProfiles}},
		{ID: "sources.undo", Steps: 2, Notes: 1, to: sources},
	}},
	{ID: "segments", Steps: 4, Notes: 3, to: segments, Parts: []Section{
		{ID: "segments.list", Steps: 3, Notes: 1, to: segments},
		{ID: "segments.state", Steps: 3, to: segments},
	}},
	{ID: "exclusions", Steps: 3, Notes: 3, to: place{"/exclusions", "layout.nav.exclusions", access.LookAround}},
	{ID: "connections", Steps: 6, to: connections, Parts: []Section{
		{ID: "connections.key", Steps: 3, Notes: 1, to: connections},
		{ID: "connections.consent", Steps: 3, Notes: 1, to: connections},
		{ID: "connections.access", Steps: 3, to: connections},
		{ID: "connections.remove", Steps: 3, to: connections},
	}},
	{ID: "secrets", Steps: 4, Notes: 3, to: connections},
	{ID: "exports", Steps: 6, Notes: 3, to: exports, Parts: []Section{
		{ID: "exports.matching", Steps: 5, Notes: 2, to: exports},
		{ID: "exports.consent", Steps: 3, Notes: 1, to: exports},
		{ID: "exports.try", Steps: 3, Notes: 2, to: exports},
		{ID: "exports.act", Steps: 4, to: exports},
	}},
	{ID: "runs", Steps: 4, Notes: 2, to: runs, Parts: []Section{
		{ID: "runs.rejected", Steps: 3, Notes: 1, to: runs},
		{ID: "runs.pause", Steps: 3, Notes: 2, to: runs},
		{ID: "runs.stop", Steps: 3, to: status},
	}},
	{ID: "schedule", Steps: 2, Notes: 3, to: schedule, Parts: []Section{
		{ID: "schedule.set", Steps: 6, to: schedule},
		{ID: "schedule.export", Steps: 3, to: exports},
	}},
	{ID: "status", Steps: 3, Notes: 1, to: status},
	{ID: "alerts", Steps: 3, Notes: 4, to: place{"/system/alerts", "layout.nav.alerts", access.LookAround}, Parts: []Section{
		{ID: "alerts.own", Steps: 3, to: account},
	}},
	{ID: "hooks", Steps: 5, Notes: 2, to: place{"/system/hooks", "notice.title", access.ManageHooks}},
	{ID: "versions", Steps: 4, Notes: 2},
	{ID: "approvals", Steps: 3, Notes: 2, to: place{"/system/approvals", "layout.nav.approvals", access.ManageApprovals}, Parts: []Section{
		{ID: "approvals.give", Steps: 3, to: exports},
	}},
	{ID: "privacy", to: privacy, Parts: []Section{
		{ID: "privacy.person", Steps: 5, Notes: 1, to: privacy},
		{ID: "privacy.retention", Steps: 2, to: place{"/privacy/retention", "erasure.retention.title", access.ManagePrivacy}},
		{ID: "privacy.terms", Steps: 3, to: place{"/privacy/terms", "processing.terms.title", access.ManagePrivacy}},
		{ID: "privacy.record", Steps: 3, to: place{"/privacy/record", "processing.record.title", access.ManagePrivacy}},
	}},
	{ID: "audit", Steps: 4, Notes: 1, to: place{"/audit", "layout.nav.audit", access.ReadAudit}},
	{ID: "account", Steps: 3, to: account, Parts: []Section{
		{ID: "account.passkey", Steps: 3, Notes: 1, to: factors},
		{ID: "account.codes", Steps: 4, to: factors},
		{ID: "account.recovery", Steps: 2, Notes: 1, to: factors},
		{ID: "account.sessions", Steps: 2, Notes: 1, to: account},
		{ID: "account.tokens", Steps: 4, Notes: 1, to: place{"/account/tokens", "token.title", access.ManageOwnAccount}},
		{ID: "account.password", Steps: 2, Notes: 1, to: account},
	}},
	{ID: "trouble", Parts: []Section{
		{ID: "trouble.export", Notes: 1, to: exports},
		{ID: "trouble.run", Notes: 1, to: runs},
		{ID: "trouble.waits", Notes: 1, to: status},
		{ID: "trouble.rejected", Notes: 1, to: runs},
		{ID: "trouble.key", Notes: 1, to: connections},
		{ID: "trouble.import", Notes: 1, to: sources},
		{ID: "trouble.fewer", Notes: 1, to: segments},
		{ID: "trouble.account", Notes: 1},
		{ID: "trouble.changed", Notes: 1},
		{ID: "trouble.us", Notes: 1, to: status},
	}},
}

// Pages that several parts of the guide lead to.
var (
	home        = place{"/", "layout.nav.home", access.LookAround}
	profiles    = place{"/profiles", "layout.nav.profiles", access.LookAround}
	sources     = place{"/sources", "layout.nav.sources", access.ManageProfiles}
	segments    = place{"/segments", "layout.nav.segments", access.LookAround}
	exports     = place{"/exports", "layout.nav.exports", access.LookAround}
	connections = place{"/connections", "layout.nav.connections", access.ManageConnections}
	users       = place{"/users", "layout.nav.users", access.ManageUsers}
	runs        = place{"/runs", "runs.title", access.LookAround}
	status      = place{"/system/status", "layout.nav.status", access.LookAround}
	schedule    = place{"/system/schedule", "schedule.title", access.ManageSchedule}
	privacy     = place{"/privacy", "layout.nav.privacy", access.ManagePrivacy}
	account     = place{"/account", "layout.person.account", access.ManageOwnAccount}
	factors     = place{"/account/factors", "factor.title", access.SecureOwnAccount}
)
