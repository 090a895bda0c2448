package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/membership"
	"github.com/segue-app/segue/internal/omnisend"
	"github.com/segue-app/segue/internal/segment"
)

const (
	posters = 8 // at once: as many as the engine has senders
	page    = 1000
)

// measureBare times the reading of all rows as the engine reads them, makes the bodies that the engine would post, and
// times a loop that does nothing but post them, until the stand-in has tried every item, for the engine's time ends there too.
func measureBare(ctx context.Context, a *app.App, url string) (m measurement, err error) {
	selection, encoder, err := everybody(ctx, a)
	if err != nil {
		return m, err
	}
	begin := time.Now()
	if err := each(ctx, a, selection, func(membership.Member) error { return nil }); err != nil {
		return m, err
	}
	m.Reading = time.Since(begin).Seconds()
	bodies, items, err := makeBodies(ctx, a, selection, encoder)
	if err != nil {
		return m, err
	}
	before := processorTime()
	begin = time.Now()
	if err := post(ctx, url, bodies); err != nil {
		return m, err
	}
	m.Taken = time.Since(begin).Seconds()
	if err := awaitLast(ctx, url); err != nil {
		return m, err
	}
	m.Seconds, m.CPU = time.Since(begin).Seconds(), (processorTime() - before).Seconds()
	m.Requests, m.Counts.Accepted = len(bodies), items
	return m, nil
}

func everybody(ctx context.Context, a *app.App) (*membership.Selection, destination.Encoder, error) {
	snapshot, err := a.Profiles.Current(ctx)
	if err != nil {
		return nil, nil, err
	}
	rule := segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.All}}
	where, err := segment.Compile(rule, snapshot, time.Now())
	if err != nil {
		return nil, nil, err
	}
	selection, err := membership.Select(snapshot, []segment.Where{where}, demo.Mapping.Attributes())
	if err != nil {
		return nil, nil, err
	}
	encoder, err := demo.Mapping.NewEncoder(omnisend.NewDriver(omnisend.Options{}), destination.Consent{}, time.Now())
	return selection, encoder, err
}

// makeBodies makes full batches. Duplicates are in them too, which makes the bare loop's work a little more than the engine's.
func makeBodies(ctx context.Context, a *app.App, selection *membership.Selection, encoder destination.Encoder) (bodies [][]byte, items int, err error) {
	driver := omnisend.NewDriver(omnisend.Options{})
	tags := []string{export.DefaultTag(demo.Everybody)}
	var batch [][]byte
	err = each(ctx, a, selection, func(m membership.Member) error {
		item, reasons := encoder.Encode(nil, m.Values, tags)
		if len(reasons) > 0 {
			return nil
		}
		items++
		if batch = append(batch, item); len(batch) == omnisend.MaxBatch {
			_, body := driver.Request(batch)
			bodies, batch = append(bodies, body), batch[:0]
		}
		return nil
	})
	if len(batch) > 0 {
		_, body := driver.Request(batch)
		bodies = append(bodies, body)
	}
	return bodies, items, err
}

func each(ctx context.Context, a *app.App, selection *membership.Selection, visit func(membership.Member) error) error {
	for after, more := "", true; more; {
		var err error
		more, err = selection.Page(ctx, a.DB.Reader(), after, page, func(m membership.Member) error {
			after = m.ID
			return visit(m)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}

// post posts the bodies; answers are read and thrown away.
func post(ctx context.Context, url string, bodies [][]byte) error {
	work := make(chan []byte, len(bodies))
	for _, body := range bodies {
		work <- body
	}
	close(work)
	failed := make(chan error, posters)
	var group sync.WaitGroup
	for range posters {
		group.Go(func() {
			for body := range work {
				if err := call(ctx, http.MethodPost, url+"/batches", body, nil); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	group.Wait()
	close(failed)
	return <-failed
}

// awaitLast waits until the stand-in has tried the items of the newest batch: it takes one after the other.
func awaitLast(ctx context.Context, url string) error {
	for {
		var answer struct {
			Batches []struct{ Status string }
		}
		if err := call(ctx, http.MethodGet, url+"/batches?endpoint=contacts&limit=1", nil, &answer); err != nil {
			return err
		}
		if len(answer.Batches) == 1 && answer.Batches[0].Status == "finished" {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func call(ctx context.Context, method, url string, body []byte, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Omnisend-API-Key "+demo.APIKey)
	request.Header.Set("Omnisend-Version", omnisend.Version)
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	answer, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s answers with status %d", url, response.StatusCode)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}
