package blueprint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/segue-app/segue/internal/problem"
)

const heading = `# Segue configuration, without keys, uploaded lists and profiles. Rules may name people.
# "segue config diff" compares it with what is there, "segue config apply" brings what is there in line with it.
`

// Encode writes the file as YAML for people to read and keep.
func (f File) Encode() ([]byte, error) {
	written, err := encode(f)
	return append([]byte(heading), written...), err
}

// encode writes a value in the order of its fields. Its JSON is YAML too, so that one set of names serves both.
func encode(value any) ([]byte, error) {
	var text bytes.Buffer
	inJSON := json.NewEncoder(&text)
	inJSON.SetEscapeHTML(false)
	if err := inJSON.Encode(value); err != nil {
		return nil, fmt.Errorf("write configuration: %w", err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text.Bytes(), &document); err != nil {
		return nil, fmt.Errorf("write configuration: %w", err)
	}
	relax(&document)
	var out bytes.Buffer
	inYAML := yaml.NewEncoder(&out)
	inYAML.SetIndent(2)
	if err := errors.Join(inYAML.Encode(&document), inYAML.Close()); err != nil {
		return nil, fmt.Errorf("write configuration: %w", err)
	}
	return out.Bytes(), nil
}

// otherwiseRead is text that older readers of YAML take for a number, a time, or yes or no. It keeps its quotes.
var otherwiseRead = regexp.MustCompile(`^[-+.0-9]|^(?i:y|n|yes|no|on|off)$`)

// relax takes the braces and quotes of JSON away. The encoder puts quotes where they are needed; lists of plain values stay on a line.
func relax(node *yaml.Node) {
	plain := node.Kind == yaml.SequenceNode && !slices.ContainsFunc(node.Content, func(n *yaml.Node) bool { return n.Kind != yaml.ScalarNode })
	if !plain && !(node.Kind == yaml.ScalarNode && otherwiseRead.MatchString(node.Value)) {
		node.Style = 0
	}
	for _, inner := range node.Content {
		relax(inner)
	}
}

// otherThanText are the names whose values are no text. Everything else is text, also where it looks like a number or a date.
var otherThanText = []string{"version", "contributors", "ask_share", "paused", "clear", "meant", "match_case"}

// Decode reads a file. What cannot be one is an Invalid problem of the field "file"; whether what it says can be here is not
// looked at.
func Decode(content []byte) (File, error) {
	var f File
	if len(content) > MaxSize {
		return f, refused(CodeSize, "Most", MaxSize>>20)
	}
	if !utf8.Valid(content) {
		return f, refused(CodeYAML, "Detail", "not UTF-8")
	}
	var document, second yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	if err := decoder.Decode(&document); err != nil {
		return f, refused(CodeYAML, "Detail", detail(err))
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return f, refused(CodeYAML, "Detail", "more than one document")
	}
	asText(&document, "")
	var values any
	if err := document.Decode(&values); err != nil {
		return f, refused(CodeYAML, "Detail", detail(err))
	}
	inJSON, err := json.Marshal(values)
	if err != nil {
		return f, refused(CodeYAML, "Detail", "keys must be text")
	}
	// The version first: a later one may have more in it, and should be told apart from nonsense.
	var envelope struct {
		Version any `json:"version"`
	}
	if json.Unmarshal(inJSON, &envelope) != nil || envelope.Version != float64(Version) {
		return f, refused(CodeVersion, "Version", fmt.Sprint(envelope.Version))
	}
	if err := (place{node: document.Content[0]}).fits(reflect.TypeFor[File]()); err != nil {
		return f, err
	}
	if err := json.Unmarshal(inJSON, &f); err != nil {
		return f, refused(CodeYAML, "Detail", err.Error())
	}
	f = f.filled()
	return f, f.check()
}

func refused(code string, args ...any) error {
	var check problem.Check
	check.Add("file", code, args...)
	return check.Err()
}

// detail is what the YAML library says, on one line.
func detail(err error) string {
	return strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "yaml: ")), " ")
}

// asText has plain values read as text but for those that are something else by their name.
func asText(node *yaml.Node, name string) {
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			asText(node.Content[i+1], node.Content[i].Value)
		}
	case yaml.ScalarNode:
		if node.ShortTag() != "!!null" && !slices.Contains(otherThanText, name) {
			node.Tag = "!!str"
		}
	default:
		for _, inner := range node.Content {
			asText(inner, name)
		}
	}
}
