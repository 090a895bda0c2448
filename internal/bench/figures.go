package main

import (
	"fmt"
	"io"
	"math"
)

// findings are what all parts found.
type findings struct {
	profiles, few int
	bare, engine  []measurement // a round each
	delta         measurement
	mibFew        float64
}

// figures are what is printed for programs. Seconds and MiB are of the engine alone, without the stand-in.
type figures struct {
	EngineToBare    float64 `json:"engine_vs_bare"`
	EngineToReading float64 `json:"engine_vs_read"`
	CPUPerMillion   float64 `json:"cpu_seconds_per_million"`
	MiBFew          float64 `json:"mib_at_10k"`
	MiBMany         float64 `json:"mib_at_1m"`
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

func (f findings) figures() figures {
	most := 0.0
	for _, m := range f.engine {
		most = max(most, m.PeakMiB)
	}
	cpu := median(f.engine, func(m measurement) float64 { return m.CPU })
	return figures{
		EngineToBare: round(f.engineRate() / f.bareRate()), EngineToReading: round(f.engineRate() / f.readingRate()),
		CPUPerMillion: round(cpu / float64(f.profiles) * 1e6), MiBFew: round(f.mibFew), MiBMany: round(most),
		DeltaSeconds: round(f.delta.Seconds), DeltaRequests: f.delta.Requests,
	}
}

func round(x float64) float64 { return math.Round(x*100) / 100 }

func (f findings) print(w io.Writer) {
	g := f.figures()
	fmt.Fprintf(w, "%d profiles, rate limit lifted, sandbox on the same machine; medians of %d rounds\n\n", f.profiles, len(f.engine))
	for _, line := range []struct {
		name  string
		value float64
		unit  string
	}{
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
	} {
		fmt.Fprintf(w, "%-55s %12.2f %s\n", line.name, line.value, line.unit)
	}
	fmt.Fprintln(w, "\nround by round: seconds of the bare loop, of the engine")
	for i := range f.engine {
		fmt.Fprintf(w, "%12.2f %8.2f\n", f.bare[i].Seconds, f.engine[i].Seconds)
	}
	fmt.Fprintln(w)
}
