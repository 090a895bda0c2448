package sandbox

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cursor is a place in a list of contacts: the sort key and the contact that was there, and which list it was.
type cursor struct {
	at    int64
	index uint32
}

func (c cursor) compare(other cursor) int {
	return cmp.Or(cmp.Compare(c.at, other.at), cmp.Compare(c.index, other.index))
}

func (c cursor) encode(list string) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%d.%s", c.at, c.index, list))
}

func decodeCursor(text, list string) (c cursor, ok bool) {
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return c, false
	}
	parts := strings.SplitN(string(plain), ".", 3)
	if len(parts) != 3 || parts[2] != list {
		return c, false
	}
	at, err := strconv.ParseInt(parts[0], 10, 64)
	index, err2 := strconv.ParseUint(parts[1], 10, 32)
	return cursor{at, uint32(index)}, err == nil && err2 == nil
}

// listing is a checked request for a list of contacts.
type listing struct {
	limit         int
	after, before *cursor
	byUpdate      bool
	descending    bool
	name          string // the filters and the order, which must stay the same from page to page
	keep          func(index uint32) bool
}

func (s *Server) listContacts(q request, _ string) answer {
	l, problem := q.listing()
	if problem != nil {
		return refusal(http.StatusBadRequest, *problem)
	}
	page, hasMore, hasLess := q.b.pageOf(l)
	body := []byte(`{"contacts":[`)
	for i, c := range page {
		if i > 0 {
			body = append(body, ',')
		}
		body = q.b.appendContact(body, c.index)
	}
	body = fmt.Appendf(body, `],"paging":{"limit":%d,"hasMore":%t,"cursors":{"after":`, l.limit, hasMore)
	cursorOf := func(there bool, place int) {
		if there && len(page) > 0 {
			body = appendQuoted(body, page[place].encode(l.name))
		} else {
			body = append(body, "null"...)
		}
	}
	cursorOf(hasMore || l.before != nil, len(page)-1)
	body = append(body, `,"before":`...)
	cursorOf(hasLess, 0)
	return answer{status: http.StatusOK, body: append(body, "}}}"...)}
}

func (q request) listing() (l listing, problem *fieldProblem) {
	if l.limit, problem = q.number("limit", 100, 1, 250); problem != nil {
		return l, problem
	}
	v := q.query
	switch v.Get("sort") {
	case "", "createdAt":
	case "updatedAt":
		l.byUpdate = true
	default:
		return l, &fieldProblem{"sort", "invalid_value", "must be createdAt or updatedAt"}
	}
	switch v.Get("direction") {
	case "", "asc":
	case "desc":
		l.descending = true
	default:
		return l, &fieldProblem{"direction", "invalid_value", "must be asc or desc"}
	}
	if l.keep, problem = q.filter(); problem != nil {
		return l, problem
	}
	rest := url.Values{}
	for name, values := range v {
		if name != "after" && name != "before" && name != "limit" {
			rest[name] = values
		}
	}
	l.name = rest.Encode()
	if v.Has("after") && v.Has("before") {
		return l, &fieldProblem{"after", "invalid_value", "does not combine with before"}
	}
	for name, target := range map[string]**cursor{"after": &l.after, "before": &l.before} {
		if v.Has(name) {
			c, ok := decodeCursor(v.Get(name), l.name)
			if !ok {
				return l, &fieldProblem{name, "invalid_value", "is no cursor of this list"}
			}
			*target = &c
		}
	}
	return l, nil
}

func (q request) filter() (keep func(uint32) bool, problem *fieldProblem) {
	v, b := q.query, q.b
	filters := 0
	for _, name := range []string{"email", "phone", "status", "segmentID", "tag", "updatedAtFrom"} {
		if v.Has(name) {
			filters++
		}
	}
	if v.Has("tag") && v.Has("status") {
		return nil, &fieldProblem{"tag", "invalid_value", "does not combine with status"}
	}
	if v.Has("updatedAtFrom") && filters > 1 {
		return nil, &fieldProblem{"updatedAtFrom", "invalid_value", "combines with no other filter"}
	}
	status := statusOf(v.Get("status"))
	if v.Has("status") && status == none {
		return nil, &fieldProblem{"status", "invalid_value", "must be subscribed, nonSubscribed or unsubscribed"}
	}
	var from int64
	if v.Has("updatedAtFrom") {
		at, err := time.Parse(time.RFC3339, v.Get("updatedAtFrom"))
		if err != nil {
			return nil, &fieldProblem{"updatedAtFrom", "invalid_format", "must be an RFC 3339 time"}
		}
		from = at.UnixMilli()
	}
	if filters == 0 {
		return func(uint32) bool { return true }, nil
	}
	return func(index uint32) bool {
		c := &b.contacts[index]
		if status != none && c.mail != status || c.updated < from || v.Has("segmentID") {
			return false
		}
		if v.Has("email") {
			if of, ok := b.byEmail[v.Get("email")]; !ok || of != index {
				return false
			}
		}
		if v.Has("phone") {
			if of, ok := b.byPhone[v.Get("phone")]; !ok || of != index {
				return false
			}
		}
		if v.Has("tag") {
			b.reading.unpack(c.packed)
			return slices.Contains(b.reading.tags, v.Get("tag"))
		}
		return true
	}, nil
}

// pageOf gives one page, and whether there are contacts after and before it.
func (b *brand) pageOf(l listing) (page []cursor, hasMore, hasLess bool) {
	order := func(x, y cursor) int {
		if l.descending {
			return y.compare(x)
		}
		return x.compare(y)
	}
	for i := range b.contacts {
		c := cursor{b.contacts[i].created, uint32(i)}
		if l.byUpdate {
			c.at = b.contacts[i].updated
		}
		switch {
		case l.after != nil && order(c, *l.after) <= 0, l.before != nil && order(c, *l.before) >= 0:
			continue
		case l.keep(uint32(i)):
			page = append(page, c)
		}
	}
	slices.SortFunc(page, order)
	if l.before != nil {
		if hasLess = len(page) > l.limit; hasLess {
			page = page[len(page)-l.limit:]
		}
		return page, true, hasLess // where before points there is a contact, or was
	}
	if hasMore = len(page) > l.limit; hasMore {
		page = page[:l.limit]
	}
	return page, hasMore, l.after != nil
}
