package tabular

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/segue-app/segue/internal/problem"
)

// outcome reads a file to its end: how many rows were good, how many refused, and the code of what ended it.
func outcome(file []byte, name string) (good, refused int, code string) {
	table, err := Open(bytes.NewReader(file), int64(len(file)), name, Options{})
	if err == nil {
		defer table.Close()
	}
	for err == nil {
		var r Record
		if r, err = table.Next(); err == nil && r.Refused == "" {
			good++
		} else if err == nil {
			refused++
		}
	}
	if p := problem.Of(err); p != nil {
		return good, refused, strings.TrimPrefix(p.Code, "tabular.file.")
	}
	if err != io.EOF { //nolint:errorlint // Next returns it as it is
		return good, refused, err.Error()
	}
	return good, refused, ""
}

func gzipped(t testing.TB, text []byte) []byte {
	t.Helper()
	var file bytes.Buffer
	w := gzip.NewWriter(&file)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func zipped(t testing.TB, entries ...string) []byte { // name, content, name, content …
	t.Helper()
	var file bytes.Buffer
	w := zip.NewWriter(&file)
	for i := 0; i < len(entries); i += 2 {
		entry, err := w.Create(entries[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(entry, entries[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// bomb is a deflated stream of zeros, or of whatever byte, made without making them all.
func bomb(t testing.TB, size int, fill byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	block := bytes.Repeat([]byte{fill}, 1<<20)
	for range size >> 20 {
		if _, err := w.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func TestPackedFilesAreReadAsWhatIsInThem(t *testing.T) {
	const people = "id,name\n1,Anne\n2,Bo\n"
	for name, file := range map[string][]byte{
		"gzip":                        gzipped(t, []byte(people)),
		"ZIP":                         zipped(t, "people.csv", people),
		"ZIP with a folder":           zipped(t, "a/", "", "a/people.csv", people),
		"ZIP that macOS made":         zipped(t, "people.csv", people, "__MACOSX/._people.csv", "x", ".DS_Store", "x"),
		"ZIP with a path that climbs": zipped(t, "../../../etc/people.csv", people),
		"NDJSON in gzip":              gzipped(t, []byte("{\"id\":1}\n{\"id\":2}\n")),
	} {
		if good, refused, code := outcome(file, "people"); good != 2 || refused != 0 || code != "" {
			t.Errorf("%s: read %d, refused %d, %s", name, good, refused, code)
		}
	}
}

func TestBombsAndBrokenPackagesAreTurnedAway(t *testing.T) {
	many := make([]string, 0, 2*maxZIPEntries)
	for i := range maxZIPEntries + 1 {
		many = append(many, fmt.Sprintf("%d.csv", i), "")
	}
	zeros := bomb(t, growthFree+32<<20, 'x')
	header := []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03")
	good := zipped(t, "people.csv", strings.Repeat("id,name\n1,Anne\n", 1000))
	lying := slices.Clone(good)
	binary.LittleEndian.PutUint16(lying[len(lying)-12:], 0xfff0)
	locked := slices.Clone(good)
	locked[bytes.Index(locked, []byte("PK\x01\x02"))+8] |= 1
	large := slices.Clone(good)
	binary.LittleEndian.PutUint32(large[bytes.Index(large, []byte("PK\x01\x02"))+24:], 0xfffffff0)
	flipped := slices.Clone(good)
	flipped[60] ^= 0xff
	packed := gzipped(t, []byte(strings.Repeat("id,name\n1,Anne\n", 1000)))
	wrong := slices.Clone(packed)
	wrong[len(wrong)-8] ^= 1
	for name, test := range map[string]struct {
		file []byte
		code string
	}{
		"a gzip bomb behind a header":       {gzipBehind(t, zeros), "unpacks_too_large"},
		"a ZIP bomb":                        {zipOf(t, "id,name\n", growthFree+32<<20), "unpacks_too_large"},
		"two files":                         {zipped(t, "a.csv", "id\n1\n", "b.csv", "id\n1\n"), "zip_many"},
		"a thousand files":                  {zipped(t, many...), "zip_many"},
		"entries that are not there":        {lying, "zip_many"},
		"no file":                           {zipped(t, "a/", ""), "empty"},
		"a ZIP file with a password":        {locked, "zip_locked"},
		"a size that is not the true one":   {large, "cut_off"},
		"a byte that is another":            {flipped, "damaged"},
		"a ZIP file without its end":        {good[:len(good)-30], "cut_off"},
		"a workbook":                        {zipped(t, "[Content_Types].xml", "<x/>", "xl/workbook.xml", "<x/>"), "workbook"},
		"a ZIP file in a ZIP file":          {zipped(t, "a.zip", string(good)), "workbook"},
		"gzip in gzip":                      {gzipped(t, packed), "packed_twice"},
		"a gzip file without its end":       {packed[:len(packed)-9], "cut_off"},
		"a gzip file with another checksum": {wrong, "damaged"},
		"nothing but the mark of gzip":      {header[:2], "cut_off"},
		"Parquet in gzip":                   {gzipped(t, []byte("PAR1....")), "parquet_packed"},
		"a JSON array":                      {[]byte(`[{"id":1},` + "\n" + `{"id":2}]`), "json_array"},
		"JSON over many lines":              {[]byte("{\n  \"id\": 1\n}\n"), "json_lines"},
		"an old workbook":                   {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1aaaaaaa"), "workbook"},
		"nothing":                           {nil, "empty"},
		"a million columns":                 {[]byte(strings.Repeat("a,", 1_000_000) + "b\n1\n"), "header_line_too_long"},
		"a million columns of JSON":         {manyKeys(100_000), "too_many_columns"},
	} {
		t.Run(name, func(t *testing.T) {
			if good, _, code := outcome(test.file, "x"); code != test.code {
				t.Errorf("read %d rows, then %q, want %q", good, code, test.code)
			}
		})
	}
}

func gzipBehind(t testing.TB, zeros []byte) []byte {
	t.Helper()
	return append(gzipped(t, []byte("id,name\n1,")), append([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"), zeros...)...)
}

func zipOf(t testing.TB, header string, size int) []byte {
	t.Helper()
	var file bytes.Buffer
	w := zip.NewWriter(&file)
	entry, err := w.Create("people.csv")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(entry, header); err != nil {
		t.Fatal(err)
	}
	block := bytes.Repeat([]byte(strings.Repeat("x", 1<<16-1)+"\n"), 1<<4)
	for range size >> 20 {
		if _, err := entry.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func manyKeys(n int) []byte {
	var file bytes.Buffer
	for i := range n {
		if i%1_000 == 0 {
			file.WriteString("{\"id\":1")
		}
		fmt.Fprintf(&file, `,"k%d":1`, i)
		if i%1_000 == 999 {
			file.WriteString("}\n")
		}
	}
	return file.Bytes()
}

func TestQuotesThatAreNeverClosedAreReadAFewTimesAtMost(t *testing.T) {
	filler := strings.Repeat("a line without any quote\n", 30)
	for name, part := range map[string]string{
		"one open quote in each line":   "\"a\n",
		"every other line":              "\"a\nb\n",
		"far from each other":           "\"a\n" + filler,
		"an escaped one in between":     "\"a\n\"\"b\"\"\n" + filler,
		"closed and opened again":       "\"a\",\"b\n" + filler,
		"text behind the closing quote": "\"a\nb\"c\n" + filler,
		"closed on the next line":       "\"a\n\"\n",
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Repeat(part, (2<<20)/len(part))
			reader := newCSV(strings.NewReader(text), ',')
			again, before := 0, 0
			for {
				// Lines are counted back by what is to be read once more.
				if _, err := reader.next(); err != nil {
					break
				}
				if left := len(reader.again) - reader.at; left > before {
					again += left - before
				}
				before = len(reader.again) - reader.at
			}
			if again > 2*len(text) {
				t.Errorf("%d bytes of %d were read once more", again, len(text))
			}
		})
	}
}

func TestTextIsReadWhateverItsEncodingAndLineEnds(t *testing.T) {
	const people = "id;navn\n1;Åse Sørensen\n2;Jürgen „Weiß“\n"
	utf16 := func(e unicode.Endianness, mark unicode.BOMPolicy) string {
		text, err := unicode.UTF16(e, mark).NewEncoder().String(people)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	western, err := charmap.Windows1252.NewEncoder().String(people)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		text     string
		encoding Encoding
	}{
		"UTF-8":                          {people, UTF8},
		"UTF-8 with a mark":              {"\ufeff" + people, UTF8},
		"UTF-16, little end first":       {utf16(unicode.LittleEndian, unicode.UseBOM), UTF16},
		"UTF-16, big end first":          {utf16(unicode.BigEndian, unicode.UseBOM), UTF16},
		"UTF-16 without a mark":          {utf16(unicode.LittleEndian, unicode.IgnoreBOM), UTF16},
		"UTF-16 without a mark, big end": {utf16(unicode.BigEndian, unicode.IgnoreBOM), UTF16},
		"Windows-1252":                   {western, Windows1252},
		"carriage returns alone":         {strings.ReplaceAll(people, "\n", "\r"), UTF8},
		"both":                           {strings.ReplaceAll(people, "\n", "\r\n"), UTF8},
	} {
		table := open(t, "x.csv", test.text)
		good, refused := rowsOf(t, table)
		if len(refused) != 0 || len(good) != 2 || good[0][1] != "Åse Sørensen" || good[1][1] != "Jürgen „Weiß“" || table.Options.Encoding != test.encoding {
			t.Errorf("%s: read %q, refused %+v, %s", name, good, refused, table.Options.Encoding)
		}
	}
}

func TestALineOfTenMegabytesIsRefusedAndReadingGoesOn(t *testing.T) {
	long := strings.Repeat("x", 10<<20)
	good, refused := rowsOf(t, open(t, "x.csv", "id,name\n1,"+long+"\n2,Bo\n3,\""+long+"\"\n4,\"a\nb "+long+"\n5,Dorte\n"))
	lines := []int{}
	for _, r := range refused {
		lines = append(lines, r.Line)
	}
	// Line 6 ends what line 5 began, and is a line of its own when that is refused.
	if len(good) != 2 || good[0][0] != "2" || good[1][0] != "5" || !slices.Equal(lines, []int{2, 4, 5, 6}) {
		t.Errorf("read %d rows, refused lines %v", len(good), lines)
	}
}
