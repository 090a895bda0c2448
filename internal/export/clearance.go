package export

import (
	"context"

	"github.com/segue-app/segue/internal/database"
)

// Clearance says whether an export may run as it is at a moment.
type Clearance struct {
	Waits bool   // a second person must look at it first
	Mark  string // of what it is: with another mark it is something else, or was meanwhile; "" when nobody need look at it
}

// Approvals knows which exports a second person must look at before they run.
type Approvals interface {
	Clearance(ctx context.Context, q database.Querier, id int64) (Clearance, error)
	// Waiting answers for all exports at once.
	Waiting(ctx context.Context, q database.Querier) (map[int64]bool, error)
}

// SetApprovals says who knows what was approved. Approvals are of exports, so they come later. Call it before the service is used.
func (s *Service) SetApprovals(approvals Approvals) { s.approvals = approvals }

type nobodyAsked struct{}

func (nobodyAsked) Clearance(context.Context, database.Querier, int64) (Clearance, error) {
	return Clearance{}, nil
}

func (nobodyAsked) Waiting(context.Context, database.Querier) (map[int64]bool, error) {
	return nil, nil
}

// Clearance says whether an export may run as it is. A run asks before it reads what it will send, and in the transaction in which it
// begins: with another mark then, it does not begin.
func (s *Service) Clearance(ctx context.Context, q database.Querier, id int64) (Clearance, error) {
	return s.approvals.Clearance(ctx, q, id)
}
