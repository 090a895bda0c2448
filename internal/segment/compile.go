package segment

import (
	"fmt"
	"strconv"
	"time"

	"github.com/segue-app/segue/internal/dialect"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
)

// Codes of what can be wrong with a definition.
const (
	CodeAttributeMissing = "segments.problem.attribute_missing" // names Attribute
	CodeOperatorMismatch = "segments.problem.operator_mismatch" // names Attribute
	CodeAttributeChoose  = "segments.problem.attribute_choose"
	CodeMatchUnknown     = "segments.problem.match_unknown"
	CodeGroupEmpty       = "segments.problem.group_empty"
	CodeTooDeep          = "segments.problem.too_deep" // names Most
	CodeTooMany          = "segments.problem.too_many" // names Most
	CodeListMissing      = "segments.problem.list_missing"
	CodeListElsewhere    = "segments.problem.list_elsewhere" // a list of ids, and profiles that stay in another database
	CodeSegmentChoose    = "segments.problem.segment_choose"
	CodeSegmentMissing   = "segments.problem.segment_missing" // the named segment is not there any more
	CodeSegmentBase      = "segments.problem.segment_base"    // it is made from something else
	CodeNestedDeep       = "segments.problem.nested_deep"     // names Most
)

// Bounds of a rule, so that its SQL stays within what SQLite takes.
const (
	MaxConditions = 100 // in a whole rule, with those of the segments that it names
	MaxDepth      = 4   // groups within groups, the rule itself counted
	MaxNesting    = 5   // segments within segments, the outermost not counted
)

// Where is a condition on a table under the alias p. It is true or false for every row, never NULL, and no text that a person
// typed is part of SQL. Its places for values are question marks (see dialect.Dialect's Rebind).
type Where = dialect.Condition

// Compile turns a definition into a condition on the snapshot's table. now says which day it is. What is wrong comes back as
// one Invalid problem: its code is that of the first fault, its fields are named as in the form of the rule (see Path).
func Compile(def Definition, snapshot profile.Snapshot, now time.Time) (Where, error) {
	return CompileFor(dialect.SQLite, def, snapshot, now)
}

// CompileFor is Compile for a base in another database: a table or query under the alias p whose columns are those of the
// schema's attributes. A list of ids is kept here and cannot be asked for there.
func CompileFor(d dialect.Dialect, def Definition, schema profile.Snapshot, now time.Time) (Where, error) {
	c := compiler{dialect: d, schema: schema, now: now}
	where, err := c.definition(def, 0)
	if err != nil {
		return Where{}, err
	}
	if len(c.faults) > 0 {
		return Where{}, &problem.Problem{
			Kind: problem.Invalid, Code: c.faults[0].Code, Args: c.faults[0].Args, Fields: c.faults,
		}
	}
	return where, nil
}

// Union is the condition that at least one of the definitions holds. Of none it is nobody.
func Union(defs []Definition, snapshot profile.Snapshot, now time.Time) (Where, error) {
	return UnionFor(dialect.SQLite, defs, snapshot, now)
}

// UnionFor is Union for a base in another database.
func UnionFor(d dialect.Dialect, defs []Definition, schema profile.Snapshot, now time.Time) (Where, error) {
	parts := make([]Where, 0, len(defs))
	for _, def := range defs {
		where, err := CompileFor(d, def, schema, now)
		if err != nil {
			return Where{}, err
		}
		parts = append(parts, where)
	}
	if len(parts) == 0 {
		return dialect.Nobody(), nil
	}
	return dialect.Or(parts...), nil
}

type compiler struct {
	dialect    dialect.Dialect
	schema     profile.Snapshot
	now        time.Time
	conditions int // so far, in all definitions
	faults     []problem.Field
}

// definition compiles one definition, which lies nesting segments deep within the outermost.
func (c *compiler) definition(def Definition, nesting int) (Where, error) {
	switch def.Kind {
	case ByList:
		return c.list(def)
	case ByRule:
		zone, err := time.LoadLocation(def.Zone)
		if err != nil {
			return Where{}, fmt.Errorf("segment: zone of the rule: %w", err)
		}
		r := rule{compiler: c, of: def, now: c.now.In(zone), nesting: nesting}
		where := r.group(def.Rule, RootPath, 1)
		if nesting == 0 && c.conditions > MaxConditions {
			c.fault(string(RootPath), CodeTooMany, "Most", MaxConditions)
		}
		return where, r.err
	default:
		return Where{}, fmt.Errorf("segment: no such kind %q", def.Kind)
	}
}

func (c *compiler) fault(field, code string, args ...any) {
	c.faults = append(c.faults, problem.Field{Name: field, Code: code, Args: args})
}

// rule is a definition that is being compiled.
type rule struct {
	*compiler
	of      Definition
	now     time.Time // in the definition's zone
	nesting int
	err     error // of a nested definition that the program should not have kept
}

