package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/web/api"
)

const (
	answerWithin = 30 * time.Second
	mostAnswer   = 16 << 20 // bytes

	firstPause = 250 * time.Millisecond
	mostPause  = 10 * time.Second
)

// How long a server may not answer before it is given up. A restart takes seconds; the upgrade of a machine, minutes.
const (
	patience        = 30 * time.Second
	patienceWaiting = 10 * time.Minute // for the end of a run, which goes on
)

// client is a Segue at an address, by its JSON API.
type client struct {
	base  string
	token secret.Text
	http  *http.Client
}

// newClient makes the client of a server. It follows the server nowhere else: the token would come along, and perhaps without TLS.
func newClient(server string, token secret.Text) *client {
	return &client{base: strings.TrimRight(server, "/") + api.Prefix, token: token, http: &http.Client{Timeout: answerWithin,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (c *client) close() error { return nil }

// number reads an id.
func number(text string) (int64, bool) {
	id, err := strconv.ParseInt(text, 10, 64)
	return id, err == nil && id > 0
}

func (c *client) find(ctx context.Context, name string) (int64, error) {
	if id, ok := number(name); ok { // by itself, so that a token that may only run will do
		return id, nil
	}
	for cursor := ""; ; {
		var page api.Page[api.Export]
		if err := c.ask(ctx, http.MethodGet, "/exports?"+url.Values{"search": {name}, "cursor": {cursor}}.Encode(), nil, "", &page); err != nil {
			return 0, err
		}
		for _, one := range page.Items {
			if strings.EqualFold(one.Name, name) {
				return one.ID, nil
			}
		}
		if cursor = page.Next; cursor == "" {
			return 0, unknownExport(name)
		}
	}
}

// start starts one run, however often the request must be sent until it is answered.
func (c *client) start(ctx context.Context, exportID int64, complete bool) (started api.Run, err error) {
	err = c.ask(ctx, http.MethodPost, fmt.Sprintf("/exports/%d/runs", exportID), map[string]bool{"complete": complete}, rand.Text(), &started)
	return started, err
}

func (c *client) run(ctx context.Context, id int64) (r api.Run, err error) {
	err = c.askFor(ctx, patienceWaiting, http.MethodGet, fmt.Sprintf("/runs/%d", id), nil, "", &r)
	return r, err
}

func (c *client) status(ctx context.Context) (s api.Status, err error) {
	err = c.ask(ctx, http.MethodGet, "/status", nil, "", &s)
	return s, err
}

func (c *client) ask(ctx context.Context, method, path string, body any, key string, into any) error {
	return c.askFor(ctx, patience, method, path, body, key, into)
}

// askFor sends a request until it is answered, or the patience is over: a server that is being restarted, or that asks to wait, is
// waited for.
func (c *client) askFor(ctx context.Context, patience time.Duration, method, path string, body any, key string, into any) error {
	var since time.Time // when it first did not answer
	for pause := firstPause; ; pause = min(2*pause, mostPause) {
		wait, err := c.try(ctx, method, path, body, key, into)
		if wait == 0 && err == nil {
			return nil
		}
		var final ending
		if errors.As(err, &final) || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if since.IsZero() {
			since = time.Now()
			fmt.Fprintln(os.Stderr, "segue: waiting for the server:", err)
		}
		left := patience - time.Since(since)
		if left <= 0 {
			return ending{fmt.Errorf("the server does not answer: %w", err), endTimedOut}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(max(wait, pause), left)):
		}
	}
}

// try sends a request once. An error that is no ending is worth another try, after the time that the server asks for, if any.
func (c *client) try(ctx context.Context, method, path string, body any, key string, into any) (wait time.Duration, err error) {
	var sent io.Reader
	kind := "application/json"
	switch body := body.(type) {
	case nil:
	case configFile:
		sent, kind = bytes.NewReader(body), api.MIMEYAML
	default:
		written, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		sent = bytes.NewReader(written)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, sent)
	if err != nil {
		return 0, ending{err, endWrong}
	}
	request.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	request.Header.Set("Accept-Language", i18n.Match(os.Getenv("LC_ALL"), os.Getenv("LANG")))
	if body != nil {
		request.Header.Set("Content-Type", kind)
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return 0, err
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return 0, err
	}
	if response.StatusCode < http.StatusMultipleChoices {
		if file, ok := into.(*configFile); ok {
			if answered, _, err := mime.ParseMediaType(response.Header.Get("Content-Type")); err != nil || answered != api.MIMEYAML {
				return 0, ending{fmt.Errorf("%s answers no configuration", c.base), endWrong}
			}
			*file = answer
			return 0, nil
		}
		if err := json.Unmarshal(answer, into); err != nil {
			return 0, ending{fmt.Errorf("%s does not speak the JSON API: %w", c.base, err), endWrong}
		}
		return 0, nil
	}
	return refusalOf(response, answer)
}

// refusalOf reads what a server that did not do it says, and whether to ask again.
func refusalOf(response *http.Response, answer []byte) (wait time.Duration, err error) {
	said := api.Problem{Status: response.StatusCode}
	text := response.Status
	if json.Unmarshal(answer, &said) == nil && said.Detail != "" {
		text = said.Detail
		for _, field := range said.Fields {
			text += "\n  " + field.Field + ": " + field.Detail
		}
		if said.Applied != nil {
			text = interrupted(*said.Applied, text)
		}
	}
	switch {
	case response.StatusCode < http.StatusBadRequest:
		return 0, ending{fmt.Errorf("the server is elsewhere, at %.300q: name that with --server", response.Header.Get("Location")), endWrong}
	case response.StatusCode == http.StatusTooManyRequests || response.StatusCode >= http.StatusInternalServerError:
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After")) // none, or a date: the usual pause will do
		return time.Duration(seconds) * time.Second, errors.New(text)
	case response.StatusCode == http.StatusConflict:
		return 0, ending{errors.New(text), endOfConflict(said.Code)}
	}
	return 0, ending{errors.New(text), endWrong}
}
