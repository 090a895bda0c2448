// Package event tells live pages that something changed. An event carries only a topic ("run/12"); whoever hears it reads
// the database. A listener that is slow misses nothing but repetitions: topics are folded while it is busy.
package event

import (
	"fmt"
	"maps"
	"slices"
	"sync"
)

// Hub passes topics from those who change something to those who watch. The zero value is ready.
type Hub struct {
	mutex     sync.Mutex
	listeners map[*Listener]struct{}
}

// OfPerson is the topic that says that what a person may do has changed: each of her live pages reads anew.
func OfPerson(userID int64) string { return fmt.Sprintf("person/%d", userID) }

// Listener hears the topics that it asked for.
type Listener struct {
	hub    *Hub
	wanted map[string]bool
	ready  chan struct{} // holds one token while there is something to take

	mutex   sync.Mutex
	pending map[string]bool
}

// Publish says that something about the topic changed. It never waits.
func (h *Hub) Publish(topics ...string) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	for l := range h.listeners {
		l.hear(topics)
	}
}

// Listen begins to hear the topics. Close must be called.
func (h *Hub) Listen(topics ...string) *Listener {
	l := &Listener{hub: h, wanted: map[string]bool{}, ready: make(chan struct{}, 1), pending: map[string]bool{}}
	for _, topic := range topics {
		l.wanted[topic] = true
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.listeners == nil {
		h.listeners = map[*Listener]struct{}{}
	}
	h.listeners[l] = struct{}{}
	return l
}

func (l *Listener) hear(topics []string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for _, topic := range topics {
		if l.wanted[topic] {
			l.pending[topic] = true
		}
	}
	if len(l.pending) > 0 {
		select {
		case l.ready <- struct{}{}:
		default:
		}
	}
}

// Ready receives when there is something to take.
func (l *Listener) Ready() <-chan struct{} { return l.ready }

// Take returns the topics that changed since it was last called, sorted.
func (l *Listener) Take() []string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	topics := slices.Sorted(maps.Keys(l.pending))
	clear(l.pending)
	return topics
}

// Close ends the hearing.
func (l *Listener) Close() {
	l.hub.mutex.Lock()
	defer l.hub.mutex.Unlock()
	delete(l.hub.listeners, l)
}
