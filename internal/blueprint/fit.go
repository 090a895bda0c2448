package blueprint

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/segment"
)

// accepted says which values a name may have, for the names that are particular. A list may have such values.
var accepted = map[string]func(value string) bool{
	"state":     func(v string) bool { return slices.Contains(segment.States, segment.State(v)) },
	"zone":      isZone,
	"match":     func(v string) bool { return slices.Contains(segment.Matches, segment.Match(v)) },
	"operator":  func(v string) bool { return v == "" || segment.Operator(v).Known() },
	"leavers":   func(v string) bool { return v == string(export.Untag) || v == string(export.KeepTag) },
	"ask_share": isShare,
	"schedule":  func(v string) bool { return v == withSystem || v == onDemand },
	"weekly":    isWeekday,
	"monthly":   func(v string) bool { return monthDay(v) != 0 },
	"at":        isClock,
}

func isZone(name string) bool {
	_, err := time.LoadLocation(name)
	return err == nil && name != "Local"
}

func isShare(text string) bool {
	share, err := strconv.Atoi(text)
	return err == nil && (share == export.NeverAsk || share >= 1 && share <= 100)
}

// place is a value in a file.
type place struct {
	node *yaml.Node
	name string // that it is the value of
	path string // from the top: exports[0].schedule.at
}

func (p place) refuse(code string) error {
	return refused(code, "Name", p.path, "Line", p.node.Line)
}

func (p place) under(node *yaml.Node, name string) place {
	return place{node, name, strings.TrimPrefix(p.path+"."+name, ".")}
}

// fits holds a value to what there may be: names that are known, and values of the right kind. It says where one is not.
// Values that are left empty fit everywhere.
func (p place) fits(kind reflect.Type) error {
	if p.node.Kind == yaml.AliasNode {
		p.node = p.node.Alias
	}
	if p.node.Kind == yaml.ScalarNode && p.node.ShortTag() == "!!null" {
		return nil
	}
	if kind == reflect.TypeFor[Schedule]() && p.node.Kind == yaml.MappingNode {
		return p.fitsOwnTimes()
	}
	switch kind.Kind() {
	case reflect.Pointer:
		return p.fits(kind.Elem())
	case reflect.Slice:
		return p.fitsList(kind.Elem())
	case reflect.Struct:
		if kind != reflect.TypeFor[Schedule]() {
			return p.fitsStruct(kind)
		}
	}
	tag := "!!str"
	switch kind.Kind() {
	case reflect.Bool:
		tag = "!!bool"
	case reflect.Int:
		tag = "!!int"
	}
	accept := accepted[p.name]
	if p.node.Kind != yaml.ScalarNode || p.node.ShortTag() != tag || accept != nil && !accept(p.node.Value) {
		return p.refuse(CodeValue)
	}
	return nil
}

func (p place) fitsList(kind reflect.Type) error {
	if p.node.Kind != yaml.SequenceNode {
		return p.refuse(CodeValue)
	}
	for i, inner := range p.node.Content {
		if err := (place{inner, p.name, fmt.Sprintf("%s[%d]", p.path, i)}).fits(kind); err != nil {
			return err
		}
	}
	return nil
}

func (p place) fitsStruct(kind reflect.Type) error {
	if p.node.Kind != yaml.MappingNode {
		return p.refuse(CodeValue)
	}
	names := map[string]reflect.Type{}
	for i := range kind.NumField() {
		name, _, _ := strings.Cut(kind.Field(i).Tag.Get("json"), ",")
		names[name] = kind.Field(i).Type
	}
	for i := 0; i+1 < len(p.node.Content); i += 2 {
		key := p.node.Content[i]
		inner := p.under(key, key.Value)
		of, known := names[key.Value]
		if !known {
			return inner.refuse(CodeUnknown)
		}
		inner.node = p.node.Content[i+1]
		if err := inner.fits(of); err != nil {
			return err
		}
	}
	return nil
}

// fitsOwnTimes holds a schedule of an export's own to a time, and either days of the week or a day of the month.
func (p place) fitsOwnTimes() error {
	if err := p.fitsStruct(reflect.TypeFor[ownTimes]()); err != nil {
		return err
	}
	given := map[string]*yaml.Node{}
	for i := 0; i+1 < len(p.node.Content); i += 2 {
		if value := p.node.Content[i+1]; value.ShortTag() != "!!null" && (value.Kind == yaml.ScalarNode || len(value.Content) > 0) {
			given[p.node.Content[i].Value] = value
		}
	}
	if given["at"] == nil || (given["weekly"] == nil) == (given["monthly"] == nil) {
		return p.refuse(CodeValue)
	}
	return nil
}
