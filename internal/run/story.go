package run

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/problem"
)

// Story is what the exports did with one profile. It is told from what the engine keeps anyway: who was in which batch, who
// was rejected, what is delivered; nothing is written for it while a run plans.
type Story struct {
	ProfileID string
	Now       []Standing // by the name of the export
	Chapters  []Chapter  // the newest first
	More      bool       // there are older chapters
}

// Standing is how a profile stands in an export now.
type Standing struct {
	ExportID        int64
	ExportName      string
	DestinationType string
	State           StandingState
	Identity        string   // under which it was delivered; "" when nothing was
	Tags            []string // of the export's segments, that the contact carries
	RunID           int64    // that delivered or refused it last; 0 when it was tried alone
}

// StandingState says what a run would do with the profile now.
type StandingState string

// The states. That another profile may have the same address is not looked into: the chapters tell.
const (
	StandsCurrent  StandingState = "current"  // delivered, and nothing differs
	StandsChanged  StandingState = "changed"  // delivered otherwise than it is now
	StandsDoubtful StandingState = "doubtful" // delivered, and perhaps not as known: it will be sent once more
	StandsNew      StandingState = "new"      // in the segments, and not delivered
	StandsRefused  StandingState = "refused"  // refused as it is, and not sent before it changes
	StandsInvalid  StandingState = "invalid"  // in the segments, and cannot be sent
	StandsExcluded StandingState = "excluded" // on the list of those who are never sent
	StandsLeft     StandingState = "left"     // delivered, and not in the segments any more
	StandsUnknown  StandingState = "unknown"  // the export cannot be carried out now
)

// Chapter is one thing that happened to a profile in a run.
type Chapter struct {
	At              time.Time
	RunID           int64
	ExportID        int64
	ExportName      string
	DestinationType string
	Cause           Cause
	OfRun           int64
	Kind            ChapterKind
	Identity        string      // under which it was sent, or lost tags
	Tags            []string    // that it was sent with, or lost
	Reasons         []Rejection // why it was rejected
	EvidenceRun     int64       // the run that keeps request and answer; 0 when none does
}

// ChapterKind is what happened.
type ChapterKind string

// The kinds. Those of rejections are their outcomes.
const (
	ChapterAccepted  ChapterKind = "accepted"
	ChapterInvalid   ChapterKind = "invalid"
	ChapterRefused   ChapterKind = "refused"
	ChapterKnown     ChapterKind = "known" // refused in an earlier run, and not sent
	ChapterDuplicate ChapterKind = "duplicate"
	ChapterExcluded  ChapterKind = "excluded"
	ChapterUntagged  ChapterKind = "untagged"
	ChapterUnderway  ChapterKind = "underway" // its batch has no outcome yet
	ChapterUnsure    ChapterKind = "unsure"   // sent, or perhaps, by a run that ended without learning the outcome
	ChapterUnsent    ChapterKind = "unsent"   // planned, and the run ended before it was sent
)

// chaptersAtMost bounds a story.
const chaptersAtMost = 200

// Story tells what became of a profile, also of one that is no longer in the data. One of which nothing is known has an empty
// story.
func (s *Service) Story(ctx context.Context, actor access.Actor, profileID string) (Story, error) {
	if err := actor.Require(access.SeePersonalData); err != nil {
		return Story{}, err
	}
	done, err := s.db.Long(ctx)
	if err != nil {
		return Story{}, err
	}
	defer done()
	told := Story{ProfileID: profileID}
	if told.Now, err = s.standings(ctx, profileID); err != nil {
		return Story{}, err
	}
	rejected, err := rejectedChapters(ctx, s.db.Reader(), profileID)
	if err != nil {
		return Story{}, err
	}
	if err := s.veilWords(ctx, actor, rejected); err != nil {
		return Story{}, err
	}
	sent, err := sentChapters(ctx, s.db.Reader(), profileID, rejected)
	if err != nil {
		return Story{}, err
	}
	untagged, err := untaggedChapters(ctx, s.db.Reader(), profileID)
	if err != nil {
		return Story{}, err
	}
	told.Chapters = slices.Concat(rejected, sent, untagged)
	slices.SortStableFunc(told.Chapters, func(a, b Chapter) int {
		if a.RunID != b.RunID {
			return int(b.RunID - a.RunID)
		}
		if (a.Kind == ChapterUntagged) != (b.Kind == ChapterUntagged) { // tags are taken in the end, while what was sent is still on its way
			if a.Kind == ChapterUntagged {
				return -1
			}
			return 1
		}
		return b.At.Compare(a.At)
	})
	if len(told.Chapters) > chaptersAtMost {
		told.Chapters, told.More = told.Chapters[:chaptersAtMost], true
	}
	return told, nil
}

