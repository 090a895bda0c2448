package export

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/problem"
)

// OutcomeWay says how it is written what became of the profiles of each run.
type OutcomeWay string

// The choices.
const (
	NoOutcomes OutcomeWay = ""      // it is not
	AsFile     OutcomeWay = "file"  // each run makes a file
	AsRows     OutcomeWay = "table" // each run adds rows to a table
)

// OutcomeFormat is the format of such a file, and the ending of its name.
type OutcomeFormat string

// The formats.
const (
	CSV     OutcomeFormat = "csv"
	NDJSON  OutcomeFormat = "ndjson"
	Parquet OutcomeFormat = "parquet"
)

// OutcomeFormats lists them as they are offered.
var OutcomeFormats = []OutcomeFormat{CSV, NDJSON, Parquet}

// Outcomes says where it is written what became of the profiles of each run. The zero value: nowhere.
type Outcomes struct {
	Way    OutcomeWay    `json:"way,omitempty"`
	Format OutcomeFormat `json:"format,omitempty"` // of files
	Folder string        `json:"folder,omitempty"` // for files
	Table  string        `json:"table,omitempty"`  // for rows
}

// OutcomePlaces are where the operator lets outcomes be written. The zero value: nowhere.
type OutcomePlaces struct {
	Folders  []string
	Database string // that has the tables, as people know it; "" for none
}

// Any reports whether there is such a place.
func (p OutcomePlaces) Any() bool { return len(p.Folders) > 0 || p.Database != "" }

// Allows reports whether outcomes may be written there.
func (p OutcomePlaces) Allows(o Outcomes) bool {
	switch o.Way {
	case AsFile:
		return slices.Contains(p.Folders, o.Folder)
	case AsRows:
		return p.Database != ""
	}
	return true
}

// OutcomePlaces are those that an export may be given.
func (s *Service) OutcomePlaces(actor access.Actor) (OutcomePlaces, error) {
	if err := actor.Require(access.UseSomeConnections); err != nil {
		return OutcomePlaces{}, err
	}
	return OutcomePlaces{Folders: slices.Clone(s.places.Folders), Database: s.places.Database}, nil
}

// The fields of a form that ask where outcomes are written.
const (
	OutcomeWayField    = "outcomes"
	OutcomeFormatField = "outcomes_format"
	OutcomeFolderField = "outcomes_folder"
	OutcomeTableField  = "outcomes_table"
)

// tableName is what a table may be called: what every database takes without quotes, and keeps as it is.
var tableName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// checked holds a choice to its rules, and to what the operator allows. What it does not use is dropped.
func (o Outcomes) checked(check *problem.Check, allowed OutcomePlaces) Outcomes {
	switch o.Way {
	case NoOutcomes:
		return Outcomes{}
	case AsFile:
		o.Table = ""
		check.Require(slices.Contains(OutcomeFormats, o.Format), OutcomeFormatField, "problem.choose")
		check.Require(allowed.Allows(o), OutcomeFolderField, "problem.choose")
	case AsRows:
		o.Format, o.Folder = "", ""
		check.Require(allowed.Allows(o), OutcomeWayField, "problem.choose")
		if o.Table == "" {
			check.Add(OutcomeTableField, "problem.required")
		} else {
			check.Require(tableName.MatchString(o.Table), OutcomeTableField, "outcomes.problem.table")
		}
	default:
		check.Add(OutcomeWayField, "problem.choose")
	}
	return o
}

// written is how it stands in the database.
func (o Outcomes) written() string {
	if o.Way == NoOutcomes {
		return ""
	}
	text, err := json.Marshal(o)
	if err != nil {
		panic(err) // texts
	}
	return string(text)
}

// Scan reads it.
func (o *Outcomes) Scan(from any) error {
	text, ok := from.(string)
	if !ok {
		return fmt.Errorf("outcomes are %T", from)
	}
	*o = Outcomes{}
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), o)
}
