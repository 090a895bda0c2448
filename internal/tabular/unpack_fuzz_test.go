package tabular

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"testing"

	"github.com/segue-app/segue/internal/problem"
)

// FuzzPackedFiles holds that no package breaks its reader or hands over more than its bounds, and that what is wrong with one is said.
func FuzzPackedFiles(f *testing.F) {
	pack := func(names ...string) []byte {
		var out bytes.Buffer
		archive := zip.NewWriter(&out)
		for _, name := range names {
			file, err := archive.Create(name)
			if err == nil {
				_, err = file.Write([]byte("id,email\n1,a@example.com\n"))
			}
			if err != nil {
				f.Fatal(err)
			}
		}
		if err := archive.Close(); err != nil {
			f.Fatal(err)
		}
		return out.Bytes()
	}
	var zipped bytes.Buffer
	writer := gzip.NewWriter(&zipped)
	if _, err := writer.Write(bytes.Repeat([]byte("id\n"), 1000)); err != nil {
		f.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{zipped.Bytes(), zipped.Bytes()[:20], pack("a.csv"), pack("../../a.csv"), pack("a.csv", "b.csv"), pack(), pack("a.csv")[:40], []byte("\x1f\x8b"), []byte("PAR1PAR1")} {
		f.Add(seed, "people.zip")
	}
	f.Fuzz(func(t *testing.T, file []byte, name string) {
		inside, err := unpack(bytes.NewReader(file), int64(len(file)), name)
		if err != nil {
			if problem.Of(err) == nil {
				t.Fatalf("%v is nothing for people", err)
			}
			return
		}
		from, err := inside.open()
		if err != nil {
			return
		}
		read, err := io.Copy(io.Discard, io.LimitReader(from, 2*growthFree))
		if read > growthFree+int64(len(file))*maxGrowth || errors.Is(err, io.ErrNoProgress) {
			t.Fatalf("%d bytes out of %d, %v", read, len(file), err)
		}
	})
}
