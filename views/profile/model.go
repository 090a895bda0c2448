// Package profile holds the pages of profiles: the list and one profile, and the attributes. It gets plain values, already
// written for the reader.
package profile

import (
	"github.com/segue-app/segue/views/component"
)

// ListView is the page of profiles. Rows are empty for who may not see personal data.
type ListView struct {
	Empty      bool // nothing has been uploaded yet
	MayUpload  bool
	MaySee     bool // personal data
	Count      string
	FileName   string
	Created    component.Moment
	Filled     string // attributes
	Query      string
	Headings   []string // of the columns after the id
	IDLabel    string
	Rows       []Row
	Summary    string
	Partial    bool
	FirstHref  string // "" on the first page
	NextHref   string
	Sources    []SourceLine // where they come from
	MaySources bool         // manage them
}

// Row is one profile of the list.
type Row struct {
	ID    string
	Href  string
	Cells []string
}

// SourceLine is one source: its name and how many profiles it has.
type SourceLine struct{ Name, Profiles, Href string }

// ShowView is one profile.
type ShowView struct {
	ID        string
	Known     []component.Term // attributes with a value
	Absent    string           // labels of those without
	Explained *ExplainedView   // in place of Known, when several sources made the profile
}

// AttributesView is the page of attributes.
type AttributesView struct {
	MayEdit bool
	Rows    []AttributeRow
	Marks   []component.Option
	Masked  component.Masked
	Errors  component.Errors
	Most    int // how many may be found at once besides addresses
}

// AttributeRow is one attribute.
type AttributeRow struct {
	Key, Label, Kind, Filled, Share, Samples string
	Sources                                  string           // names of those that have it
	Uses                                     []component.Link // segments and exports that need it
	Mark                                     string
	Was                                      string // the mark as it is stored
	Address, Indexed                         bool
	IsText, IsList                           bool
}