// veilWords takes the destination's words out of chapters of runs where they are kept from the actor.
func (s *Service) veilWords(ctx context.Context, actor access.Actor, chapters []Chapter) error {
	for _, c := range chapters {
		if !slices.ContainsFunc(c.Reasons, func(r Rejection) bool { return r.Message != "" }) {
			continue
		}
		veiled, err := s.runVeiled(ctx, actor, c.RunID)
		if err != nil {
			return err
		}
		for i := range c.Reasons {
			if veiled {
				c.Reasons[i].Message = ""
			}
		}
	}
	return nil
}

// standings are those in every export that has to do with the profile.
func (s *Service) standings(ctx context.Context, profileID string) (found []Standing, err error) {
	exports, err := exportIDs(ctx, s.db.Reader())
	if err != nil {
		return nil, err
	}
	for _, id := range exports {
		one, involved, err := s.standing(ctx, id, profileID)
		if err != nil {
			return nil, err
		}
		if involved {
			found = append(found, one)
		}
	}
	return found, nil
}

func (s *Service) standing(ctx context.Context, exportID int64, profileID string) (one Standing, involved bool, err error) {
	e, err := s.exports.Find(ctx, s.db.Reader(), exportID)
	if err != nil {
		return one, false, err
	}
	before, err := deliveryOf(ctx, s.db.Reader(), exportID, profileID)
	if err != nil {
		return one, false, err
	}
	known, err := refusalOf(ctx, s.db.Reader(), exportID, profileID)
	if err != nil {
		return one, false, err
	}
	one = Standing{ExportID: e.ID, ExportName: e.Name, DestinationType: e.DestinationType, State: StandsUnknown, Identity: before.identity,
		Tags: linesOf(before.tags), RunID: before.runID}
	delivered := before.profileID != ""
	if e.Base() != 0 { // there is no asking elsewhere for each story
		return one, delivered || known.profileID != "", nil
	}
	r, err := s.makeReady(ctx, e)
	if err != nil {
		return one, false, err
	}
	if r.maker == nil {
		return one, delivered || known.profileID != "", nil
	}
	made, err := s.one(ctx, r, profileID)
	if problem.Is(err, problem.NotFound) {
		one.State = StandsLeft
		return one, delivered, nil
	}
	if err != nil {
		return one, false, err
	}
	matcher, err := r.excluded.matcher(ctx)
	var halted *halt
	if errors.As(err, &halted) {
		return one, true, nil
	}
	if err != nil {
		return one, false, err
	}
	switch {
	case matcher.Match(made.identity) != "":
		one.State = StandsExcluded
	case len(made.reasons) > 0:
		one.State = StandsInvalid
	case known.profileID != "" && known.hash == string(made.hash):
		one.State, one.RunID = StandsRefused, known.runID
	case !delivered:
		one.State = StandsNew
	case before.hash == "":
		one.State = StandsDoubtful
	case before.hash == string(made.hash):
		one.State = StandsCurrent
	default:
		one.State = StandsChanged
	}
	return one, true, nil
}

// Remembered is a profile that the exports know something of.
type Remembered struct {
	ProfileID string
	Identity  string // under which it was delivered; "" when nothing was
}

// rememberedAtMost bounds a search.
const rememberedAtMost = 50

// Remember finds the profiles that the exports know by an id or under an email address, however it is written, also those that are
// no longer in the data.
func (s *Service) Remember(ctx context.Context, actor access.Actor, query string) ([]Remembered, error) {
	if err := actor.Require(access.SeePersonalData); err != nil {
		return nil, err
	}
	if query = strings.TrimSpace(query); query == "" {
		return nil, nil
	}
	done, err := s.db.Long(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	identities, err := s.identities(query)
	if err != nil {
		return nil, err
	}
	return remembered(ctx, s.db.Reader(), query, identities)
}

// identities are the forms in which destinations would know the address, if it is one.
func (s *Service) identities(address string) (forms []string, err error) {
	for _, driver := range s.drivers {
		encoder, err := driver.NewEncoder(emailOnly)
		if err != nil {
			return nil, err
		}
		if form, ok := encoder.Identity([]string{address}); ok && !slices.Contains(forms, form) {
			forms = append(forms, form)
		}
	}
	return forms, nil
}
