package pushdown_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/pushdown"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/warehouse"
)

// BenchmarkReading measures how fast a run reads its members from PostgreSQL on the same machine: as a stream alone, and into its
// spool. The memory is the most that was in use beyond what was before, and should not depend on the rows.
func BenchmarkReading(b *testing.B) {
	k := startKit(b, 20, 600)
	s := k.segment("Everybody there", sourceID, everybody)
	e := k.export("Warehouse to Nordlys", k.Connect().ID, s)
	for _, rows := range []int{50_000, 200_000} {
		table := fmt.Sprintf("customers_%d", rows)
		columns := ""
		for _, a := range k.staying.source.Attributes {
			columns += `, "` + a.Key + `"`
		}
		k.exec("CREATE TABLE " + table + ` AS SELECT 'C' || n AS "Customer No"` + strings.Replace(columns, `"email"`, `'p' || n || '@example.com' AS "email"`, 1) +
			fmt.Sprintf(` FROM (SELECT * FROM customers LIMIT 1) c, generate_series(1, %d) n`, rows))
		k.staying.change(func(s *pushdown.Source) { s.What = warehouse.What{Table: table} })
		measure := func(name string, read func()) {
			b.Run(fmt.Sprintf("%s of %d", name, rows), func(b *testing.B) {
				for range b.N {
					top, end := watchMemory()
					began := time.Now()
					read()
					b.ReportMetric(float64(rows)/time.Since(began).Seconds(), "rows/s")
					close(end)
					b.ReportMetric(float64(<-top)/(1<<20), "MiB")
				}
			})
		}
		measure("stream", func() {
			n := 0
			_, err := k.Pushdown.Stream(b.Context(), pushdown.Reading{SourceID: sourceID, Definitions: []segment.Definition{s.Definition}, Attributes: e.Mapping.Attributes(), At: time.Now()},
				func(pushdown.Member) error { n++; return nil })
			if err != nil || n != rows {
				b.Fatalf("%d rows, %v", n, err)
			}
		})
		measure("spool", func() {
			started, err := k.Runs.Start(b.Context(), k.admin(), e.ID, run.Options{})
			if err != nil {
				b.Fatal(err)
			}
			k.Until(started.ID, func(r run.Run) bool { return r.Plan != nil })
			if err := k.Runs.Cancel(b.Context(), k.admin(), started.ID); err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { k.Wait(started.ID) })
		})
	}
}

// watchMemory gives, after end is closed, the most memory in use since, beyond what was in use before.
func watchMemory() (top chan uint64, end chan struct{}) {
	runtime.GC()
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	before, most := now.HeapInuse, now.HeapInuse
	top, end = make(chan uint64, 1), make(chan struct{})
	go func() {
		for {
			select {
			case <-end:
				top <- most - before
				return
			case <-time.After(20 * time.Millisecond):
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapInuse)
			}
		}
	}()
	return top, end
}
