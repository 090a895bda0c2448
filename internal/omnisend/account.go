package omnisend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/secret"
)

// Account is one brand at Omnisend, opened with a key.
type Account struct {
	driver *Driver
	key    secret.Text
	gate   destination.Gate
}

var (
	_ destination.Account = (*Account)(nil)
	_ destination.Tagger  = (*Account)(nil)
)

// Verify proves the key and names the brand. A key that may not name its brand is of no use, because the budget of
// requests is the brand's: the second look only says which permissions are missing.
func (a *Account) Verify(ctx context.Context) (destination.Brand, error) {
	body, err := a.do(ctx, call{method: http.MethodGet, path: "/brands/current"})
	if failure := (*destination.Error)(nil); errors.As(err, &failure) && failure.Kind == destination.Forbidden {
		_, err = a.do(ctx, call{method: http.MethodGet, path: "/contacts", query: url.Values{"limit": {"1"}}})
		var second *destination.Error
		switch {
		case err == nil:
			failure.Message = "the key is real but lacks the permission brands.read, so its brand cannot be named"
		case errors.As(err, &second) && second.Kind == destination.Forbidden:
			failure.Message = "the key is real but lacks the permissions brands.read and contacts.read"
		default:
			return destination.Brand{}, err
		}
		return destination.Brand{}, failure
	}
	if err != nil {
		return destination.Brand{}, err
	}
	var answer struct {
		BrandID   string `json:"brandID"`
		Name      string `json:"name"`
		Website   string `json:"website"`
		Connected *bool  `json:"connected"`
	}
	if err := decode(body, &answer); err != nil {
		return destination.Brand{}, err
	}
	if answer.BrandID == "" {
		return destination.Brand{}, &destination.Error{
			Kind: destination.NoBrand, Status: http.StatusOK, Message: "the key belongs to no brand",
		}
	}
	if answer.Connected != nil && !*answer.Connected {
		return destination.Brand{}, &destination.Error{
			Kind: destination.NoBrand, Status: http.StatusOK, Message: "the brand is not connected and cannot take an export",
		}
	}
	return destination.Brand{ID: answer.BrandID, Name: answer.Name, Website: answer.Website}, nil
}

// Send hands over one batch. What was sent may be sent again: contacts are upserted by email.
func (a *Account) Send(ctx context.Context, items [][]byte) (string, error) {
	if len(items) == 0 || len(items) > MaxBatch {
		return "", &destination.Error{
			Kind: destination.Refused, Message: fmt.Sprintf("a batch takes 1 to %d items, not %d", MaxBatch, len(items)),
		}
	}
	answer, err := a.do(ctx, call{method: http.MethodPost, path: "/batches", body: batchBody(items)})
	if err != nil {
		return "", err
	}
	var batch batchAnswer
	if err := decode(answer, &batch); err != nil {
		return "", err
	}
	if batch.BatchID == "" {
		return "", unreachable(http.StatusCreated, "the answer names no batch", nil)
	}
	return batch.BatchID, nil
}

// Request is what Send would send, less the key.
func (d *Driver) Request(items [][]byte) (line string, body []byte) {
	return http.MethodPost + " " + d.base + "/batches", batchBody(items)
}

func batchBody(items [][]byte) []byte {
	const head, tail = `{"method":"POST","endpoint":"contacts","origin":"segue","items":[`, `]}`
	size := len(head) + len(tail)
	for _, item := range items {
		size += len(item) + 1
	}
	// The body is a copy of its own: the transport may read it after the answer has come.
	body := append(make([]byte, 0, size), head...)
	for i, item := range items {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, item...)
	}
	return append(body, tail...)
}

const (
	listingPage = 250 // the most that one listing gives (Omnisend API reference 2026-03-15, Batches)
	sample      = 25  // batches that stand for all that the listing leaves out
)

// States reads one listing page after the other until every batch was seen. The order of the listing is not promised,
// so the pages are given up once they have cost as many requests as asking for the missing ones singly would. Those
// missing are then asked for singly; but when the listing was read to its end and a sample of them is not known, all
// are taken as not known: after a long sleep thousands may be forgotten, and each would cost a request of the budget.
func (a *Account) States(ctx context.Context, batchIDs []string, oldest time.Time) (map[string]destination.BatchState, error) {
	states := make(map[string]destination.BatchState, len(batchIDs))
	missing := make(map[string]bool, len(batchIDs))
	for _, id := range batchIDs {
		missing[id] = true
	}
	whole := false
	for page := 0; len(missing) > 1 && page < len(missing); page++ {
		batches, more, err := a.listing(ctx, page*listingPage, oldest)
		if err != nil {
			return nil, err
		}
		for _, b := range batches {
			if missing[b.BatchID] {
				states[b.BatchID] = b.state()
				delete(missing, b.BatchID)
			}
		}
		if !more {
			whole = true
			break
		}
	}
	unknown := 0
	for id := range missing {
		if whole && unknown == sample && len(missing) > sample {
			states[id] = destination.BatchState{Progress: destination.Unknown}
			continue
		}
		body, err := a.do(ctx, call{method: http.MethodGet, path: "/batches/" + url.PathEscape(id)})
		if failure := (*destination.Error)(nil); errors.As(err, &failure) && failure.Kind == destination.NotKnown {
			states[id] = destination.BatchState{Progress: destination.Unknown}
			unknown++
			continue
		}
		if err != nil {
			return nil, err
		}
		whole = false // one of them is known: the listing left it out, and may have left out others
		var batch batchAnswer
		if err := decode(body, &batch); err != nil {
			return nil, err
		}
		if batch.BatchID != id {
			return nil, unreachable(http.StatusOK, "the answer speaks of another batch", nil)
		}
		states[id] = batch.state()
	}
	return states, nil
}

