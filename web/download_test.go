package web

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEveryDownloadGoesThroughTheWriterThatKnowsFormulas(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, "_test.go") && bytes.Contains(source, []byte(`"encoding/csv"`)) {
			t.Errorf("%s writes CSV by itself: tabular.NewWriter makes formulas harmless", name)
		}
	}
}
