// Package profile holds the pages of profiles: the list and one profile, the attributes, and the upload of a file with
// its settings, its progress and its report. It gets plain values, already written for the reader.
package profile

import (
	"strconv"

	"github.com/segue-app/segue/views/component"
)

// ListView is the page of profiles. Rows are empty for who may not see personal data.
type ListView struct {
	Empty     bool // nothing has been uploaded yet
	MayUpload bool
	MaySee    bool // personal data
	Count     string
	FileName  string
	Created   component.Moment
	Filled    string // attributes
	Query     string
	Headings  []string // of the columns after the id
	IDLabel   string
	Rows      []Row
	Summary   string
	Partial   bool
	FirstHref string // "" on the first page
	NextHref  string
	Imports   []ImportRow
}

// Row is one profile of the list.
type Row struct {
	ID    string
	Href  string
	Cells []string
}

// ImportRow is one of the latest uploads.
type ImportRow struct {
	Href, FileName, By string
	Created            component.Moment
	State              component.Badge
	Lines              string
}

// ShowView is one profile.
type ShowView struct {
	ID     string
	Known  []component.Term // attributes with a value
	Absent string           // labels of those without
}

// AttributesView is the page of attributes.
type AttributesView struct {
	MayEdit bool
	Rows    []AttributeRow
	Errors  component.Errors
}

// AttributeRow is one attribute.
type AttributeRow struct {
	Key, Label, Kind, Filled, Samples string
	Personal                          bool
}

// UploadView is the page where a file is chosen.
type UploadView struct {
	Errors component.Errors
	Under  []component.Progress // files on their way
}

// ImportView is one upload, in whichever state.
type ImportView struct {
	Href     string
	Topic    string
	FileName string
	Badge    component.Badge
	Preview  *PreviewView // while it waits for a person
	Progress *component.Progress
	Stats    []component.Stat
	Failure  string // why it failed
	Done     bool
	Ended    bool
	Reasons  []component.Term // why lines were refused, and how many
	Refused  []RefusedRow
	More     string // how many refused lines are not shown here
	Facts    []component.Term
}

// RefusedRow is a line that was not accepted.
type RefusedRow struct{ Line, Column, Reason string }

// PreviewView is the form with the settings of a file.
type PreviewView struct {
	Errors       component.Errors
	Delimiter    string // comma, semicolon, tab
	ID           string // index
	IDs          []component.Option
	Mode         string
	DecimalComma bool
	MonthFirst   bool
	Columns      []ColumnRow
	Kinds        []component.Option
	Refused      []RefusedRow // among the first lines
}

// ColumnRow is one column of the file.
type ColumnRow struct {
	Key, Heading, Label, Kind, Samples string
	Personal, Include                  bool
}

// Choices of the settings, as the form sends them.
const (
	Comma, Semicolon, Tab = "comma", "semicolon", "tab"
	DayFirst, MonthFirst  = "day", "month"
)

func yes(b bool) string { return strconv.FormatBool(b) }

func order(monthFirst bool) string {
	if monthFirst {
		return MonthFirst
	}
	return DayFirst
}
