package alert

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/chain"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/notice"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/schedule"
	"github.com/segue-app/segue/internal/source"
)

// Exports, Runs, Connections, Sources, Plan and Stops say how things stand.
type (
	Exports interface {
		Health(ctx context.Context, q database.Querier) ([]export.Health, error)
	}
	Runs interface {
		Health(ctx context.Context, q database.Querier) ([]run.Health, error)
	}
	Connections interface {
		All(ctx context.Context, q database.Querier) ([]connection.Connection, error)
		AgreeBy(ctx context.Context, q database.Querier, c connection.Connection) (time.Time, error)
		DestinationName(kind string) string
	}
	Sources interface {
		Health(ctx context.Context, q database.Querier) ([]source.Health, error)
	}
	Plan interface {
		Health(ctx context.Context, q database.Querier) (schedule.Health, error)
	}
	Stops interface {
		Stands(ctx context.Context) (bool, error)
	}
)

// Accounts says whom there is to tell.
type Accounts interface {
	Users(ctx context.Context, actor access.Actor) ([]account.User, error)
	User(ctx context.Context, id int64) (account.User, error)
}

// Notices takes messages, and sends them when the transaction is committed.
type Notices interface {
	ToPerson(ctx context.Context, tx database.Tx, userID int64, m notice.Message) error
	ToHook(ctx context.Context, tx database.Tx, hookID int64, m notice.Message) error
	Hooks(ctx context.Context, q database.Querier) ([]notice.Hook, error)
}

// Dependencies are all that the service needs.
type Dependencies struct {
	DB          *database.DB
	Exports     Exports
	Runs        Runs
	Connections Connections
	Sources     Sources
	Schedule    Plan
	Stops       Stops
	Accounts    Accounts
	Notices     Notices
	RunsAtOnce  int // how many runs can be under way: one more waits for its turn, and that is no fault; 0: any number
	Events      *event.Hub
	Clock       func() time.Time
	Log         *slog.Logger
}

// Service opens and closes alerts, and has people and hooks told.
type Service struct {
	db          *database.DB
	exports     Exports
	runs        Runs
	connections Connections
	sources     Sources
	schedule    Plan
	stops       Stops
	accounts    Accounts
	notices     Notices
	runsAtOnce  int
	events      *event.Hub
	clock       func() time.Time
	log         *slog.Logger

	looking sync.Mutex // held by the one who looks
	rhythm  rhythm
}

// NewService makes the service.
func NewService(d Dependencies) *Service {
	return &Service{db: d.DB, exports: d.Exports, runs: d.Runs, connections: d.Connections, sources: d.Sources, schedule: d.Schedule, stops: d.Stops,
		accounts: d.Accounts, notices: d.Notices, runsAtOnce: d.RunsAtOnce, events: d.Events, clock: d.Clock, log: d.Log, rhythm: calm}
}

// rhythm is how often Watch looks: after so long without an event, and not sooner after an event than it takes to gather those
// that come together, nor sooner after the last look than rest, which grows with what a look takes.
type rhythm struct{ every, gather, rest time.Duration }

var calm = rhythm{every: 30 * time.Second, gather: 500 * time.Millisecond, rest: 5 * time.Second}

// restTimes is how many times longer than it looks Watch rests at least.
const restTimes = 20

// watched are the topics after which things may stand otherwise.
var watched = []string{run.ListTopic, export.Topic, source.SourcesTopic, source.ImportsTopic, chain.Topic, schedule.Topic}

// Watch looks again and again until ctx ends: when something has changed, and every half minute, since time alone makes alerts.
func (s *Service) Watch(ctx context.Context) {
	listener := s.events.Listen(watched...)
	defer listener.Close()
	for {
		began := time.Now()
		if err := s.Look(ctx); err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "alerts could not be judged; tried again soon", "error", err)
		}
		if !wait(ctx, max(s.rhythm.rest, restTimes*time.Since(began)), nil) {
			return
		}
		if !wait(ctx, s.rhythm.every, listener.Ready()) {
			return
		}
		if len(listener.Take()) > 0 && !wait(ctx, s.rhythm.gather, nil) {
			return
		}
	}
}

// wait waits for so long, or until ready; it reports false when ctx has ended.
func wait(ctx context.Context, long time.Duration, ready <-chan struct{}) bool {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case <-ready:
	}
	return ctx.Err() == nil
}
