package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/membership"
	"github.com/segue-app/segue/internal/omnisend"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/segment"
)

func measure(ctx context.Context, folder, url string, profiles int, profile string) (f figures, err error) {
	f.Profiles = profiles
	a, err := app.Open(ctx, app.Config{Folder: folder, OmnisendURL: url, Unlimited: true})
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, a.Stop(ctx)) }()
	if err := demo.Seed(ctx, a, profiles); err != nil {
		return f, err
	}
	c, err := demo.Connect(ctx, a, "Bench", demo.APIKey)
	if err != nil {
		return f, err
	}
	e, err := demo.Export(ctx, a, "Everybody", c.ID, demo.Everybody)
	if err != nil {
		return f, err
	}
	if err := a.Start(ctx); err != nil {
		return f, err
	}
	reading, bodies, err := read(ctx, a)
	if err != nil {
		return f, err
	}
	f.Reading = rate(profiles, reading)
	bare, err := post(ctx, url, bodies)
	if err != nil {
		return f, err
	}
	f.Bare = rate(min(profiles, mostBodies*omnisend.MaxBatch), bare)
	bodies = nil
	debug.FreeOSMemory() // what the bare loop needed is not the engine's

	if profile != "" {
		file, err := os.Create(profile)
		if err != nil {
			return f, err
		}
		if err := pprof.StartCPUProfile(file); err != nil {
			return f, err
		}
	}
	resetPeak()
	before := processorTime()
	first, r, err := runOnce(ctx, a, e)
	if err != nil {
		return f, err
	}
	pprof.StopCPUProfile()
	f.Engine, f.Requests = rate(profiles, first), r.Requests
	f.CPUPerMillion = (processorTime() - before).Seconds() / float64(profiles) * 1e6
	f.MemoryMiB = peak()
	second, r, err := runOnce(ctx, a, e)
	if err != nil {
		return f, err
	}
	if r.Counts.Accepted != 0 {
		return f, fmt.Errorf("the second run sent %d profiles", r.Counts.Accepted)
	}
	f.Unchanged, f.UnchangedSeconds = rate(profiles, second), second.Seconds()
	f.EngineToBare, f.EngineToReading, f.SecondToReading = f.Engine/f.Bare, f.Engine/f.Reading, f.Unchanged/f.Reading
	return f, nil
}

// mostBodies bounds the memory of the bare loop: its rate does not depend on how long it goes on.
const mostBodies = 2000

func rate(profiles int, took time.Duration) float64 { return float64(profiles) / took.Seconds() }

// runOnce runs the export and waits for its end.
func runOnce(ctx context.Context, a *app.App, e export.Export) (time.Duration, run.Run, error) {
	admin, err := demo.Actor(ctx, a, access.Administrator)
	if err != nil {
		return 0, run.Run{}, err
	}
	r, err := a.Runs.Start(ctx, admin, e.ID, run.Options{})
	for err == nil && r.State.Active() {
		time.Sleep(100 * time.Millisecond)
		r, err = a.Runs.Get(ctx, admin, r.ID)
	}
	if err == nil && (r.State == run.Failed || r.Counts.Open() != 0) {
		err = fmt.Errorf("the run ended as %s (%s)", r.State, r.ErrorCode)
	}
	return r.EndedAt.Sub(r.StartedAt), r, err
}

// read times the reading of all rows as the engine reads them, and makes the bodies that the engine would post.
func read(ctx context.Context, a *app.App) (time.Duration, [][]byte, error) {
	snapshot, err := a.Profiles.Current(ctx)
	if err != nil {
		return 0, nil, err
	}
	where, err := segment.Compile(segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.All}}, snapshot, time.Now())
	if err != nil {
		return 0, nil, err
	}
	var attributes []string
	var fields []destination.Field
	for _, pair := range demo.Mapping {
		attributes, fields = append(attributes, pair.Attribute), append(fields, pair.Field)
	}
	selection, err := membership.Select(snapshot, []segment.Where{where}, attributes)
	if err != nil {
		return 0, nil, err
	}
	encoder, err := omnisend.NewDriver(omnisend.Options{}).NewEncoder(fields)
	if err != nil {
		return 0, nil, err
	}
	begin := time.Now()
	if err := each(ctx, a, selection, func(membership.Member) error { return nil }); err != nil {
		return 0, nil, err
	}
	took := time.Since(begin)
	var bodies [][]byte
	var body bytes.Buffer
	items := 0
	flush := func() {
		body.WriteString("]}")
		bodies = append(bodies, bytes.Clone(body.Bytes()))
		body.Reset()
		items = 0
	}
	tags := []string{export.DefaultTag(demo.Everybody)}
	err = each(ctx, a, selection, func(m membership.Member) error {
		if len(bodies) == mostBodies {
			return nil
		}
		item, reasons := encoder.Encode(nil, m.Values, tags)
		if len(reasons) > 0 {
			return nil
		}
		if items == 0 {
			body.WriteString(`{"method":"POST","endpoint":"contacts","origin":"segue","items":[`)
		} else {
			body.WriteByte(',')
		}
		body.Write(item)
		if items++; items == omnisend.MaxBatch {
			flush()
		}
		return nil
	})
	if items > 0 {
		flush()
	}
	return took, bodies, err
}

func each(ctx context.Context, a *app.App, selection *membership.Selection, visit func(membership.Member) error) error {
	for after, more := "", true; more; {
		var err error
		more, err = selection.Page(ctx, a.DB.Reader(), after, 1000, func(m membership.Member) error {
			after = m.ID
			return visit(m)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// post times a bare loop: as many senders as the engine has, bodies that are ready, answers read and thrown away.
func post(ctx context.Context, url string, bodies [][]byte) (time.Duration, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}
	work := make(chan []byte, len(bodies))
	for _, body := range bodies {
		work <- body
	}
	close(work)
	failed := make(chan error, 1)
	var group sync.WaitGroup
	begin := time.Now()
	for range 8 {
		group.Go(func() {
			for body := range work {
				if err := postOne(ctx, client, url, body); err != nil {
					select {
					case failed <- err:
					default:
					}
					return
				}
			}
		})
	}
	group.Wait()
	select {
	case err := <-failed:
		return 0, err
	default:
		return time.Since(begin), nil
	}
}

func postOne(ctx context.Context, client *http.Client, url string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/batches", bytes.NewReader(body))
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
	if response.StatusCode != http.StatusCreated {
		err = fmt.Errorf("status %d", response.StatusCode)
	}
	_, copied := io.Copy(io.Discard, response.Body)
	return errors.Join(err, copied, response.Body.Close())
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// resetPeak makes the highest resident size start anew; where the system cannot, the peak of the whole process is shown.
func resetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// peak is the highest resident size in MiB, 0 where the system does not tell.
func peak() float64 {
	file, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
			if err != nil {
				return 0
			}
			return kib / 1024
		}
	}
	return 0
}
