package sandbox

import (
	"maps"
	"sync"
)

// Stats are counts since the start or the last reset.
type Stats struct {
	Requests  int         `json:"requests"`  // of the API, all brands, those with a wrong key and those cut off included
	Throttled int         `json:"throttled"` // answered 429
	ByStatus  map[int]int `json:"byStatus"`  // 0: the connection was cut
	Contacts  int         `json:"contacts"`
	Batches   int         `json:"batches"`
	Waiting   int         `json:"waiting"` // batches whose items were not tried yet
	Welcomes  int         `json:"welcomes"`
	// Of the pot that has no limit of its own and of that for tags, for the brand that has most: requests within the
	// last minute, and the most that ever were within one.
	InWindow      int `json:"inWindow"`
	MostInWindow  int `json:"mostInWindow"`
	TagsInWindow  int `json:"tagsInWindow"`
	MostTagWindow int `json:"mostTagsInWindow"`
}

type statistics struct {
	mu       sync.Mutex
	requests int
	byStatus map[int]int
}

func (s *statistics) count(status int) {
	s.mu.Lock()
	s.requests++
	s.byStatus[status]++
	s.mu.Unlock()
}

func (s *statistics) reset() {
	s.mu.Lock()
	s.requests, s.byStatus = 0, map[int]int{}
	s.mu.Unlock()
}

// Stats gives the counts.
func (s *Server) Stats() Stats {
	s.stats.mu.Lock()
	total := Stats{Requests: s.stats.requests, ByStatus: maps.Clone(s.stats.byStatus)}
	s.stats.mu.Unlock()
	total.Throttled = total.ByStatus[429]
	now := s.options.Clock()
	for _, b := range s.list() {
		b.mu.Lock()
		total.Contacts += len(b.contacts)
		for _, t := range b.batches {
			if t != nil {
				total.Batches++
				if t.Ended == 0 {
					total.Waiting++
				}
			}
		}
		total.Welcomes += b.welcomes
		total.InWindow = max(total.InWindow, b.windows[potOther].count(now, s.minute))
		total.MostInWindow = max(total.MostInWindow, b.windows[potOther].most)
		total.TagsInWindow = max(total.TagsInWindow, b.windows[potTags].count(now, s.minute))
		total.MostTagWindow = max(total.MostTagWindow, b.windows[potTags].most)
		b.mu.Unlock()
	}
	return total
}
