package tabular

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	parq "github.com/segue-app/segue/internal/tabular/parquet"
)

// person has a column for each way of writing a value.
type person struct {
	ID      string            `parquet:"id,delta"`
	Name    *string           `parquet:"name,dict,optional"`
	City    string            `parquet:"city,plain"`
	Points  int32             `parquet:"points,delta"`
	Large   int64             `parquet:"large,delta"`
	Count   uint32            `parquet:"count"`
	Ratio   float64           `parquet:"ratio,split"`
	Small   float32           `parquet:"small"`
	Active  bool              `parquet:"active"`
	Born    int32             `parquet:"born,date"`
	Seen    time.Time         `parquet:"seen,timestamp(microsecond)"`
	Local   int64             `parquet:"local,timestamp(millisecond:local)"`
	Price   int64             `parquet:"price,decimal(2:18)"`
	UUID    [16]byte          `parquet:"uuid,uuid"`
	Tags    []string          `parquet:"tags,list"`
	Numbers []int64           `parquet:"numbers"`
	Address address           `parquet:"address"`
	Orders  []address         `parquet:"orders,list"`
	Extra   map[string]string `parquet:"extra"`
}

type address struct {
	Street string `parquet:"street"`
	ZIP    *int32 `parquet:"zip,optional"`
}

func some(s string) *string { return &s }

func people(n int) []person {
	list := make([]person, n)
	for i := range list {
		zip := int32(2000 + i%8000)
		list[i] = person{
			ID: fmt.Sprintf("kunde-%06d", i), City: strings.Repeat("Å", i%5), Points: int32(i*7919) - 1_000_000, Large: int64(i) << 40, Count: 4_000_000_000,
			Ratio: float64(i) / 8, Small: float32(i) / 4, Active: i%3 == 0, Born: int32(i%40_000) - 10_000,
			Seen: time.UnixMicro(1_700_000_000_000_000 + int64(i)).UTC(), Local: int64(i) * 1000, Price: int64(i) - 5, UUID: [16]byte{15: byte(i)},
			Address: address{Street: "Gade", ZIP: &zip}, Orders: []address{{}, {}}, Extra: map[string]string{"a": "b"},
		}
		if i%4 != 0 {
			list[i].Name = some([]string{"Anne", "Bo", "Søren"}[i%3])
			list[i].Tags = []string{"a", fmt.Sprint(i % 10)}
			list[i].Numbers = []int64{int64(i), -1, 0}[:i%4]
		}
	}
	return list
}

func writeParquet[T any](t testing.TB, rows []T, options ...parquet.WriterOption) []byte {
	t.Helper()
	var file bytes.Buffer
	w := parquet.NewGenericWriter[T](&file, options...)
	for begin := 0; begin < len(rows); begin += 1000 {
		if _, err := w.Write(rows[begin:min(begin+1000, len(rows))]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestWhatAnotherProgramWroteAsParquetIsReadToTheLastValue(t *testing.T) {
	codecs := map[string]compress.Codec{"none": &parquet.Uncompressed, "snappy": &parquet.Snappy, "gzip": &parquet.Gzip, "zstd": &parquet.Zstd}
	for name, codec := range codecs {
		for _, version := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s, pages of version %d", name, version), func(t *testing.T) {
				rows := people(5_000)
				file := writeParquet(t, rows, parquet.Compression(codec), parquet.DataPageVersion(version), parquet.PageBufferSize(8<<10), parquet.MaxRowsPerRowGroup(2_100))
				table := open(t, "x.parquet", string(file))
				want := []string{"id", "name", "city", "points", "large", "count", "ratio", "small", "active", "born", "seen", "local", "price", "uuid", "tags", "numbers",
					"address.street", "address.zip"}
				if !slices.Equal(table.Headings, want) {
					t.Fatalf("headings %q", table.Headings)
				}
				if left := table.LeftOut(); len(left) != 2 || left[0].Heading != "orders" || left[1].Heading != "extra" || left[1].Reason != leftOutPrefix+parq.Nested {
					t.Errorf("left out %+v", left)
				}
				good, refused := rowsOf(t, table)
				if len(good) != len(rows) || len(refused) != 0 {
					t.Fatalf("read %d rows, refused %+v", len(good), refused)
				}
				for i, p := range rows {
					if want := p.texts(); !slices.Equal(good[i], want) {
						t.Fatalf("row %d is %q, want %q", i, good[i], want)
					}
				}
			})
		}
	}
}

func (p person) texts() []string {
	name, tags, numbers := "", "", ""
	if p.Name != nil {
		name = *p.Name
	}
	if len(p.Tags) > 0 {
		tags = storedList(p.Tags)
	}
	if len(p.Numbers) > 0 {
		all := make([]string, len(p.Numbers))
		for i, n := range p.Numbers {
			all[i] = fmt.Sprint(n)
		}
		numbers = storedList(all)
	}
	price := fmt.Sprintf("%d.%02d", p.Price/100, max(p.Price%100, -p.Price%100))
	if p.Price < 0 {
		price = "-" + price
	}
	return []string{p.ID, name, p.City, fmt.Sprint(p.Points), fmt.Sprint(p.Large), fmt.Sprint(p.Count), fmt.Sprint(p.Ratio), fmt.Sprint(p.Small), fmt.Sprint(p.Active),
		time.Unix(int64(p.Born)*86_400, 0).UTC().Format(time.DateOnly), p.Seen.Format("2006-01-02T15:04:05.999999Z"), time.UnixMilli(p.Local).UTC().Format("2006-01-02T15:04:05"),
		price, fmt.Sprintf("%x-%x-%x-%x-%x", p.UUID[:4], p.UUID[4:6], p.UUID[6:8], p.UUID[8:10], p.UUID[10:]), tags, numbers, p.Address.Street, fmt.Sprint(*p.Address.ZIP)}
}

func TestKindsOfParquetFollowItsTypes(t *testing.T) {
	file := writeParquet(t, people(10))
	found, err := Inspect(bytes.NewReader(file), int64(len(file)), "x", Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]profile.Kind{"id": profile.Text, "points": profile.Number, "ratio": profile.Number, "active": profile.Boolean, "born": profile.Date, "seen": profile.DateTime,
		"local": profile.DateTime, "price": profile.Number, "uuid": profile.Text, "tags": profile.List, "numbers": profile.List}
	for i, heading := range found.Headings {
		if kind := found.Kind(i, found.Reading()); want[heading] != "" && kind != want[heading] {
			t.Errorf("%s is guessed to be %s", heading, kind)
		}
	}
}

func FuzzNoParquetFileBreaksItsReader(f *testing.F) {
	for _, codec := range []compress.Codec{&parquet.Uncompressed, &parquet.Snappy, &parquet.Zstd, &parquet.Gzip} {
		for _, version := range []int{1, 2} {
			f.Add(writeParquet(f, people(20), parquet.Compression(codec), parquet.DataPageVersion(version)))
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		table, err := Open(bytes.NewReader(file), int64(len(file)), "x.parquet", Options{})
		if err == nil {
			defer table.Close()
		}
		for rows := 0; err == nil && rows < 10_000; rows++ {
			var r Record
			if r, err = table.Next(); err == nil && r.Refused == "" && len(r.Fields) != len(table.Headings) {
				t.Fatalf("row %d has %d fields", rows, len(r.Fields))
			}
		}
		if err != nil && !errors.Is(err, io.EOF) && problem.Of(err) == nil {
			t.Fatalf("no problem of the file: %v", err)
		}
	})
}
