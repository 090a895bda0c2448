package tabular

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
)

// Writer writes CSV that people open in a spreadsheet. What others typed must not become a formula there (CWE-1236).
type Writer struct {
	out   *csv.Writer
	cells []string
}

// NewWriter writes to w. Call Flush at the end.
func NewWriter(w io.Writer) *Writer { return &Writer{out: csv.NewWriter(w)} }

// Write writes a row.
func (w *Writer) Write(cells ...string) error {
	w.cells = w.cells[:0]
	for _, cell := range cells {
		w.cells = append(w.cells, plainCell(cell))
	}
	return w.out.Write(w.cells)
}

// Flush writes what is left.
func (w *Writer) Flush() error {
	w.out.Flush()
	return w.out.Error()
}

// plainCell sets an apostrophe before what a spreadsheet would take for a formula: at the beginning, and behind what
// divides cells for a spreadsheet of another country. Numbers stay numbers.
func plainCell(cell string) string {
	if !strings.ContainsAny(cell, "=+-@\t\r\n＝＋－＠") {
		return cell
	}
	if _, err := strconv.ParseFloat(cell, 64); err == nil {
		return cell
	}
	var plain strings.Builder
	begins := true
	for _, r := range cell {
		if begins && strings.ContainsRune("=+-@\t\r＝＋－＠", r) {
			plain.WriteByte('\'')
		}
		plain.WriteRune(r)
		begins = strings.ContainsRune(";,\t\r\n", r) || (begins && r == ' ')
	}
	return plain.String()
}
