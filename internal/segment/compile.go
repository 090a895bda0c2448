package segment

import (
	"fmt"
	"strings"
	"time"

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
)

// Bounds of a rule, so that its SQL stays within what SQLite takes.
const (
	MaxConditions = 100 // in a whole rule
	MaxDepth      = 4   // groups within groups, the rule itself counted
)

// Where is a condition on a snapshot's table under the alias p. It is true or false for every row, never NULL, and no
// text that a person typed is part of SQL.
type Where struct {
	SQL  string
	Args []any
}

var (
	everybody = Where{SQL: "1"}
	nobody    = Where{SQL: "0"}
)

// Compile turns a definition into a condition on the snapshot's table. now says which day it is. What is wrong comes back as one Invalid problem: its code is that of the first fault, its fields are named as in
// the form of the rule (see Path).
func Compile(def Definition, snapshot profile.Snapshot, now time.Time) (Where, error) {
	switch def.Kind {
	case ByList:
		if def.ListID <= 0 {
			return Where{}, problem.New(problem.Invalid, CodeListMissing)
		}
		return Where{
			SQL:  "p.id IN (SELECT profile_id FROM segment_list_members WHERE list_id = ?)",
			Args: []any{def.ListID},
		}, nil
	case ByRule:
		zone, err := time.LoadLocation(def.Zone)
		if err != nil {
			return Where{}, fmt.Errorf("segment: zone of the rule: %w", err)
		}
		c := compiler{snapshot: snapshot, now: now.In(zone)}
		where := c.group(def.Rule, RootPath, 1)
		if c.conditions > MaxConditions {
			c.fault(string(RootPath), CodeTooMany, "Most", MaxConditions)
		}
		if len(c.faults) > 0 {
			return Where{}, &problem.Problem{
				Kind: problem.Invalid, Code: c.faults[0].Code, Args: c.faults[0].Args, Fields: c.faults,
			}
		}
		return where, nil
	default:
		return Where{}, fmt.Errorf("segment: no such kind %q", def.Kind)
	}
}

// Union is the condition that at least one of the definitions holds. Of none it is nobody.
func Union(defs []Definition, snapshot profile.Snapshot, now time.Time) (Where, error) {
	parts := make([]Where, 0, len(defs))
	for _, def := range defs {
		where, err := Compile(def, snapshot, now)
		if err != nil {
			return Where{}, err
		}
		parts = append(parts, where)
	}
	if len(parts) == 0 {
		return nobody, nil
	}
	return combine(parts, " OR "), nil
}

type compiler struct {
	snapshot   profile.Snapshot
	now        time.Time
	conditions int
	faults     []problem.Field
}

func (c *compiler) fault(field, code string, args ...any) {
	c.faults = append(c.faults, problem.Field{Name: field, Code: code, Args: args})
}

func (c *compiler) group(g Group, path Path, depth int) Where {
	if depth > MaxDepth {
		c.fault(string(path), CodeTooDeep, "Most", MaxDepth)
		return nobody
	}
	if len(g.Conditions) == 0 && len(g.Groups) == 0 {
		if depth > 1 {
			c.fault(path.Match(), CodeGroupEmpty)
		}
		return everybody
	}
	parts := make([]Where, 0, len(g.Conditions)+len(g.Groups))
	for i, condition := range g.Conditions {
		c.conditions++
		parts = append(parts, c.condition(condition, path.Condition(i)))
	}
	for i, inner := range g.Groups {
		parts = append(parts, c.group(inner, path.Group(i), depth+1))
	}
	switch g.Match {
	case All:
		return combine(parts, " AND ")
	case Any:
		return combine(parts, " OR ")
	case None:
		where := combine(parts, " OR ")
		where.SQL = "NOT " + where.SQL
		return where
	default:
		c.fault(path.Match(), CodeMatchUnknown)
		return nobody
	}
}

func (c *compiler) condition(condition Condition, path Path) Where {
	if condition.Attribute == "" {
		c.fault(path.Attribute(), CodeAttributeChoose)
		return nobody
	}
	attribute, ok := c.snapshot.Attribute(condition.Attribute)
	if !ok {
		label := condition.Label
		if label == "" {
			label = condition.Attribute
		}
		c.fault(path.Attribute(), CodeAttributeMissing, "Attribute", label)
		return nobody
	}
	if !condition.Operator.Fits(attribute.Kind) {
		c.fault(path.Operator(), CodeOperatorMismatch, "Attribute", attribute.Label)
		return nobody
	}
	values, fault := read(condition, attribute.Kind)
	if fault != nil {
		c.fault(path.Value(fault.index), fault.code, fault.args...)
		return nobody
	}
	column := "p." + attribute.Column
	switch attribute.Kind {
	case profile.Text:
		return compareText(column, condition.Operator, values)
	case profile.Number:
		return compareNumber(column, condition.Operator, values)
	case profile.Boolean:
		return compareBoolean(column, condition.Operator)
	default:
		return compareDays(column, attribute.Kind, condition.Operator, values, c.now)
	}
}

func combine(parts []Where, operator string) Where {
	texts := make([]string, len(parts))
	var args []any
	for i, part := range parts {
		texts[i] = part.SQL
		args = append(args, part.Args...)
	}
	return Where{SQL: "(" + strings.Join(texts, operator) + ")", Args: args}
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

// Value is the field of a condition's value: the first, or the second of two.
func (p Path) Value(i int) string {
	if i == 1 {
		return string(p) + ".value2"
	}
	return string(p) + ".value"
}
