// Package reseal owns the exchange of the sealing key: every sealed value is opened and sealed again, in an order in which the
// key file opens everything at each instant. Where sealed values are, the packages tell that hold them; how a value is sealed is
// secret's matter.
package reseal

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/secret"
)

// Place is a column of sealed values.
type Place struct {
	Name          string // a word for messages: "connections"
	Table, Column string
	Key           []string               // columns that tell rows apart
	Binding       func(key []any) string // what the value of a row is bound to; integers come as int64
}

// Count says of the values of a place how they are sealed.
type Count struct {
	Place      string
	Current    int // with the key that seals now
	Older      int // with another one of the ring
	Unreadable int // with none of them, or changed
}

// Counts are those of all places.
type Counts []Count

// Total adds the places up.
func (c Counts) Total() (all Count) {
	for _, one := range c {
		all.Current += one.Current
		all.Older += one.Older
		all.Unreadable += one.Unreadable
	}
	return all
}

// Look opens every sealed value and counts.
func Look(ctx context.Context, q database.Querier, places []Place, sealer *secret.Sealer) (found Counts, err error) {
	for _, p := range places {
		count := Count{Place: p.Name}
		for after := []any(nil); ; {
			rows, err := p.page(ctx, q, after)
			if err != nil {
				return nil, err
			}
			for _, r := range rows {
				switch _, err := sealer.Open(r.sealed, p.Binding(r.key)); {
				case err != nil:
					count.Unreadable++
				case sealer.Current(r.sealed):
					count.Current++
				default:
					count.Older++
				}
			}
			if len(rows) < atOnce {
				break
			}
			after = rows[len(rows)-1].key
		}
		found = append(found, count)
	}
	return found, nil
}

// Any reports whether there is a sealed value at all.
func Any(ctx context.Context, q database.Querier, places []Place) (bool, error) {
	for _, p := range places {
		rows, err := p.page(ctx, q, nil)
		if err != nil || len(rows) > 0 {
			return len(rows) > 0, err
		}
	}
	return false, nil
}

// KeyIDs names the keys that something is sealed with.
func KeyIDs(ctx context.Context, q database.Querier, places []Place) (ids []string, err error) {
	ids = []string{}
	for _, p := range places {
		for after := []any(nil); ; {
			rows, err := p.page(ctx, q, after)
			if err != nil {
				return nil, err
			}
			for _, r := range rows {
				if id := secret.SealedBy(r.sealed); id != "" && !slices.Contains(ids, id) {
					ids = append(ids, id)
				}
			}
			if len(rows) < atOnce {
				break
			}
			after = rows[len(rows)-1].key
		}
	}
	return ids, nil
}

// Exchange is one exchange of the sealing key. Nobody else may work on the database meanwhile. Where the key comes from a place that
// the program cannot write, whoever gives the new key has put it aside, and puts it in the place of the old one afterwards: until
// then the two together open everything.
type Exchange struct {
	DB      *database.DB
	Places  []Place
	Key     secret.Source
	New     secret.Keyring                   // whose first key takes over
	Keep    func(older secret.Keyring) error // keeps the keys that are dropped, for backups that were made before; nil: nobody does
	Reached func(step string) error          // told before each step; nil: nobody is. An error ends the exchange there
}

// Do exchanges the key. Ended at any instant, it is done again from the beginning, with the same or another new key.
func (e Exchange) Do(ctx context.Context) (before Counts, err error) {
	ring, err := e.Key.Load()
	if err != nil {
		return nil, err
	}
	joined := e.New.First().Then(ring)
	sealer, err := joined.Sealer()
	if err != nil {
		return nil, err
	}
	if before, err = Look(ctx, e.DB.Reader(), e.Places, sealer); err != nil {
		return nil, err
	}
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"add the new key to the key file", func() error { return e.save(joined) }},
		{"seal everything again", func() error { return e.move(ctx, sealer) }},
		{"write the database anew", func() error { return e.DB.Rewrite(ctx) }}, // or what was sealed before would be left in its gaps
		{"see that nothing needs the old key", func() error { return e.prove(ctx, sealer) }},
		{"keep the old key aside", func() error {
			if e.Keep == nil || joined.Len() == 1 || !e.Key.Writable() {
				return nil
			}
			return e.Keep(joined.Older())
		}},
		{"take the old key out of the key file", func() error { return e.save(joined.First()) }},
	} {
		if e.Reached != nil {
			if err := e.Reached(step.name); err != nil {
				return nil, err
			}
		}
		if err := step.do(); err != nil {
			return nil, fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return before, nil
}

func (e Exchange) save(ring secret.Keyring) error {
	if !e.Key.Writable() {
		return nil
	}
	return e.Key.Save(ring)
}

// move wraps anew the data keys of what an older key has sealed. What opens with none of them stays: nobody can read it, now or later.
func (e Exchange) move(ctx context.Context, sealer *secret.Sealer) error {
	for _, p := range e.Places {
		for after := []any(nil); ; {
			rows, err := p.page(ctx, e.DB.Reader(), after)
			if err != nil {
				return err
			}
			if err := e.DB.InTx(ctx, func(tx database.Tx) error {
				for _, r := range rows {
					if sealer.Current(r.sealed) {
						continue
					}
					again, err := sealer.Rewrap(r.sealed, p.Binding(r.key))
					if errors.Is(err, secret.ErrCannotOpen) {
						continue
					}
					if err != nil {
						return err
					}
					if err := p.put(ctx, tx, r, again); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				return err
			}
			if len(rows) < atOnce {
				break
			}
			after = rows[len(rows)-1].key
			if e.Reached != nil {
				if err := e.Reached("seal some more"); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// prove looks whether anything would be lost with the older keys.
func (e Exchange) prove(ctx context.Context, sealer *secret.Sealer) error {
	now, err := Look(ctx, e.DB.Reader(), e.Places, sealer)
	if err != nil {
		return err
	}
	if left := now.Total().Older; left > 0 {
		return fmt.Errorf("%d values are still sealed with the old key: does somebody else work on the database?", left)
	}
	return nil
}
