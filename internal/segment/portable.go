package segment

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// Portable is a rule that can be taken to another Segue, and the form in which it is written: JSON. Version 1 has
//
//	format       always "segue-segment"
//	version      1
//	base         the name of the SQL source whose profiles the rule is about; absent: the unified profiles
//	name, description
//	zone         where the rule's days begin, an IANA name; absent: UTC
//	rule         match ("all", "any", "none"), conditions, groups
//	segments     the segments that the rule names, and those that they name: name, description, zone, rule; one made of
//	             an uploaded list has no rule, since lists hold people
//
// A condition has attribute (a key), label (what it was called), operator, values and match_case. One that names a segment has no
// attribute, and the segment's name as its value. What a version does not know is refused: it might change who belongs.
type Portable struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Base    string `json:"base,omitempty"`
	PortableSegment
	Segments []PortableSegment `json:"segments,omitempty"`
}

// PortableSegment is one segment of a Portable.
type PortableSegment struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Zone        string `json:"zone,omitempty"`
	Rule        *Group `json:"rule,omitempty"` // nil for an uploaded list
}

// The format and its version.
const (
	PortableFormat  = "segue-segment"
	PortableVersion = 1
)

// Codes of what can be wrong with a file of a rule.
const (
	CodePortableJSON    = "segments.problem.portable_json"
	CodePortableFormat  = "segments.problem.portable_format"
	CodePortableVersion = "segments.problem.portable_version" // names Version
	CodePortableRule    = "segments.problem.portable_rule"    // names Name: its rule is missing, or beyond the bounds
	CodePortableNames   = "segments.problem.portable_names"   // names Name: missing, too long, or twice
	CodePortableSize    = "segments.problem.portable_size"    // names Most, in KiB
	CodePortableSegment = "segments.problem.portable_segment" // names Name: named by a rule, and not there
	CodePortableCircle  = "segments.problem.portable_circle"  // names Name
	CodePortableBase    = "segments.problem.portable_base"    // names Name: the SQL source that there is not
)

// MaxPortable is how large a file of a rule may be, in bytes.
const MaxPortable = 1 << 20

// Encode writes a rule as JSON for people to read.
func (p Portable) Encode() ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(p)
	return out.Bytes(), err
}

// DecodePortable reads a rule. What cannot be one is an Invalid problem of the field "file"; attributes and values are
// not looked at.
func DecodePortable(file io.Reader) (Portable, error) {
	var p Portable
	content, err := io.ReadAll(io.LimitReader(file, MaxPortable+1))
	if err != nil {
		return p, fmt.Errorf("read rule: %w", err)
	}
	if len(content) > MaxPortable {
		return p, unportable(CodePortableSize, "Most", MaxPortable>>10)
	}
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	// The envelope first: a later version may have more in it, and should be told apart from nonsense.
	var envelope struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if !utf8.Valid(content) || json.Unmarshal(content, &envelope) != nil {
		return p, unportable(CodePortableJSON)
	}
	if envelope.Format != PortableFormat {
		return p, unportable(CodePortableFormat)
	}
	if envelope.Version != PortableVersion {
		return p, unportable(CodePortableVersion, "Version", envelope.Version)
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		return p, unportable(CodePortableJSON)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return p, unportable(CodePortableJSON)
	}
	return p, p.check()
}

func unportable(code string, args ...any) error {
	var check problem.Check
	check.Add("file", code, args...)
	return check.Err()
}

// check holds the file to its bounds.
func (p Portable) check() error {
	if p.Rule == nil {
		return unportable(CodePortableRule, "Name", p.Name)
	}
	known := map[string]PortableSegment{}
	for _, s := range append([]PortableSegment{p.PortableSegment}, p.Segments...) {
		name := strings.Join(strings.Fields(s.Name), " ")
		if _, twice := known[database.Fold(name)]; twice || name != s.Name || name == "" ||
			utf8.RuneCountInString(name) > maxName || utf8.RuneCountInString(s.Description) > maxDescription {
			return unportable(CodePortableNames, "Name", shortened(name))
		}
		known[database.Fold(name)] = s
		if _, err := time.LoadLocation(s.Zone); err != nil || s.Zone == "Local" || s.Rule != nil && !s.Rule.Bounded() {
			return unportable(CodePortableRule, "Name", name)
		}
	}
	if len(p.Segments) > MaxConditions {
		return unportable(CodePortableRule, "Name", p.Name)
	}
	for _, s := range known {
		for _, name := range s.Names() {
			if _, ok := known[database.Fold(name)]; !ok {
				return unportable(CodePortableSegment, "Name", shortened(name))
			}
		}
	}
	_, err := p.ordered()
	return err
}

