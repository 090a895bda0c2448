package source

import (
	"bytes"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/profile/sample"
	"github.com/segue-app/segue/internal/testkit"
)

// BenchmarkImport compares an import with the least that any import must do: encoding/csv and a prepared INSERT, in
// transactions of the same size, into a table of the same shape. The ratio is bare time by ours: 1 is as fast.
func BenchmarkImport(b *testing.B) {
	const rows = 100_000
	var file bytes.Buffer
	if err := sample.Write(&file, rows, 1); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(file.Len()))
	var bare, ours time.Duration
	for b.Loop() {
		begin := time.Now()
		importBare(b, testkit.Database(b), bytes.NewReader(file.Bytes()))
		bare += time.Since(begin)

		db := testkit.Database(b)
		service := NewService(db, profile.NewService(db, &event.Hub{}, time.Now), &event.Hub{}, time.Now, Options{Folder: b.TempDir()})
		begin = time.Now()
		report, err := service.ImportFile(b.Context(), access.System, "customers.csv", bytes.NewReader(file.Bytes()), Settings{})
		ours += time.Since(begin)
		if err != nil || report.Good != rows {
			b.Fatalf("%+v, %v", report, err)
		}
	}
	b.ReportMetric(bare.Seconds()/ours.Seconds(), "ratio")
	b.ReportMetric(float64(b.N)*rows/ours.Seconds(), "rows/s")
}

func importBare(b *testing.B, db *database.DB, file io.Reader) {
	b.Helper()
	reader := csv.NewReader(file)
	header, err := reader.Read()
	if err != nil {
		b.Fatal(err)
	}
	columns := strings.Join(header[1:], ", ")
	if _, err := db.Writer().Exec(fmt.Sprintf(`CREATE TABLE bare (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, %s)`, columns)); err != nil {
		b.Fatal(err)
	}
	insert := `INSERT INTO bare VALUES (?` + strings.Repeat(", ?", len(header)) + `)`
	for n := 0; err == nil; {
		failed := db.InTx(b.Context(), func(tx database.Tx) error {
			var statement *sql.Stmt
			if statement, err = tx.Prepare(insert); err != nil {
				return err
			}
			defer statement.Close()
			for range chunkRows {
				var row []string
				if row, err = reader.Read(); err != nil {
					return nil
				}
				n++
				args := []any{n}
				for _, field := range row {
					args = append(args, field)
				}
				if _, err := statement.Exec(args...); err != nil {
					return err
				}
			}
			return nil
		})
		if failed != nil {
			b.Fatal(failed)
		}
	}
	if !errors.Is(err, io.EOF) {
		b.Fatal(err)
	}
}
