package profile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/segue-app/segue/internal/profile"
)

// TestUnificationAgreesWithAPlainOne compares random sources with an evaluation of the rules that is as simple as their words.
func TestUnificationAgreesWithAPlainOne(t *testing.T) {
	k := newService(t)
	rapid.Check(t, func(r *rapid.T) {
		var sources []sourceOf
		for i := range rapid.IntRange(2, 4).Draw(r, "sources") {
			s := sourceOf{name: fmt.Sprintf("s%d", i), own: rapid.Bool().Draw(r, "own"), email: rapid.Bool().Draw(r, "email"), attributes: "mail*:text city:text"}
			for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"1", "2", "3", "4", "5", "s1:1", "s1::2"}), 0, 6, rapid.ID).Draw(r, "keys") {
				mail := rapid.SampledFrom([]string{"-", "a@x.dk", "A@X.dk", "b@x.dk", "c@x.dk", "none"}).Draw(r, "mail")
				s.lines = append(s.lines, fmt.Sprintf("%s|%s|%s", key, mail, rapid.SampledFrom([]string{"-", "Ribe", "Vejle"}).Draw(r, "city")))
			}
			sources = append(sources, s)
		}
		trust := profile.Trust{}
		if rapid.Bool().Draw(r, "override") {
			trust["city"] = int64(rapid.IntRange(1, len(sources)).Draw(r, "trusted"))
		}
		k.WriteInChunksOf(rapid.IntRange(1, 4).Draw(r, "chunk"))
		snapshot, report, err := k.Unify(t.Context(), k.parts(t, sources), trust)
		if err != nil {
			r.Fatal(err)
		}
		want := plainly(sources, trust)
		if got := k.lines(t, snapshot); !slices.Equal(got, want) || report.Total != len(want) {
			r.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		for _, holder := range []string{"source/1", "source/2", "source/3", "source/4"} {
			if err := k.Release(t.Context(), holder); err != nil {
				r.Fatal(err)
			}
		}
	})
}

// plainly unifies in memory, one rule after the other.
func plainly(sources []sourceOf, trust profile.Trust) (lines []string) {
	type row struct{ key, mail, city string }
	type person struct {
		id   string
		bear string // the shared key that is its id
		rows map[int]row
	}
	var people []*person
	fold := func(mail string) string {
		if !strings.Contains(mail, "@") {
			return ""
		}
		return strings.ToLower(mail)
	}
	for s, source := range sources {
		var rows []row
		for _, line := range source.lines {
			f := strings.Split(line, "|")
			rows = append(rows, row{f[0], f[1], f[2]})
		}
		before := slices.Clone(people)
		joined := map[int]bool{}
		join := func(n int, p *person) bool {
			if _, taken := p.rows[s]; taken || joined[n] {
				return false
			}
			p.rows[s], joined[n] = rows[n], true
			return true
		}
		first := func(fits func(p *person) bool) *person {
			if i := slices.IndexFunc(before, fits); i >= 0 {
				return before[i]
			}
			return nil
		}
		if !source.own {
			for n, r := range rows {
				if p := first(func(p *person) bool { return p.bear == r.key }); p != nil {
					join(n, p)
				}
			}
			for n, r := range rows {
				if first(func(p *person) bool { return p.bear == r.key }) != nil {
					continue
				}
				// The most trusted source that has the key says whose it is.
				for earlier := range s {
					if p := first(func(p *person) bool { return !sources[earlier].own && p.rows[earlier].key == r.key }); p != nil {
						join(n, p)
						break
					}
				}
			}
		}
		if source.email {
			for n, r := range rows {
				for earlier := range s {
					if fold(r.mail) == "" || joined[n] {
						break
					}
					at := -1
					for i, line := range sources[earlier].lines {
						if f := strings.Split(line, "|"); fold(f[1]) == fold(r.mail) {
							at = i
							break
						}
					}
					if at < 0 {
						continue
					}
					key := strings.Split(sources[earlier].lines[at], "|")[0]
					join(n, first(func(p *person) bool { _, has := p.rows[earlier]; return has && p.rows[earlier].key == key }))
					break
				}
			}
		}
		prefix := source.name + ":"
		for taken := true; taken; {
			taken = false
			for _, other := range sources {
				for _, line := range other.lines {
					if !other.own && strings.HasPrefix(line, prefix) {
						taken = true
					}
				}
			}
			if taken {
				prefix += ":"
			}
		}
		for n, r := range rows {
			if joined[n] {
				continue
			}
			p := &person{id: r.key, bear: r.key, rows: map[int]row{s: r}}
			if source.own {
				p.id, p.bear = prefix+r.key, ""
			}
			people = append(people, p)
		}
	}
	slices.SortFunc(people, func(a, b *person) int { return strings.Compare(a.id, b.id) })
	for i, p := range people {
		value := func(of func(r row) string, first int64) string {
			if r, has := p.rows[int(first)-1]; has && of(r) != "-" {
				return of(r)
			}
			for s := range sources {
				if r, has := p.rows[s]; has && of(r) != "-" {
					return of(r)
				}
			}
			return "-"
		}
		lines = append(lines, fmt.Sprintf("%d %s|%s|%s", i+1, p.id, value(func(r row) string { return r.mail }, trust["mail"]), value(func(r row) string { return r.city }, trust["city"])))
	}
	return lines
}
