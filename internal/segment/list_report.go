package segment

import (
	"context"
	"strings"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
)

// ListReport says how an uploaded list meets the current profiles.
func (s *Service) ListReport(ctx context.Context, actor access.Actor, listID int64) (List, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return List{}, err
	}
	snapshot, err := s.current(ctx)
	if err != nil {
		return List{}, err
	}
	found, err := readList(ctx, s.db.Reader(), listID)
	if err != nil || found.ID == 0 {
		return found, err
	}
	found.SnapshotID = snapshot.ID
	ctx, cancel := context.WithTimeout(ctx, 2*liveLimit)
	defer cancel()
	found.Unknown, err = countUnknown(ctx, s.db.Reader(), found, snapshot)
	return found, tooSlow(ctx, err)
}

// Unmatched reads entries of a segment's list that no current profile has, in their order, from the one after the given. They are about
// single people.
func (s *Service) Unmatched(ctx context.Context, actor access.Actor, segmentID int64, after string, most int) ([]string, error) {
	if err := actor.Require(access.SeePersonalData); err != nil {
		return nil, err
	}
	of, err := get(ctx, s.db.Reader(), segmentID)
	if err != nil {
		return nil, err
	}
	if of.Definition.Kind != ByList || of.Definition.ListID == 0 {
		return nil, problem.New(problem.NotFound, "problem.not_found")
	}
	snapshot, err := s.current(ctx)
	if err != nil {
		return nil, err
	}
	found, err := readList(ctx, s.db.Reader(), of.Definition.ListID)
	if err != nil {
		return nil, err
	}
	return readUnknown(ctx, s.db.Reader(), found, snapshot, after, most)
}

// Line is a line of an uploaded list that stood before, or cannot be read.
type Line struct {
	Number    int
	Malformed bool
}

// Lines reads the first lines of a list that were repeated or could not be read, a thousand of each at most.
func (s *Service) Lines(ctx context.Context, actor access.Actor, listID int64) ([]Line, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	return readListLines(ctx, s.db.Reader(), listID)
}

// addressColumns are the columns of the attributes that hold addresses.
func addressColumns(snapshot profile.Snapshot) (columns []string) {
	for _, a := range snapshot.Attributes {
		if holdsAddresses(a) {
			columns = append(columns, a.Column)
		}
	}
	return columns
}

// holdsAddresses reports whether the values of an attribute are addresses of email.
func holdsAddresses(a profile.Attribute) bool {
	return a.Kind == profile.Text && a.Address
}

// unknownTo is the condition that a member of a list, m, is none of the snapshot's profiles.
func unknownTo(of List, snapshot profile.Snapshot) string {
	var known []string
	if of.By != Addresses {
		known = []string{"SELECT id FROM " + snapshot.Table()}
	} else {
		for _, column := range addressColumns(snapshot) {
			known = append(known, "SELECT "+normalForm(column)+" FROM "+snapshot.Table()+" WHERE "+column+" IS NOT NULL")
		}
	}
	if len(known) == 0 {
		return "1"
	}
	return "m.profile_id NOT IN (" + strings.Join(known, " UNION ALL ") + ")"
}
