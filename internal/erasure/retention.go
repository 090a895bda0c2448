package erasure

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/version"
)

// Kind is a kind of data that is kept for a while only.
type Kind struct {
	Name               string // the end of its translation keys
	Usual, Least, Most int    // days; Most 0: nobody sets it, and its texts say how long
}

// Settable reports whether a person may say how long.
func (k Kind) Settable() bool { return k.Most > 0 }

// The kinds that have a time in days.
const (
	keepUploads    = "uploads"
	keepRefused    = "refused_lines"
	keepImports    = "imports"
	keepEvidence   = "evidence"
	keepHistory    = "history"
	keepRejections = "rejections"
	keepSizes      = "sizes"
	keepChains     = "chains"
	keepVersions   = "versions"
	keepProofs     = "proofs"
)

const day = 24 * time.Hour

// kinds lists what is kept, in the order of the page. What the operator allows at most for evidence and history bounds them.
func (s *Service) kinds() []Kind {
	evidence, history := days(s.Longest.Evidence, run.DefaultEvidence), days(s.Longest.History, run.DefaultHistory)
	return []Kind{
		{keepUploads, 7, 1, 7},
		{keepRefused, 90, 1, 730},
		{Name: "undo"},
		{keepImports, 730, 30, 3650},
		{Name: "snapshots"},
		{Name: "lists"},
		{keepSizes, 730, 30, 3650},
		{keepEvidence, min(evidence, days(0, run.DefaultEvidence)), 1, evidence},
		{keepHistory, min(history, days(0, run.DefaultHistory)), 1, history},
		{keepRejections, 365, 30, 1825},
		{Name: "deliveries"},
		{Name: "runs"},
		{keepChains, 90, 30, 1825},
		{keepVersions, 730, 90, 3650},
		{Name: "drafts"},
		{Name: "sessions"},
		{keepProofs, 1825, 365, 3650},
	}
}

// days is a time in whole days, at least one.
func days(long, usual time.Duration) int {
	if long == 0 {
		long = usual
	}
	return max(1, int(long/day))
}

// Keeping is how long a kind of data is kept, and what the tidying did about it.
type Keeping struct {
	Kind
	Days      int
	ChangedBy string // "": it is as usual
	TidiedAt  time.Time
	Removed   int       // the last time
	RemovedAt time.Time // when there was something last
}

// Retention says for how long each kind of data is kept.
func (s *Service) Retention(ctx context.Context, actor access.Actor) ([]Keeping, error) {
	if err := actor.Require(access.ManagePrivacy); err != nil {
		return nil, err
	}
	return s.keeping(ctx, s.db.Reader())
}

func (s *Service) keeping(ctx context.Context, q database.Querier) (list []Keeping, err error) {
	chosen, err := readRetention(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, k := range s.kinds() {
		one := chosen[k.Name]
		one.Kind = k
		if one.ChangedBy == "" {
			one.Days = k.Usual
		}
		one.Days = min(max(one.Days, k.Least), k.Most) // the operator may allow less by now
		list = append(list, one)
	}
	return list, nil
}

// Standing names what is chosen of a list, by its days: it is another one as soon as somebody changes them.
func Standing(list []Keeping) string {
	sum := sha256.New()
	for _, k := range list {
		fmt.Fprintln(sum, k.Name, k.Days)
	}
	return hex.EncodeToString(sum.Sum(nil)[:12])
}

// Keep sets for how many days kinds of data are kept; those that are not named stay. It holds from the next tidying on. It fails with
// a Conflict when the days are no more those that the person saw, named by Standing; "" stands for any.
func (s *Service) Keep(ctx context.Context, actor access.Actor, chosen map[string]int, seen string) error {
	if err := actor.Require(access.ManagePrivacy); err != nil {
		return err
	}
	var check problem.Check
	for _, k := range s.kinds() {
		if n, ok := chosen[k.Name]; ok && k.Settable() && (n < k.Least || n > k.Most) {
			check.Add("days-"+k.Name, "erasure.problem.days", "Least", k.Least, "Most", k.Most)
		}
	}
	if err := check.Err(); err != nil {
		return err
	}
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		before, err := s.keeping(ctx, tx)
		if err != nil {
			return err
		}
		if seen != "" && seen != Standing(before) {
			return problem.New(problem.Conflict, "problem.changed")
		}
		var changes []audit.Change
		for _, k := range s.kinds() {
			n, ok := chosen[k.Name]
			if !ok || !k.Settable() {
				continue
			}
			changes = append(changes, audit.Changed(audit.Change{Field: k.Name, Before: strconv.Itoa(daysOf(before, k.Name)), After: strconv.Itoa(n)})...)
			if err := writeRetention(ctx, tx, k.Name, n, n != k.Usual, s.Clock(), actor.Name); err != nil {
				return err
			}
		}
		if len(changes) == 0 {
			return nil
		}
		return audit.Write(ctx, tx, s.Clock(), actor, audit.Entry{Action: audit.RetentionSaved, Changes: changes})
	})
	if err == nil {
		err = s.Prepare(ctx)
	}
	return err
}

