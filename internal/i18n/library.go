package i18n

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"sync/atomic"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

//go:embed locale
var files embed.FS

// messages are the texts of one language by key.
type messages map[string]*i18n.Message

// library is all languages that there are. It does not change: to add a language is to put another library in its place.
type library struct {
	messages map[string]messages
	names    []string // English first, the made-up one last
	matcher  language.Matcher
	locales  map[string]*Locale
}

var current atomic.Pointer[library]

func init() {
	embedded, err := fs.Sub(files, "locale")
	if err == nil {
		_, err = Add(embedded)
	}
	if err != nil {
		panic(err) // the folder is embedded: only a broken build gets here
	}
}

// Add adds the languages of a folder that has a folder for each: de/anything.toml. What it returns takes them away again.
func Add(folder fs.FS) (remove func(), err error) {
	added, err := read(folder)
	if err != nil {
		return nil, err
	}
	return add(added)
}

func add(added map[string]messages) (remove func(), err error) {
	before, all := current.Load(), map[string]messages{}
	if before != nil {
		maps.Copy(all, before.messages)
	}
	for name, texts := range added {
		if all[name] != nil {
			return nil, fmt.Errorf("there is a language %q already", name)
		}
		all[name] = texts
	}
	built, err := build(all)
	if err != nil {
		return nil, err
	}
	current.Store(built)
	return func() { current.Store(before) }, nil
}

// read reads the message files of each folder.
func read(folder fs.FS) (map[string]messages, error) {
	found := map[string]messages{}
	err := fs.WalkDir(folder, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name := path.Dir(file)
		if found[name] == nil {
			found[name] = messages{}
		}
		content, err := fs.ReadFile(folder, file)
		if err == nil {
			err = found[name].parse(content)
		}
		if err != nil {
			return fmt.Errorf("messages in %s: %w", file, err)
		}
		return nil
	})
	return found, err
}

func (m messages) parse(content []byte) error {
	var texts map[string]any
	if err := toml.Unmarshal(content, &texts); err != nil {
		return err
	}
	for key, text := range texts {
		if m[key] != nil {
			return fmt.Errorf("%q stands twice", key)
		}
		parsed, err := i18n.NewMessage(text)
		if err != nil {
			return fmt.Errorf("%q: %w", key, err)
		}
		parsed.ID = key
		m[key] = parsed
	}
	return nil
}

func build(all map[string]messages) (*library, error) {
	names := []string{Default}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if name != Default && name != Pseudo {
			names = append(names, name)
		}
	}
	spoken := len(names)
	if all[Pseudo] != nil {
		names = append(names, Pseudo)
	}
	l := &library{messages: all, names: names, locales: map[string]*Locale{}}
	bundle, tags := i18n.NewBundle(language.English), make([]language.Tag, len(names))
	for i, name := range names {
		tag, err := language.Parse(name)
		if err != nil {
			return nil, fmt.Errorf("language %q: %w", name, err)
		}
		tags[i] = tag
		if err := bundle.AddMessages(tag, slices.Collect(maps.Values(all[name]))...); err != nil {
			return nil, fmt.Errorf("language %q: %w", name, err)
		}
	}
	for i, name := range names {
		l.locales[name] = &Locale{language: name, localizer: i18n.NewLocalizer(bundle, name), zone: time.UTC, printer: message.NewPrinter(tags[i])}
	}
	l.matcher = language.NewMatcher(tags[:spoken]) // or who asks for British English might be given the made-up one
	return l, nil
}
