// Package profile owns the unified customer profiles: their attributes and the snapshots that hold them. It knows neither
// where profiles come from nor segments or exports; those read a snapshot by its table.
package profile

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is the type of an attribute.
type Kind string

// The kinds, and how a value is stored. An empty value is NULL, whatever the kind.
const (
	Text     Kind = "text"     // TEXT, as in the source
	Number   Kind = "number"   // REAL or INTEGER
	Boolean  Kind = "boolean"  // INTEGER 0 or 1
	Date     Kind = "date"     // TEXT "2006-01-02"
	DateTime Kind = "datetime" // TEXT "2006-01-02T15:04:05Z", UTC
	List     Kind = "list"     // TEXT, a JSON array of strings, at least one and none blank
)

// Attribute is one column of a snapshot.
type Attribute struct {
	Key     string // stable across snapshots: what rules and mappings name; made from the column's heading
	Label   string // what people read
	Column  string // the column in the snapshot's table: c1, c2, …; never typed by a person
	Kind    Kind
	Mark    Mark // how much care the values need
	Address bool // holds email addresses: people are known again by it
	Indexed bool // found quickly when it equals or begins with a text, in any case
	Filled  int  // profiles that have a value
}

// Snapshot is a set of profiles as one upload brought it. It never changes; a new upload makes a new one.
type Snapshot struct {
	ID         int64
	Rows       int
	Attributes []Attribute // in the order of the file
	FileName   string
	IDLabel    string // heading of the column that holds the ids
	SourceID   int64  // whose import filled it; 0: unified from several sources
	CreatedAt  time.Time
}

// Table is the snapshot's table. Its columns are n (INTEGER PRIMARY KEY: the order of the file), id (TEXT NOT NULL
// UNIQUE: the profile's stable id) and one for each attribute.
func (s Snapshot) Table() string { return fmt.Sprintf("snapshot_%d", s.ID) }

// Attribute finds an attribute by its key.
func (s Snapshot) Attribute(key string) (Attribute, bool) {
	for _, a := range s.Attributes {
		if a.Key == key {
			return a, true
		}
	}
	return Attribute{}, false
}

// Kinds lists the kinds as they are offered.
var Kinds = []Kind{Text, Number, Boolean, Date, DateTime, List}

// Valid reports whether k is one of the kinds.
func (k Kind) Valid() bool { return slices.Contains(Kinds, k) }

// Format writes a stored value as text that means the same everywhere: numbers with a decimal point, true or false,
// ISO dates, the texts of a list with a comma between them. NULL is "".
func (a Attribute) Format(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		if a.Kind == List {
			return strings.Join(Texts(v), ", ")
		}
		return v
	case []byte:
		return string(v)
	case int64:
		if a.Kind == Boolean {
			return strconv.FormatBool(v != 0)
		}
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}

// Texts are the texts of a stored list. What is no list has none.
func Texts(stored string) []string {
	var texts []string
	if err := json.Unmarshal([]byte(stored), &texts); err != nil {
		return nil
	}
	return texts
}