// Prepare tells runs for how long to keep what they show times of. Call it once at the start.
func (s *Service) Prepare(ctx context.Context) error {
	list, err := s.keeping(ctx, s.db.Reader())
	if err != nil {
		return err
	}
	s.Runs.Keep(run.Retention{Evidence: atMost(daysOf(list, keepEvidence), s.Longest.Evidence), History: atMost(daysOf(list, keepHistory), s.Longest.History)})
	return nil
}

// atMost is a time in days, or what the operator allows where that is less: it may be less than a day.
func atMost(days int, longest time.Duration) time.Duration {
	long := time.Duration(days) * day
	if longest > 0 {
		long = min(long, longest)
	}
	return long
}

func daysOf(list []Keeping, name string) int {
	return list[slices.IndexFunc(list, func(k Keeping) bool { return k.Name == name })].Days
}

// Tidy removes what has been kept for its time.
func (s *Service) Tidy(ctx context.Context) error {
	list, err := s.keeping(ctx, s.db.Reader())
	if err != nil {
		return err
	}
	before := func(name string) time.Time { return s.Clock().AddDate(0, 0, -daysOf(list, name)) }
	evidence, history, err := s.Runs.Purge(ctx)
	if err != nil {
		return err
	}
	removed := map[string]int{keepEvidence: evidence, keepHistory: history}
	for name, drop := range map[string]func(context.Context, time.Time) (int, error){
		keepUploads: s.Sources.EndOlder, keepRefused: s.Sources.DropRefusals, keepImports: s.Sources.DropImports, keepSizes: s.Segments.DropSizes,
		keepRejections: s.Runs.DropRejections, keepChains: s.dropChains, keepVersions: s.dropVersions, keepProofs: s.dropProofs,
	} {
		if removed[name], err = drop(ctx, before(name)); err != nil {
			return err
		}
	}
	return s.db.InTx(ctx, func(tx database.Tx) error { return noteTidying(ctx, tx, removed, s.Clock()) })
}

func (s *Service) dropChains(ctx context.Context, before time.Time) (int, error) {
	return s.drop(ctx, `DELETE FROM chains WHERE ended_at < ?`, before)
}

func (s *Service) dropVersions(ctx context.Context, before time.Time) (dropped int, err error) {
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		dropped, err = version.DropOlder(ctx, tx, before)
		return err
	})
	return dropped, err
}

// dropProofs ends the time of proofs. The fingerprints stay: the person does not come back for that.
func (s *Service) dropProofs(ctx context.Context, before time.Time) (int, error) {
	return s.drop(ctx, `DELETE FROM erasures WHERE at < ? AND NOT EXISTS (SELECT 1 FROM erasure_tags t WHERE t.erasure_id = erasures.id AND t.state = 'waiting')`, before)
}
