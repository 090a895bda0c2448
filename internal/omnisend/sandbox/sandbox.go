// Package sandbox is a local stand-in for Omnisend: the part of its REST API of version 2026-03-15 that segments are
// exported through, with its limits, its delays and, on demand, its faults. It is for trying out, for tests and for
// benchmarks, and takes a side wherever the reference leaves a question open: the harsher one for a client. It knows
// nothing of the client beside it, so that neither's misunderstanding hides the other's.
package sandbox

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options say what the stand-in holds and how it behaves.
type Options struct {
	Brands []Brand          // at least one
	Speed  float64          // k makes its minute last 60/k seconds, and its delays likewise; 0 means 1
	Clock  func() time.Time // nil means time.Now
	Seed   uint64           // of everything that chance decides

	RequestsPerMinute int           // of a brand, for all endpoints without a limit of their own; 0 means 400, below 0 no limits at all
	Delay             time.Duration // from taking a batch to having tried its items, before Speed; 0 means 1 second
	ItemsPerSecond    int           // how fast items are tried, before Speed; 0 means as fast as can be
	Retention         time.Duration // how long a batch is known; 0 means 7 days

	File string // where the state is kept between starts; "" means in memory only
}

// Server is the stand-in. It serves the API under /api/, a page for people at /, and its controls under /_sandbox/.
type Server struct {
	options Options
	minute  time.Duration
	delay   time.Duration
	limits  [pots]int

	mu     sync.RWMutex // guards keys and the list of brands
	brands []*brand
	byKey  map[string]*brand

	faults atomic.Pointer[Faults]
	diceMu sync.Mutex
	dice   *rand.Rand

	queue queue
	stats statistics
	pages http.Handler

	stop  chan struct{}
	ended sync.WaitGroup
	dirty atomic.Bool
}

// New makes a stand-in and reads its file, if it has one. Close it in the end.
func New(options Options) (*Server, error) {
	if options.Speed <= 0 {
		options.Speed = 1
	}
	if options.Clock == nil {
		options.Clock = time.Now
	}
	if options.Delay == 0 {
		options.Delay = time.Second
	}
	if options.Retention == 0 {
		options.Retention = 7 * 24 * time.Hour
	}
	s := &Server{
		options: options,
		minute:  time.Duration(float64(time.Minute) / options.Speed),
		delay:   time.Duration(float64(options.Delay) / options.Speed),
		limits:  potLimits,
		byKey:   map[string]*brand{},
		dice:    rand.New(rand.NewPCG(options.Seed, 0)), // repeatable chance, not a secret
		stop:    make(chan struct{}),
	}
	switch {
	case options.RequestsPerMinute > 0:
		s.limits[potOther] = options.RequestsPerMinute
	case options.RequestsPerMinute < 0:
		s.limits = [pots]int{}
	}
	s.faults.Store(&Faults{Seed: options.Seed})
	s.queue.wake = make(chan struct{}, 1)
	s.stats.byStatus = map[int]int{}
	if len(options.Brands) == 0 {
		return nil, fmt.Errorf("the sandbox needs a brand")
	}
	for i, settings := range options.Brands {
		if settings.ID == "" || settings.Key == "" || s.byKey[settings.Key] != nil {
			return nil, fmt.Errorf("brand %d of the sandbox needs an id, and a key of its own", i+1)
		}
		b := newBrand(i, settings)
		s.brands = append(s.brands, b)
		s.byKey[settings.Key] = b
	}
	if err := s.load(); err != nil {
		return nil, err
	}
	s.pages = s.routes()
	s.ended.Go(s.work)
	if options.File != "" {
		s.ended.Go(s.keepSaving)
	}
	return s, nil
}

// Close ends the work in the background and saves the state.
func (s *Server) Close() error {
	select {
	case <-s.stop:
		return nil
	default:
	}
	close(s.stop)
	s.ended.Wait()
	return s.save()
}

// ServeHTTP answers the API's requests, the page and the controls.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/api/") {
		s.serveAPI(w, r)
		return
	}
	s.pages.ServeHTTP(w, r)
}

func (s *Server) now() int64 { return s.options.Clock().UnixMilli() }

// Faults are those that are switched on.
func (s *Server) Faults() Faults { return *s.faults.Load() }

// SetFaults switches faults on and off. The dice start again from the seed. When no batch is to stall, those that did go on.
func (s *Server) SetFaults(f Faults) {
	s.diceMu.Lock()
	s.dice = rand.New(rand.NewPCG(f.Seed, 0)) // repeatable chance, not a secret
	s.diceMu.Unlock()
	s.faults.Store(&f)
	if f.StallShare > 0 {
		return
	}
	for _, b := range s.list() {
		b.mu.Lock()
		for _, t := range b.batches {
			if t != nil && t.Stalled {
				t.Stalled = false
				s.queue.add(job{b: b, batch: t, due: s.options.Clock()})
			}
		}
		b.mu.Unlock()
	}
}

func (s *Server) roll() float64 {
	s.diceMu.Lock()
	defer s.diceMu.Unlock()
	return s.dice.Float64()
}

func (s *Server) list() []*brand {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.brands
}

func (s *Server) byID(brandID string) *brand {
	for _, b := range s.list() {
		if b.ID == brandID {
			return b
		}
	}
	return nil
}

// SetKey gives a brand another key; the old one is refused from then on.
func (s *Server) SetKey(brandID, key string) error {
	b := s.byID(brandID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if b == nil || s.byKey[key] != nil && s.byKey[key] != b {
		return fmt.Errorf("no brand %q, or the key is another brand's", brandID)
	}
	for held, of := range s.byKey {
		if of == b {
			delete(s.byKey, held)
		}
	}
	s.byKey[key] = b
	b.mu.Lock()
	b.Key = key
	b.mu.Unlock()
	return nil
}

// Contacts gives all contacts, brand by brand, in the order of their creation.
func (s *Server) Contacts() iter.Seq[Contact] {
	return func(yield func(Contact) bool) {
		for _, b := range s.list() {
			for from := 0; ; {
				page := b.page(from, 500)
				if len(page) == 0 {
					break
				}
				for _, c := range page {
					if !yield(c) {
						return
					}
				}
				from += len(page)
			}
		}
	}
}

func (b *brand) page(from, limit int) []Contact {
	b.mu.Lock()
	defer b.mu.Unlock()
	var page []Contact
	for i := from; i < len(b.contacts) && len(page) < limit; i++ {
		page = append(page, b.contact(uint32(i)))
	}
	return page
}

// Contact gives the contact of an email, spelt exactly so, of the first brand that has one.
func (s *Server) Contact(email string) (Contact, bool) {
	for _, b := range s.list() {
		b.mu.Lock()
		index, ok := b.byEmail[email]
		var c Contact
		if ok {
			c = b.contact(index)
		}
		b.mu.Unlock()
		if ok {
			return c, true
		}
	}
	return Contact{}, false
}

// Reset forgets contacts, batches and counts, and switches all faults off.
func (s *Server) Reset() {
	s.queue.running.Lock()
	defer s.queue.running.Unlock()
	s.queue.mu.Lock()
	s.queue.jobs = nil
	s.queue.mu.Unlock()
	for _, b := range s.list() {
		b.mu.Lock()
		b.contacts, b.batches, b.windows, b.welcomes = nil, nil, [pots]window{}, 0
		b.byEmail, b.byPhone, b.dates = map[string]uint32{}, map[string]uint32{}, map[uint32]*dates{}
		b.mu.Unlock()
	}
	s.stats.reset()
	s.SetFaults(Faults{Seed: s.options.Seed})
	s.dirty.Store(true)
}
