package version

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/segue-app/segue/internal/address"
	"github.com/segue-app/segue/internal/database"
)

// Rules may compare with one person's address, and somebody may have put one into a name. Erasing the person takes such values out
// of all versions, the latest included: the value becomes empty, so that the version can still be read and compared, and what a
// save checks refuses to go back to it unless it is filled in. The rule of today is not touched here: a person changes it by hand.
// A version whose values were erased has no substance any more, so it equals no approved one. Keys of profiles are not looked for:
// "5" as the key of one is "5" as a number of orders, too.

// Naming counts the versions in which one of the addresses stands, whatever its spelling.
func Naming(ctx context.Context, q database.Querier, addresses []string) (n int, err error) {
	err = redacted(ctx, q, addresses, func(Version) error {
		n++
		return nil
	})
	return n, err
}

// Erase takes the values with one of the addresses out of all versions. It returns of how many.
func Erase(ctx context.Context, tx database.Tx, addresses []string) (n int, err error) {
	var changed []Version
	err = redacted(ctx, tx, addresses, func(v Version) error {
		changed = append(changed, v)
		return nil
	})
	for _, v := range changed {
		if err != nil {
			break
		}
		_, err = tx.ExecContext(ctx, `UPDATE versions SET definition = ?, substance = '', redacted = 1 WHERE kind = ? AND thing_id = ? AND number = ?`,
			string(v.Definition), v.Of.Kind, v.Of.ID, v.Number)
	}
	if err != nil {
		return 0, fmt.Errorf("erase from versions: %w", err)
	}
	return len(changed), nil
}

// redacted visits the versions that name one of the addresses, with the definition that is left without it.
func redacted(ctx context.Context, q database.Querier, addresses []string, visit func(Version) error) (err error) {
	meant := meantBy(addresses)
	if len(meant) == 0 {
		return nil
	}
	rows, err := q.QueryContext(ctx, `SELECT `+columns+` FROM versions WHERE instr(definition, '@') > 0 ORDER BY kind, thing_id, number`)
	if err != nil {
		return fmt.Errorf("look through versions: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return fmt.Errorf("look through versions: %w", err)
		}
		left, found, err := meant.without(v.Definition)
		if err != nil {
			return fmt.Errorf("version %d of %s %d: %w", v.Number, v.Of.Kind, v.Of.ID, err)
		}
		if v.Definition = left; found {
			if err := visit(v); err != nil {
				return err
			}
		}
	}
	return rows.Err()
}

// forms are the addresses that are looked for, in their normal form.
type forms map[string]bool

func meantBy(addresses []string) forms {
	meant := forms{}
	for _, written := range addresses {
		if form, ok := address.Read(written); ok {
			meant[form] = true
		}
	}
	return meant
}

// Mentions gives who reports whether a text is one of the addresses, or has one as a word in it, whatever its spelling.
func Mentions(addresses []string) func(text string) bool { return meantBy(addresses).mentions }

// mentions reports whether a text is such an address, or has one as a word in it.
func (f forms) mentions(text string) bool {
	if !strings.Contains(text, "@") {
		return false
	}
	for _, word := range append(strings.FieldsFunc(text, between), text) {
		form, ok := address.Read(strings.Trim(word, ".:!?"))
		if ok && f[form] {
			return true
		}
	}
	return false
}

func between(sign rune) bool { return strings.ContainsRune(" \t\n,;<>()[]\"'", sign) }

// without gives a definition whose mentioning values are empty.
func (f forms) without(definition json.RawMessage) (left json.RawMessage, found bool, err error) {
	var value any
	decoder := json.NewDecoder(strings.NewReader(string(definition)))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, false, err
	}
	value = f.walk(value, &found)
	if !found {
		return definition, false, nil
	}
	left, err = json.Marshal(value)
	return left, true, err
}

func (f forms) walk(value any, found *bool) any {
	switch v := value.(type) {
	case string:
		if f.mentions(v) {
			*found = true
			return ""
		}
	case []any:
		for i := range v {
			v[i] = f.walk(v[i], found)
		}
	case map[string]any:
		for name := range v {
			v[name] = f.walk(v[name], found)
		}
	}
	return value
}
