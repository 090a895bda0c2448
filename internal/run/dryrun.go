package run

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/pushdown"
)

// Forecast is what a run of an export would do now. Its counts are those that the run will have, if nothing changes
// meanwhile and the destination refuses nobody.
type Forecast struct {
	Obstacle string // code of why a run would not begin now; "" when it would
	Complete bool   // everybody is sent, also those who did not change
	Partial  bool   // the time was over: Profiles may be 0, and all other counts are of those who were looked at

	Profiles   int      // in the segments, each once
	New        int      // to be sent, and not known to the destination from this export
	Changed    int      // to be sent, because something differs from what was last delivered
	Again      int      // to be sent as they were delivered: only when Complete
	Unchanged  int      // not to be sent
	Invalid    int      // rejected by us
	Refused    int      // not to be sent, because the destination has refused them as they are
	Duplicates int      // another profile of the run has the same address
	Excluded   int      // on the list of exclusions
	Erased     int      // erased for good, and still in a source that is not copied
	Withdrawn  int      // not among Profiles: contacts that would lose tags
	Held       int      // not among Profiles: contacts that would, were they not suspiciously many
	Question   Question // whose Code says what the run would ask before it sends anything
	Reasons    []Reason
	TooMany    int // what the destination takes in one export, when Profiles are more; 0 otherwise

	Batches  int // of profiles to be sent
	MaxBatch int
	Requests int           // that the run makes at least
	Limit    int           // requests that the brand's budget allows in a window, 0 when there is no limit
	Window   time.Duration // of the budget
	Least    time.Duration // that the budget makes the run take; 0 when one window has room for all requests

	Samples []Sample // of what would be sent; only for those who may see personal data
}

// Looked is how many profiles were looked at.
func (f Forecast) Looked() int {
	return f.Sent() + f.Unchanged + f.Invalid + f.Refused + f.Duplicates + f.Excluded + f.Erased
}

// Sent is how many profiles would be sent.
func (f Forecast) Sent() int { return f.New + f.Changed + f.Again }

// Sample is a profile that would be sent, and how.
type Sample struct {
	ProfileID string
	New       bool   // it was not delivered before
	Contact   string // as it would be sent
}

const (
	samplesEach       = 10      // of the new and of the changed; when there are few of the one, more of the other
	withdrawalsAtOnce = 100_000 // looked at closely: of more, also those count whose tag another profile has by right
)

// DryRun does everything that a run does but sending, and writes nothing. When the context's deadline passes it tells what
// it has come to. It reads one state of the database from beginning to end, so its counts add up whatever happens meanwhile.
func (s *Service) DryRun(ctx context.Context, actor access.Actor, exportID int64, options Options) (Forecast, error) {
	f := Forecast{Complete: options.Complete}
	if err := actor.Require(access.LookAround); err != nil {
		return f, err
	}
	e, err := s.exports.Find(ctx, s.db.Reader(), exportID)
	if err != nil {
		return f, err
	}
	if e.Removed {
		return f, problem.New(problem.NotFound, "problem.export.not_found")
	}
	err = s.forecast(ctx, e, options, &f)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		f.Partial, err = true, nil
	}
	if !actor.Can(access.SeePersonalData) {
		f.Samples = nil
	}
	if profile.Veiled(actor, profile.Personal, profile.Shape) {
		for i := range f.Samples {
			f.Samples[i].Contact = legible(masked([]byte(f.Samples[i].Contact), e.Mapping))
		}
	}
	return f, err
}

// CanForecast reports whether a dry run is possible in spite of the obstacle.
func CanForecast(obstacle string) bool {
	switch obstacle {
	case string(export.NoConnection), string(export.NoProfiles), string(export.NoSegments), string(export.AttributeMissing),
		string(export.SegmentInactive), string(export.MixedBases), string(export.SourceGone), failSegment, failExclusion, failSource, failSourceRefused:
		return false
	}
	return true
}