func (a *Account) listing(ctx context.Context, offset int, oldest time.Time) (_ []batchAnswer, more bool, _ error) {
	query := url.Values{"endpoint": {"contacts"}, "limit": {strconv.Itoa(listingPage)}}
	if offset > 0 {
		query.Set("offset", strconv.Itoa(offset))
	}
	if !oldest.IsZero() {
		// A day less, because the zone of dateFrom's days is not stated and clocks differ.
		query.Set("dateFrom", oldest.UTC().AddDate(0, 0, -1).Format(time.DateOnly))
	}
	body, err := a.do(ctx, call{method: http.MethodGet, path: "/batches", query: query})
	if err != nil {
		return nil, false, err
	}
	var answer struct {
		Batches []batchAnswer `json:"batches"`
	}
	if err := decode(body, &answer); err != nil {
		return nil, false, err
	}
	return answer.Batches, len(answer.Batches) >= listingPage, nil
}

// Results reads what became of each item of a batch.
func (a *Account) Results(ctx context.Context, batchID string) (destination.Results, error) {
	body, err := a.do(ctx, call{
		method: http.MethodGet, path: "/batches/" + url.PathEscape(batchID) + "/items", limit: maxItemsAnswer,
	})
	if err != nil {
		return destination.Results{}, err
	}
	return readItems(body)
}

// Find reads the contact of an address.
func (a *Account) Find(ctx context.Context, identity string) (destination.Contact, bool, error) {
	body, err := a.do(ctx, call{method: http.MethodGet, path: "/contacts", query: url.Values{"email": {identity}}})
	if err != nil {
		return destination.Contact{}, false, err
	}
	var answer struct {
		Contacts []json.RawMessage `json:"contacts"`
	}
	if err := decode(body, &answer); err != nil {
		return destination.Contact{}, false, err
	}
	for _, raw := range answer.Contacts {
		var members map[string]json.RawMessage
		if err := decode(raw, &members); err != nil {
			return destination.Contact{}, false, err
		}
		if form, ok := Identity(text(members["email"])); !ok || form != identity {
			continue
		}
		return contact(members), true, nil
	}
	return destination.Contact{}, false, nil
}

// contact reads the members that fields of ours stand for. The country reads as its name where there is one.
func contact(members map[string]json.RawMessage) destination.Contact {
	c := destination.Contact{ID: text(members["id"]), Email: text(members["email"]), Fields: map[string]string{}}
	for _, field := range fieldOrder {
		if value := text(members[string(field)]); value != "" {
			c.Fields[string(field)] = value
		}
	}
	if _, named := c.Fields[string(destination.Country)]; !named {
		if code := text(members["countryCode"]); code != "" {
			c.Fields[string(destination.Country)] = code
		}
	}
	var phones []string
	if json.Unmarshal(members["phone"], &phones) == nil && len(phones) > 0 {
		c.Fields[string(destination.Phone)] = strings.Join(phones, ", ")
	}
	var standings []struct{ Channel, Status, StatusChangedAt string }
	if json.Unmarshal(members["statuses"], &standings) == nil {
		for _, s := range standings {
			for _, channel := range channels {
				if channel.Name == s.Channel && s.Status != "" {
					c.Fields[string(channel.Status)], c.Fields[string(channel.StatusAt)] = s.Status, s.StatusChangedAt
				}
			}
		}
	}
	_ = json.Unmarshal(members["tags"], &c.Tags) // a contact without readable tags has none to show
	var custom map[string]json.RawMessage
	if json.Unmarshal(members["customProperties"], &custom) == nil {
		for name, raw := range custom {
			value := text(raw)
			if value == "" {
				value = string(raw) // a number, a boolean or a list, as it stands
			}
			c.Fields[destination.CustomPrefix+name] = value
		}
	}
	return c
}

// AddTags adds tags to contacts. Omnisend takes the request and acts later, passing over addresses that nobody has.
func (a *Account) AddTags(ctx context.Context, identities, tags []string) error {
	return a.tag(ctx, http.MethodPost, identities, tags)
}

// RemoveTags removes tags from contacts, likewise.
func (a *Account) RemoveTags(ctx context.Context, identities, tags []string) error {
	return a.tag(ctx, http.MethodDelete, identities, tags)
}

// TagLimits says how many contacts one call takes and how many calls a minute allows, apart from all other requests.
func (a *Account) TagLimits() (contacts, requestsPerMinute int) {
	return MaxTagged, TagRequestsPerMinute
}

func (a *Account) tag(ctx context.Context, method string, identities, tags []string) error {
	if len(identities) == 0 || len(identities) > MaxTagged || len(tags) == 0 || len(tags) > MaxTags {
		return &destination.Error{Kind: destination.Refused, Message: fmt.Sprintf(
			"a tag request takes 1 to %d contacts and 1 to %d tags, not %d and %d", MaxTagged, MaxTags, len(identities), len(tags))}
	}
	body := appendList([]byte(`{"emails":`), identities)
	body = append(appendList(append(body, `,"tags":`...), tags), '}')
	_, err := a.do(ctx, call{method: method, path: "/contacts/tags", body: body})
	return err
}

func appendList(dst []byte, texts []string) []byte {
	dst = append(dst, '[')
	for i, s := range texts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, s)
	}
	return append(dst, ']')
}
