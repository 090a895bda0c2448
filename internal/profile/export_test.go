package profile

import "context"

// WriteInChunksOf has unifications write so many rows in a transaction, whatever the time it takes.
func (s *Service) WriteInChunksOf(rows int) { s.unifyChunk = rows }

// UnifyTelling is Unify, and tells after each chunk how far it is.
func (s *Service) UnifyTelling(ctx context.Context, parts []Part, told func(done, total int)) error {
	s.unifying.Lock()
	defer s.unifying.Unlock()
	_, _, err := s.unify(ctx, parts, nil, told)
	return err
}
