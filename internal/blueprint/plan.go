package blueprint

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"

	"github.com/aymanbagabas/go-udiff"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/segment"
)

// Kind is what a step is about.
type Kind string

// The kinds, in the order in which they are applied.
const (
	OfConnection Kind = "connection"
	OfSegment    Kind = "segment"
	OfExport     Kind = "export"
)

// Action is what a step does.
type Action string

// The actions.
const (
	Make   Action = "make"
	Change Action = "change"
	Remove Action = "remove"
)

// Step is one difference between the file and what is here.
type Step struct {
	Kind     Kind   `json:"kind"`
	Name     string `json:"name"`
	Action   Action `json:"action"`
	Diff     string `json:"diff"`               // unified, of the YAML that describes it here and in the file
	Obstacle string `json:"obstacle,omitempty"` // code of why it is left out; "": it is not
	About    string `json:"about,omitempty"`    // name that the obstacle speaks of
}

// Codes of why a step is left out.
const (
	ObstacleConnection = "config.obstacle.connection" // a connection cannot be made of a file: its key must be proved, and its terms agreed to
	ObstacleNeeds      = "config.obstacle.needs"      // About: the connection or segment that it is built on is left out
	ObstacleBase       = "config.obstacle.base"       // About: the source that a segment is made from is not here
	ObstacleList       = "config.obstacle.list"       // a segment of an uploaded list cannot be made of a file
	ObstacleKind       = "config.obstacle.kind"       // rule and list, type of connection, or base cannot be changed
	ObstacleState      = "config.obstacle.state"      // an active segment cannot be a draft again
	ObstacleDetached   = "config.obstacle.detached"   // an export without a connection cannot be made
)

// Plan is what applying a file would do.
type Plan struct {
	Steps       []Step `json:"steps"`       // none: the file says what is here
	Fingerprint string `json:"fingerprint"` // of the file and of what is here: applying it takes both to be the same still
}

// LeftOut counts the steps that are left out.
func (p Plan) LeftOut() (n int) {
	for _, step := range p.Steps {
		if step.Obstacle != "" {
			n++
		}
	}
	return n
}

// Compare says what applying the file would do. With prune, segments and exports that are not in the file are removed;
// connections never are.
func (s *Service) Compare(ctx context.Context, actor access.Actor, f File, prune bool) (Plan, error) {
	actor, err := actor.Configuring()
	if err != nil {
		return Plan{}, err
	}
	now, err := s.read(ctx, actor)
	if err != nil {
		return Plan{}, err
	}
	return now.compare(f, prune)
}

func (now standing) compare(f File, prune bool) (Plan, error) {
	f, err := now.align(f, prune)
	if err != nil {
		return Plan{}, err
	}
	order, err := f.ordered()
	if err != nil {
		return Plan{}, err
	}
	c := comparison{now: now, file: f, leftOut: map[string]bool{}}
	for _, wanted := range f.Connections {
		c.connection(wanted)
	}
	for _, wanted := range order {
		c.segment(wanted)
	}
	for _, wanted := range f.Exports {
		c.export(wanted)
	}
	if prune {
		c.prune()
	}
	here, err := now.Encode()
	if err != nil {
		return Plan{}, err
	}
	there, err := f.Encode()
	if err != nil {
		return Plan{}, err
	}
	hash := sha256.New()
	fmt.Fprintf(hash, "%d %t\n%s%s", len(here), prune, here, there)
	return Plan{Steps: c.steps, Fingerprint: hex.EncodeToString(hash.Sum(nil)[:16])}, c.err
}

// comparison gathers the steps.
type comparison struct {
	now     standing
	file    File
	steps   []Step
	leftOut map[string]bool // kind and folded name
	err     error
}

// add notes a step unless both are the same. nil stands for what is not there.
func (c *comparison) add(kind Kind, name string, here, there any, obstacle, about string) {
	before, err := describe(here)
	if err != nil {
		c.err = err
		return
	}
	after, err := describe(there)
	if err != nil {
		c.err = err
		return
	}
	if before == after {
		return
	}
	step := Step{Kind: kind, Name: name, Action: Change, Diff: udiff.Unified("here", "file", before, after), Obstacle: obstacle, About: about}
	switch {
	case before == "":
		step.Action = Make
	case after == "":
		step.Action = Remove
	}
	if obstacle != "" && step.Action == Make {
		c.leftOut[string(kind)+database.Fold(name)] = true
	}
	c.steps = append(c.steps, step)
}

