// Command bench measures what the export engine costs: profiles per second through the whole of it, with the rate limit
// lifted, beside the two things that it cannot be faster than: a bare loop that posts the same ready-made bodies to the
// same stand-in, and reading the rows alone. Figures of one machine say little; the ratios travel.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/segue-app/segue/internal/demo"
)

// figures are what is measured. Rates are profiles per second, CPU is seconds of this process for a million profiles,
// memory is the resident size at its highest, in MiB.
type figures struct {
	Profiles         int     `json:"profiles"`
	EngineToBare     float64 `json:"engine_to_bare"`
	EngineToReading  float64 `json:"engine_to_reading"`
	SecondToReading  float64 `json:"unchanged_to_reading"`
	Engine           float64 `json:"engine_per_second"`
	Bare             float64 `json:"bare_per_second"`
	Reading          float64 `json:"reading_per_second"`
	Unchanged        float64 `json:"unchanged_per_second"`
	UnchangedSeconds float64 `json:"unchanged_seconds"`
	CPUPerMillion    float64 `json:"engine_cpu_seconds_per_million"`
	MemoryMiB        float64 `json:"engine_peak_memory_mib"`
	Requests         int     `json:"requests"`
}

func main() {
	profiles := flag.Int("profiles", 200_000, "how many sample customers")
	asJSON := flag.Bool("json", false, "print JSON")
	profile := flag.String("cpuprofile", "", "write a CPU profile of the engine's run here")
	flag.Parse()
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err := bench(context.Background(), *profiles, *asJSON, *profile); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, profiles int, asJSON bool, profile string) error {
	folder, err := os.MkdirTemp("", "segue-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	url, stop, err := startSandbox(ctx, folder)
	if err != nil {
		return err
	}
	defer stop()
	f, err := measure(ctx, filepath.Join(folder, "data"), url, profiles, profile)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(os.Stdout).Encode(f)
	}
	f.print(os.Stdout)
	return nil
}

// startSandbox runs the stand-in as a process of its own, so that what it costs is not counted as ours.
func startSandbox(ctx context.Context, folder string) (url string, stop func(), err error) {
	binary := filepath.Join(folder, "omnisend-sandbox")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/omnisend-sandbox").CombinedOutput(); err != nil {
		return "", nil, fmt.Errorf("build the sandbox: %w\n%s", err, out)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return "", nil, err
	}
	command := exec.CommandContext(ctx, binary, "--listen", address, "--limit", "0", "--delay", "50ms",
		"--brand", demo.BrandID+"="+demo.APIKey+"="+demo.Brand)
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	}
	for range 200 {
		if c, err := net.Dial("tcp", address); err == nil {
			return "http://" + address + "/api", stop, c.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	return "", nil, fmt.Errorf("the sandbox does not come up on %s", address)
}

func (f figures) print(w io.Writer) {
	fmt.Fprintf(w, "%d profiles, rate limit lifted, sandbox on the same machine\n\n", f.Profiles)
	for _, line := range []struct {
		name  string
		value float64
		unit  string
	}{
		{"engine : bare loop posting the same bodies", f.EngineToBare, "ratio"},
		{"engine : reading the rows alone", f.EngineToReading, "ratio"},
		{"second run, nothing changed : reading the rows alone", f.SecondToReading, "ratio"},
		{"engine", f.Engine, "profiles/s"},
		{"bare loop", f.Bare, "profiles/s"},
		{"reading", f.Reading, "profiles/s"},
		{"second run, nothing changed", f.Unchanged, "profiles/s"},
		{"second run, nothing changed", f.UnchangedSeconds, "s"},
		{"engine's processor time for a million profiles", f.CPUPerMillion, "s"},
		{"engine's peak memory", f.MemoryMiB, "MiB"},
		{"requests of the first run", float64(f.Requests), ""},
	} {
		fmt.Fprintf(w, "%-55s %12.2f %s\n", line.name, line.value, line.unit)
	}
}
