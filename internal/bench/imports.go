package main

import (
	"context"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/profile/sample"
	"github.com/segue-app/segue/internal/source"
)

// The parts of an import. Each begins with an empty database; the file lies beside the data folder.
const (
	importBare    = "import-bare"    // encoding/csv and a prepared INSERT: the least that any import must do
	importCSV     = "import.csv"     // the import of a file, as an upload through the pages does it; these are also names of files
	importNDJSON  = "import.ndjson"  //
	importParquet = "import.parquet" //
)

// importColumns are the columns of the files: twelve, of all kinds.
var importColumns = []string{"id", "email", "first_name", "last_name", "phone", "city", "country", "birth_date", "loyalty_points", "newsletter",
	"newsletter_since", "last_purchase"}

// imports are what the parts of the imports found.
type imports struct {
	bare, csv       []measurement // a round each
	ndjson, parquet measurement
	mibFew          float64
}

// measureImports lets the bare loop and the import of CSV take turns.
func (s settings) measureImports(ctx context.Context, folder string) (found imports, err error) {
	small, large := filepath.Join(folder, "files-few"), filepath.Join(folder, "files-many")
	fewest := min(few, s.profiles)
	if err := errors.Join(writeFiles(small, fewest), writeFiles(large, s.profiles)); err != nil {
		return found, err
	}
	n := 0
	measure := func(part, files string, profiles int) (measurement, error) {
		n++
		data := filepath.Join(folder, fmt.Sprintf("import-%d", n))
		profile := s.cpuProfile
		if profile != "" {
			profile += fmt.Sprintf("-%s-%d", part, n)
		}
		m, err := ask(ctx, settings{part: part, folder: data, name: files, profiles: profiles, cpuProfile: profile})
		return m, errors.Join(err, os.RemoveAll(data))
	}
	m, err := measure(importCSV, small, fewest)
	if err != nil {
		return found, err
	}
	found.mibFew = m.PeakMiB
	for range rounds {
		bare, err := measure(importBare, large, s.profiles)
		if err != nil {
			return found, err
		}
		ours, err := measure(importCSV, large, s.profiles)
		if err != nil {
			return found, err
		}
		found.bare, found.csv = append(found.bare, bare), append(found.csv, ours)
	}
	if found.ndjson, err = measure(importNDJSON, large, s.profiles); err != nil {
		return found, err
	}
	found.parquet, err = measure(importParquet, large, s.profiles)
	return found, err
}

// writeFiles writes the same sample customers in each format.
func writeFiles(folder string, profiles int) (err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	var files [3]*os.File
	for i, name := range []string{importCSV, importNDJSON, importParquet} {
		if files[i], err = os.Create(filepath.Join(folder, name)); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, files[i].Close()) }()
	}
	original, written := io.Pipe()
	go func() { written.CloseWithError(sample.Write(written, profiles, 1)) }()
	in, out := csv.NewReader(original), csv.NewWriter(files[0])
	lines := json.NewEncoder(files[1])
	columns := parquet.Group{}
	for _, name := range importColumns {
		columns[name] = parquet.Compressed(parquet.String(), &parquet.Snappy)
	}
	rows := parquet.NewWriter(files[2], parquet.NewSchema("customer", columns))
	places := make([]int, len(importColumns)) // of the columns in Parquet: by name
	for i, name := range importColumns {
		leaf, _ := rows.Schema().Lookup(name)
		places[i] = leaf.ColumnIndex
	}
	row := make([]string, len(importColumns))
	for first := true; ; first = false {
		all, err := in.Read()
		if errors.Is(err, io.EOF) {
			out.Flush()
			return errors.Join(out.Error(), rows.Close())
		}
		if err != nil {
			return err
		}
		object, values := map[string]any{}, make(parquet.Row, len(row))
		for i, name := range importColumns {
			row[i] = all[slices.Index(sample.Header, name)]
			object[name], values[places[i]] = row[i], parquet.ValueOf(row[i]).Level(0, 0, places[i])
		}
		if err := out.Write(row); err != nil || first {
			if err != nil {
				return err
			}
			continue
		}
		object["loyalty_points"] = json.Number(object["loyalty_points"].(string))
		if err := lines.Encode(object); err != nil {
			return err
		}
		if _, err := rows.WriteRows([]parquet.Row{values}); err != nil {
			return err
		}
	}
}

// measureImport imports the part's file from s.name.
func measureImport(ctx context.Context, a *app.App, s settings) (m measurement, err error) {
	name := s.part
	if s.part == importBare {
		name = importCSV
	}
	file, err := os.Open(filepath.Join(s.name, name))
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if s.cpuProfile != "" {
		profile, err := os.Create(s.cpuProfile)
		if err != nil {
			return m, err
		}
		if err := pprof.StartCPUProfile(profile); err != nil {
			return m, err
		}
		defer pprof.StopCPUProfile()
	}
	resetPeak()
	before, begin := processorTime(), time.Now()
	if s.part == importBare {
		m.Counts.Accepted, err = insertBare(ctx, a.DB, file)
	} else {
		var i source.Import
		i, err = a.Sources.ImportFile(ctx, access.System, name, file, source.Settings{})
		m.Counts.Accepted = i.Good
	}
	m.Seconds, m.CPU, m.PeakMiB = time.Since(begin).Seconds(), (processorTime() - before).Seconds(), peak()
	if err == nil && m.Counts.Accepted != s.profiles {
		err = fmt.Errorf("%d profiles were imported instead of %d", m.Counts.Accepted, s.profiles)
	}
	return m, err
}

// insertBare fills a table of the same shape in transactions of the same size, with every value as the text that it is.
func insertBare(ctx context.Context, db *database.DB, file io.Reader) (n int, err error) {
	reader := csv.NewReader(file)
	reader.ReuseRecord = true
	header, err := reader.Read()
	if err != nil {
		return 0, err
	}
	create := `CREATE TABLE bare (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, ` + strings.Join(header[1:], ", ") + `)`
	if _, err := db.Writer().ExecContext(ctx, create); err != nil {
		return 0, err
	}
	insert := `INSERT INTO bare VALUES (?` + strings.Repeat(", ?", len(header)) + `)`
	args := make([]any, len(header)+1)
	const transaction = 5_000
	for more := true; more; {
		err := db.InTx(ctx, func(tx database.Tx) error {
			var statement *sql.Stmt
			if statement, err = tx.Prepare(insert); err != nil {
				return err
			}
			defer statement.Close()
			for range transaction {
				row, err := reader.Read()
				if errors.Is(err, io.EOF) {
					more = false
					return nil
				}
				if err != nil {
					return err
				}
				n++
				args[0] = n
				for i, field := range row {
					args[i+1] = field
				}
				if _, err := statement.Exec(args...); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}
