package alert_test

import (
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
)

// tenThousand are exports with thirty runs each, on a hundred connections.
func tenThousand(b *testing.B) *kit {
	b.Helper()
	k := newKit(b)
	numbers := `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) `
	for id := range int64(99) {
		k.connection(id+2, "Connection "+string(rune('A'+id/10))+string(rune('0'+id%10)), true)
	}
	k.exec(`INSERT INTO exports (id, name, destination_type, connection_id, created_at, updated_at) ` + numbers + `SELECT i, 'Export ' || i, 'omnisend', i % 100 + 1, 0, 0 FROM n`)
	k.exec(`INSERT INTO export_segments (export_id, segment_id, position) SELECT id, 1, 0 FROM exports`)
	k.exec(`INSERT INTO export_mappings (export_id, field, attribute, position) SELECT id, 'email', 'email', 0 FROM exports`)
	for range 30 {
		k.exec(`INSERT INTO runs (export_id, cause, requested_by_name, state, plan, profiles, accepted, queued_at, ended_at) SELECT id, 'schedule', '', 'succeeded', ?, 1000, 1000, 0, 0 FROM exports`,
			`{"segments":[]}`)
	}
	return k
}

func BenchmarkLookingAtTenThousandExportsThatAreWell(b *testing.B) {
	k := tenThousand(b)
	for b.Loop() {
		if err := k.Look(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpeningAndClosingTenThousandAlerts(b *testing.B) {
	k := tenThousand(b)
	for b.Loop() {
		k.exec(`UPDATE connection_consents SET ended_at = 1`)
		k.look()
		if n, err := k.CountOpen(b.Context(), access.System); err != nil || n != 10_000 {
			b.Fatalf("%d are open: %v", n, err)
		}
		k.exec(`UPDATE connection_consents SET ended_at = NULL`)
		k.look()
		k.clock.Advance(48 * time.Hour)
	}
}
