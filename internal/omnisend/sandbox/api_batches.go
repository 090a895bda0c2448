package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// takeBatch takes a batch: 201, and the items are tried later.
func (s *Server) takeBatch(q request, _ string) answer {
	items, origin, problems, ok := readBatch(q.body)
	if !ok {
		return refusal(http.StatusBadRequest, fieldProblem{"", "invalid_format", "the body is no JSON object"})
	}
	if q.f.RefuseBatchesWith != "" && strings.Contains(q.body, q.f.RefuseBatchesWith) {
		problems = append(problems, fieldProblem{"items", "refused_by_fault", "the batch is refused by a fault that is switched on"})
	}
	if len(problems) > 0 {
		return refusal(http.StatusBadRequest, problems...)
	}
	strange := q.f.LoseItemShare > 0 && len(items) > 1 && s.roll() < q.f.LoseItemShare
	if strange {
		items = items[:len(items)-1]
	}
	b := q.b
	t := &batch{Strange: strange, Number: len(b.batches), Origin: origin, Created: q.now, Total: len(items), Items: items}
	b.batches = append(b.batches, t)
	t.Stalled = q.f.StallShare > 0 && s.roll() < q.f.StallShare
	if !t.Stalled {
		s.queue.add(job{b: b, batch: t, due: s.options.Clock().Add(s.delay)})
	}
	s.dirty.Store(true)
	s.forget(b, q.now)
	return answer{status: http.StatusCreated, body: fmt.Appendf(nil, `{"batchID":"%s","totalCount":%d}`, b.batchID(t.Number), t.Total)}
}

// forget lets go of batches that are older than the time they are known for. The oldest come first.
func (s *Server) forget(b *brand, now int64) {
	for i, t := range b.batches {
		if t == nil {
			continue
		}
		if now-t.Created <= s.options.Retention.Milliseconds() {
			return
		}
		b.batches[i] = nil
	}
}

func (s *Server) find(q request, id string) *batch {
	s.forget(q.b, q.now)
	if index, ok := q.b.place(id, "ba", len(q.b.batches)); ok {
		return q.b.batches[index]
	}
	return nil
}

// halfway is how long a batch waits before it says that it is under way.
func (s *Server) halfway() int64 { return (s.delay / 2).Milliseconds() }

func (s *Server) readBatchState(q request, id string) answer {
	t := s.find(q, id)
	if t == nil {
		return refusal(http.StatusNotFound)
	}
	return answer{status: http.StatusOK, body: q.b.appendState(nil, t, q.now, s.halfway())}
}

func (s *Server) readBatchItems(q request, id string) answer {
	t := s.find(q, id)
	if t == nil {
		return refusal(http.StatusNotFound)
	}
	return answer{status: http.StatusOK, body: q.b.appendItems(nil, t, q.f, q.now, s.halfway())}
}

// listBatches gives the newest batches first.
func (s *Server) listBatches(q request, _ string) answer {
	switch q.query.Get("endpoint") {
	case "":
		return refusal(http.StatusBadRequest, fieldProblem{"endpoint", "required", "is required"})
	case "contacts", "products", "events":
	default:
		return refusal(http.StatusBadRequest, fieldProblem{"endpoint", "invalid_value", "must be contacts, products or events"})
	}
	limit, problem := q.number("limit", 100, 1, 250)
	if problem != nil {
		return refusal(http.StatusBadRequest, *problem)
	}
	offset, problem := q.number("offset", 0, 0, 1<<31-1)
	if problem != nil {
		return refusal(http.StatusBadRequest, *problem)
	}
	from, to, problem := q.days()
	if problem != nil {
		return refusal(http.StatusBadRequest, *problem)
	}
	status := q.query.Get("status")
	if status != "" && !slices.Contains(batchStates[:], status) {
		return refusal(http.StatusBadRequest, fieldProblem{"status", "invalid_value", "must be a state of batches"})
	}

	s.forget(q.b, q.now)
	body := []byte(`{"batches":[`)
	seen, given := 0, 0
	if q.query.Get("endpoint") == "contacts" {
		for i := len(q.b.batches) - 1; i >= 0; i-- {
			t := q.b.batches[i]
			if t == nil || t.Created < from {
				break // the older ones are older still
			}
			if t.Created >= to || status != "" && t.state(q.now, s.halfway()) != status {
				continue
			}
			if seen++; seen <= offset {
				continue
			}
			if given == limit {
				break
			}
			if given++; given > 1 {
				body = append(body, ',')
			}
			body = q.b.appendState(body, t, q.now, s.halfway())
		}
	}
	link := func(there bool, offset int) {
		if !there {
			body = append(body, `""`...)
			return
		}
		query := url.Values{}
		for name, values := range q.query {
			query[name] = values
		}
		query.Set("offset", strconv.Itoa(max(offset, 0)))
		body = appendQuoted(body, "/batches?"+query.Encode())
	}
	body = fmt.Appendf(body, `],"paging":{"limit":%d,"offset":%d,"next":`, limit, offset)
	link(seen > offset+given, offset+limit)
	body = append(body, `,"previous":`...)
	link(offset > 0, offset-limit)
	return answer{status: http.StatusOK, body: append(body, "}}"...)}
}

// days reads dateFrom and dateTo, whole days in UTC, both included.
func (q request) days() (from, to int64, problem *fieldProblem) {
	to = 1<<63 - 1
	for name, set := range map[string]func(time.Time){
		"dateFrom": func(day time.Time) { from = day.UnixMilli() },
		"dateTo":   func(day time.Time) { to = day.AddDate(0, 0, 1).UnixMilli() },
	} {
		if !q.query.Has(name) {
			continue
		}
		day, err := time.Parse(time.DateOnly, q.query.Get(name))
		if err != nil {
			return 0, 0, &fieldProblem{name, "invalid_format", "must be yyyy-mm-dd"}
		}
		set(day)
	}
	return from, to, nil
}
