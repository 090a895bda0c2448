package doctor

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// work looks at what stands still, and at what the database says of the world around it.
func (x *examination) work(ctx context.Context, db *database.DB) {
	now := x.Now()
	before := len(x.report)
	for _, c := range []struct {
		code  string
		level Level
		query string
		args  []any
	}{
		{"stopped", Warning, countStops, nil},
		{"runs_paused", Warning, countPaused, nil},
		{"runs_stuck", Warning, countStuck, nil},
		{"jobs_late", Warning, countLateJobs, []any{now.Add(-lateJob).Unix()}},
		{"jobs_failing", Warning, countFailingJobs, []any{failingTries}},
		{"jobs_given_up", Warning, countGivenUpJobs, []any{now.Add(-recently).Unix()}},
	} {
		n, err := count(ctx, db.Reader(), c.query, c.args...)
		if err == nil && n > 0 {
			x.found(c.level, c.code, "Number", n)
		}
	}
	if len(x.report) == before {
		x.found(Fine, "work")
	}
	if at, err := latest(ctx, db.Reader()); err == nil && at.After(now.Add(clockOff)) {
		x.found(Error, "clock_behind", "Stored", at.UTC().Format(time.RFC3339), "Now", now.UTC().Format(time.RFC3339))
	}
	if folders, err := watchedFolders(ctx, db.Reader()); err == nil {
		x.watched(folders)
	}
	if zones, err := zones(ctx, db.Reader()); err == nil {
		for _, zone := range zones {
			x.zone("schedule", zone)
		}
	}
}

const (
	lateJob      = 15 * time.Minute // that a job is due and nobody does it
	failingTries = 3
	recently     = 24 * time.Hour
)

// watched looks at folders that sources watch, or may watch.
func (x *examination) watched(used []string) {
	folders := used
	if used == nil {
		folders = x.Watch
	}
	for _, folder := range folders {
		if _, err := os.ReadDir(folder); err != nil {
			x.found(Error, "watched_unreadable", "Path", folder)
		} else if used != nil && len(x.Watch) > 0 && !slices.Contains(x.Watch, folder) {
			x.found(Warning, "watched_not_allowed", "Path", folder)
		}
	}
}

// zone looks whether a time zone is known.
func (x *examination) zone(of, name string) {
	if _, err := time.LoadLocation(name); err == nil {
		return
	}
	if of == "" {
		x.found(Error, "zones_missing", "Zone", name)
		return
	}
	x.found(Error, "zone_unknown", "Zone", name)
}

// address looks whether cookies travel safely: other people's machines reach the server over HTTPS only.
func (x *examination) address() {
	address, err := url.Parse(x.URL)
	switch {
	case x.URL == "" && !local(x.Listen):
		x.found(Warning, "url_missing", "Listen", x.Listen)
	case x.URL == "":
		x.found(Fine, "address")
	case err != nil || address.Host == "":
		x.found(Error, "url_wrong", "URL", x.URL)
	case address.Scheme != "https" && !local(address.Host):
		x.found(Warning, "url_insecure", "URL", address.Scheme+"://"+address.Host)
	default:
		x.found(Fine, "address")
	}
}

// local reports whether an address, with or without a port, is this machine's own.
func local(address string) bool {
	host := address
	if h, _, err := net.SplitHostPort(address); err == nil {
		host = h
	}
	if ip, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return ip.IsLoopback()
	}
	return host == "localhost"
}

// network asks the destination for the time, which any answer of it tells.
func (x *examination) network(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	address, err := url.Parse(x.Destination)
	if err != nil || address.Host == "" {
		x.found(Error, "destination_wrong")
		return
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, x.Destination, nil)
	if err != nil {
		x.found(Error, "destination_wrong")
		return
	}
	asked := x.Now()
	answer, err := x.Client.Do(request)
	if err != nil {
		x.found(Warning, "destination_unreachable", "Host", address.Host)
		return
	}
	_ = answer.Body.Close() // of a HEAD: it is empty
	x.found(Fine, "destination")
	told, err := http.ParseTime(answer.Header.Get("Date"))
	if err != nil {
		return
	}
	answered := x.Now()
	off := told.Sub(asked.Add(answered.Sub(asked) / 2)).Abs().Round(time.Second)
	switch {
	case off > clockBroken:
		x.found(Error, "clock_off", "Off", off.String(), "Host", address.Host)
	case off > clockOff:
		x.found(Warning, "clock_off", "Off", off.String(), "Host", address.Host)
	default:
		x.found(Fine, "clock")
	}
}
