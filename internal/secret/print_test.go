package secret_test

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/segue-app/segue/internal/secret"
)

// holders hold a secret in every way that printing may come upon: exported or not, behind pointers, in slices, maps and errors.
type (
	open struct {
		Text secret.Text
	}
	closed struct {
		text   secret.Text
		more   []secret.Text
		by     map[string]secret.Text
		at     *secret.Text
		any    any
		ring   secret.Keyring
		sealer *secret.Sealer
	}
	failure struct{ closed }
)

func (f failure) Error() string { return fmt.Sprintf("failed with %v %+v", f.text, f.closed) }

// TestKeysAndSecretsNeverPrintThemselves prints them in all ways that the standard library has, and by reflection.
func TestKeysAndSecretsNeverPrintThemselves(t *testing.T) {
	ring := secret.NewKeyring()
	value := strings.TrimSpace(ring.Text().Reveal())
	raw, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		t.Fatal(err)
	}
	text := secret.NewText(value)
	all := closed{text, []secret.Text{text}, map[string]secret.Text{"a": text}, &text, text, ring, sealer(t, ring)}
	var printed []string
	for _, thing := range []any{text, &text, open{text}, &open{text}, all, &all, ring, &ring, sealer(t, ring), *sealer(t, ring), failure{all}, []any{all}} {
		for _, verb := range strings.Fields("%v %+v %#v %s %q %x %X %d %o %b %c %U %t %e %p %T %w") {
			printed = append(printed, fmt.Sprintf(verb, thing)) //nolint:govet // verbs that do not fit are the point
		}
		printed = append(printed, fmt.Sprint(thing), errors.Join(fmt.Errorf("because of %v: %+v", thing, thing)).Error(), reflected(reflect.ValueOf(thing), 0))
		for _, handler := range []func(*bytes.Buffer) slog.Handler{
			func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
			func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		} {
			var log bytes.Buffer
			slog.New(handler(&log)).Info("a line", "thing", thing, slog.Group("in", "a", thing))
			printed = append(printed, log.String())
		}
	}
	for name, encode := range map[string]func() ([]byte, error){
		"json": func() ([]byte, error) { return json.Marshal([]any{open{text}, map[string]any{"k": text}, &text}) },
		"xml":  func() ([]byte, error) { return xml.Marshal(open{text}) },
		"yaml": func() ([]byte, error) { return yaml.Marshal(map[string]any{"k": open{text}, "l": text}) },
		"text": text.MarshalText,
		"gob": func() ([]byte, error) {
			var b bytes.Buffer
			err := gob.NewEncoder(&b).Encode(open{text})
			return b.Bytes(), err
		},
	} {
		encoded, err := encode()
		if err != nil || !strings.Contains(string(encoded), "****") {
			t.Errorf("%s: %q, %v", name, encoded, err)
		}
		printed = append(printed, string(encoded))
	}
	forms := []string{value, string(raw), hex.EncodeToString(raw), hex.EncodeToString([]byte(value)), strings.ToUpper(hex.EncodeToString([]byte(value))), strings.Trim(fmt.Sprint(raw), "[]"), strings.Trim(fmt.Sprint([]byte(value)), "[]")}
	for _, p := range printed {
		for _, form := range forms {
			if strings.Contains(p, form) {
				t.Errorf("printed %q", p)
			}
		}
	}
	if text.Reveal() != value || text.Empty() || !(secret.Text{}).Empty() || !secret.NewText("").Empty() || (secret.Text{}).Reveal() != "" {
		t.Error("Reveal does not give the value")
	}
}

// reflected goes through everything that reflection reaches, as packages do that print for people who look for faults.
func reflected(v reflect.Value, depth int) string {
	if depth > 8 {
		return ""
	}
	var out strings.Builder
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return reflected(v.Elem(), depth+1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			out.WriteString(reflected(v.Field(i), depth+1))
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			out.WriteString(reflected(v.Index(i), depth+1) + " ")
		}
	case reflect.Map:
		for entries := v.MapRange(); entries.Next(); {
			out.WriteString(reflected(entries.Key(), depth+1) + reflected(entries.Value(), depth+1))
		}
	case reflect.String:
		return v.String()
	case reflect.Uint8:
		return fmt.Sprint(v.Uint())
	}
	return out.String()
}
