package web

import "github.com/segue-app/segue/internal/app"

// Of gives the parts of an application that the pages call.
func Of(a *app.App) Services {
	return Services{
		Accounts: a.Accounts, Factors: a.Factors, Kept: a.Kept, Provider: a.Provider, Tokens: a.Tokens,
		Profiles: a.Profiles, Sources: a.Sources, Pushdown: a.Pushdown, Segments: a.Segments, Exclusions: a.Exclusions,
		Connections: a.Connections, Exports: a.Exports, Approvals: a.Approvals, Runs: a.Runs, Outcomes: a.Outcomes, Pace: a.Pace,
		Schedule: a.Schedule, Records: a.Records, Chains: a.Chains, Alerts: a.Alerts, Notices: a.Notices, Stops: a.Stops,
		Erasures: a.Erasures, Processing: a.Processing, Audit: a.Audit, Blueprints: a.Blueprints, Finder: a.Finder, Events: a.Events,
	}
}
