package connection

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/secretstore"
)

// Drivers are the kinds of destination that there are, by their type.
type Drivers map[string]destination.Driver

// Accounts knows the people.
type Accounts interface {
	// Actor gives a person as she may act now, and a Problem when she may not at all.
	Actor(ctx context.Context, userID int64) (access.Actor, error)
	// Contributors are those who have the role and are not disabled, by name.
	Contributors(ctx context.Context, q database.Querier) ([]access.Actor, error)
}

// Gates gives a place in the request budget of a brand. holder says what for ("verify").
type Gates interface {
	Gate(brandID string, holder string) destination.Gate
	// Spent counts requests to a brand that were made just now without asking at its gate.
	Spent(ctx context.Context, brandID string, requests int) error
}

// Dependents knows what uses connections, and acts on it within the transaction of the change that made it necessary.
type Dependents interface {
	OnConnection(ctx context.Context, q database.Querier, id int64) ([]Dependent, error)
	// Makers are those who made or changed an export.
	Makers(ctx context.Context, q database.Querier, exportID int64) ([]int64, error)
	Detach(ctx context.Context, tx database.Tx, actor access.Actor, exportIDs []int64) error
	Remove(ctx context.Context, tx database.Tx, actor access.Actor, exportIDs []int64) error
	Pause(ctx context.Context, tx database.Tx, actor access.Actor, exportIDs []int64) error
}

// Dependent is an export that uses a connection.
type Dependent struct {
	ID     int64
	Name   string
	Paused bool
}

// Dependencies are what the service works with.
type Dependencies struct {
	DB       *database.DB
	Sealer   *secret.Sealer
	Stores   secretstore.Stores // outside, that keys may come from; may be nil
	Drivers  Drivers
	Accounts Accounts
	Gates    Gates
	Clock    func() time.Time
	Events   *event.Hub
	Patience time.Duration // how long a person waits for a destination; 0 means 20 seconds
}

// Service is everything that is done with connections. Every method that takes an actor checks first whether the actor may.
type Service struct {
	db         *database.DB
	sealer     *secret.Sealer
	stores     secretstore.Stores
	drivers    Drivers
	accounts   Accounts
	gates      Gates
	clock      func() time.Time
	events     *event.Hub
	dependents Dependents
	patience   time.Duration
	changes    atomic.Uint64

	mutex  sync.Mutex
	prints map[int64][32]byte // hashes of keys in stores that were proved here last, whatever came of it, by connection
}

// NewService puts the service together. SetDependents must follow before connections are in use.
func NewService(d Dependencies) *Service {
	if d.Patience == 0 {
		d.Patience = 20 * time.Second
	}
	return &Service{
		db: d.DB, sealer: d.Sealer, stores: d.Stores, prints: map[int64][32]byte{}, drivers: d.Drivers, accounts: d.Accounts, gates: d.Gates, clock: d.Clock, events: d.Events,
		dependents: nothing{}, patience: d.Patience,
	}
}

// SetDependents says who knows what uses a connection. It is apart from NewService because they know connections too.
func (s *Service) SetDependents(d Dependents) { s.dependents = d }

// nothing uses connections until somebody says otherwise.
type nothing struct{}

func (nothing) OnConnection(context.Context, database.Querier, int64) ([]Dependent, error) {
	return nil, nil
}
func (nothing) Makers(context.Context, database.Querier, int64) ([]int64, error) { return nil, nil }
func (nothing) Detach(context.Context, database.Tx, access.Actor, []int64) error { return nil }
func (nothing) Remove(context.Context, database.Tx, access.Actor, []int64) error { return nil }
func (nothing) Pause(context.Context, database.Tx, access.Actor, []int64) error  { return nil }

// Overview is a connection as administrators see it.
type Overview struct {
	Connection
	DestinationName string
	Obstacle        Obstacle
	Dependents      []Dependent
	KeyChange       KeyChange
	AgreeBy         time.Time // until when the consent to older terms holds; zero when nobody need agree again
}