func (s *Service) forecast(ctx context.Context, e export.Export, options Options, f *Forecast) error {
	var err error
	if f.Obstacle, err = s.exports.Readiness(ctx, e); err != nil || !CanForecast(f.Obstacle) {
		return err
	}
	select {
	case s.dryRuns <- struct{}{}:
		defer func() { <-s.dryRuns }()
	case <-ctx.Done():
		return ctx.Err()
	}
	plan, snapshot, _, err := s.planOf(ctx, e)
	if err != nil {
		return err
	}
	if plan.SourceID != 0 {
		var done func()
		if snapshot, done, err = s.foretold(ctx, plan, f); err != nil || snapshot.ID == 0 {
			return err
		}
		defer done()
	}
	driver, ok := s.drivers[plan.DestinationType]
	if !ok {
		return fmt.Errorf("no destination of type %q", plan.DestinationType)
	}
	maker, err := compile(plan, snapshot, driver)
	if problem.Of(err) != nil {
		f.Obstacle = failSegment
		return nil
	}
	if err != nil {
		return err
	}
	excluded, err := s.excluded(plan, snapshot, driver)
	if err != nil {
		return err
	}
	var halted *halt
	if _, err := excluded.matcher(ctx); errors.As(err, &halted) {
		f.Obstacle = halted.code
		return nil
	}
	atOnce, perMinute, untag, err := s.tagLimits(ctx, plan)
	if err != nil {
		return err
	}
	tx, err := s.db.Reader().BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	guess := &guess{forecast: f, reasons: map[Reason]int{}}
	sorter := &sorter{exportID: e.ID, complete: options.Complete, untag: untag, maker: maker, checker: maker, excluded: excluded, claims: newClaims(), refused: &refused{exportID: e.ID}, sink: guess, erased: s.erased}
	err = guess.all(ctx, tx, sorter, options, plan.AskShare)
	guess.conclude()
	f.MaxBatch = driver.Info().MaxBatch
	if most := driver.Info().MaxProfiles; f.Profiles > most {
		f.TooMany = most
	}
	brand, failed := s.budgets.For(ctx, plan.BrandID)
	if failed != nil {
		return errors.Join(err, failed)
	}
	f.Limit, f.Window = brand.Usage().Limit, s.budgets.Window()
	f.cost(atOnce, perMinute)
	return err
}

// foretold fills the spool of a dry run, which done drops. Without one, because it cannot be read or holds too many, the
// forecast says why.
func (s *Service) foretold(ctx context.Context, plan *Plan, f *Forecast) (spool profile.Snapshot, done func(), err error) {
	most := s.drivers[plan.DestinationType].Info().MaxProfiles
	filled, err := s.fill(ctx, plan, most)
	switch {
	case pushdown.FaultOf(err) != nil:
		f.Obstacle = obstacleOf(err)
		return spool, nil, nil
	case problem.Of(err) != nil:
		f.Obstacle = failSegment
		return spool, nil, nil
	case err != nil:
		return spool, nil, err
	case filled.tooMany:
		f.TooMany = most
		if err := s.dropSpool(ctx, plan, nil); err != nil {
			return spool, nil, err
		}
		f.Profiles, err = s.remote.Count(ctx, plan.SourceID, plan.reading().Definitions, plan.At)
		return spool, nil, err
	}
	return plan.spool(), func() { _ = s.dropSpool(ctx, plan, nil) }, nil
}

// cost says how many requests a run makes at least, and how long the budget makes it take: a window admits so many at
// once. The removals of tags have a budget of their own.
func (f *Forecast) cost(tagsAtOnce, tagsPerWindow int) {
	f.Batches = parts(f.Sent(), f.MaxBatch)
	f.Requests = 1 + f.Batches // the key is proved first
	if f.Batches > 0 {
		f.Requests++ // and the outcome is read
	}
	windows, removals := 0, 0
	if f.Limit > 0 {
		windows = parts(f.Requests, f.Limit)
	}
	if f.Withdrawn > 0 {
		removals = parts(f.Withdrawn, tagsAtOnce)
		if f.Limit > 0 {
			windows = max(windows, parts(removals, tagsPerWindow))
		}
	}
	f.Requests += removals
	f.Least = time.Duration(max(windows-1, 0)) * f.Window
}

// parts is how many parts of at most size n things make.
func parts(n, size int) int { return (n + size - 1) / size }

