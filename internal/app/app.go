// Package app puts the domain together: it opens the data folder and hands each service what it needs of the others. It
// holds no rule and serves no page; the commands and the tests start from it.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/alert"
	"github.com/segue-app/segue/internal/approval"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/backup"
	"github.com/segue-app/segue/internal/blueprint"
	"github.com/segue-app/segue/internal/budget"
	"github.com/segue-app/segue/internal/chain"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/erasure"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/exclusion"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/factor"
	"github.com/segue-app/segue/internal/find"
	"github.com/segue-app/segue/internal/job"
	"github.com/segue-app/segue/internal/kept"
	"github.com/segue-app/segue/internal/notice"
	"github.com/segue-app/segue/internal/notice/mail"
	"github.com/segue-app/segue/internal/oidc"
	"github.com/segue-app/segue/internal/omnisend"
	"github.com/segue-app/segue/internal/outcome"
	"github.com/segue-app/segue/internal/pace"
	"github.com/segue-app/segue/internal/processing"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/pushdown"
	"github.com/segue-app/segue/internal/reach"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/schedule"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/secretstore"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/source"
	"github.com/segue-app/segue/internal/stop"
	"github.com/segue-app/segue/internal/token"
	"github.com/segue-app/segue/internal/warehouse"
)

// Config is where the data is and how destinations are reached.
type Config struct {
	Folder      string        // of the database, the sealing key and uploads; made when it is missing
	SealingKey  secret.Source // where the sealing key comes from; the zero one means segue.key in the folder
	OmnisendURL string        // base of the API; "" means Omnisend's own
	Window      time.Duration // of Omnisend's rate limit: a minute, less only at a stand-in whose time runs faster; 0 means a minute
	MaxProfiles int           // in one export, when the contract with Omnisend allows fewer than a million; 0 means a million

	RequestsPerMinute int // of a brand, when a stand-in allows others than Omnisend; 0 means as Omnisend, below 0 no limit

	Stores secretstore.Stores // outside, that API keys may come from

	SQL     warehouse.Limits // which databases may be reached, and for how long
	Staying pushdown.Sources // whose profiles stay where they are; nil: the sources' own

	WatchFolders []string      // that sources may watch for files
	WatchQuiet   time.Duration // that a file must be unchanged before it is read by itself; 0 means some seconds

	Outcomes Outcomes // where exports may have it written what became of the profiles of their runs

	Mail      mail.Config   // how notices are mailed
	HookHosts reach.Allowed // that hooks may be at
	PublicURL string        // under which people reach the pages, for links in notices; "": notices lead nowhere

	Provider oidc.Config // where people of the company sign in; the zero Config is none

	Retention run.Retention // how long runs keep what is of use for a while only
	Clock     func() time.Time
	Log       *slog.Logger
	Account   account.Options
}

// App is the domain at work.
type App struct {
	DB          *database.DB
	Sealer      *secret.Sealer
	Events      *event.Hub
	Audit       *audit.Service
	Accounts    *account.Service
	Factors     *factor.Service
	Kept        *kept.Service
	Provider    *oidc.Provider // nil for none
	Tokens      *token.Service
	Profiles    *profile.Service
	Sources     *source.Service
	Segments    *segment.Service
	Pushdown    *pushdown.Service
	Exclusions  *exclusion.Service
	Connections *connection.Service
	Exports     *export.Service
	Approvals   *approval.Service
	Runs        *run.Service
	Schedule    *schedule.Service
	Notices     *notice.Service
	Alerts      *alert.Service
	Records     *chain.Records
	Chains      *chain.Service
	Stops       *stop.Service
	Erasures    *erasure.Service
	Processing  *processing.Service
	Blueprints  *blueprint.Service
	Budgets     *budget.Registry
	Pace        *pace.Service
	Outcomes    *outcome.Service
	Finder      *find.Service

	queue  *job.Queue
	tables *warehouse.Database // for outcomes; nil for none
	watch  func()              // ends the watch over the emergency stop, and the keeping of the pace
	ready  readiness
	log    *slog.Logger
	lock   *flock.Flock
}

// ErrInUse means that another process works on the same data folder.
var ErrInUse = errors.New("another Segue works on this data folder")