// KeyChange is a key that is to replace the connection's and does not yet. The zero KeyChange is none.
type KeyChange struct {
	ID    int64
	From  secretstore.Reference // empty: it was typed
	Brand destination.Brand     // empty: not proved yet
	At    time.Time
}

// Waiting reports whether there is a key to be proved or confirmed.
func (k KeyChange) Waiting() bool { return k.ID != 0 }

// Kinds lists the kinds of destination that can be chosen, by name.
func (s *Service) Kinds() []destination.Info {
	kinds := make([]destination.Info, 0, len(s.drivers))
	for _, driver := range s.drivers {
		kinds = append(kinds, driver.Info())
	}
	slices.SortFunc(kinds, func(a, b destination.Info) int {
		if nameKey(a.Name) < nameKey(b.Name) {
			return -1
		}
		return 1
	})
	return kinds
}

// DestinationName is the proper name of a kind of destination; the type itself when this program does not know it.
func (s *Service) DestinationName(kind string) string {
	if driver, ok := s.drivers[kind]; ok {
		return driver.Info().Name
	}
	return kind
}

func (s *Service) driver(kind string) (destination.Driver, error) {
	driver, ok := s.drivers[kind]
	if !ok {
		return nil, problem.New(problem.Conflict, "connections.problem.type_unknown", "Type", kind)
	}
	return driver, nil
}

// List gives all connections in use, by name, for administrators.
func (s *Service) List(ctx context.Context, actor access.Actor) ([]Overview, error) {
	if err := actor.Require(access.ManageConnections); err != nil {
		return nil, err
	}
	connections, err := list(ctx, s.db.Reader())
	if err != nil {
		return nil, err
	}
	overviews := make([]Overview, 0, len(connections))
	for _, c := range connections {
		overview, err := s.overview(ctx, c)
		if err != nil {
			return nil, err
		}
		overviews = append(overviews, overview)
	}
	return overviews, nil
}

// Get gives one connection in use, for administrators.
func (s *Service) Get(ctx context.Context, actor access.Actor, id int64) (Overview, error) {
	if err := actor.Require(access.ManageConnections); err != nil {
		return Overview{}, err
	}
	c, err := s.inUse(ctx, s.db.Reader(), id)
	if err != nil {
		return Overview{}, err
	}
	return s.overview(ctx, c)
}

// Present gives those of the ids that are there.
func (s *Service) Present(ctx context.Context, actor access.Actor, ids []int64) ([]int64, error) {
	if err := actor.Require(access.ManageConnections); err != nil {
		return nil, err
	}
	return database.Among(ctx, s.db.Reader(), `SELECT id FROM connections WHERE removed_at IS NULL`, ids)
}

func (s *Service) overview(ctx context.Context, c Connection) (Overview, error) {
	o := Overview{Connection: c, DestinationName: s.DestinationName(c.Type)}
	var err error
	if o.Obstacle, err = s.Obstacle(ctx, c); err != nil {
		return Overview{}, err
	}
	if o.Dependents, err = s.dependents.OnConnection(ctx, s.db.Reader(), c.ID); err != nil {
		return Overview{}, fmt.Errorf("what uses connection %d: %w", c.ID, err)
	}
	if o.AgreeBy, err = s.AgreeBy(ctx, s.db.Reader(), c); err != nil {
		return Overview{}, err
	}
	change, _, err := s.waiting(ctx, s.db.Reader(), c.ID)
	o.KeyChange = change
	return o, err
}

// Usable lists the connections that the actor may use for exports, by type and name: of each no more than that.
func (s *Service) Usable(ctx context.Context, actor access.Actor) ([]Choice, error) {
	if err := actor.Require(access.SeeSomeConnections); err != nil {
		return nil, err
	}
	connections, err := list(ctx, s.db.Reader())
	if err != nil {
		return nil, err
	}
	var choices []Choice
	for _, c := range connections {
		if actor.MaySee(c.Grant) {
			choices = append(choices, Choice{ID: c.ID, Type: c.Type, Name: c.Name})
		}
	}
	slices.SortStableFunc(choices, func(a, b Choice) int {
		switch {
		case a.Type < b.Type:
			return -1
		case a.Type > b.Type:
			return 1
		default:
			return 0
		}
	})
	return choices, nil
}

