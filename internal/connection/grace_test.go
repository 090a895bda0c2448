package connection_test

import (
	"slices"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
)

// older makes the consent in force one to the version before.
func (w *world) older(id int64) {
	w.t.Helper()
	w.write(`UPDATE connection_consents SET terms_version = '1' WHERE ended_at IS NULL AND connection_id = ?`, id)
}

func TestConsentToOlderTermsHoldsForTheDaysOfGraceAndThenPauses(t *testing.T) {
	for name, test := range map[string]struct {
		days int // -1: as it is usual
		ends time.Duration
	}{
		"as it is usual": {-1, 30 * 24 * time.Hour},
		"at once":        {0, 0},
		"for long":       {90, 90 * 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			ctx := t.Context()
			c := w.connect("Tea shop", false)
			if err := w.BeginTerms(ctx); err != nil {
				t.Fatal(err)
			}
			begun := w.clock.Now()
			if test.days >= 0 {
				wantCodes(t, w.SetGrace(ctx, ada, test.days))
			}
			w.older(c.ID)
			look := func(want connection.Obstacle) connection.Overview {
				t.Helper()
				now := must[connection.Overview](t)(w.Get(ctx, ada, c.ID))
				if now.Obstacle != want || !now.AgreeBy.Equal(begun.Add(test.ends)) {
					t.Errorf("at %v: obstacle %q, agree by %v", w.clock.Now(), now.Obstacle, now.AgreeBy)
				}
				return now
			}
			if test.ends > 0 {
				w.clock.Advance(test.ends - time.Millisecond)
				look(connection.NoObstacle)
				w.clock.Advance(time.Millisecond)
			}
			now := look(connection.NoConsent)

			if err := w.BeginTerms(ctx); err != nil { // another start begins nothing anew
				t.Fatal(err)
			}
			look(connection.NoConsent)
			must[connection.Connection](t)(w.Agree(ctx, bo, c.ID, now.Version, connection.CurrentTerms, true))
			if now := must[connection.Overview](t)(w.Get(ctx, ada, c.ID)); now.Obstacle != connection.NoObstacle || !now.AgreeBy.IsZero() {
				t.Errorf("agreed, and %+v", now)
			}
		})
	}
}

func TestNoGraceIsGivenToConsentThatIsNone(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.connect("Tea shop", false)
	w.older(c.ID)
	want := func(what string, obstacle connection.Obstacle) {
		t.Helper()
		if now := must[connection.Overview](t)(w.Get(ctx, ada, c.ID)); now.Obstacle != obstacle {
			t.Errorf("%s: %q", what, now.Obstacle)
		}
	}
	want("nobody began to ask for the newer terms", connection.NoConsent)
	if err := w.BeginTerms(ctx); err != nil {
		t.Fatal(err)
	}
	want("within the days of grace", connection.NoObstacle)
	w.write(`UPDATE connection_consents SET terms_version = '0' WHERE ended_at IS NULL`)
	want("terms that never were", connection.NoConsent)
	w.older(c.ID)
	must[connection.Connection](t)(w.WithdrawConsent(ctx, ada, c.ID, c.Version))
	want("withdrawn within the days of grace", connection.NoConsent)
	if older := must[[]connection.Older](t)(w.AskedAgain(ctx, ada)); len(older) != 0 {
		t.Errorf("asked again: %v", older)
	}
}

func TestOnlyAdministratorsSetTheDaysOfGraceWithinTheirBounds(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	for _, days := range []int{-1, connection.MostGrace + 1} {
		wantCodes(t, w.SetGrace(ctx, ada, days), "grace: connections.problem.grace")
	}
	wantCodes(t, w.SetGrace(ctx, clara, 10), "problem.not_permitted")
	wantCodes(t, w.SetGrace(ctx, access.Actor{}, 10), "problem.signed_out")
	_, err := w.Grace(ctx, viggo)
	wantCodes(t, err, "problem.not_permitted")
	wantCodes(t, w.SetGrace(ctx, ada, 10))
	wantCodes(t, w.SetGrace(ctx, bo, 10)) // no change, and so nobody's
	g := must[connection.Grace](t)(w.Grace(ctx, ada))
	if g.Days != 10 || g.ChangedBy != ada.Name {
		t.Errorf("%+v", g)
	}
	logged := must[[]string](t)(database.Column[string](w.db.Reader().QueryContext(ctx, `SELECT action || ' ' || changes FROM audit_entries WHERE action LIKE 'terms.%'`)))
	if want := []string{`terms.grace_changed [{"field":"days","before":"30","after":"10"}]`}; !slices.Equal(logged, want) {
		t.Errorf("logged %q", logged)
	}
}

func TestEveryConsentStaysReadableAlsoOfAConnectionThatIsGone(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.connect("Tea shop", false)
	w.older(c.ID)
	c = must[connection.Connection](t)(w.Agree(ctx, bo, c.ID, c.Version, connection.CurrentTerms, true))
	c = must[connection.Connection](t)(w.WithdrawConsent(ctx, ada, c.ID, c.Version))
	wantCodes(t, w.Remove(ctx, ada, c.ID, c.Version, nil))

	_, given, err := w.Consents(ctx, ada, c.ID)
	if err != nil || len(given) != 2 {
		t.Fatalf("%+v, %v", given, err)
	}
	last, first := given[0], given[1]
	if last.UserName != bo.Name || last.TermsVersion != "2" || last.EndedBy != ada.Name || last.EndedAt.IsZero() {
		t.Errorf("the last one is %+v", last)
	}
	if first.UserName != ada.Name || first.TermsVersion != "1" || first.EndedBy != bo.Name || first.BrandID != "brand1" {
		t.Errorf("the first one is %+v", first)
	}
	_, _, err = w.Consents(ctx, clara, c.ID)
	wantCodes(t, err, "problem.not_permitted")
}

func TestEachVersionOfTheTermsSaysWhatChangedInEveryLanguage(t *testing.T) {
	if last := connection.Editions[len(connection.Editions)-1]; last.Version != connection.CurrentTerms {
		t.Errorf("the last edition is %s, that of now %s", last.Version, connection.CurrentTerms)
	}
	for i, e := range connection.Editions {
		for _, language := range []string{"en", "da"} {
			terms := must[connection.Terms](t)(connection.ReadTerms(e.Version, language, "Omnisend"))
			if (terms.Changed == "") != (i == 0) || !terms.Published.Equal(e.Published) {
				t.Errorf("version %s in %s: %+v", e.Version, language, terms)
			}
			if i > 0 && !e.Published.After(connection.Editions[i-1].Published) {
				t.Errorf("version %s is not later than the one before", e.Version)
			}
		}
	}
}
