package pushdown

import (
	"context"

	"github.com/segue-app/segue/internal/problem"
)

// None is Sources where there are none.
type None struct{}

// Staying is NotFound.
func (None) Staying(context.Context, int64) (Source, error) {
	return Source{}, problem.New(problem.NotFound, CodeGone)
}

// Bases lists nothing.
func (None) Bases(context.Context) ([]Base, error) { return nil, nil }
