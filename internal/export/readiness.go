package export

import (
	"context"
	"strconv"

	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/segment"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// Readiness says, as a code, why an export cannot run now; "" when it can. The codes are the Obstacles of this package
// and of the connection package.
func (s *Service) Readiness(ctx context.Context, e Export) (code string, err error) {
	switch {
	case e.Removed:
		return "export_removed", nil
	case e.Paused():
		return string(IsPaused), nil
	case len(e.Segments) == 0:
		return string(NoSegments), nil
	}
	for _, part := range e.Segments {
		if part.State != segment.Active {
			return string(SegmentInactive), nil
		}
		if part.SourceID != e.Base() {
			return string(MixedBases), nil
		}
	}
	if code, err := s.connectionObstacle(ctx, e.ConnectionID); code != "" || err != nil {
		return code, err
	}
	snapshot, err := s.base(ctx, e.Base())
	if problem.Is(err, problem.NotFound) && e.Base() != 0 {
		return string(SourceGone), nil
	}
	if problem.Is(err, problem.NotFound) {
		return string(NoProfiles), nil
	}
	if err != nil {
		return "", err
	}
	for _, key := range e.Mapping.Attributes() {
		if _, ok := snapshot.Attribute(key); !ok {
			return string(AttributeMissing), nil
		}
	}
	if sensitive(e.Mapping.unconfirmed(snapshot)) {
		return string(Unconfirmed), nil
	}
	clearance, err := s.approvals.Clearance(ctx, s.db.Reader(), e.ID)
	if err != nil {
		return "", err
	}
	if clearance.Waits {
		return string(AwaitsApproval), nil
	}
	return "", nil
}

func (s *Service) connectionObstacle(ctx context.Context, id int64) (string, error) {
	if id == 0 {
		return string(NoConnection), nil
	}
	c, err := s.connections.Find(ctx, s.db.Reader(), id)
	if problem.Is(err, problem.NotFound) {
		return string(NoConnection), nil
	}
	if err != nil {
		return "", err
	}
	obstacle, err := s.connections.Obstacle(ctx, c)
	if obstacle == connection.KeyFailed && c.Failure != "" {
		return string(c.Failure), err
	}
	return string(obstacle), err
}

// Permission says, as a code, why a run under way to a brand must stop; "" when it may go on. It reads what is true at
// this moment.
func (s *Service) Permission(ctx context.Context, exportID, connectionID int64, brandID string) (code string, err error) {
	e, err := get(ctx, s.db.Reader(), exportID)
	switch {
	case err != nil:
		return "", err
	case e.Removed:
		return "export_removed", nil
	case e.Paused():
		return string(IsPaused), nil
	case e.ConnectionID != connectionID:
		return string(NoConnection), nil
	}
	if code, err = s.connectionObstacle(ctx, connectionID); code != "" || err != nil {
		return code, err
	}
	c, err := s.connections.Find(ctx, s.db.Reader(), connectionID)
	if err == nil && c.BrandID != brandID {
		code = string(connection.BrandChanged) // the consent was for the other one
	}
	return code, err
}
