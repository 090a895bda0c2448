package segment

import (
	"errors"
	"io"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzLists holds that a list of ids or addresses is read to its end whatever it is, and that what is read is text of bounded length.
func FuzzLists(f *testing.F) {
	for _, seed := range []string{"id\n1\n2\n", "\ufeffE-mail;x\r\na@b.dk;1", "\"a\"\"b\",c\n\"", "\xff\n\x00\n", strings.Repeat("x", 70_000) + "\n1\n", "\r\r\n\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file string) {
		reader := newEntryReader(strings.NewReader(file))
		for most := strings.Count(file, "\n") + 2; most > 0; most-- {
			found, err := reader.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil || len(found.text) > maxIDBytes || !utf8.ValidString(found.text) || strings.ContainsFunc(found.text, unicode.IsControl) {
				t.Fatalf("line %d: %q, %v", found.line, found.text, err)
			}
		}
		t.Fatal("it has no end")
	})
}
