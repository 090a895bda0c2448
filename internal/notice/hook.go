package notice

import "time"

// Format is how the body of a hook is written.
type Format string

// The formats.
const (
	Segue Format = "segue" // JSON of our own
	Slack Format = "slack"
	Teams Format = "teams"
	Own   Format = "own" // a template of the administrator's
)

// Formats lists the formats as they are offered.
var Formats = []Format{Segue, Slack, Teams, Own}

// Hook is an outgoing webhook. Its address and its secret stay sealed and are not here.
type Hook struct {
	ID       int64
	Name     string
	Host     string   // of the address, with its port
	Kinds    []string // of alerts that it is for; empty means all
	Language string
	Format   Format
	Template string // of the format Own

	Off        time.Time // since when nothing is sent to it; zero while it is on
	OffBecause string    // code; "" when a person switched it off
	Earlier    time.Time // until when the secret before the present one signs as well; zero for none
	Version    int
	CreatedBy  string
	Created    time.Time
	Updated    time.Time
}
