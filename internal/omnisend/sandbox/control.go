package sandbox

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
)

// routes are the controls and the page. They have no key: the stand-in is for one's own machine. Forms of other sites
// are refused.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_sandbox/state", s.showState)
	mux.HandleFunc("GET /_sandbox/stats", s.showStats)
	mux.HandleFunc("GET /_sandbox/contacts", s.streamContacts)
	mux.HandleFunc("GET /_sandbox/faults", s.showFaults)
	mux.HandleFunc("PUT /_sandbox/faults", s.putFaults)
	mux.HandleFunc("POST /_sandbox/reset", s.reset)
	mux.HandleFunc("GET /_sandbox/batches/{id}", s.showBatch)
	s.addPages(mux)
	return http.NewCrossOriginProtection().Handler(mux)
}

func writeJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	to := json.NewEncoder(w)
	to.SetIndent("", "  ")
	_ = to.Encode(value) // a reader that went away is no concern of ours
}

// State says per brand what is held.
type State struct {
	BrandID  string         `json:"brandID"`
	Name     string         `json:"name"`
	Contacts int            `json:"contacts"`
	Batches  map[string]int `json:"batches"` // by state
}

// State gives what is held, brand by brand.
func (s *Server) State() []State {
	var states []State
	now := s.now()
	for _, b := range s.list() {
		b.mu.Lock()
		state := State{BrandID: b.ID, Name: b.Name, Contacts: len(b.contacts), Batches: map[string]int{}}
		for _, t := range b.batches {
			if t != nil {
				state.Batches[t.state(now, s.halfway())]++
			}
		}
		b.mu.Unlock()
		states = append(states, state)
	}
	return states
}

func (s *Server) showState(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, map[string]any{"brands": s.State(), "faults": s.Faults()})
}

func (s *Server) showStats(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Stats()) }

func (s *Server) showFaults(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Faults()) }

// putFaults takes the faults whole: what is left out is switched off.
func (s *Server) putFaults(w http.ResponseWriter, r *http.Request) {
	var f Faults
	from := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
	from.DisallowUnknownFields()
	if err := from.Decode(&f); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.SetFaults(f)
	writeJSON(w, s.Faults())
}

func (s *Server) reset(w http.ResponseWriter, _ *http.Request) {
	s.Reset()
	w.WriteHeader(http.StatusNoContent)
}

// showBatch gives what the API answers for a batch's items, whichever brand's it is.
func (s *Server) showBatch(w http.ResponseWriter, r *http.Request) {
	for _, b := range s.list() {
		b.mu.Lock()
		var items []byte
		if index, ok := b.place(r.PathValue("id"), "ba", len(b.batches)); ok && b.batches[index] != nil {
			items = b.appendItems(nil, b.batches[index], s.faults.Load(), s.now(), s.halfway())
		}
		b.mu.Unlock()
		if items != nil {
			writeJSON(w, json.RawMessage(items))
			return
		}
	}
	http.NotFound(w, r)
}

// streamContacts writes contacts as the API would, one a line, in the order of their creation. after is how many to
// leave out, limit how many to give (all, when left out), brand whose (the first's, when left out).
func (s *Server) streamContacts(w http.ResponseWriter, r *http.Request) {
	after, err := number(r, "after", 0)
	limit, err2 := number(r, "limit", 1<<31-1)
	b := s.list()[0]
	if id := r.URL.Query().Get("brand"); id != "" {
		b = s.byID(id)
	}
	if err := errors.Join(err, err2); err != nil || b == nil {
		http.Error(w, "after and limit are whole numbers, brand is the id of a brand", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	var lines []byte
	for limit > 0 {
		lines = lines[:0]
		b.mu.Lock()
		until := min(after+min(limit, 500), len(b.contacts))
		for i := after; i < until; i++ {
			lines = append(b.appendContact(lines, uint32(i)), '\n')
		}
		b.mu.Unlock()
		if len(lines) == 0 {
			return
		}
		if _, err := w.Write(lines); err != nil {
			return
		}
		limit -= until - after
		after = until
	}
}

func number(r *http.Request, name string, standard int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return standard, nil
	}
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err
}
