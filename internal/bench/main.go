// Command bench measures what imports and the export engine cost. An import stands beside encoding/csv and a prepared INSERT.
// The engine runs with the rate limit lifted and the stand-in for Omnisend on the same machine: profiles per second beside a
// bare loop that posts the same ready-made bodies, and beside reading the rows alone; processor time, memory, and what a
// second run costs when little changed. Figures of one machine say little; the ratios travel.
//
// Each measurement is a process of its own, the program started anew, so that neither memory nor warmth passes from one to
// the next. The bare loop and the engine take turns, so that whatever else the machine does hits both.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/segue-app/segue/internal/run"
)

const (
	few    = 10_000    // profiles of the small run, whose memory is compared
	many   = 1_000_000 // profiles of all others
	rounds = 3         // of bare loop and engine in turn; the medians count
)

// settings are the command line. The last ones are what the program tells itself, in a process for one measurement.
type settings struct {
	profiles   int
	json       bool
	only       string // "imports", "engine" or "pages"; "": all
	cpuProfile string

	part, folder, url, name string
}

func main() {
	var s settings
	flag.IntVar(&s.profiles, "profiles", many, "how many sample customers, fewer to try it out")
	flag.BoolVar(&s.json, "json", false, "print the JSON object alone")
	flag.StringVar(&s.only, "only", "", "measure imports, engine or pages alone")
	flag.StringVar(&s.cpuProfile, "cpuprofile", "", "write CPU profiles of imports and the engine's runs to this path and what tells them apart")
	flag.StringVar(&s.part, "part", "", "what this process measures; set by the program itself")
	flag.StringVar(&s.folder, "folder", "", "the data folder of the part")
	flag.StringVar(&s.url, "url", "", "where the stand-in answers the part")
	flag.StringVar(&s.name, "name", "", "the export of the part")
	flag.Parse()
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	do := bench
	if s.part != "" {
		do = part
	}
	if err := do(context.Background(), s); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench measures part after part, and prints what they found.
func bench(ctx context.Context, s settings) (err error) {
	if s.profiles < 1000 {
		return errors.New("at least 1000 profiles: of fewer the figures say nothing")
	}
	folder, err := os.MkdirTemp("", "segue-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	found := findings{profiles: s.profiles, few: min(few, s.profiles)}
	if s.only == "" || s.only == "imports" {
		if found.imports, err = s.measureImports(ctx, folder); err != nil {
			return err
		}
	}
	if s.only != "imports" {
		if err := s.measureExports(ctx, folder, &found); err != nil {
			return err
		}
	}
	if !s.json {
		found.print(os.Stdout)
	}
	return json.NewEncoder(os.Stdout).Encode(found.figures())
}

// measureExports gives the stand-in a fresh start before each part that sends.
func (s settings) measureExports(ctx context.Context, folder string, f *findings) error {
	stand, err := prepareStandIn(ctx, folder)
	if err != nil {
		return err
	}
	defer stand.stop()
	small, large := filepath.Join(folder, "few"), filepath.Join(folder, "many")
	folders := map[string]int{small: f.few, large: s.profiles}
	if s.only == pages {
		delete(folders, small)
	}
	measure := func(part, data, name string, profiles int, profile string) (m measurement, err error) {
		if part != seed {
			if err := stand.restart(); err != nil {
				return m, err
			}
		}
		return ask(ctx, settings{part: part, folder: data, url: stand.url, name: name, profiles: profiles, cpuProfile: profile})
	}
	if err := stand.restart(); err != nil {
		return err
	}
	for data, profiles := range folders {
		if _, err := measure(seed, data, "", profiles, ""); err != nil {
			return err
		}
	}
	measurePages := func() error {
		m, err := measure(pages, large, "", s.profiles, "")
		f.pages = m.Pages
		return err
	}
	if s.only == pages {
		return measurePages()
	}
	m, err := measure(engine, small, "Few", f.few, "")
	if err != nil {
		return err
	}
	f.mibFew = m.PeakMiB
	for i := range rounds {
		number := strconv.Itoa(i + 1)
		profile := s.cpuProfile
		if profile != "" {
			profile += number
		}
		bare, err := measure(bare, large, "", s.profiles, "")
		if err != nil {
			return err
		}
		full, err := measure(engine, large, "Round "+number, s.profiles, profile)
		if err != nil {
			return err
		}
		f.bare, f.engine = append(f.bare, bare), append(f.engine, full)
	}
	// The stand-in goes on: its contacts are those of the last round.
	delta := settings{part: delta, folder: large, url: stand.url, name: "Round " + strconv.Itoa(rounds), profiles: s.profiles}
	if s.cpuProfile != "" {
		delta.cpuProfile = s.cpuProfile + "-delta"
	}
	if f.delta, err = ask(ctx, delta); err != nil {
		return err
	}
	return measurePages() // at last: it leaves a run behind, and many exports
}

// ask has a part measured by a process of its own.
func ask(ctx context.Context, s settings) (m measurement, err error) {
	program, err := os.Executable()
	if err != nil {
		return m, err
	}
	c := exec.CommandContext(ctx, program, "-part", s.part, "-folder", s.folder, "-url", s.url, "-name", s.name,
		"-profiles", strconv.Itoa(s.profiles), "-cpuprofile", s.cpuProfile)
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return m, fmt.Errorf("measure %s: %w", s.part, err)
	}
	if err := json.Unmarshal(out, &m); err != nil {
		return m, fmt.Errorf("measure %s: %w", s.part, err)
	}
	return m, nil
}

// measurement is what one part found. What it did not look at is 0.
type measurement struct {
	Seconds  float64 // of the run, or of the bare loop, until the stand-in had tried everything
	Taken    float64 // seconds until the stand-in had taken the last body
	Reading  float64 // seconds to read the rows alone
	Upload   float64 // seconds to bring the changed profiles in
	CPU      float64 // seconds of the process during Seconds
	PeakMiB  float64 // resident, at the highest
	Requests int
	Counts   run.Counts
	Pages    pageTimes
}

func median(values []measurement, of func(measurement) float64) float64 {
	sorted := make([]float64, len(values))
	for i, m := range values {
		sorted[i] = of(m)
	}
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}
