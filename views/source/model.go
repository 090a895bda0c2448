// Package source holds the pages of sources: the list and one source, its settings, the upload of a file with the check of its
// columns, and an import with its progress, its question and its report. It gets plain values, already written for the reader.
package source

import (
	"context"
	"strconv"

	"github.com/segue-app/segue/views/component"
	versionviews "github.com/segue-app/segue/views/version"
)

// ListView is the page of all sources.
type ListView struct{ Rows []Row }

// Row is one source of the list.
type Row struct {
	Base     string // its address
	Name     string
	Kind     string
	Profiles string
	Last     *ImportRow // nil before its first import
	Next     string     // when it is read again
	Stays    bool       // its profiles are never imported
	Up, Down bool       // whether it can be moved in the order of trust
}

// ImportRow is one import of a source.
type ImportRow struct {
	Href, FileName, By, Cause            string
	Created                              component.Moment
	State                                component.Badge
	Good, Added, Changed, Removed, Lines string // counts; "–" where none is known
	Refused                              string
}

// ShowView is the page of one source.
type ShowView struct {
	Base       string
	Name       string
	Badge      component.Badge
	Topic      string
	Upload     bool   // files are sent to it
	Remote     bool   // it is a database
	Stays      bool   // its profiles stay where they are
	Segment    string // address at which a segment of it is made
	Waiting    *ImportRow
	WaitingFor string // what it waits for
	Stats      []component.Stat
	Facts      []component.Term
	Attributes []AttributeRow
	History    []ImportRow
	Undo       string // what undoing the last import brings back; "" when it cannot be undone
	Errors     component.Errors
}

// AttributeRow is one attribute of a source's profiles.
type AttributeRow struct {
	Label, Kind, Mark string
	Filled            string
	Share             int // percent of the profiles
	ShareText         string
}

// FormView is the form of a new source, or with the settings of one that is there.
type FormView struct {
	Action, Cancel string
	New            bool
	Kind           string // upload, folder, sql
	Version        string
	Errors         component.Errors
	Conflict       *versionviews.Conflict // somebody else changed it meanwhile
	Name           string
	ShrinkShare    string
	WithSchedule   bool
	OnChange       bool
	Stays          bool // of SQL: the profiles stay where they are

	Folder, Pattern string
	Folders         []component.Option // that the operator allows

	Engine, Host, Port, Database, Schema, User, TLS, Authority string
	Engines                                                    []component.Option
	TableSchema, Table, Query                                  string
	Place                                                      string
	Carried                                                    string // the password, sealed, when the form comes back
	ListTables                                                 string // where the form is sent to see the tables
	Offer                                                      *OfferView
}

// OfferView is what a database answered: that it can be read, and which tables.
type OfferView struct {
	Title, Text string
	Tables      []component.Option
}

// ConfirmView asks before something is done.
type ConfirmView struct {
	Base, Title, Text string
	Action, Label     string
	Icon              string
	Points            []string // what becomes of what
}

// UploadView is the page where a file is chosen.
type UploadView struct {
	Action string           // where the form is sent
	Name   string           // of the source; "" for a new one
	Others bool             // there are other sources: the file may belong to none of them
	Errors component.Errors //
	Under  []component.Progress
}

// Cancel is where the page is left to.
func (v UploadView) Cancel() string {
	if v.Name == "" {
		return "/sources"
	}
	return v.Action[:len(v.Action)-len("/upload")]
}

// ImportView is one import, in whichever state.
type ImportView struct {
	Href     string
	Topic    string
	FileName string
	Source   component.Link
	Badge    component.Badge
	Preview  *PreviewView // while it waits for a person
	Question *Question    // while it asks one
	Progress *component.Progress
	Stats    []component.Stat
	Failure  string // why it failed
	Ending   string // why it came to nothing, without having failed
	Done     bool
	Ended    bool
	Reasons  []component.Term // why lines were refused, and how many
	Refused  []RefusedRow
	More     string           // how many refused lines are not shown here
	LeftOut  []component.Term // columns of the file that are not read, and why
	Facts    []component.Term
}

// told is what is read out while an import is watched.
func (v ImportView) told(ctx context.Context) string {
	switch {
	case v.Progress != nil:
		return v.Progress.Told(ctx)
	case v.Question != nil:
		return v.Question.Text
	}
	return v.Badge.Text + " " + v.Failure + v.Ending
}

// Question is whether far fewer profiles are meant.
type Question struct {
	Text  string
	Facts []component.Term
}

// RefusedRow is a line that was not accepted.
type RefusedRow struct{ Line, Column, Reason string }

// PreviewView is the form with the settings of a file.
type PreviewView struct {
	Errors       component.Errors
	Delimiter    string // comma, semicolon, tab
	Encoding     string // utf-8 or windows-1252; "": there is nothing to choose
	ID           string // index
	IDs          []component.Option
	Mode         string
	Keys         string // whether its ids are its own or those of other sources; "": nothing is to be said of that
	MatchEmail   bool
	DecimalComma bool
	MonthFirst   bool
	Columns      []ColumnRow
	Kinds        []component.Option
	Marks        []component.Option
	Remote       bool         // the columns of a database: nothing is to be said of separators and dates
	Stays        bool         // nothing is imported
	Others       bool         // columns may become attributes of other sources
	Missing      []MissingRow // columns of earlier files that this one lacks
	New          string       // columns that no earlier file had, with a comma between them
	Refused      []RefusedRow // among the first lines
}

// MissingRow is a column that is not in the file any more.
type MissingRow struct {
	Name string
	Uses []component.Link // segments and exports that need it
}

// ColumnRow is one column of the file.
type ColumnRow struct {
	Key, Heading, Label, Kind, Samples string
	Mark                               string
	Include, New                       bool
	Attribute                          string
	Attributes                         []component.Option // that the column may become
}

// Choices of the settings, as the form sends them.
const (
	OwnKeys, SharedKeys   = "own", "shared"
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