func shortened(name string) string {
	if runes := []rune(name); len(runes) > maxName {
		return string(runes[:maxName]) + "…"
	}
	return name
}

// Bounded reports whether the rule is no larger than a form could make it.
func (g Group) Bounded() bool {
	conditions, depth := g.extent()
	if conditions > MaxConditions || depth > MaxDepth || !g.wellFormed() {
		return false
	}
	for _, c := range g.places(RootPath) {
		if c.Operator != "" && !c.Operator.Known() || len(c.Values) > MaxListValues || utf8.RuneCountInString(c.Attribute+c.Label) > 2*MaxTextLength {
			return false
		}
		for _, value := range c.Values {
			if utf8.RuneCountInString(value) > MaxTextLength {
				return false
			}
		}
	}
	return true
}

func (g Group) wellFormed() bool {
	return slices.Contains(Matches, g.Match) && !slices.ContainsFunc(g.Groups, func(inner Group) bool { return !inner.wellFormed() })
}

// Names are the names of the segments that the rule names.
func (s PortableSegment) Names() (names []string) {
	if s.Rule == nil {
		return nil
	}
	for _, c := range s.Rule.places(RootPath) {
		if c.Operator.Takes() == OneSegment && len(c.Values) > 0 {
			names = append(names, c.Values[0])
		}
	}
	return names
}

// ordered gives the segments beside the rule so that each comes after those that it names; a circle is a problem.
func (p Portable) ordered() (order []PortableSegment, err error) {
	byName := map[string]PortableSegment{database.Fold(p.Name): p.PortableSegment}
	for _, s := range p.Segments {
		byName[database.Fold(s.Name)] = s
	}
	const open, done = 1, 2
	state := map[string]int{}
	var visit func(s PortableSegment) error
	visit = func(s PortableSegment) error {
		key := database.Fold(s.Name)
		switch state[key] {
		case open:
			return unportable(CodePortableCircle, "Name", s.Name)
		case done:
			return nil
		}
		state[key] = open
		for _, name := range s.Names() {
			if err := visit(byName[database.Fold(name)]); err != nil {
				return err
			}
		}
		state[key] = done
		order = append(order, s)
		return nil
	}
	for _, s := range append(slices.Clone(p.Segments), p.PortableSegment) {
		if err := visit(s); err != nil {
			return nil, err
		}
	}
	return order, nil
}

// Portable writes the segment with the names of others instead of their ids.
func (s Segment) Portable(names map[int64]string) PortableSegment {
	written := PortableSegment{Name: s.Name, Description: s.Description, Zone: s.Definition.Zone}
	if s.Definition.Kind == ByRule {
		rule := s.Definition.Rule.each(func(c Condition) Condition {
			if id, ok := c.segment(); ok {
				c.Values, c.Label = []string{names[id]}, ""
			}
			return c
		})
		written.Rule = &rule
	}
	return written
}

// Definition gives the rule with ids, by folded name, instead of names, on the base sourceID. A segment without an id is one that has none:
// the condition is left without its value.
func (s PortableSegment) Definition(sourceID int64, ids map[string]int64) Definition {
	if s.Rule == nil {
		return Definition{Kind: ByList, ListBy: IDs}
	}
	return Definition{Kind: ByRule, SourceID: sourceID, Zone: s.Zone, Rule: s.Rule.each(func(c Condition) Condition {
		if c.Operator.Takes() == OneSegment && len(c.Values) > 0 {
			c.Label = c.Values[0]
			if id := ids[database.Fold(c.Label)]; id != 0 {
				c.Values = []string{strconv.FormatInt(id, 10)}
			} else {
				c.Values = nil
			}
		}
		return c
	})}
}
