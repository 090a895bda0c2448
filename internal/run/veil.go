package run

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/profile"
)

// structural are the parts of a contact that say of everybody the same, or what the export itself says.
var structural = []string{"type", "channels", "sendWelcomeMessage", "method", "endpoint"}

// masked is what is sent, or was answered, with every text of the customer masked: its shape. Tags stay when they are the export's own.
// What is no JSON is wholly masked.
func masked(sent []byte, mapping export.Mapping) []byte {
	m := masking{in: json.NewDecoder(bytes.NewReader(sent)), stay: structural}
	m.in.UseNumber()
	if mapping.Attribute(destination.Tags) == "" {
		m.stay = append([]string{"tags"}, structural...)
	}
	if err := m.next(); err != nil {
		return []byte(profile.Mask(string(sent)))
	}
	return m.out.Bytes()
}

// masking copies JSON, whose names keep their order.
type masking struct {
	in   *json.Decoder
	out  bytes.Buffer
	stay []string // names of what is copied as it is; none within what an export names itself
}

func (m *masking) next() error {
	token, err := m.in.Token()
	if err != nil {
		return err
	}
	switch t := token.(type) {
	case json.Delim:
		return m.inside(t)
	case string:
		return m.write(profile.Mask(t))
	}
	return m.write(token)
}

func (m *masking) inside(open json.Delim) error {
	m.out.WriteString(open.String())
	for first := true; m.in.More(); first = false {
		if !first {
			m.out.WriteByte(',')
		}
		var err error
		if open == '{' {
			err = m.member()
		} else {
			err = m.next()
		}
		if err != nil {
			return err
		}
	}
	_, err := m.in.Token()
	m.out.WriteByte(map[json.Delim]byte{'{': '}', '[': ']'}[open])
	return err
}

func (m *masking) member() error {
	name, err := m.in.Token()
	if err != nil {
		return err
	}
	if err := m.write(name); err != nil {
		return err
	}
	m.out.WriteByte(':')
	if slices.Contains(m.stay, name.(string)) {
		var whole json.RawMessage
		err := m.in.Decode(&whole)
		m.out.Write(whole)
		return err
	}
	if name == "customProperties" {
		stay := m.stay
		m.stay = nil
		defer func() { m.stay = stay }()
	}
	return m.next()
}

func (m *masking) write(value any) error {
	encoder := json.NewEncoder(&m.out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	m.out.Truncate(len(bytes.TrimRight(m.out.Bytes(), "\n")))
	return err
}
