// Package erasure owns what a person may ask of those who keep their data: to see all of it, and to have it gone. It finds
// a person by key or address wherever something is kept, has every package forget its part in one transaction, takes tags away
// at destinations, keeps a proof without the data, and keeps the person from coming back with the next upload. It also owns
// for how long each kind of data is kept. What the data is, and how it is removed, belongs to the packages that keep it.
package erasure

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/exclusion"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/source"
)

// Queue has what follows an erasure done in the background.
type Queue interface {
	// EnqueueErasure is part of the transaction.
	EnqueueErasure(ctx context.Context, tx database.Tx, erasureID int64) error
}

// Dependencies are all that the service needs.
type Dependencies struct {
	DB         *database.DB
	Sealer     *secret.Sealer
	Profiles   *profile.Service
	Sources    *source.Service
	Segments   *segment.Service
	Exclusions *exclusion.Service
	Runs       *run.Service
	Events     *event.Hub
	Clock      func() time.Time
	Log        *slog.Logger
	Longest    run.Retention // what the operator allows at most; zero: as usual
}

// Service finds and erases persons.
type Service struct {
	Dependencies
	db    *database.DB
	queue Queue

	mutex sync.Mutex
	list  *listed // of whom must not come back, as last read

	erasing sync.Mutex // one at a time
}

// NewService makes the service.
func NewService(d Dependencies) *Service { return &Service{Dependencies: d, db: d.DB} }

// SetQueue gives the queue, which needs the service itself.
func (s *Service) SetQueue(queue Queue) { s.queue = queue }

// ListTopic is the topic of events when an erasure began, or got on.
const ListTopic = "erasures"

// Reason is why a person is erased. It is chosen, so that nobody writes about the person.
type Reason string

// The reasons.
const (
	Asked     Reason = "asked"     // the person asked for it
	Withdrawn Reason = "withdrawn" // they withdrew their consent
	Objected  Reason = "objected"  // they objected to the use of their data
	Unlawful  Reason = "unlawful"  // the data should never have been here
	Needless  Reason = "needless"  // the data is not needed any more
)

// Reasons lists them as they are offered.
var Reasons = []Reason{Asked, Withdrawn, Objected, Unlawful, Needless}

// Erasure is the proof: what was done, and nothing of the person.
type Erasure struct {
	ID          int64
	At          time.Time
	By          string
	Reason      Reason
	Reference   string
	Removed     []Count // what was removed, by place
	Tags        []Tags
	RewrittenAt time.Time // zero: the file of the database is still to be written anew
	Kept        int       // fingerprints that keep the person from coming back
	LiftedAt    time.Time
	LiftedBy    string
}

// Count is how much was removed in one place.
type Count struct {
	Place  string
	Number int
}

// Total is how much was removed in all.
func (e Erasure) Total() (n int) {
	for _, c := range e.Removed {
		n += c.Number
	}
	return n
}

// Waiting is how many contacts wait for their tags to be taken away.
func (e Erasure) Waiting() (n int) {
	for _, t := range e.Tags {
		if t.State == TagsWaiting {
			n++
		}
	}
	return n
}

// Tags is one contact of the erased person at a destination, and what came of taking the tags of an export away.
type Tags struct {
	ID         int64
	Export     string
	Tags       []string
	State      TagsState
	Code       string // why they are kept, or not removed yet
	Tries      int
	AnsweredAt time.Time
	stray      run.Stray
	sealed     []byte
}

// TagsState is how far the taking away of tags has come.
type TagsState string

// The states. Only one that waits still knows the address.
const (
	TagsWaiting TagsState = "waiting"
	TagsRemoved TagsState = "removed" // the destination has taken the order
	TagsKept    TagsState = "kept"    // nothing was to be done, or could be: Code says why
	TagsFailed  TagsState = "failed"  // given up
)

// Why tags are kept besides the codes of run.Untag.
const (
	KeptByExport = "export_keeps_tags"
	NothingToDo  = "no_tags_delivered"
)