// Choose gives the name and type of a connection in use that the actor may use. One that she may not use is as unknown
// to her as one that is not there.
func (s *Service) Choose(ctx context.Context, actor access.Actor, id int64) (Choice, error) {
	if err := actor.Require(access.UseSomeConnections); err != nil {
		return Choice{}, err
	}
	c, err := s.inUse(ctx, s.db.Reader(), id)
	if err != nil {
		return Choice{}, err
	}
	if !actor.MayUse(c.Grant) {
		return Choice{}, notFound()
	}
	return Choice{ID: c.ID, Type: c.Type, Name: c.Name}, nil
}

// Find reads a connection, removed ones too, for other domain packages. The caller answers for who gets to see it.
func (s *Service) Find(ctx context.Context, q database.Querier, id int64) (Connection, error) {
	return get(ctx, q, id)
}

// All reads the connections in use, by name, for other domain packages. The caller answers for who gets to see them.
func (s *Service) All(ctx context.Context, q database.Querier) ([]Connection, error) {
	return list(ctx, q)
}

func (s *Service) inUse(ctx context.Context, q database.Querier, id int64) (Connection, error) {
	c, err := get(ctx, q, id)
	if err == nil && !c.RemovedAt.IsZero() {
		return Connection{}, notFound()
	}
	return c, err
}

func notFound() error { return problem.New(problem.NotFound, "connections.problem.not_found") }

// requirePerson is for what is done in a person's name: consent, proofs and confirmations are somebody's.
func requirePerson(actor access.Actor) error {
	if actor.UserID == 0 {
		return problem.New(problem.SignedOut, "problem.signed_out")
	}
	return actor.Require(access.ManageConnections)
}

// requireConfirmed is for what shows or changes a key, gives or takes consent, or removes.
func (s *Service) requireConfirmed(actor access.Actor) error {
	if err := requirePerson(actor); err != nil {
		return err
	}
	return actor.RequireFresh(s.clock())
}

// publish tells those who watch, when the change is committed. Lists of exports show what their connections are like.
func (s *Service) publish(id int64) {
	s.changes.Add(1)
	s.events.Publish("connections", "exports", fmt.Sprintf("connection/%d", id))
}

// Changes is another number after each change of a connection that this process made, before whoever asked for it hears of it.
func (s *Service) Changes() uint64 { return s.changes.Load() }

// Obstacle says why runs on the connection cannot go on.
func (s *Service) Obstacle(ctx context.Context, c Connection) (Obstacle, error) {
	if c.BrandID == "" {
		return NotVerified, nil
	}
	agreed, err := s.consents(ctx, c)
	if err != nil {
		return "", err
	}
	switch {
	case !agreed:
		return NoConsent, nil
	case c.Failure != "":
		return KeyFailed, nil
	case c.ExportUserID == 0:
		return NoExportUser, nil
	}
	user, err := s.accounts.Actor(ctx, c.ExportUserID)
	if problem.Of(err) != nil {
		return ExportUserUnable, nil
	}
	if err != nil {
		return "", fmt.Errorf("export user of connection %d: %w", c.ID, err)
	}
	if !user.Can(access.ManageConnections) {
		return ExportUserUnable, nil
	}
	return NoObstacle, nil
}

// openKey gives the key of a connection. That it does not open means that the sealing key is another one now.
func (s *Service) openKey(sealed []byte, binding string) (secret.Text, error) {
	key, err := s.sealer.Open(sealed, binding)
	if errors.Is(err, secret.ErrCannotOpen) {
		return secret.Text{}, problem.New(problem.Conflict, "connections.problem.cannot_open").Because(err)
	}
	return key, err
}

func keyBinding(id int64) string       { return fmt.Sprintf("connection/%d/api_key", id) }
func draftBinding(id int64) string     { return fmt.Sprintf("connection_draft/%d/api_key", id) }
func keyChangeBinding(id int64) string { return fmt.Sprintf("connection_key_change/%d/api_key", id) }