// guess counts what a run would do.
type guess struct {
	forecast *Forecast
	reasons  map[Reason]int
	fresh    []Sample
	changed  []Sample
	leaving  []withdrawal
	more     int // withdrawals beyond those in leaving
}

// all looks at every profile, and at everybody who left.
func (g *guess) all(ctx context.Context, q database.Querier, sorter *sorter, options Options, share int) error {
	f := g.forecast
	var err error
	if f.Profiles, err = sorter.maker.selection.Count(ctx, q); err != nil {
		return err
	}
	if f.Question, err = ask(ctx, q, sorter.exportID, sorter.maker.selection, f.Profiles, share, sorter.untag && !options.WithdrawAny); err != nil {
		return err
	}
	for more := true; more; {
		if more, err = sorter.page(ctx, q); err != nil {
			return err
		}
	}
	if leaving := len(g.leaving) + g.more; leaving > 0 && !options.WithdrawAny && f.Question.Code() != ManyLeave {
		known, err := countDelivered(ctx, q, sorter.exportID)
		if err != nil {
			return err
		}
		if suspicious(leaving, known, share) {
			f.Held = leaving
			return nil
		}
	}
	f.Withdrawn = g.more
	for _, w := range g.leaving {
		owner, ok, err := sorter.claims.owner(ctx, q, sorter.maker, w.identity)
		if err != nil {
			return err
		}
		if !ok || less(w.tags, owner.tags) != "" {
			f.Withdrawn++
		}
	}
	return nil
}

func (g *guess) erase() { g.forecast.Erased++ }

func (g *guess) exclude(_ contact, code string) {
	g.forecast.Excluded++
	g.reasons[Reason{Outcome: Excluded, Code: code}]++
}

func (g *guess) reject(made contact) {
	g.forecast.Invalid++
	for _, r := range made.reasons {
		g.reasons[Reason{Outcome: Invalid, Field: r.Field, Code: r.Code}]++
	}
}

func (g *guess) skip(contact, string) {
	g.forecast.Duplicates++
	g.reasons[Reason{Outcome: Duplicate, Code: duplicateCode}]++
}

func (g *guess) refuse(known refusal) {
	g.forecast.Refused++
	for _, r := range known.reasons {
		g.reasons[Reason{Outcome: Refused, Field: r.Field, Code: r.Code}]++
	}
}

func (g *guess) forget(refusal) {} // of consequence to later runs only

func (g *guess) pass(contact) { g.forecast.Unchanged++ }

func (g *guess) send(made contact, before delivery) {
	switch {
	case before.profileID == "":
		g.forecast.New++
		g.fresh = keepSample(g.fresh, made, true)
	case before.hash != string(made.hash):
		g.forecast.Changed++
		g.changed = keepSample(g.changed, made, false)
	default:
		g.forecast.Again++
	}
}

func keepSample(kept []Sample, made contact, fresh bool) []Sample {
	if len(kept) == 2*samplesEach {
		return kept
	}
	return append(kept, Sample{ProfileID: made.profileID, New: fresh, Contact: legible(made.item)})
}

func (g *guess) doubt(delivery) {} // of consequence to later runs only

func (g *guess) withdraw(w withdrawal) {
	if w.tags == "" || w.why == unable { // of the unable few lose anything
		return
	}
	if len(g.leaving) == withdrawalsAtOnce {
		g.more++
		return
	}
	g.leaving = append(g.leaving, w)
}

// conclude sets out the reasons, the most frequent first, and the samples.
func (g *guess) conclude() {
	f := g.forecast
	for reason, n := range g.reasons {
		reason.Count = n
		f.Reasons = append(f.Reasons, reason)
	}
	slices.SortFunc(f.Reasons, func(a, b Reason) int {
		return cmp.Or(b.Count-a.Count, cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Code, b.Code))
	})
	changed := min(len(g.changed), max(samplesEach, 2*samplesEach-len(g.fresh)))
	f.Samples = append(g.changed[:changed:changed], g.fresh[:min(len(g.fresh), 2*samplesEach-changed)]...)
}

// legible sets out what is sent for a person to read, when it is JSON.
func legible(item []byte) string {
	var out bytes.Buffer
	if json.Indent(&out, item, "", "  ") != nil {
		return string(item)
	}
	return out.String()
}
