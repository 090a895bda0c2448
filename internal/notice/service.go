package notice

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/notice/mail"
	"github.com/segue-app/segue/internal/reach"
	"github.com/segue-app/segue/internal/secret"
)

// Queue has notices sent in the background.
type Queue interface {
	// EnqueueNotice has Deliver called, if the transaction is committed.
	EnqueueNotice(ctx context.Context, tx database.Tx, noticeID, turn int64, byMail bool) error
}

// Dependencies are all that the service needs.
type Dependencies struct {
	DB     *database.DB
	Sealer *secret.Sealer
	Events *event.Hub
	People People
	Clock  func() time.Time
	Log    *slog.Logger

	Mail      *mail.Sender  // nil: no mail is sent
	Hosts     reach.Allowed // that hooks may be at
	PublicURL string        // under which people reach the pages; "": notices lead nowhere
}

// Service keeps the outbox and the hooks.
type Service struct {
	db     *database.DB
	sealer *secret.Sealer
	events *event.Hub
	clock  func() time.Time
	log    *slog.Logger
	people People
	mail   *mail.Sender
	queue  Queue

	allowed   reach.Allowed
	client    *http.Client
	publicURL string
}

// NewService makes the service.
func NewService(d Dependencies) *Service {
	return &Service{db: d.DB, sealer: d.Sealer, events: d.Events, people: d.People, clock: d.Clock, log: d.Log,
		mail: d.Mail, allowed: d.Hosts, client: newClient(d.Hosts), publicURL: d.PublicURL}
}

// SetQueue gives the queue, which needs the service itself.
func (s *Service) SetQueue(queue Queue) { s.queue = queue }

// Topic is the event topic of notices and hooks.
const Topic = "notices"

// ToPerson puts a message in the outbox for a person, to whom it goes by email. Put in once, it is not put in again. Nothing is
// put in while no mail can be sent: nobody wants a month of it when it can.
func (s *Service) ToPerson(ctx context.Context, tx database.Tx, userID int64, m Message) error {
	if s.mail == nil {
		return nil
	}
	return s.put(ctx, tx, Notice{UserID: userID, Key: m.Key, Message: m})
}

// ToHook puts a message in the outbox for a hook. Put in once, it is not put in again. A hook that is switched off or gone
// gets nothing.
func (s *Service) ToHook(ctx context.Context, tx database.Tx, hookID int64, m Message) error {
	if on, err := hookIsOn(ctx, tx, hookID); err != nil || !on {
		return err
	}
	return s.put(ctx, tx, Notice{HookID: hookID, Key: m.Key, Message: m})
}

func (s *Service) put(ctx context.Context, tx database.Tx, n Notice) error {
	n.Mark, n.Created = rand.Text(), s.clock()
	id, isNew, err := insertNotice(ctx, tx, n)
	if err != nil || !isNew {
		return err
	}
	return s.queue.EnqueueNotice(ctx, tx, id, 1, n.UserID != 0)
}

// Hooks lists the hooks that are switched on, for those who put messages in for them.
func (s *Service) Hooks(ctx context.Context, q database.Querier) ([]Hook, error) {
	return hooks(ctx, q, `WHERE off_at IS NULL`)
}
