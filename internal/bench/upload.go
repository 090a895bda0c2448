package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/profile/sample"
	"github.com/segue-app/segue/internal/source"
)

// oneIn is how many profiles there are for each that changes: 0.1%.
const oneIn = 1000

// uploadChanged brings the sample customers in once more as a new snapshot, one in oneIn of them with another last name,
// and has the segments calculated anew, as an upload through the pages does.
func uploadChanged(ctx context.Context, a *app.App, profiles int) error {
	original, written := io.Pipe()
	changed, rewritten := io.Pipe()
	go func() { written.CloseWithError(sample.Write(written, profiles, 1)) }()
	go func() { rewritten.CloseWithError(change(rewritten, original)) }()
	_, err := a.Sources.ImportFile(ctx, access.System, "sample-customers.csv", changed, source.Settings{})
	if err != nil {
		return fmt.Errorf("upload changed customers: %w", err)
	}
	return a.Segments.CalculateAll(ctx)
}

func change(w io.Writer, r io.Reader) error {
	in, out := csv.NewReader(r), csv.NewWriter(w)
	in.ReuseRecord = true
	column := slices.Index(sample.Header, "last_name")
	for line := 0; ; line++ {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			out.Flush()
			return out.Error()
		}
		if err != nil {
			return err
		}
		if line > 0 && line%oneIn == 0 {
			row[column] += "-Bro"
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
}
