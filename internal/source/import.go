package source

import (
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/tabular"
)

// State is where an import stands.
type State string

// The states of an import.
const (
	Receiving State = "receiving" // the file is on its way
	Waiting   State = "waiting"   // for a person to look at the settings
	Queued    State = "queued"
	Running   State = "running"
	Asking    State = "asking" // whether far fewer profiles than before are meant
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Ended reports whether nothing more will happen.
func (s State) Ended() bool { return s == Done || s == Failed || s == Cancelled }

// Codes of why an import came to nothing that was no fault of its file.
const (
	codeBrokenOff  = "sources.file.broken_off" // the file did not arrive whole
	codeSuperseded = "sources.superseded"      // by another one of the source
)

// BrokenOff reports whether the import ended because the program did.
func (i Import) BrokenOff() bool { return i.State == Failed && i.Code == codeBrokenOff }

// Cause is why there was an import.
type Cause string

// The causes.
const (
	ByUpload   Cause = "upload"
	ByDemand   Cause = "demand"
	BySchedule Cause = "schedule"
	ByChange   Cause = "change"  // of the watched file
	ByCommand  Cause = "command" // of the command line
)

// Mode says what a refused line means for the others.
type Mode string

// The modes.
const (
	KeepGood     Mode = "keep_good"
	AllOrNothing Mode = "all_or_nothing"
)

// Column is one column of a file and what it becomes.
type Column struct {
	Heading   string       `json:"heading"` // as in the file; "column 3" when it has none
	Key       string       `json:"key"`
	Label     string       `json:"label"`
	Kind      profile.Kind `json:"kind"`
	Mark      profile.Mark `json:"mark"`
	Include   bool         `json:"include"`             // becomes an attribute
	Attribute string       `json:"attribute,omitempty"` // key of the attribute that it becomes; "": its own
	Native    profile.Kind `json:"native,omitempty"`    // of a database's column: what its values are there
	Separator string       `json:"separator"`           // between the texts of a list; "": whichever a list has
}

// Settings say how a file is read. The zero values mean: as guessed.
type Settings struct {
	Mode         Mode              `json:"mode"`
	Format       tabular.Format    `json:"format"`
	Delimiter    string            `json:"delimiter"` // of CSV: "," ";" or a tab
	Encoding     tabular.Encoding  `json:"encoding"`  // of CSV
	DecimalComma bool              `json:"decimal_comma"`
	MonthFirst   bool              `json:"month_first"`
	ID           int               `json:"id"` // index of the column that holds the profiles' ids
	Columns      []Column          `json:"columns"`
	LeftOut      []tabular.LeftOut `json:"left_out,omitempty"` // of the file's columns; when it was imported, all that were met
}

func (s Settings) reading(c Column) tabular.Reading {
	return tabular.Reading{DecimalComma: s.DecimalComma, MonthFirst: s.MonthFirst, Separator: c.Separator}
}

func (s Settings) options() tabular.Options {
	return tabular.Options{Format: s.Format, Delimiter: s.Delimiter, Encoding: s.Encoding}
}

// Import is one reading of a source, on its way into a snapshot, and what became of it.
type Import struct {
	ID         int64
	SourceID   int64
	SourceName string
	Cause      Cause
	State      State
	FileName   string
	Settings   Settings
	Lines      int            // of data, read so far: Good + Refused + Erased
	Good       int            // became profiles
	Refused    int            //
	Erased     int            // of persons who were erased and must not come back
	Reasons    map[string]int // refused lines by code
	Bytes      int64          // read so far
	TotalBytes int64
	Before     int // profiles that the source had when the import was complete
	Added      int // against those, by id; see Compared
	Changed    int
	Removed    int
	Compared   bool      // Before, Added, Changed and Removed are known
	UndoneAt   time.Time // when the snapshot before took its place again
	Code       string    // why it failed: a translation key
	Detail     string    // what the code is about: names of columns
	Mark       string    // of a watched file: which state of it this is
	SnapshotID int64     // 0 until it runs

	CreatedBy     int64 // 0: the program
	CreatedByName string
	CreatedAt     time.Time
	StartedAt     time.Time
	EndedAt       time.Time

	by      access.Actor    // who began it
	options tabular.Options // how its file is to be read, as far as somebody said so
	check   bool            // waits for a person, although one has said before how it is read
	unasked bool            // is used even when there are far fewer profiles than before
}

// Percent is how much of the file has been read, 0 to 100.
func (i Import) Percent() int {
	if i.TotalBytes == 0 || i.State == Done {
		return map[bool]int{true: 100}[i.State == Done]
	}
	return int(min(i.Bytes, i.TotalBytes) * 100 / i.TotalBytes)
}

// Topic is what live pages listen to.
func (i Import) Topic() string { return topic(i.ID) }

// Refusal is one line that was not accepted: where and why, never the value.
type Refusal struct {
	Line   int    // of the file, the header is 1
	Column string // heading, "" when it is about the whole line
	Code   string // translation key
}

// KeptRefusals is how many refusals of one import are kept to look at; all are counted.
const KeptRefusals = 10_000

// Why a line is refused that can be read: translation keys. A column's kind follows the last. Package tabular has those
// of lines that cannot.
const (
	refusedIDEmpty     = "sources.refusal.id_empty"
	refusedIDLong      = "sources.refusal.id_too_long"
	refusedIDDuplicate = "sources.refusal.id_duplicate" // an earlier line has the id
	refusedWrongKind   = "sources.refusal.wrong_kind_"
)

// fileProblem is a failure of the file as a whole.
func fileProblem(code string, args ...any) *problem.Problem {
	return problem.New(problem.Invalid, "sources.file."+code, args...)
}