func describe(value any) (string, error) {
	if value == nil {
		return "", nil
	}
	text, err := encode(value)
	return string(text), err
}

func (c *comparison) connection(wanted Connection) {
	here, ok := c.now.connections[database.Fold(wanted.Name)]
	if !ok {
		c.add(OfConnection, wanted.Name, nil, wanted, ObstacleConnection, "")
		return
	}
	obstacle := ""
	if here.Type != wanted.Type {
		obstacle = ObstacleKind
	}
	c.add(OfConnection, wanted.Name, c.now.connection(here), wanted, obstacle, "")
}

func (c *comparison) segment(wanted Segment) {
	needs := ""
	for _, name := range wanted.portable().Names() {
		if c.leftOut[string(OfSegment)+database.Fold(name)] {
			needs = name
		}
	}
	_, based := c.now.bases[database.Fold(wanted.Base)]
	here, ok := segmentNamed(c.now.Segments, wanted.Name)
	if !ok {
		switch {
		case wanted.Rule == nil:
			c.add(OfSegment, wanted.Name, nil, wanted, ObstacleList, "")
		case !based:
			c.add(OfSegment, wanted.Name, nil, wanted, ObstacleBase, wanted.Base)
		case needs != "":
			c.add(OfSegment, wanted.Name, nil, wanted, ObstacleNeeds, needs)
		default:
			c.add(OfSegment, wanted.Name, nil, wanted, "", "")
		}
		return
	}
	obstacle := ""
	switch {
	case !based:
		obstacle, needs = ObstacleBase, wanted.Base
	case (here.Rule == nil) != (wanted.Rule == nil) || here.Base != wanted.Base:
		obstacle = ObstacleKind
	case here.State == segment.Active && wanted.State == segment.InDraft:
		obstacle = ObstacleState
	case needs != "":
		obstacle = ObstacleNeeds
	}
	c.add(OfSegment, wanted.Name, here, wanted, obstacle, needs)
}

func (c *comparison) export(wanted Export) {
	obstacle, about := "", ""
	for _, part := range wanted.Segments {
		if c.leftOut[string(OfSegment)+database.Fold(part.Segment)] {
			obstacle, about = ObstacleNeeds, part.Segment
		}
	}
	if _, ok := c.now.connections[database.Fold(wanted.Connection)]; wanted.Connection == "" {
		obstacle, about = ObstacleDetached, ""
	} else if !ok {
		obstacle, about = ObstacleNeeds, wanted.Connection
	}
	here, ok := c.now.exports[database.Fold(wanted.Name)]
	switch {
	case !ok:
		c.add(OfExport, wanted.Name, nil, wanted, obstacle, about)
	case onlyPaused(written(here), wanted):
		c.add(OfExport, wanted.Name, written(here), wanted, "", "")
	default:
		c.add(OfExport, wanted.Name, written(here), wanted, obstacle, about)
	}
}

// onlyPaused reports whether nothing differs but that the export is, or is not, paused. What else is wrong with it is in the way of neither.
func onlyPaused(here, wanted Export) bool {
	here.Paused = wanted.Paused
	return reflect.DeepEqual(here, wanted)
}

// prune has removed what is not in the file: exports first, and segments before those that their rules name.
func (c *comparison) prune() {
	for _, here := range c.now.Exports {
		key := database.Fold(here.Name)
		if !slices.ContainsFunc(c.file.Exports, func(e Export) bool { return database.Fold(e.Name) == key }) {
			c.add(OfExport, here.Name, here, nil, "", "")
		}
	}
	order, err := c.now.ordered()
	if err != nil {
		c.err = err
		return
	}
	for _, here := range slices.Backward(order) {
		if _, kept := segmentNamed(c.file.Segments, here.Name); !kept {
			c.add(OfSegment, here.Name, here, nil, "", "")
		}
	}
}
