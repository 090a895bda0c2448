package omnisend

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/trace"
)

// Greatest answers that are read, in bytes. The items of a full batch, each with the request and the contact as it is
// now, take well under the larger one.
const (
	maxAnswer      = 4 << 20
	maxItemsAnswer = 16 << 20
)

// call is one request to Omnisend.
type call struct {
	method, path string
	query        url.Values
	body         []byte
	limit        int64 // of the answer, in bytes; 0 means maxAnswer
}

// do passes the gate, sends one request and gives the body of a 2xx answer. Nothing is tried again here, and it fails
// with *destination.Error only. Neither the key, nor the query, nor anything of a body is in such an error.
func (a *Account) do(ctx context.Context, c call) ([]byte, error) {
	done, err := a.gate.Enter(ctx)
	if err != nil {
		return nil, &destination.Error{Kind: destination.Unreachable, Message: "the request was not sent", Cause: err}
	}
	var answer destination.Answer
	defer func() { done(answer) }()

	body, failure := a.exchange(ctx, c)
	if failure != nil {
		answer.Throttled = failure.Kind == destination.Throttled
		answer.RetryAfter = failure.RetryAfter
		return nil, failure
	}
	return body, nil
}

// pattern is the path without what is different from one call to the next.
func (c call) pattern() string {
	if rest, ok := strings.CutPrefix(c.path, "/batches/"); ok {
		if _, items, ok := strings.Cut(rest, "/"); ok {
			return "/batches/{id}/" + items
		}
		return "/batches/{id}"
	}
	return c.path
}

func (a *Account) exchange(ctx context.Context, c call) (answer []byte, failure *destination.Error) {
	started, status := time.Now(), 0
	defer func() { trace.Request(ctx, c.method, c.pattern(), started, status) }()
	address := a.driver.base + c.path
	if len(c.query) > 0 {
		address += "?" + c.query.Encode()
	}
	var content io.Reader
	if c.body != nil {
		content = bytes.NewReader(c.body)
	}
	request, err := http.NewRequestWithContext(ctx, c.method, address, content)
	if err != nil {
		return nil, &destination.Error{Kind: destination.Refused, Message: "the address of Omnisend is not valid"}
	}
	request.Header.Set("Authorization", "Omnisend-API-Key "+a.key.Reveal())
	request.Header.Set("Omnisend-Version", Version)
	request.Header.Set("Accept", "application/json, application/problem+json")
	request.Header.Set("User-Agent", "segue")
	if c.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}

	response, err := a.driver.client.Do(request)
	if err != nil {
		return nil, unreachable(0, "no answer", err)
	}
	defer response.Body.Close()

	limit := c.limit
	if limit == 0 {
		limit = maxAnswer
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	status = response.StatusCode
	if status >= 200 && status < 300 {
		switch {
		case err != nil:
			return nil, unreachable(status, "the answer broke off", err)
		case int64(len(body)) > limit:
			return nil, unreachable(status, "the answer is too large to be read", nil)
		}
		return body, nil
	}
	// What could be read of a failure's body is enough: the status alone decides.
	return nil, failed(status, response.Header, body)
}

// unreachable is a request whose outcome is not known. url.Error is taken apart because it prints the whole address,
// and an address may hold an email.
func unreachable(status int, message string, cause error) *destination.Error {
	if e := (*url.Error)(nil); errors.As(cause, &e) {
		cause = e.Err
	}
	return &destination.Error{Kind: destination.Unreachable, Status: status, Message: message, Cause: cause}
}

// decode reads a JSON answer. One that is half, or of another form, leaves the outcome unknown.
func decode(body []byte, into any) error {
	err := json.Unmarshal(body, into)
	if err == nil {
		return nil
	}
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		// Its text may quote a character of the answer; the place is all that helps.
		err = fmt.Errorf("JSON ends or breaks at byte %d of %d", syntax.Offset, len(body))
	} else if form := (*json.UnmarshalTypeError)(nil); errors.As(err, &form) {
		err = fmt.Errorf("JSON has another type than %s at byte %d", form.Type, form.Offset)
	} else {
		err = errors.New("JSON cannot be read")
	}
	return unreachable(http.StatusOK, "the answer cannot be read", err)
}

// kind sorts failures by status, since Omnisend lists neither its types nor its codes in full (Omnisend API reference
// 2026-03-15, Responses).
func kind(status int) destination.ErrorKind {
	switch status {
	case http.StatusUnauthorized:
		return destination.Unauthorized
	case http.StatusPaymentRequired:
		return destination.Payment
	case http.StatusForbidden:
		return destination.Forbidden
	case http.StatusNotFound:
		return destination.NotKnown
	case http.StatusGone:
		return destination.Retired
	case http.StatusRequestEntityTooLarge:
		return destination.TooLarge
	case http.StatusTooManyRequests:
		return destination.Throttled
	case http.StatusRequestTimeout, http.StatusTooEarly:
		return destination.Unavailable
	}
	switch {
	case status >= 500:
		return destination.Unavailable
	case status >= 400:
		return destination.Refused
	}
	return destination.Unreachable // a redirect, which is not followed, or an answer that HTTP does not know
}

var messages = map[destination.ErrorKind]string{
	destination.Unauthorized: "the key was refused",
	destination.Payment:      "the account must be paid for",
	destination.Forbidden:    "the key lacks a permission",
	destination.NotKnown:     "not found",
	destination.Retired:      "this version of the API is no longer served",
	destination.TooLarge:     "the request is too large",
	destination.Throttled:    "too many requests",
	destination.Unavailable:  "a fault at Omnisend",
	destination.Refused:      "the request was refused as invalid",
	destination.Unreachable:  "an unexpected answer",
}

// failed makes the error of an answer that is not 2xx.
func failed(status int, header http.Header, body []byte) *destination.Error {
	e := &destination.Error{Kind: kind(status), Status: status}
	e.Message = fmt.Sprintf("%s (HTTP %d)", messages[e.Kind], status)
	p := readProblem(body)
	e.TraceID = p.trace
	if e.Kind == destination.Refused {
		e.Reasons = p.reasons
	}
	if e.Kind == destination.Refused || e.Kind == destination.TooLarge {
		e.Answer = bounded(body)
	}
	if e.Kind == destination.Throttled || e.Kind == destination.Unavailable {
		e.RetryAfter = p.retryAfter
		if e.RetryAfter == 0 {
			e.RetryAfter = retryAfter(header.Get("Retry-After"), header.Get("Date"))
		}
	}
	return e
}

// maxHint bounds what a hint may ask for, so that a wrong number cannot stop a run for days.
const maxHint = time.Hour

// retryAfter reads the header's seconds, or its date against the answer's own date, since clocks differ.
func retryAfter(value, date string) time.Duration {
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		return clampHint(time.Duration(seconds) * time.Second)
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(date)
	if err != nil {
		return 0
	}
	return clampHint(until.Sub(now))
}

func clampHint(hint time.Duration) time.Duration {
	return min(max(hint, 0), maxHint)
}
