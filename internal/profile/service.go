package profile

import (
	"sync"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
)

// CurrentTopic is the topic of events when another snapshot has become the current one, or its attributes were corrected.
const CurrentTopic = "profiles"

// Service is all that people and other packages can do with profiles.
type Service struct {
	store  store
	events *event.Hub
	now    func() time.Time

	sources    Sources    // see SetSources
	unifying   sync.Mutex // one unification at a time
	unifyChunk int        // rows that it writes in one transaction; 0: as many as take some milliseconds
}

// NewService makes the service.
func NewService(db *database.DB, events *event.Hub, now func() time.Time) *Service {
	return &Service{store: store{db: db}, events: events, now: now}
}