func (r *rule) group(g Group, path Path, depth int) Where {
	if depth > MaxDepth {
		r.fault(string(path), CodeTooDeep, "Most", MaxDepth)
		return dialect.Nobody()
	}
	if len(g.Conditions) == 0 && len(g.Groups) == 0 {
		if depth > 1 {
			r.fault(path.Match(), CodeGroupEmpty)
		}
		return dialect.Everybody()
	}
	parts := make([]Where, 0, len(g.Conditions)+len(g.Groups))
	for i, condition := range g.Conditions {
		// A segment that is named twice would be compiled twice: stop where the work has no end.
		if r.conditions++; r.conditions > MaxConditions {
			return dialect.Nobody()
		}
		parts = append(parts, r.condition(condition, path.Condition(i)))
	}
	for i, inner := range g.Groups {
		parts = append(parts, r.group(inner, path.Group(i), depth+1))
	}
	switch g.Match {
	case All:
		return dialect.And(parts...)
	case Any:
		return dialect.Or(parts...)
	case None:
		return dialect.Not(dialect.Or(parts...))
	default:
		r.fault(path.Match(), CodeMatchUnknown)
		return dialect.Nobody()
	}
}

func (r *rule) condition(condition Condition, path Path) Where {
	if condition.Operator.Takes() == OneSegment {
		return r.segment(condition, path)
	}
	if condition.Attribute == "" {
		r.fault(path.Attribute(), CodeAttributeChoose)
		return dialect.Nobody()
	}
	attribute, ok := r.schema.Attribute(condition.Attribute)
	if !ok {
		label := condition.Label
		if label == "" {
			label = condition.Attribute
		}
		r.fault(path.Attribute(), CodeAttributeMissing, "Attribute", label)
		return dialect.Nobody()
	}
	if !condition.Operator.Fits(attribute.Kind) {
		r.fault(path.Operator(), CodeOperatorMismatch, "Attribute", attribute.Label)
		return dialect.Nobody()
	}
	values, fault := read(condition, attribute.Kind)
	if fault != nil {
		r.fault(path.Value(fault.index), fault.code, fault.args...)
		return dialect.Nobody()
	}
	compared := comparison{
		dialect: r.dialect, operator: condition.Operator, values: values, matchCase: condition.MatchCase, now: r.now,
		column: dialect.Column{Name: "p." + r.dialect.Quote(attribute.Column), Indexed: attribute.Indexed},
	}
	return compared.with(attribute.Kind)
}

// segment compiles a condition that names another segment. What is wrong in there is said of the condition.
func (r *rule) segment(condition Condition, path Path) Where {
	field := path.Value(0)
	if len(condition.Values) == 0 || condition.Values[0] == "" {
		r.fault(field, CodeSegmentChoose)
		return dialect.Nobody()
	}
	id, err := strconv.ParseInt(condition.Values[0], 10, 64)
	nested, ok := r.of.Nested[id]
	switch {
	case err != nil || !ok:
		r.fault(field, CodeSegmentMissing)
		return dialect.Nobody()
	case nested.SourceID != r.of.SourceID:
		r.fault(field, CodeSegmentBase)
		return dialect.Nobody()
	case r.nesting == MaxNesting:
		r.fault(field, CodeNestedDeep, "Most", MaxNesting)
		return dialect.Nobody()
	}
	outer := r.faults
	r.faults = nil
	where, err := r.definition(nested, r.nesting+1)
	inner := r.faults
	r.faults = outer
	if known := problem.Of(err); known != nil {
		inner = append(inner, problem.Field{Code: known.Code, Args: known.Args})
	} else if err != nil {
		r.err = err
		return dialect.Nobody()
	}
	if len(inner) > 0 {
		r.fault(field, inner[0].Code, inner[0].Args...)
		return dialect.Nobody()
	}
	if condition.Operator == NotInSegment {
		return dialect.Not(where)
	}
	return where
}

// Path names a place in a rule as its form does: rule, rule.0 (its first condition), rule.g0 (its first group), rule.g0.2 …
type Path string

// RootPath is the rule itself.
const RootPath Path = "rule"

// Condition is the path of the group's condition.
func (p Path) Condition(i int) Path { return Path(fmt.Sprintf("%s.%d", p, i)) }

// Group is the path of the group's inner group.
func (p Path) Group(i int) Path { return Path(fmt.Sprintf("%s.g%d", p, i)) }

// Match is the field that says how a group combines.
func (p Path) Match() string { return string(p) + ".match" }

// Attribute is the field of a condition's attribute.
func (p Path) Attribute() string { return string(p) + ".attribute" }

// Operator is the field of a condition's operator.
func (p Path) Operator() string { return string(p) + ".operator" }

// Case is the field of a condition that says whether it matches case.
func (p Path) Case() string { return string(p) + ".case" }

// Value is the field of a condition's value: the first, or the second of two.
func (p Path) Value(i int) string {
	if i == 1 {
		return string(p) + ".value2"
	}
	return string(p) + ".value"
}
