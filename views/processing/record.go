package processing

import (
	"fmt"

	"github.com/segue-app/segue/views/component"
	"github.com/segue-app/segue/views/erasure"
)

// The addresses of the record.
const (
	CSVPath  = erasure.RecordPath + ".csv"
	HTMLPath = erasure.RecordPath + ".html"
)

// PurposePath is where one states what an export is for.
func PurposePath(exportID int64) string {
	return fmt.Sprintf("%s/exports/%d", erasure.RecordPath, exportID)
}

// RecordView is the record of processing, in the reader's language.
type RecordView struct {
	Language   string
	At         string
	Activities []Activity
	Common     []Fact // what is so for all of them
}

// Activity is one export.
type Activity struct {
	ID    int64
	Name  string
	Facts []Fact
	State component.Link // where purpose and legal basis are stated
}

// Fact is one line of the record.
type Fact struct {
	Label   string
	Lines   []string
	Missing bool // nobody has stated it
}

// PurposeView is the page on which one states what an export is for.
type PurposeView struct {
	CSRF, Action   string
	Purpose, Basis string
	Set            string // who stated it and when, "" when nobody did
	Errors         component.Errors
}
