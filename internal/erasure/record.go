package erasure

import (
	"slices"
	"time"

	"github.com/segue-app/segue/internal/run"
)

// Record is all that is kept about a person, for them to take along: plain names and values that mean the same everywhere.
type Record struct {
	At        time.Time    `json:"at"`
	Asked     string       `json:"asked"`
	Profiles  []string     `json:"profiles"`
	Addresses []string     `json:"addresses"`
	Held      []HeldRecord `json:"in_data"`
	Lists     []string     `json:"in_uploaded_lists"`
	Files     []string     `json:"in_waiting_files"`
	Traces    []TraceOf    `json:"in_exports"`
	Excluded  bool         `json:"on_the_list_of_exclusions"`
}

// HeldRecord is a profile in one of the snapshots.
type HeldRecord struct {
	ID     string            `json:"id"`
	File   string            `json:"file,omitempty"`
	At     time.Time         `json:"at"`
	Values map[string]string `json:"values"`
}

// TraceOf is one thing that exports and their runs keep.
type TraceOf struct {
	Place   run.Place `json:"kind"`
	Profile string    `json:"profile"`
	Export  string    `json:"export"`
	Run     int64     `json:"run,omitempty"`
	At      time.Time `json:"at,omitzero"`
	Address string    `json:"address,omitempty"`
	Tags    []string  `json:"tags,omitempty"`
	Outcome string    `json:"outcome,omitempty"`
	Code    string    `json:"reason,omitempty"`
	Message string    `json:"message,omitempty"`
	Request string    `json:"request,omitempty"`
	Answer  string    `json:"answer,omitempty"`
}

// Record is what was found, as it is handed over.
func (f Found) Record(at time.Time) Record {
	r := Record{At: at.UTC(), Asked: f.Query, Profiles: f.Chosen(), Addresses: f.Addresses, Excluded: len(f.Excluded) > 0}
	for _, h := range f.Held {
		one := HeldRecord{ID: h.Record.ID, File: h.Snapshot.FileName, At: h.Snapshot.CreatedAt, Values: map[string]string{}}
		for i, a := range h.Snapshot.Attributes {
			if h.Record.Values[i] != nil {
				one.Values[a.Label] = a.Format(h.Record.Values[i])
			}
		}
		r.Held = append(r.Held, one)
	}
	for _, l := range f.Lists {
		if !slices.Contains(r.Lists, l.Name) {
			r.Lists = append(r.Lists, l.Name)
		}
	}
	for _, file := range f.Files {
		r.Files = append(r.Files, file.FileName)
	}
	for _, t := range f.Traces {
		r.Traces = append(r.Traces, TraceOf{t.Place, t.ProfileID, t.Export, t.RunID, t.At, t.Identity, t.Tags, t.Outcome, t.Code, t.Message, t.Request, t.Answer})
	}
	return r
}
