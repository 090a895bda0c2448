// Package blueprint owns configuration as code: what administrators set up, written as YAML that can be kept beside other
// configuration, compared with what is here, and applied. It holds connections without their keys, segments and exports; it
// never holds customers, profiles or secrets; of colleagues it holds the addresses of those who may use a connection. Everything is known by its name. It reads and changes through the packages of
// those words, which check what they are given.
package blueprint

import (
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/transform"
)

// Version is the only one that there is.
const Version = 1

// MaxSize is how large a file may be, in bytes.
const MaxSize = 4 << 20

// File is a whole configuration.
type File struct {
	Version     int          `json:"version"`
	Connections []Connection `json:"connections,omitempty"`
	Segments    []Segment    `json:"segments,omitempty"`
	Exports     []Export     `json:"exports,omitempty"`
}

// Connection is a connection less all that is proved or agreed to by a person: key, brand, consent, export user.
type Connection struct {
	Name         string   `json:"name"`
	Type         string   `json:"type"`
	Contributors bool     `json:"contributors"`     // whether all contributors may use it
	People       []string `json:"people,omitempty"` // the contributors who may, by address of their account, when not all may
}

// Segment is a segment. One that is made of an uploaded list has no rule, since lists hold people.
type Segment struct {
	Name        string         `json:"name"`
	Description string         `json:"description,omitempty"`
	State       segment.State  `json:"state"`
	Base        string         `json:"base,omitempty"` // name of the source whose profiles stay where they are; "": the unified profiles
	Zone        string         `json:"zone,omitempty"` // where its days begin, an IANA name; "": UTC
	Rule        *segment.Group `json:"rule,omitempty"` // a condition names another segment by its name
}

func (s Segment) portable() segment.PortableSegment {
	return segment.PortableSegment{Name: s.Name, Description: s.Description, Zone: s.Zone, Rule: s.Rule}
}

// Export is an export.
type Export struct {
	Name       string         `json:"name"`
	Connection string         `json:"connection,omitempty"` // "": detached
	Segments   []Part         `json:"segments"`
	Fields     []Field        `json:"fields"`
	Consent    *Consent       `json:"consent,omitempty"`
	Schedule   Schedule       `json:"schedule"`
	Leavers    export.Leavers `json:"leavers"`
	AskShare   int            `json:"ask_share"` // percent; -1: never ask
	Paused     bool           `json:"paused,omitempty"`
}

// Part is a segment of an export, and the tag that its members carry; "" is none.
type Part struct {
	Segment string `json:"segment"`
	Tag     string `json:"tag,omitempty"`
}

// Field says which attribute fills a field of the destination.
type Field struct {
	Field     string          `json:"field"`
	Attribute string          `json:"attribute,omitempty"` // "": the same text is sent for everybody
	Change    *Transformation `json:"change,omitempty"`
	Clear     bool            `json:"clear,omitempty"`  // an empty value empties the field
	Meant     bool            `json:"meant,omitempty"`  // it is meant to be sent although it is personal or sensitive
	Reason    string          `json:"reason,omitempty"` // why, of a sensitive one
}

// Transformation is what is done to the values of a field before they are sent. With is the second attribute, where the way joins two.
type Transformation struct {
	Way  transform.Way   `json:"way"`
	Text string          `json:"text,omitempty"`
	From transform.Order `json:"from,omitempty"`
	To   transform.Form  `json:"to,omitempty"`
	With *With           `json:"with,omitempty"`
}

// With is an attribute that is joined to another.
type With struct {
	Attribute string `json:"attribute"`
	Meant     bool   `json:"meant,omitempty"`
	Reason    string `json:"reason,omitempty"`
}

// Consent says what is known of the contacts' consents besides what is mapped.
type Consent struct {
	Source   string   `json:"source,omitempty"`
	Everyone []string `json:"everyone,omitempty"` // channels
}

// Codes of what can be wrong with a file.
const (
	CodeSize    = "config.problem.size"    // names Most, in MiB
	CodeYAML    = "config.problem.yaml"    // names Detail
	CodeVersion = "config.problem.version" // names Version
	CodeUnknown = "config.problem.unknown" // names Name, which is its path, and Line
	CodeValue   = "config.problem.value"   // names Name, which is its path, and Line
	CodeName    = "config.problem.name"    // names Name: missing, with spaces around it, or twice
	CodePerson  = "config.problem.person"  // names Name, the address of no contributor, and Of: the connection
	CodeBoth    = "config.problem.both"    // names Name: a connection for all contributors and for some
	CodeSegment = "config.problem.segment" // names Name and Of: a segment that is neither in the file nor here
	CodeRule    = "config.problem.rule"    // names Name: a segment whose rule is larger than rules may be
	CodeCircle  = "config.problem.circle"  // names Name
	CodeChanged = "config.problem.changed" // since the comparison
)
