package sandbox

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// States of a batch (Omnisend API reference 2026-03-15, Batches).
const (
	pending = iota
	inProgress
	finished
	stopped
)

var batchStates = [...]string{"pending", "inProgress", "finished", "stopped"}

// batch is one batch. Of an accepted item only the contact is kept: ten thousand batches of a hundred items are a
// million contacts already. /items therefore echoes such an item by its identifier alone. Rejected ones are kept whole.
type batch struct {
	Number                  int
	Origin                  string
	Created, Started, Ended int64 // unix ms
	Status                  uint8
	Stalled                 bool
	Strange                 bool // it lost an item
	Total                   int
	Items                   []string // as they came, until they are tried
	Done                    []uint32 // contact and, in the lowest bit, whether it was created
	Failed                  []failedItem
}

type failedItem struct {
	Request  string
	Problems []fieldProblem
}

// readBatch reads a batch request. The items are only cut apart here: they are tried later.
func readBatch(body string) (items []string, origin string, problems []fieldProblem, ok bool) {
	s := &scanner{data: body}
	var method, endpoint string
	text := func(field string) string {
		if s.peek() != '"' {
			s.skip(0)
			problems = append(problems, fieldProblem{field, "invalid_type", "must be a text"})
			return "?"
		}
		return s.text()
	}
	s.expect('{')
	for first := true; !s.bad && s.more('}', &first); {
		switch s.key() {
		case "method":
			method = text("method")
		case "endpoint":
			endpoint = text("endpoint")
		case "origin":
			origin = text("origin")
		case "items":
			if s.peek() != '[' {
				s.skip(0)
				continue
			}
			s.pos++
			items = make([]string, 0, 100)
			for first := true; s.more(']', &first); {
				items = append(items, s.raw())
			}
		default:
			s.skip(0)
		}
	}
	if !s.end() {
		return nil, "", nil, false
	}
	if method != "POST" && method != "PUT" && method != "?" {
		problems = append(problems, fieldProblem{"method", "invalid_value", "must be POST or PUT"})
	}
	if endpoint != "contacts" && endpoint != "?" {
		problems = append(problems, fieldProblem{"endpoint", "invalid_value", "must be contacts: this stand-in has nothing else"})
	}
	if len(items) == 0 || len(items) > maxItems {
		problems = append(problems, fieldProblem{"items", "invalid_length", "must have 1 to 100 items"})
	}
	return items, strings.Clone(origin), problems, true
}

const maxItems = 100

// process tries every item. It runs with the brand's lock held.
func (b *brand) process(t *batch, f *Faults, now int64) {
	if t.Started == 0 {
		t.Started = now
	}
	c := &b.asking
	t.Status = finished
	t.Done = make([]uint32, 0, len(t.Items))
	for _, item := range t.Items {
		if f.StopAfterErrors > 0 && len(t.Failed) >= f.StopAfterErrors {
			t.Status = stopped
			break
		}
		c.read(&scanner{data: item}, false)
		if f.rejects(c.email) {
			c.refuse("identifiers[0].id", "rejected_by_fault", "this address is rejected by a fault that is switched on")
		}
		if len(c.problems) == 0 {
			if index, created, ok := b.upsert(c, now, f.ReplaceTags); ok {
				ref := index << 1
				if created {
					ref |= 1
				}
				t.Done = append(t.Done, ref)
				continue
			}
			c.refuse("identifiers[0].id", "taken", "belongs to another contact")
		}
		t.Failed = append(t.Failed, failedItem{strings.Clone(item), c.problems})
	}
	t.Items, t.Ended = nil, now
}

func (t *batch) state(now, halfway int64) string {
	if t.Status == pending && now >= t.Created+halfway {
		return batchStates[inProgress]
	}
	return batchStates[t.Status]
}

// appendState writes what the listing says of a batch. halfway is when a batch that waits is said to be under way.
func (b *brand) appendState(dst []byte, t *batch, now, halfway int64) []byte {
	status, started := t.state(now, halfway), t.Started
	if status == batchStates[inProgress] {
		started = t.Created + halfway
	}
	dst = append(append(append(dst, `{"batchID":"`...), b.batchID(t.Number)...), `","method":"POST","endpoint":"contacts","origin":`...)
	dst = append(appendQuoted(dst, t.Origin), `,"eventID":"","status":"`...)
	dst = append(append(dst, status...), `","createdAt":`...)
	dst = appendTime(dst, t.Created)
	if started != 0 {
		dst = appendTime(append(dst, `,"startedAt":`...), started)
	}
	if t.Ended != 0 {
		dst = appendTime(append(dst, `,"endedAt":`...), t.Ended)
	}
	dst = strconv.AppendInt(append(dst, `,"totalCount":`...), int64(t.Total), 10)
	dst = strconv.AppendInt(append(dst, `,"finishedCount":`...), int64(len(t.Done)+len(t.Failed)), 10)
	dst = strconv.AppendInt(append(dst, `,"errorsCount":`...), int64(len(t.Failed)), 10)
	return append(dst, '}')
}

// appendItems writes a batch with its items, in an order that means nothing.
func (b *brand) appendItems(dst []byte, t *batch, f *Faults, now, halfway int64) []byte {
	dst = b.appendState(dst, t, now, halfway)
	dst = append(dst[:len(dst)-1], `,"errors":[`...)
	order := rand.New(rand.NewPCG(uint64(t.Number), f.Seed)) // an order, not a secret
	status := 400
	if f.RejectWith != 0 {
		status = f.RejectWith
	}
	for n, i := range order.Perm(len(t.Failed)) {
		if n > 0 {
			dst = append(dst, ',')
		}
		item := t.Failed[i]
		dst = fmt.Appendf(dst, `{"itemID":"%024x","request":`, t.Number<<8|i)
		dst = fmt.Appendf(append(dst, item.Request...), `,"responseCode":%d,"response":`, status)
		dst = append(append(dst, problemBody(status, item.Problems, f.OldErrorShape, 0)...), `,"status":"finished"}`...)
	}
	dst = append(dst, `],"responses":[`...)
	for n, i := range order.Perm(len(t.Done)) {
		if n > 0 {
			dst = append(dst, ',')
		}
		index, code := t.Done[i]>>1, "200"
		if t.Done[i]&1 == 1 {
			code = "201"
		}
		kind, id := "email", emailOf(b.contacts[index].packed)
		if id == "" {
			kind, id = "phone", b.contact(index).Phone
		}
		dst = fmt.Appendf(dst, `{"itemID":"%024x","request":{"identifiers":[{"type":"%s","id":`, t.Number<<8|len(t.Failed)+i, kind)
		dst = append(appendQuoted(dst, id), `,"sendWelcomeMessage":false}]},"responseCode":`...)
		dst = append(append(dst, code...), `,"response":`...)
		dst = append(b.appendContact(dst, index), '}')
	}
	if t.Strange {
		if len(t.Done) > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"itemID":"0","request":{"identifiers":[{"type":"email","id":"stranger@example.org"}]},"responseCode":200,"response":{}}`...)
	}
	return append(dst, "]}"...)
}
