package main

import (
	"fmt"
	"io"
	"math"
	"slices"
)

// findings are what all parts found.
type findings struct {
	profiles, few int
	imports       imports
	bare, engine  []measurement // a round each
	delta         measurement
	pages         pageTimes
	mibFew        float64
}

// figures are what is printed for programs. Seconds and MiB are of the engine alone, without the stand-in.
type figures struct {
	ImportToBare    float64 `json:"import_vs_bare"`
	ImportMiBFew    float64 `json:"import_mib_at_10k"`
	ImportMiBMany   float64 `json:"import_mib_at_1m"`
	EngineToBare    float64 `json:"engine_vs_bare"`
	EngineToReading float64 `json:"engine_vs_read"`
	CPUPerMillion   float64 `json:"cpu_seconds_per_million"`
	MiBFew          float64 `json:"mib_at_10k"`
	MiBMany         float64 `json:"mib_at_1m"`
	PagesP99Idle    float64 `json:"pages_p99_ms_idle"`
	PagesP99Run     float64 `json:"pages_p99_ms_sending"`
	PagesToIdle     float64 `json:"pages_p99_sending_vs_idle"`
	DeltaSeconds    float64 `json:"delta_seconds"`
	DeltaRequests   int     `json:"delta_requests"`
}

func seconds(m measurement) float64 { return m.Seconds }
func reading(m measurement) float64 { return m.Reading }

// bareRate and engineRate are profiles per second. The bare loop is credited with what it posted, the engine with all it
// decided on.
func (f findings) bareRate() float64 {
	return median(f.bare, func(m measurement) float64 { return float64(m.Counts.Accepted) / m.Seconds })
}

func (f findings) engineRate() float64  { return float64(f.profiles) / median(f.engine, seconds) }
func (f findings) readingRate() float64 { return float64(f.profiles) / median(f.bare, reading) }

func accepted(m measurement) float64 { return float64(m.Counts.Accepted) / m.Seconds }

