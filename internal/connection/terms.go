package connection

import (
	"embed"
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"
)

//go:embed terms/*.toml
var termsFiles embed.FS

// CurrentTerms is the version of the data privacy and compliance terms that consent must be given to. A published
// version's files are never changed: consent that was given to it was given to those words. New words are a new version.
const CurrentTerms = "1"

// Terms are the words of one version in one language.
type Terms struct {
	Version string       `toml:"-"`
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
	text, err := termsFiles.ReadFile("terms/" + version + "." + language + ".toml")
	if err != nil {
		text, err = termsFiles.ReadFile("terms/" + version + ".en.toml")
	}
	if err != nil {
		return Terms{}, fmt.Errorf("terms of version %q: %w", version, err)
	}
	terms := Terms{Version: version}
	if err := toml.Unmarshal([]byte(strings.ReplaceAll(string(text), "{destination}", destinationName)), &terms); err != nil {
		return Terms{}, fmt.Errorf("terms of version %q in %q: %w", version, language, err)
	}
	return terms, nil
}

// covered reports whether consent to this version of the terms still holds.
func covered(version string) bool { return version == CurrentTerms }