// Open opens the data folder. Nothing works in the background before Start. Close it in the end.
func Open(ctx context.Context, c Config) (opened *App, err error) {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Window == 0 {
		c.Window = time.Minute
	}
	if err := os.MkdirAll(c.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	a := &App{Events: &event.Hub{}, log: c.Log}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	if a.lock, err = lockFolder(c.Folder); err != nil {
		return nil, err
	}
	if a.DB, err = database.Open(ctx, c.Database()); err != nil {
		return nil, err
	}
	if err = backup.Finish(ctx, a.DB, c.BackupFolder(), c.Clock()); err != nil {
		return nil, err
	}
	if a.Sealer, err = a.openSealer(ctx, c); err != nil {
		return nil, err
	}
	if err = a.assemble(c); err != nil {
		return nil, err
	}
	return a, errors.Join(a.Audit.Prepare(ctx), a.Exclusions.MakeKey(ctx), a.Erasures.Prepare(ctx), a.Connections.BeginTerms(ctx))
}

func (a *App) assemble(c Config) (err error) {
	a.Audit = audit.NewService(audit.Dependencies{DB: a.DB, Sealer: a.Sealer, Clock: c.Clock, Log: c.Log})
	omni := omnisend.NewDriver(omnisend.Options{BaseURL: c.OmnisendURL, MaxProfiles: c.MaxProfiles})
	drivers := map[string]destination.Driver{omni.Info().Type: omni}
	limit := omni.Info().RequestsPerMinute
	if c.RequestsPerMinute != 0 {
		limit = max(c.RequestsPerMinute, 0)
	}
	a.Budgets = budget.NewRegistry(limit, c.Window, run.RequestTimes(a.DB, c.Clock))
	a.Pace = pace.NewService(pace.Dependencies{DB: a.DB, Counts: a.Budgets, Clock: c.Clock, Log: c.Log})
	c.Account.Clock = c.Clock
	a.Accounts = account.New(a.DB, c.Account)
	a.Kept = kept.NewService(a.DB, a.Sealer, c.Clock)
	if a.Provider, err = oidc.New(c.Provider, c.Clock); err != nil {
		return fmt.Errorf("the provider: %w", err)
	}
	a.Factors = factor.NewService(factor.Dependencies{DB: a.DB, Sealer: a.Sealer, Accounts: a.Accounts, Clock: c.Clock, Log: c.Log})
	a.Tokens = token.NewService(a.DB, a.Accounts, c.Clock)
	a.Accounts.OnDisable(a.Tokens.EndAll)
	a.Profiles = profile.NewService(a.DB, a.Events, c.Clock)
	a.Sources = source.NewService(a.DB, a.Profiles, a.Events, c.Clock, source.Options{Folder: filepath.Join(c.Folder, uploadsName), Log: c.Log,
		Watch: c.WatchFolders, Quiet: c.WatchQuiet, Sealer: a.Sealer, SQL: c.SQL})
	a.Segments = segment.NewService(a.DB, a.Profiles, a.Events, c.Clock)
	if c.Staying == nil {
		c.Staying = staying{a.Sources}
	}
	a.Pushdown = pushdown.NewService(c.Staying, c.SQL)
	a.Segments.SetBases(a.Pushdown)
	a.Sources.SetUses(a.Segments.OfSource)
	a.Connections = connection.NewService(connection.Dependencies{DB: a.DB, Sealer: a.Sealer, Stores: c.Stores, Drivers: drivers, Accounts: a.Accounts,
		Gates: gates{a.Budgets}, Clock: c.Clock, Events: a.Events})
	a.Accounts.OnLeave(a.Connections.Forget)
	a.Accounts.OnChange(func(userID int64) { a.Events.Publish(event.OfPerson(userID), "connections", export.Topic) })
	a.Exports = export.NewService(export.Dependencies{DB: a.DB, Profiles: a.Profiles, Remote: a.Pushdown, Segments: a.Segments, Connections: a.Connections,
		Drivers: drivers, Places: c.Outcomes.places(), Events: a.Events, Clock: c.Clock})
	a.Approvals = approval.NewService(approval.Dependencies{DB: a.DB, Exports: a.Exports, People: a.Accounts, Events: a.Events, Clock: c.Clock})
	a.Exports.SetApprovals(a.Approvals)
	a.Connections.SetDependents(a.Exports.Dependents())
	a.Blueprints = blueprint.NewService(a.Connections, a.Segments, a.Exports, a.Pushdown, a.Audit)
	a.Exclusions = exclusion.NewService(a.DB, a.Sealer, a.Segments, c.Clock)
	a.Exclusions.SetRemote(a.Pushdown)
	a.Segments.SetUses(uses{a.Exports.Dependents(), a.Exclusions})
	a.Segments.OnChange(a.Exclusions.SegmentChanged)
	a.Stops = stop.NewService(a.DB, c.Clock)
	a.Runs = run.NewService(run.Dependencies{DB: a.DB, Profiles: a.Profiles, Remote: a.Pushdown, Segments: a.Segments, Connections: a.Connections,
		Exports: a.Exports, Exclusions: a.Exclusions, Stops: a.Stops, Drivers: drivers, Sealer: a.Sealer, Retention: c.Retention, Budgets: a.Budgets, Events: a.Events, Clock: c.Clock, Log: c.Log})
	writing := outcome.Dependencies{DB: a.DB, Runs: a.Runs, Exports: a.Exports, Places: c.Outcomes.places(), Events: a.Events, Clock: c.Clock, Log: c.Log}
	if c.Outcomes.Address.Host != "" {
		if a.tables, err = c.Outcomes.tables(); err != nil {
			return fmt.Errorf("the database for outcomes: %w", err)
		}
		writing.Tables = a.tables
	}
	a.Outcomes = outcome.NewService(writing)
	a.Runs.OnEnd(a.Outcomes.Ended)
	a.Erasures = erasure.NewService(erasure.Dependencies{DB: a.DB, Sealer: a.Sealer, Profiles: a.Profiles, Sources: a.Sources,
		Segments: a.Segments, Exclusions: a.Exclusions, Runs: a.Runs, Events: a.Events, Clock: c.Clock, Log: c.Log, Longest: c.Retention})
	a.Sources.LeaveOut(a.Erasures)
	a.Runs.LeaveOut(a.Erasures)
	a.Processing = processing.NewService(processing.Dependencies{DB: a.DB, Exports: a.Exports, Connections: a.Connections, Segments: a.Segments, Exclusions: a.Exclusions,
		Retention: a.Erasures, Clock: c.Clock})
	a.Finder = find.NewService(a.DB)
	a.Records = chain.NewRecords(a.DB)
	a.Chains = chain.NewService(chain.Dependencies{DB: a.DB, Sources: a.Sources, Profiles: a.Profiles, Segments: a.Segments, Exports: a.Exports, Runs: a.Runs,
		SkipsOnFailure: schedule.SkipsOnFailure, Events: a.Events, Clock: c.Clock, Log: c.Log})
	a.Schedule = schedule.NewService(schedule.Dependencies{DB: a.DB, Chains: a.Chains, Exports: a.Exports, Events: a.Events, Clock: c.Clock})
	post, err := mail.New(c.Mail)
	if err != nil {
		return err
	}
	a.Notices = notice.NewService(notice.Dependencies{DB: a.DB, Sealer: a.Sealer, Events: a.Events, People: a.Accounts, Clock: c.Clock, Log: c.Log,
		Mail: post, Hosts: c.HookHosts, PublicURL: c.PublicURL})
	a.Accounts.SetPost(a.Notices)
	a.Alerts = alert.NewService(alert.Dependencies{DB: a.DB, Exports: a.Exports, Runs: a.Runs, Connections: a.Connections, Sources: a.Sources, Schedule: a.Schedule, Stops: a.Stops,
		Accounts: a.Accounts, Notices: a.Notices, RunsAtOnce: run.PerBrand, Events: a.Events, Clock: c.Clock, Log: c.Log})
	a.queue, err = job.New(a.DB, job.Work{Runs: a.Runs, Imports: imports{a}, Segments: a.Segments, Schedule: a.Schedule, Chains: a.Chains, Erasures: a.Erasures, Notices: a.Notices, Outcomes: a.Outcomes, Housekeeping: housekeeping{a}}, quiet(c.Log))
	if err != nil {
		return err
	}
	a.Runs.SetQueue(a.queue)
	a.Sources.StartWith(a.queue)
	a.Segments.SetQueue(a.queue)
	a.Chains.SetQueue(a.queue)
	a.Erasures.SetQueue(a.queue)
	a.Notices.SetQueue(a.queue)
	a.Outcomes.SetQueue(a.queue)
	return nil
}

// uses says what a segment is part of, whoever knows it.
type uses []segment.Uses

// OfSegment lists all uses.
func (u uses) OfSegment(ctx context.Context, q database.Querier, segmentID int64) (found []segment.Use, err error) {
	for _, who := range u {
		some, err := who.OfSegment(ctx, q, segmentID)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

// housekeeping drops what nobody needs any more.
type housekeeping struct{ app *App }

// Tidy drops drafts of connections that were left, files that nobody confirmed, uploaded lists that neither a segment nor a run
// uses, sizes of segments that are close together and old, forms that wait for a confirmation, minutes of request budgets, notices that are old, and what runs keep for a while only.
func (h housekeeping) Tidy(ctx context.Context) error {
	if err := h.app.Erasures.Tidy(ctx); err != nil { // first: it counts what it removes
		return err
	}
	if err := h.app.Sources.EndForgotten(ctx); err != nil {
		return err
	}
	lists, err := h.app.Runs.ListsInUse(ctx)
	if err != nil {
		return err
	}
	if _, err := h.app.Segments.PruneLists(ctx, lists); err != nil {
		return err
	}
	if err := h.app.Segments.ThinSizes(ctx); err != nil {
		return err
	}
	if err := h.app.Pace.Tidy(ctx); err != nil {
		return err
	}
	if err := h.app.Kept.Tidy(ctx); err != nil {
		return err
	}
	if err := h.app.Factors.Tidy(ctx); err != nil {
		return err
	}
	if err := h.app.Notices.Tidy(ctx); err != nil {
		return err
	}
	_, err = h.app.Connections.DropOld(ctx)
	return err
}

// quiet keeps the job queue's own chatter out of the log; its warnings stay.
func quiet(log *slog.Logger) *slog.Logger {
	return slog.New(levelled{log.Handler()})
}

type levelled struct{ slog.Handler }

// Enabled lets warnings and worse through.
func (l levelled) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && l.Handler.Enabled(ctx, level)
}

// Start takes up what an earlier process left, and begins to work in the background.
func (a *App) Start(ctx context.Context) error {
	if err := a.Profiles.Recover(ctx); err != nil {
		return fmt.Errorf("take up profiles: %w", err)
	}
	if err := a.Sources.Recover(ctx); err != nil {
		return fmt.Errorf("take up imports: %w", err)
	}
	if err := a.Runs.Recover(ctx); err != nil {
		return fmt.Errorf("take up runs: %w", err)
	}
	if err := a.Chains.Recover(ctx); err != nil {
		return fmt.Errorf("take up chains: %w", err)
	}
	if err := a.Segments.Recover(ctx); err != nil {
		return fmt.Errorf("take up sizes of segments: %w", err)
	}
	if err := a.Notices.Recover(ctx); err != nil {
		return fmt.Errorf("take up notices: %w", err)
	}
	if err := a.Outcomes.Recover(ctx); err != nil {
		return fmt.Errorf("take up outcomes: %w", err)
	}
	if err := a.queue.Start(ctx); err != nil {
		return err
	}
	watching, end := context.WithCancel(context.WithoutCancel(ctx))
	var group sync.WaitGroup
	group.Go(func() { a.Runs.Watch(watching) })
	group.Go(func() { a.Pace.Keep(watching) })
	group.Go(func() { a.Alerts.Watch(watching) })
	group.Go(func() { a.Connections.Watch(watching) })
	group.Go(func() { a.Audit.Watch(watching) })
	group.Go(func() {
		a.Accounts.WriteResets(watching, func(err error) {
			a.log.ErrorContext(watching, "a letter for a new password was not written", "error", err)
		})
	})
	a.watch = func() {
		end()
		group.Wait()
	}
	return a.begun(ctx)
}

// Stop lets the work under way come to a point from where it goes on at the next start, within the context's time.
func (a *App) Stop(ctx context.Context) error {
	return errors.Join(a.Rest(ctx), a.Close())
}

// Rest is the first part of Stop: nothing works in the background any more. Close is the second.
func (a *App) Rest(ctx context.Context) error {
	a.Stopping()
	a.Chains.Shutdown()
	a.Runs.Shutdown()
	if a.watch != nil {
		a.watch()
	}
	return errors.Join(a.queue.Stop(ctx), a.Audit.Seal(ctx))
}

// Close lets go of the data folder, of which nothing in the background may make use any more.
func (a *App) Close() error {
	var err error
	if a.watch != nil { // requests that ended since Rest left entries
		sealing, cancel := context.WithTimeout(context.Background(), sealWithin)
		err = a.Audit.Seal(sealing)
		cancel()
	}
	return errors.Join(err, a.close())
}

// sealWithin is how long the last seal of the audit log may take.
const sealWithin = 2 * time.Second

func (a *App) close() error {
	var err error
	if a.Pushdown != nil {
		a.Pushdown.Close()
	}
	if a.tables != nil {
		err = a.tables.Close()
	}
	if a.DB != nil {
		err = errors.Join(err, a.DB.Close())
	}
	if a.lock != nil {
		err = errors.Join(err, a.lock.Unlock())
	}
	return err
}

// gates gives the connection package its places in the budgets.
type gates struct{ budgets *budget.Registry }

// Gate is a place in a brand's budget.
func (g gates) Gate(brandID, holder string) destination.Gate {
	return lazy{g.budgets, brandID, holder}
}

// Spent counts requests that were made just now without asking.
func (g gates) Spent(ctx context.Context, brandID string, requests int) error {
	b, err := g.budgets.For(ctx, brandID)
	if err != nil {
		return err
	}
	b.Spend(requests)
	return nil
}

// lazy finds the budget when it is needed, since that may read the database.
type lazy struct {
	budgets         *budget.Registry
	brandID, holder string
}

// Enter waits for a place.
func (l lazy) Enter(ctx context.Context) (func(destination.Answer), error) {
	b, err := l.budgets.For(ctx, l.brandID)
	if err != nil {
		return nil, err
	}
	return b.Gate(l.holder).Enter(ctx)
}
