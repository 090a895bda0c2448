package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

type customer struct {
	ID   string   `parquet:"id,dict"`
	City *string  `parquet:"city,optional"`
	Tags []string `parquet:"tags,list"`
}

func customers(t *testing.T, n int) []byte {
	t.Helper()
	var file bytes.Buffer
	w := parquet.NewGenericWriter[customer](&file, parquet.Compression(&parquet.Snappy))
	for range n {
		if _, err := w.Write([]customer{{ID: "kunde", Tags: []string{"a", "b"}}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func stored(t *testing.T, content []byte) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.parquet")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
}

// drain reads to the end, and is how many rows there were.
func drain(t *testing.T, content []byte) (rows int, err error) {
	t.Helper()
	r, err := Open(stored(t, content))
	if err != nil {
		return 0, err
	}
	defer r.Close()
	for {
		switch _, err := r.Next(); {
		case errors.Is(err, io.EOF):
			return rows, nil
		case err != nil:
			return rows, err
		}
		rows++
	}
}

func TestAFileThatIsCutOffAnywhereIsDamaged(t *testing.T) {
	whole := customers(t, 1000)
	if rows, err := drain(t, whole); rows != 1000 || err != nil {
		t.Fatalf("whole: %d rows, %v", rows, err)
	}
	for _, length := range []int{0, 3, 12, len(whole) / 2, len(whole) - 1} {
		if _, err := drain(t, whole[:length]); !errors.Is(err, ErrDamaged) {
			t.Errorf("%d bytes of %d: %v", length, len(whole), err)
		}
	}
}

func TestAChangedByteNeitherHangsNorBreaksAnything(t *testing.T) {
	whole := customers(t, 50)
	for at := 4; at < len(whole)-4; at += max(1, len(whole)/25) {
		changed := bytes.Clone(whole)
		changed[at] ^= 0xff
		if _, err := drain(t, changed); err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrTooLarge) {
			t.Errorf("byte %d: %v", at, err)
		}
	}
}

// A page of five bytes says that one value stands there a billion times.
func TestAFewBytesThatClaimABillionValuesCostTheReaderOnly(t *testing.T) {
	const claimed = 1 << 30
	compact := thrift.CompactProtocol{}
	marshal := func(v any) []byte {
		out, err := thrift.Marshal(&compact, v)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	file := []byte("PAR1")
	dictionary := []byte{7, 0, 0, 0}
	file = append(file, marshal(&format.PageHeader{
		Type: format.DictionaryPage, UncompressedPageSize: 4, CompressedPageSize: 4,
		DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: 1, Encoding: format.Plain}),
	})...)
	file = append(file, dictionary...)
	data := binary.AppendUvarint([]byte{1}, claimed<<1)
	data = append(data, 0)
	pageAt := int64(len(file))
	file = append(file, marshal(&format.PageHeader{
		Type: format.DataPage, UncompressedPageSize: int32(len(data)), CompressedPageSize: int32(len(data)),
		DataPageHeader: thrift.New(format.DataPageHeader{NumValues: claimed, Encoding: format.RLEDictionary, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE}),
	})...)
	file = append(file, data...)
	size := int64(len(file)) - 4
	footer := marshal(&format.FileMetaData{
		Version: 1, NumRows: claimed,
		Schema: []format.SchemaElement{{Name: "root", NumChildren: thrift.New[int32](1)},
			{Name: "points", Type: thrift.New(format.Int32), RepetitionType: thrift.New(format.Required)}},
		RowGroups: []format.RowGroup{{NumRows: claimed, TotalByteSize: size, Columns: []format.ColumnChunk{{
			FileOffset: 4,
			MetaData: format.ColumnMetaData{Type: format.Int32, Encoding: []format.Encoding{format.RLEDictionary}, PathInSchema: []string{"points"},
				NumValues: claimed, TotalUncompressedSize: size, TotalCompressedSize: size, DataPageOffset: pageAt, DictionaryPageOffset: 4},
		}}}},
	})
	file = append(file, footer...)
	file = append(binary.LittleEndian.AppendUint32(file, uint32(len(footer))), "PAR1"...)
	if rows, err := drain(t, file); !errors.Is(err, ErrTooLarge) {
		t.Fatalf("%d rows, %v", rows, err)
	}
	if rows, err := drain(t, customers(t, 10)); rows != 10 || err != nil {
		t.Errorf("the next file: %d rows, %v", rows, err)
	}
}

func TestReadingCanBeGivenUpInTheMiddle(t *testing.T) {
	r, err := Open(stored(t, customers(t, 5000)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	r.Close()
	for range 5000 {
		if _, err = r.Next(); err != nil {
			break
		}
	}
	if err == nil || errors.Is(err, io.EOF) {
		t.Errorf("after the end: %v", err)
	}
}
