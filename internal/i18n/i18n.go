// Package i18n gives every text that a person reads, in that person's language: messages with plural forms, numbers,
// dates and relative times. A language is a folder of message files, and nothing else; the domain carries keys and values, and only
// the edge (pages, command line, downloads) calls this package.
package i18n

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Locale is how one person reads: a language and a time zone.
type Locale struct {
	language  string
	localizer *i18n.Localizer
	printer   *message.Printer
	zone      *time.Location
}

// Default is the language of a person who asked for none that we have.
const Default = "en"

// Languages lists what there is, English first.
func Languages() []string { return slices.Clone(current.Load().names) }

// Match chooses the best language for the wishes, in order: each is a language code or an Accept-Language header, "" is passed over.
func Match(wishes ...string) string {
	l := current.Load()
	for _, wish := range wishes {
		if slices.Contains(l.names, wish) {
			return wish
		}
		tags, _, err := language.ParseAcceptLanguage(wish)
		if err != nil || len(tags) == 0 {
			continue
		}
		if _, index, confidence := l.matcher.Match(tags...); confidence >= language.Low {
			return l.names[index]
		}
	}
	return Default
}

// For gives the locale of a language ("" or one that is not there: English) in a time zone (nil: UTC).
func For(name string, zone *time.Location) *Locale {
	l := current.Load()
	base, ok := l.locales[name]
	if !ok {
		base = l.locales[Default]
	}
	if zone == nil {
		return base
	}
	own := *base
	own.zone = zone
	return &own
}

type contextKey struct{}

// With returns a context whose reader has this locale.
func With(ctx context.Context, l *Locale) context.Context {
	return context.WithValue(ctx, contextKey{}, l)
}

// From gives the context's locale, English in UTC when it has none.
func From(ctx context.Context) *Locale {
	if l, ok := ctx.Value(contextKey{}).(*Locale); ok {
		return l
	}
	return For(Default, nil)
}

// Language is the context's language code, for <html lang>.
func Language(ctx context.Context) string { return From(ctx).language }

// T is the text of a key. Pairs are the names and values of its placeholders: T(ctx, "exports.saved", "Name", name).
// Numbers among the values are written as the language writes them.
func T(ctx context.Context, key string, pairs ...any) string { return From(ctx).T(key, pairs...) }

// N is the text of a key in the plural form for n; {{.Number}} in it is n as the language writes it.
func N(ctx context.Context, key string, n int, pairs ...any) string {
	return From(ctx).N(key, n, pairs...)
}

// Number writes a whole number: 1,000,000 or 1.000.000.
func Number(ctx context.Context, n int) string { return From(ctx).Number(n) }

// T is the text of a key; see the function T.
func (l *Locale) T(key string, pairs ...any) string { return l.text(key, nil, l.values(pairs)) }

// N is the text of a key in the plural form for n; see the function N.
func (l *Locale) N(key string, n int, pairs ...any) string {
	values := l.values(pairs)
	values["Number"] = l.Number(n)
	return l.text(key, n, values)
}

// Number writes a whole number.
func (l *Locale) Number(n int) string { return l.printer.Sprintf("%d", n) }

// Decimal writes a number with the given count of decimals.
func (l *Locale) Decimal(f float64, decimals int) string {
	return l.printer.Sprintf(fmt.Sprintf("%%.%df", decimals), f)
}

func (l *Locale) values(pairs []any) map[string]any {
	values := make(map[string]any, len(pairs)/2+1)
	for i := 0; i+1 < len(pairs); i += 2 {
		name := fmt.Sprint(pairs[i])
		switch v := pairs[i+1].(type) {
		case int:
			values[name] = l.Number(v)
		case int64:
			values[name] = l.Number(int(v))
		case time.Time:
			values[name] = l.DateTime(v)
		case time.Duration:
			values[name] = l.Duration(v)
		default:
			values[name] = v
		}
	}
	return values
}

// text falls back to the key itself, so that a missing text is seen and breaks no page; a test keeps the files complete.
func (l *Locale) text(key string, plural, values any) string {
	text, err := l.localizer.Localize(&i18n.LocalizeConfig{MessageID: key, PluralCount: plural, TemplateData: values})
	if err != nil && text == "" {
		return key
	}
	return text
}

// Has reports whether the language has its own text for the key.
func Has(name, key string) bool { return current.Load().messages[name][key] != nil }

// Keys lists the keys of a language, sorted.
func Keys(name string) ([]string, error) {
	messages, ok := current.Load().messages[name]
	if !ok {
		return nil, fmt.Errorf("there is no language %q", name)
	}
	return slices.Sorted(maps.Keys(messages)), nil
}

// LanguageName is a language's own name for itself, for the switch.
func LanguageName(name string) string { return For(name, nil).T("language.name") }