// toBare is the rate of the import beside the bare loop's: the median of the rounds, in each of which both met the same machine.
func (i imports) toBare() float64 {
	ratios := make([]float64, len(i.csv))
	for n := range ratios {
		ratios[n] = i.bare[n].Seconds / i.csv[n].Seconds
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}

func highest(measured []measurement) (mib float64) {
	for _, m := range measured {
		mib = max(mib, m.PeakMiB)
	}
	return mib
}

func (f findings) figures() (g figures) {
	if f.imports.csv != nil {
		g.ImportToBare, g.ImportMiBFew, g.ImportMiBMany = round(f.imports.toBare()), round(f.imports.mibFew), round(highest(f.imports.csv))
	}
	if f.pages.Idle.Requests > 0 {
		g.PagesP99Idle, g.PagesP99Run = round(f.pages.Idle.P99), round(f.pages.Sending.P99)
		g.PagesToIdle = round(f.pages.Sending.P99 / f.pages.Idle.P99)
	}
	if f.engine != nil {
		g.EngineToBare, g.EngineToReading = round(f.engineRate()/f.bareRate()), round(f.engineRate()/f.readingRate())
		g.CPUPerMillion = round(median(f.engine, func(m measurement) float64 { return m.CPU }) / float64(f.profiles) * 1e6)
		g.MiBFew, g.MiBMany = round(f.mibFew), round(highest(f.engine))
		g.DeltaSeconds, g.DeltaRequests = round(f.delta.Seconds), f.delta.Requests
	}
	return g
}

func round(x float64) float64 { return math.Round(x*100) / 100 }

func (f findings) print(w io.Writer) {
	if f.imports.csv != nil {
		f.printImports(w)
	}
	if f.pages.Idle.Requests > 0 {
		f.printPages(w)
	}
	if f.engine != nil {
		f.printEngine(w)
	}
}

type line struct {
	name  string
	value float64
	unit  string
}

func printLines(w io.Writer, lines []line) {
	for _, l := range lines {
		fmt.Fprintf(w, "%-55s %12.2f %s\n", l.name, l.value, l.unit)
	}
}

func (f findings) printImports(w io.Writer) {
	perMillion := func(m measurement) float64 { return m.CPU / float64(m.Counts.Accepted) * 1e6 }
	g, i := f.figures(), f.imports
	fmt.Fprintf(w, "imports of %d profiles of %d columns; medians of %d rounds\n\n", f.profiles, len(importColumns), len(i.csv))
	printLines(w, []line{
		{"CSV : encoding/csv and a prepared INSERT", g.ImportToBare, "ratio"},
		{"CSV", median(i.csv, accepted), "profiles/s"},
		{"encoding/csv and a prepared INSERT", median(i.bare, accepted), "profiles/s"},
		{"NDJSON", accepted(i.ndjson), "profiles/s"},
		{"Parquet", accepted(i.parquet), "profiles/s"},
		{"CSV: processor time for a million profiles", median(i.csv, perMillion), "s"},
		{"bare loop: processor time for a million profiles", median(i.bare, perMillion), "s"},
		{"NDJSON: processor time for a million profiles", perMillion(i.ndjson), "s"},
		{"Parquet: processor time for a million profiles", perMillion(i.parquet), "s"},
		{fmt.Sprintf("CSV: highest memory, %d profiles", f.few), g.ImportMiBFew, "MiB"},
		{fmt.Sprintf("CSV: highest memory, %d profiles", f.profiles), g.ImportMiBMany, "MiB"},
		{fmt.Sprintf("NDJSON: highest memory, %d profiles", f.profiles), i.ndjson.PeakMiB, "MiB"},
		{fmt.Sprintf("Parquet: highest memory, %d profiles", f.profiles), i.parquet.PeakMiB, "MiB"},
		{"bare loop: highest memory", highest(i.bare), "MiB"},
	})
	fmt.Fprintln(w, "\nround by round: seconds of the bare loop, of the import")
	for n := range i.csv {
		fmt.Fprintf(w, "%12.2f %8.2f\n", i.bare[n].Seconds, i.csv[n].Seconds)
	}
	fmt.Fprintln(w)
}

func (f findings) printPages(w io.Writer) {
	p := f.pages
	fmt.Fprintf(w, "pages for %d people at once, %d exports in the list, a run of %d profiles at Omnisend's own rate\n\n", readers, listed, f.profiles)
	printLines(w, []line{
		{"99 of 100 pages while it sends : idle", p.Sending.P99 / p.Idle.P99, "ratio"},
		{"99 of 100 pages while it plans : idle", p.Planning.P99 / p.Idle.P99, "ratio"},
		{"idle: half of the pages within", p.Idle.Median, "ms"},
		{"idle: 99 of 100 within", p.Idle.P99, "ms"},
		{"planning: half of the pages within", p.Planning.Median, "ms"},
		{"planning: 99 of 100 within", p.Planning.P99, "ms"},
		{"sending: half of the pages within", p.Sending.Median, "ms"},
		{"sending: 99 of 100 within", p.Sending.P99, "ms"},
		{"pages asked for", float64(p.Idle.Requests + p.Planning.Requests + p.Sending.Requests), ""},
	})
	fmt.Fprintln(w)
}

func (f findings) printEngine(w io.Writer) {
	g := f.figures()
	fmt.Fprintf(w, "%d profiles, rate limit lifted, sandbox on the same machine; medians of %d rounds\n\n", f.profiles, len(f.engine))
	printLines(w, []line{
		{"engine : bare loop posting the same bodies", g.EngineToBare, "ratio"},
		{"engine : reading the rows alone", g.EngineToReading, "ratio"},
		{"engine, to the last outcome", f.engineRate(), "profiles/s"},
		{"bare loop, until the sandbox has tried every item", f.bareRate(), "profiles/s"},
		{"bare loop, until it has taken every body", median(f.bare, func(m measurement) float64 { return float64(m.Counts.Accepted) / m.Taken }), "profiles/s"},
		{"reading", f.readingRate(), "profiles/s"},
		{"engine's processor time for a million profiles", g.CPUPerMillion, "s"},
		{"bare loop's processor time for a million profiles", median(f.bare, func(m measurement) float64 { return m.CPU / float64(m.Counts.Accepted) * 1e6 }), "s"},
		{fmt.Sprintf("engine's highest memory, %d profiles", f.few), g.MiBFew, "MiB"},
		{fmt.Sprintf("engine's highest memory, %d profiles", f.profiles), g.MiBMany, "MiB"},
		{"requests of a full run", float64(f.engine[0].Requests), ""},
		{"one in 1000 changed: upload", f.delta.Upload, "s"},
		{"one in 1000 changed: second run", g.DeltaSeconds, "s"},
		{"one in 1000 changed: second run", float64(g.DeltaRequests), "requests"},
		{"one in 1000 changed: sent", float64(f.delta.Counts.Accepted), "profiles"},
		{"one in 1000 changed: highest memory", f.delta.PeakMiB, "MiB"},
	})
	fmt.Fprintln(w, "\nround by round: seconds of the bare loop, of the engine")
	for i := range f.engine {
		fmt.Fprintf(w, "%12.2f %8.2f\n", f.bare[i].Seconds, f.engine[i].Seconds)
	}
	fmt.Fprintln(w)
}
