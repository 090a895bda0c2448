package profile_test

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/profile"
)

// BenchmarkUnify brings two sources of a million rows of eight columns each together, half of which are the same people by
// key and a quarter by address. Run it by itself, once: go test -run '^$' -bench Unify -benchtime 1x ./internal/profile
//
// Besides the time it tells how long a writer beside it waited at most, and how much memory was in use.
func BenchmarkUnify(b *testing.B) {
	const rows = 1_000_000
	for _, scattered := range []bool{false, true} {
		b.Run(map[bool]string{false: "keys in order", true: "keys scattered"}[scattered], func(b *testing.B) {
			k := newService(b)
			parts := []profile.Part{k.large(b, 1, rows, 0, scattered), k.large(b, 2, rows, rows/2, scattered)}
			parts[1].MatchEmail = true
			b.ResetTimer()
			for range b.N {
				stop := k.watchWriter(b)
				_, report, err := k.Unify(b.Context(), parts, nil)
				if err != nil {
					b.Fatal(err)
				}
				longest, memory := stop()
				b.ReportMetric(float64(longest.Milliseconds()), "ms-waited")
				b.ReportMetric(float64(memory>>20), "MB-heap")
				b.ReportMetric(float64(report.Total), "profiles")
				if p := report.Parts[1]; p.ByKey != rows/2 || p.ByEmail != rows/4 || p.New != rows/4 {
					b.Fatalf("came together otherwise: %+v", p)
				}
			}
		})
	}
}

// large fills a part. Rows from rows/2 on of the first are the first half of the second by key; its third quarter has the
// addresses of the first quarter of the first.
func (k kit) large(b *testing.B, source int64, rows, from int, scattered bool) profile.Part {
	snapshot := profile.Snapshot{FileName: "large.csv", IDLabel: "id", Rows: rows}
	kinds := []profile.Kind{profile.Text, profile.Text, profile.Text, profile.Text, profile.Number, profile.Date, profile.Boolean, profile.Text}
	for i, kind := range kinds {
		snapshot.Attributes = append(snapshot.Attributes, profile.Attribute{Key: fmt.Sprintf("a%d", i), Label: fmt.Sprintf("a%d", i),
			Column: fmt.Sprintf("c%d", i+1), Kind: kind, Address: i == 0, Indexed: i == 0})
	}
	in := func(work func(tx database.Tx) error) {
		if err := k.db.InTx(b.Context(), work); err != nil {
			b.Fatal(err)
		}
	}
	in(func(tx database.Tx) error { return k.New(b.Context(), tx, &snapshot) })
	const chunk = 5_000
	for first := 0; first < rows; first += chunk {
		var values []any
		for i := first; i < first+chunk; i++ {
			key := from + i
			person := key
			if source == 2 && i >= rows/2 && i < rows*3/4 {
				person = i - rows/2
			}
			id := fmt.Sprintf("C%09d", key)
			if scattered {
				id = fmt.Sprintf("%016x", uint64(key)*0x9E3779B97F4A7C15)
			}
			values = append(values, id, fmt.Sprintf("person%d@example.dk", person), "Anne", "Sørensen", "Vestergade 12", i%1000, "2026-01-02", i%2, "8000")
		}
		in(func(tx database.Tx) error { _, err := k.Insert(b.Context(), tx, snapshot, first+1, values); return err })
	}
	in(func(tx database.Tx) error { return k.Keep(b.Context(), tx, snapshot, fmt.Sprintf("source/%d", source)) })
	return profile.Part{SourceID: source, Name: fmt.Sprint(source), Snapshot: snapshot}
}

// watchWriter writes again and again until stopped, and tells how long one of the writes took at most and how much memory
// was in use.
func (k kit) watchWriter(b *testing.B) (stop func() (longest time.Duration, heap uint64)) {
	var done atomic.Bool
	ended := make(chan struct{})
	var longest time.Duration
	var heap uint64
	go func() {
		defer close(ended)
		for !done.Load() {
			begin := time.Now()
			err := k.db.InTx(b.Context(), func(tx database.Tx) error {
				_, err := tx.ExecContext(b.Context(), `UPDATE attributes SET position = position WHERE key = 'a0'`)
				return err
			})
			if err != nil {
				b.Error(err)
				return
			}
			longest = max(longest, time.Since(begin))
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			heap = max(heap, m.HeapInuse)
			time.Sleep(50 * time.Millisecond)
		}
	}()
	return func() (time.Duration, uint64) {
		done.Store(true)
		<-ended
		return longest, heap
	}
}
