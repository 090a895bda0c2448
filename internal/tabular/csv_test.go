package tabular

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
)

func readAll(t *testing.T, text string, comma byte) (good [][]string, refused []Record) {
	t.Helper()
	reader := newCSV(iotest.HalfReader(strings.NewReader(text)), comma)
	for line := 0; ; {
		r, err := reader.next()
		if errors.Is(err, io.EOF) {
			return good, refused
		}
		if err != nil {
			t.Fatal(err)
		}
		if r.Line <= line {
			t.Fatalf("line %d comes after line %d", r.Line, line)
		}
		line = r.Line
		if r.Refused != "" {
			refused = append(refused, r)
		} else {
			good = append(good, slices.Clone(r.Fields))
		}
	}
}

func FuzzReaderAgreesWithEncodingCSV(f *testing.F) {
	for _, seed := range []string{"a,b\n1,2\n", "a\n\"b\"\"c\"\n", "\"a\r\nb\",c\r\n", "\"a\nb,c\n\"d\"\n", "a\"b\n\n\nc", "\ufeffa;b", "\"", "a,\r", "\xff,\x00\n",
		"\"a\"b,c\nd,e\n", "\"\"\n", ",\n", "\r\n\r", "\"a\n\"b\n\"c\n", "\r00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		good, refused := readAll(t, text, ',')
		if strings.HasPrefix(text, "\ufeff") || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return // encoding/csv takes these as they are
		}
		if strings.Contains(text, "\r") && !strings.Contains(text, "\n") {
			return // the line ends of old Macs, which encoding/csv does not know
		}
		theirs := csv.NewReader(strings.NewReader(text))
		theirs.FieldsPerRecord = -1
		want, err := theirs.ReadAll()
		if (err == nil) != (len(refused) == 0) {
			t.Fatalf("encoding/csv says %v, we refuse %+v", err, refused)
		}
		if err == nil && !slices.EqualFunc(good, want, slices.Equal) {
			t.Fatalf("read %q, encoding/csv %q", good, want)
		}
	})
}

func FuzzInspectionAndParsingHoldOnToTheirBounds(f *testing.F) {
	f.Add([]byte("id;a;b\n1;2,5;ja\n2;31-12-2020;2020-01-01 12:00\n"))
	f.Add([]byte("\xff\xfei\x00d\x00\n\x001\x00"))
	f.Add([]byte("id,id,,id 2\n1,2,3,4\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		found, err := Inspect(bytes.NewReader(text), int64(len(text)), "x.csv", Options{})
		if err != nil {
			return
		}
		how, keys := found.Reading(), map[string]bool{}
		for n, heading := range found.Headings {
			key, kind := KeyOf(heading), found.Kind(n, how)
			if key == "" || keys[key] || !kind.Valid() {
				t.Fatalf("column %d, %q, has the key %q and the kind %q", n, heading, key, kind)
			}
			keys[key] = true
			for _, v := range found.Values[n] {
				if _, ok := how.Parse(kind, v); !ok {
					t.Fatalf("%q does not fit the guess %s", v, kind)
				}
			}
		}
	})
}

func TestUTF16WithAMarkIsRead(t *testing.T) {
	for _, endian := range []unicode.Endianness{unicode.LittleEndian, unicode.BigEndian} {
		text, err := unicode.UTF16(endian, unicode.UseBOM).NewEncoder().String("id\tnavn\r\n1\tÅse\r\n")
		if err != nil {
			t.Fatal(err)
		}
		good, refused := readAll(t, text, '\t')
		if len(refused) != 0 || len(good) != 2 || good[1][1] != "Åse" {
			t.Errorf("read %q, refused %+v", good, refused)
		}
	}
}

func TestAQuoteThatIsNeverClosedCostsItsOwnLineOnly(t *testing.T) {
	good, refused := readAll(t, "a,b\n\"1,2\n3,4\n5,6\n", ',')
	if len(refused) != 1 || refused[0].Line != 2 || refused[0].Refused != refusedUnclosed {
		t.Errorf("refused %+v", refused)
	}
	if want := [][]string{{"a", "b"}, {"3", "4"}, {"5", "6"}}; !slices.EqualFunc(good, want, slices.Equal) {
		t.Errorf("read %q", good)
	}
}

func newCSV(r io.Reader, comma byte) *csvReader {
	opened := openText(r, UTF8)
	return &csvReader{lineReader: lineReader{source: opened.source}, comma: comma, replaced: opened.replaced}
}
