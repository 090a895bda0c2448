package source

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// Kind is the way in which profiles come from a source.
type Kind string

// The kinds.
const (
	Upload Kind = "upload" // files that people send
	Folder Kind = "folder" // the newest file in a folder of the server
	SQL    Kind = "sql"    // a database of somebody else
)

// Place says where the profiles of a source are.
type Place string

// The places.
const (
	Copied Place = "copied" // read into a snapshot at every refresh
	Stays  Place = "stays"  // where they are; segments are counted and streamed there
)

// Folders says which file of which folder is read.
type Folders struct {
	Folder  string `json:"folder"`  // one of those that the operator allowed
	Pattern string `json:"pattern"` // of the file's name: "customers-*.csv"
}

// Source is one place that profiles come from.
type Source struct {
	ID           int64
	Name         string
	Kind         Kind
	Place        Place
	Reading      Settings // how its files are read; without columns until a person confirmed the first one
	Watched      Folders  // of a Folder
	Remote       Remote   // of SQL
	OwnKeys      bool     // its ids are not those of other sources
	MatchEmail   bool     // who has the same address in another source is the same person
	Position     int      // in the order of trust: the lower, the more it is believed
	WithSchedule bool     // read again with the system's schedule
	OnChange     bool     // of a Folder: read again when the file changed
	ShrinkShare  int      // percent fewer profiles that make an import ask a person; 0: never
	SnapshotID   int64    // what its last good import brought; 0: nothing yet
	PreviousID   int64    // the snapshot before, to undo it; 0: none, or no longer
	ReplacedAt   time.Time
	Mark         string // of a Folder: which state of which file was read last, or tried
	Version      int    // for optimistic locking
	CreatedAt    time.Time
	UpdatedAt    time.Time
	RemovedAt    time.Time

	Rows int // profiles that it has now
}

// DefaultShrinkShare is how many percent fewer profiles make an import ask, unless a person chose otherwise.
const DefaultShrinkShare = 30

const maxName = 100 // characters

// SourcesTopic is the topic of events about any source.
const SourcesTopic = "sources"

// CodeNameTaken says that another source has the name.
const CodeNameTaken = "sources.name_taken"

// Confirmed reports whether a person has said how the source's files are read.
func (s Source) Confirmed() bool { return len(s.Reading.Columns) > 0 }

// shrinks reports whether so many profiles are too few to be taken without asking.
func (s Source) shrinks(rows int) bool {
	return s.ShrinkShare > 0 && s.Rows > 0 && rows*100 < s.Rows*(100-s.ShrinkShare)
}

// holders of the snapshots of a source: what it brought last, and what it brought before.
func holder(sourceID int64) string         { return fmt.Sprintf("source/%d", sourceID) }
func previousHolder(sourceID int64) string { return fmt.Sprintf("source/%d/previous", sourceID) }

// askingHolder is that of an import which waits for an answer.
func askingHolder(importID int64) string { return fmt.Sprintf("import/%d", importID) }

// cleanName is a name without what nobody sees.
func cleanName(name string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(name, "")), " ")
}

func checkName(check *problem.Check, name string) {
	check.Require(name != "", "name", "problem.required")
	check.Require(len([]rune(name)) <= maxName, "name", "problem.too_long", "Most", maxName)
}

// nameOf is what a source is called that is made of a file.
func nameOf(fileName string) string {
	name := filepath.Base(fileName)
	for _, end := range []string{".gz", ".zip", filepath.Ext(strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".zip"))} {
		name = strings.TrimSuffix(name, end)
	}
	if name = cleanName(cut(name, maxName-10)); name == "" || name == "." {
		return "1"
	}
	return name
}

func nameKey(name string) string { return database.Fold(name) }
