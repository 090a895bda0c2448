// Package backup owns backups: making one file of a data folder while Segue works on it, checking such a file, and putting it in
// the place of a data folder. What a restored state means for sessions, deliveries and the like is the domain's: the caller
// gives a function that settles it. What a sealing key is, is secret's.
//
// A backup is a tar archive, compressed with Zstandard: manifest.json, segue.db, the uploaded files of imports that are not done,
// and, only when it was asked for, segue.key.
package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"regexp"
	"strings"
	"time"
)

// Names in a backup.
const (
	manifestName = "manifest.json"
	databasePart = "segue.db"
	keyPart      = "segue.key"
	uploadsPart  = "uploads"
)

// form is the version of the archive's own layout.
const form = 1

// Manifest says what is in a backup. It is the first entry.
type Manifest struct {
	Form    int       `json:"form"`
	Version string    `json:"segue"`   // of the program that made it
	Schema  int64     `json:"schema"`  // of the database
	At      time.Time `json:"at"`      // the moment that it shows
	KeyIDs  []string  `json:"key_ids"` // of the keys that its secrets are sealed with; no secret
	Parts   []Part    `json:"parts"`   // in the order of the archive
}

// Part is a file in a backup.
type Part struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	SHA   string `json:"sha256"` // in hexadecimal
}

// Bytes is the size of all parts.
func (m Manifest) Bytes() (n int64) {
	for _, p := range m.Parts {
		n += p.Bytes
	}
	return n
}

// WithKey reports whether the sealing key is in it.
func (m Manifest) WithKey() bool { return m.has(keyPart) }

func (m Manifest) has(name string) bool {
	for _, p := range m.Parts {
		if p.Name == name {
			return true
		}
	}
	return false
}

// Uploads are the names of the uploaded files, without their folder.
func (m Manifest) Uploads() (names []string) {
	for _, p := range m.Parts {
		if strings.HasPrefix(p.Name, uploadsPart+"/") {
			names = append(names, path.Base(p.Name))
		}
	}
	return names
}

// ErrNotABackup means that a file is none, is damaged, or was made by somebody else.
var ErrNotABackup = errors.New("this is no whole backup of Segue")

func broken(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrNotABackup}, args...)...)
}

var (
	uploadName = regexp.MustCompile(`^uploads/import-[1-9][0-9]{0,17}\.csv$`)
	shaText    = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

const (
	longestManifest = 1 << 20 // bytes
	longestKey      = 64 << 10
)

// readManifest takes nothing on trust: what it names are the only paths that are ever written.
func readManifest(from io.Reader) (m Manifest, err error) {
	text, err := io.ReadAll(io.LimitReader(from, longestManifest+1))
	if err != nil {
		return m, err
	}
	if len(text) > longestManifest {
		return m, broken("its manifest is too long")
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, broken("its manifest cannot be read")
	}
	if m.Form > form {
		return m, errors.New("the backup was made by a newer Segue: use that one")
	}
	if m.Form < 1 || !m.has(databasePart) {
		return m, broken("its manifest says too little")
	}
	seen := map[string]bool{}
	for _, p := range m.Parts {
		known := p.Name == databasePart || p.Name == keyPart && p.Bytes <= longestKey || uploadName.MatchString(p.Name)
		if !known || seen[p.Name] || p.Bytes < 0 || !shaText.MatchString(p.SHA) || p.Bytes > math.MaxInt64/2-m.Bytes()/2 || m.Bytes() < 0 {
			return m, broken("its manifest names %.40q", p.Name)
		}
		seen[p.Name] = true
	}
	return m, nil
}
