// Package story holds the pages that tell what the exports did with one profile: the search for a person, the story, and request
// and answer of a profile that a destination refused. They hold personal data; they show what they are given.
package story

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/views/component"
	runviews "github.com/segue-app/segue/views/run"
)

// SearchView is the page where a person is searched. What was searched for is in no address.
type SearchView struct {
	CSRF   string
	Query  string
	Errors component.Errors
	Asked  bool // Hits are an answer
	Hits   []Hit
	More   bool
}

// Hit is a profile that a search found.
type Hit struct {
	ProfileID string
	Address   string
	InData    bool
}

// ShowView is one profile's story.
type ShowView struct {
	run.Story
	InData       bool
	MayEvidence  map[int64]bool    // by export
	Destinations map[string]string // names, by type
	HistoryKept  time.Duration
}

// EvidenceView is request and answer of one profile.
type EvidenceView struct {
	run.Evidence
	DestinationName string
	Until           time.Time // then it is dropped
}

// standingBadge names how a profile stands in an export.
func standingBadge(ctx context.Context, state run.StandingState) component.Badge {
	tone := component.Neutral
	switch state {
	case run.StandsCurrent:
		tone = component.Success
	case run.StandsNew, run.StandsChanged, run.StandsDoubtful:
		tone = component.Info
	case run.StandsInvalid, run.StandsLeft:
		tone = component.Warning
	case run.StandsRefused:
		tone = component.Danger
	}
	return component.Badge{Tone: tone, Text: i18n.T(ctx, "story.state."+string(state))}
}

func (v ShowView) standingText(ctx context.Context, s run.Standing) string {
	return i18n.T(ctx, "story.state."+string(s.State)+".text", "Destination", v.Destinations[s.DestinationType])
}

// chapterBadge names what happened.
func (v ShowView) chapterBadge(ctx context.Context, c run.Chapter) component.Badge {
	tone := component.Neutral
	switch c.Kind {
	case run.ChapterAccepted:
		tone = component.Success
	case run.ChapterRefused, run.ChapterKnown:
		tone = component.Danger
	case run.ChapterInvalid, run.ChapterUnsure, run.ChapterUnsent:
		tone = component.Warning
	case run.ChapterUnderway:
		tone = component.Running
	}
	return component.Badge{Tone: tone, Text: i18n.T(ctx, "story.kind."+string(c.Kind), "Destination", v.Destinations[c.DestinationType])}
}

// detail is the address and the tags of a chapter, in a sentence; "" when neither is known.
func (v ShowView) detail(ctx context.Context, c run.Chapter) string {
	switch {
	case c.Identity == "":
		return ""
	case c.Kind == run.ChapterUntagged:
		return i18n.T(ctx, "story.lost", "Identity", c.Identity, "Tags", strings.Join(c.Tags, ", "))
	case len(c.Tags) > 0:
		return i18n.T(ctx, "story.sent.tags", "Identity", c.Identity, "Tags", strings.Join(c.Tags, ", "))
	}
	return i18n.T(ctx, "story.sent", "Identity", c.Identity)
}

func runName(ctx context.Context, c run.Chapter) string {
	switch {
	case c.Cause == run.Tried:
		return i18n.T(ctx, "story.run.try", "Number", fmt.Sprint(c.RunID))
	case c.OfRun != 0:
		return i18n.T(ctx, "story.run.retry", "Number", fmt.Sprint(c.RunID), "Of", fmt.Sprint(c.OfRun))
	}
	return i18n.T(ctx, "runs.number", "Number", fmt.Sprint(c.RunID))
}

func (v EvidenceView) facts(ctx context.Context) []component.Term {
	return []component.Term{
		{Label: i18n.T(ctx, "runs.profile_id"), Content: profileStory(v.ProfileID)},
		{Label: i18n.T(ctx, "runs.run"), Content: runLink(v.Run)},
		{Label: i18n.T(ctx, "story.when"), Content: runviews.Exact(ctx, v.At)},
		{Label: i18n.T(ctx, "story.until"), Content: runviews.Exact(ctx, v.Until)},
	}
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }
