package tabular

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"
)

func TestNothingThatOthersTypedBecomesAFormula(t *testing.T) {
	var file strings.Builder
	w := NewWriter(&file)
	cells := map[string]string{
		"=1+1": "'=1+1", "+cmd|' /C calc'!A0": "'+cmd|' /C calc'!A0", "-2+3": "'-2+3", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t'=1", "\r=1": "'\r'=1", "  =1": "  '=1",
		"＝1+1": "'＝1+1", "a;=1+1": "a;'=1+1", "a,@b": "a,'@b", "a\n-b": "a\n'-b", "-12.5": "-12.5", "+4512345678": "+4512345678", "a-b@c.dk": "a-b@c.dk", "": "", "Søren": "Søren",
	}
	var want []string
	for cell, plain := range cells {
		if err := w.Write(cell, "x"); err != nil {
			t.Fatal(err)
		}
		want = append(want, plain)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(file.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		if got := row[0]; got != strings.ReplaceAll(want[i], "\r\n", "\n") {
			t.Errorf("row %d is %q, want %q", i, got, want[i])
		}
	}
	if !slices.Contains(want, "'=1+1") {
		t.Fatal("nothing was tried")
	}
}
