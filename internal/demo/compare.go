package demo

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/membership"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/segment"
)

// Comparison is how what the stand-in holds agrees with a segment.
type Comparison struct {
	Expected    int      // contacts that the segment should have become
	Held        int      // contacts that carry the segment's tag
	Differences []string // the first of them, in words
}

// Matches reports whether every contact that should be there is there, field by field, and no other.
func (c Comparison) Matches() bool { return c.Expected == c.Held && len(c.Differences) == 0 }

const mostDifferences = 20

// Compare holds the contacts that carry the segment's tag against the segment, mapped with Mapping. It works out for
// itself what each contact should be, without the code that sends, so that a fault there is found here.
func Compare(ctx context.Context, a *app.App, definition segment.Definition, tag string, contacts func(email string) (sandbox.Contact, bool), all func(yield func(sandbox.Contact) bool)) (Comparison, error) {
	var c Comparison
	snapshot, err := a.Profiles.Current(ctx)
	if err != nil {
		return c, err
	}
	where, err := segment.Compile(definition, snapshot, snapshot.CreatedAt)
	if err != nil {
		return c, err
	}
	var attributes []string
	for _, pair := range Mapping {
		attributes = append(attributes, pair.Attribute)
	}
	selection, err := membership.Select(snapshot, []segment.Where{where}, attributes)
	if err != nil {
		return c, err
	}
	seen := map[string]bool{}
	for after, more := "", true; more; {
		more, err = selection.Page(ctx, a.DB.Reader(), after, 1000, func(m membership.Member) error {
			after = m.ID
			email := strings.ToLower(strings.TrimSpace(m.Values[0]))
			if seen[email] || !strings.Contains(email, "@") {
				return nil // a duplicate, or no address: the sample's only awkward ones
			}
			seen[email] = true
			c.Expected++
			held, ok := contacts(email)
			c.hold(m, held, ok, tag)
			return nil
		})
		if err != nil {
			return c, err
		}
	}
	for held := range all {
		if slices.Contains(held.Tags, tag) {
			c.Held++
			if !seen[held.Email] {
				c.differ("%s is there and should not be", held.ID)
			}
		}
	}
	return c, nil
}

func (c *Comparison) differ(format string, args ...any) {
	if len(c.Differences) < mostDifferences {
		c.Differences = append(c.Differences, fmt.Sprintf(format, args...))
	}
}

// hold compares one contact with its profile, whose values are in the order of Mapping.
func (c *Comparison) hold(m membership.Member, held sandbox.Contact, ok bool, tag string) {
	if !ok {
		c.differ("profile %s is not there", m.ID)
		return
	}
	v := m.Values
	for _, field := range []struct{ name, want, got string }{
		{"first name", v[1], held.FirstName}, {"last name", v[2], held.LastName}, {"address", v[3], held.Address},
		{"postal code", v[4], held.PostalCode}, {"city", v[5], held.City}, {"country", v[6], held.Country},
		{"phone", v[7], held.Phone}, {"birth date", v[8], held.Birthdate},
		{"gender", map[string]string{"female": "f", "male": "m"}[v[9]], held.Gender},
		{"loyalty points", strconv.Quote(v[10]), held.CustomProperties["loyalty_points"]},
	} {
		if field.want != field.got {
			c.differ("profile %s: %s is %q, should be %q", m.ID, field.name, field.got, field.want)
		}
	}
	if !slices.Contains(held.Tags, tag) {
		c.differ("profile %s lacks the tag", m.ID)
	}
}
