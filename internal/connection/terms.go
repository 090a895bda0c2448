package connection

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

//go:embed terms/*.toml
var termsFiles embed.FS

// CurrentTerms is the version of the data privacy and compliance terms that consent must be given to. A published
// version's files are never changed: consent that was given to it was given to those words. New words are a new version.
const CurrentTerms = "2"

// Edition is a version of the terms.
type Edition struct {
	Version   string
	Published time.Time // at noon UTC, so that it is the same day nearly everywhere
}

// Editions lists all versions, the first one first. The last one is CurrentTerms.
var Editions = []Edition{
	{"1", time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)},
	{"2", time.Date(2026, time.November, 25, 12, 0, 0, 0, time.UTC)},
}

// Terms are the words of one version in one language.
type Terms struct {
	Edition `toml:"-"`
	Changed string       `toml:"changed"` // since the version before, in a sentence; "" of the first
	Opening string       `toml:"opening"`
	Points  []TermsPoint `toml:"points"`
	Agree   string       `toml:"agree"` // what the person confirms
}

// TermsPoint is one matter that the terms speak of.
type TermsPoint struct {
	Title string `toml:"title"`
	Text  string `toml:"text"`
}

// ReadTerms gives a version's words in a language, naming the destination. There is an English text of every version; a
// language without one of its own gets that.
func ReadTerms(version, language, destinationName string) (Terms, error) {
	i := edition(version)
	if i < 0 {
		return Terms{}, fmt.Errorf("there are no terms of version %q", version)
	}
	text, err := termsFiles.ReadFile("terms/" + version + "." + language + ".toml")
	if err != nil {
		text, err = termsFiles.ReadFile("terms/" + version + ".en.toml")
	}
	if err != nil {
		return Terms{}, fmt.Errorf("terms of version %q: %w", version, err)
	}
	terms := Terms{Edition: Editions[i]}
	if err := toml.Unmarshal([]byte(strings.ReplaceAll(string(text), "{destination}", destinationName)), &terms); err != nil {
		return Terms{}, fmt.Errorf("terms of version %q in %q: %w", version, language, err)
	}
	return terms, nil
}

// edition is the place of a version among Editions, -1 when there is no such version.
func edition(version string) int {
	return slices.IndexFunc(Editions, func(e Edition) bool { return e.Version == version })
}

// covered reports whether a version of the terms is the one that consent is asked for.
func covered(version string) bool { return version == CurrentTerms }
