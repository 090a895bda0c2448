package run

import (
	"context"
	"errors"
	"time"

	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/problem"
)

// Why the tags of a stray are not taken away, or not yet, besides the codes of failures of a connection.
const (
	UntagNoConnection = "no_connection"
	UntagBrandChanged = "brand_changed"
	UntagNoTags       = "no_tags"        // the destination has none
	UntagUnderWay     = "batch_underway" // a batch with the contact has not ended
	UntagRefused      = "tags_refused"
	untagHolder       = "erasure"
)

// Untag takes the tags of a stray away, outside of any run but within the budget of its brand. code says why it did not, and
// passing that another try later may help. Consent is not asked for: what is sent takes something away, and is owed to the
// person. The emergency stop holds all the same.
func (s *Service) Untag(ctx context.Context, stray Stray) (code string, passing bool, err error) {
	if stands, err := s.stops.Stands(ctx); err != nil || stands {
		return ByStop, true, err
	}
	if stray.ConnectionID == 0 {
		return UntagNoConnection, false, nil
	}
	brand, err := s.budgets.For(ctx, stray.BrandID)
	if err != nil {
		return "", false, err
	}
	open, opened, err := s.connections.Account(ctx, stray.ConnectionID)
	if failure := connection.FailureOf(err); failure != "" { // in its store
		return string(failure), true, nil
	}
	if problem.Of(err) != nil { // it was removed, or has no key
		return UntagNoConnection, false, nil
	}
	if err != nil {
		return "", false, err
	}
	reading := open(brand.ReadGate())
	limits, ok := reading.(destination.Tagger)
	if !ok {
		return UntagNoTags, false, nil
	}
	if opened.BrandID != stray.BrandID {
		return UntagBrandChanged, false, nil
	}
	proved, err := reading.Verify(ctx)
	if err != nil {
		return whyNot(err)
	}
	if proved.ID != stray.BrandID {
		return UntagBrandChanged, false, nil
	}
	if stray.BatchID != "" && s.clock().Sub(stray.BatchAt) < lateFor {
		states, err := reading.States(ctx, []string{stray.BatchID}, stray.BatchAt)
		if err != nil {
			return whyNot(err)
		}
		if state, told := states[stray.BatchID]; !told || state.Progress == destination.Waiting {
			return UntagUnderWay, true, nil
		}
	}
	_, perMinute := limits.TagLimits()
	pot := s.budgets.Pot(stray.BrandID, tagPot, perMinute)
	account := open(pot.Gate(untagHolder))
	within, cancel := context.WithTimeout(ctx, untagPatience)
	defer cancel()
	if err := account.(destination.Tagger).RemoveTags(within, []string{stray.Identity}, stray.Tags); err != nil {
		return whyNot(err)
	}
	return "", false, nil
}

// untagPatience is how long one try waits for its place in the budget and for the answer.
const untagPatience = 2 * time.Minute

// whyNot sorts a failure of the destination. What a person can mend is worth another try later.
func whyNot(err error) (code string, passing bool, internal error) {
	var failure *destination.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return failUnavailable, true, nil
	case !errors.As(err, &failure):
		return "", false, err
	case failure.Kind == destination.Retired:
		return failRetired, false, nil
	case failure.Kind == destination.Refused || failure.Kind == destination.TooLarge:
		return UntagRefused, false, nil
	case failure.Kind == destination.NoBrand:
		return string(connection.BrandUnable), true, nil
	}
	if mark := markOf(failure.Kind); mark != "" {
		return string(mark), true, nil
	}
	return failUnavailable, true, nil
}
