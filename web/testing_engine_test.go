package web

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/alert"
	"github.com/segue-app/segue/internal/approval"
	"github.com/segue-app/segue/internal/budget"
	"github.com/segue-app/segue/internal/chain"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/erasure"
	"github.com/segue-app/segue/internal/exclusion"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/notice"
	"github.com/segue-app/segue/internal/omnisend"
	"github.com/segue-app/segue/internal/outcome"
	"github.com/segue-app/segue/internal/pace"
	"github.com/segue-app/segue/internal/processing"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/schedule"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/stop"
	"github.com/segue-app/segue/internal/testkit"
)

// heldQueue takes work and lets it wait: runs stay queued, and chains until the test has them carried out.
type heldQueue struct{}

func (heldQueue) EnqueueRun(context.Context, database.Tx, int64) error { return nil }

func (heldQueue) EnqueueErasure(context.Context, database.Tx, int64) error { return nil }

func (heldQueue) EnqueueNotice(context.Context, database.Tx, int64, int64, bool) error { return nil }

func (heldQueue) EnqueueChain(context.Context, database.Tx, int64) error { return nil }

func (heldQueue) EnqueueOutcomes(context.Context, database.Tx, int64) error { return nil }

// outcomePlaces are those that the operator of the tests allows.
var outcomePlaces = export.OutcomePlaces{Folders: []string{"/srv/outcomes", "/srv/more"}}

// withEngine adds exports, runs and the schedule to the services that are there. Nothing of it works in the background.
func withEngine(t testing.TB, services Services, db *database.DB, clock *testkit.Clock) Services {
	t.Helper()
	omni := omnisend.NewDriver(omnisend.Options{})
	drivers := map[string]destination.Driver{omni.Info().Type: omni}
	log := slog.New(slog.DiscardHandler)
	services.Exports = export.NewService(export.Dependencies{DB: db, Profiles: services.Profiles, Segments: services.Segments,
		Connections: services.Connections, Drivers: drivers, Places: outcomePlaces, Events: services.Events, Clock: clock.Now})
	services.Approvals = approval.NewService(approval.Dependencies{DB: db, Exports: services.Exports, People: services.Accounts, Events: services.Events, Clock: clock.Now})
	services.Exports.SetApprovals(services.Approvals)
	sealer, err := secret.NewSealer(bytes.Repeat([]byte{7}, secret.KeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	services.Exclusions = exclusion.NewService(db, sealer, services.Segments, clock.Now)
	services.Stops = stop.NewService(db, clock.Now)
	budgets := budget.NewRegistry(100, time.Minute, run.RequestTimes(db, clock.Now))
	services.Pace = pace.NewService(pace.Dependencies{DB: db, Counts: budgets, Clock: clock.Now, Log: log})
	services.Runs = run.NewService(run.Dependencies{DB: db, Stops: services.Stops, Profiles: services.Profiles, Segments: services.Segments,
		Connections: services.Connections, Exclusions: services.Exclusions, Exports: services.Exports, Drivers: drivers, Queue: heldQueue{},
		Budgets: budgets, Events: services.Events, Clock: clock.Now, Log: log})
	services.Outcomes = outcome.NewService(outcome.Dependencies{DB: db, Runs: services.Runs, Exports: services.Exports, Places: outcomePlaces, Events: services.Events,
		Clock: clock.Now, Log: log})
	services.Outcomes.SetQueue(heldQueue{})
	chains := chain.NewService(chain.Dependencies{DB: db, Sources: services.Sources, Profiles: services.Profiles, Segments: services.Segments, Exports: services.Exports,
		Runs: services.Runs, SkipsOnFailure: schedule.SkipsOnFailure, Events: services.Events, Clock: clock.Now, Log: log})
	chains.SetQueue(heldQueue{})
	services.Chains = chains
	services.Schedule = schedule.NewService(schedule.Dependencies{DB: db, Chains: chains, Exports: services.Exports, Events: services.Events, Clock: clock.Now})
	services.Notices = notice.NewService(notice.Dependencies{DB: db, Sealer: sealer, Events: services.Events, People: services.Accounts, Clock: clock.Now, Log: log,
		Hosts: hookHosts(t), Mail: mailSender(t)})
	services.Notices.SetQueue(heldQueue{})
	services.Alerts = alert.NewService(alert.Dependencies{DB: db, Exports: services.Exports, Runs: services.Runs, Connections: services.Connections, Sources: services.Sources,
		Schedule: services.Schedule, Stops: services.Stops, Accounts: services.Accounts, Notices: services.Notices, Events: services.Events, Clock: clock.Now, Log: log})
	services.Records = chain.NewRecords(db)
	services.Erasures = erasure.NewService(erasure.Dependencies{DB: db, Sealer: sealer, Profiles: services.Profiles, Sources: services.Sources,
		Segments: services.Segments, Exclusions: services.Exclusions, Runs: services.Runs, Events: services.Events, Clock: clock.Now, Log: log})
	services.Erasures.SetQueue(heldQueue{})
	services.Processing = processing.NewService(processing.Dependencies{DB: db, Exports: services.Exports, Connections: services.Connections, Segments: services.Segments,
		Exclusions: services.Exclusions, Retention: services.Erasures, Clock: clock.Now})
	return services
}
