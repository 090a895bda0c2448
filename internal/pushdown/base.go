package pushdown

import (
	"context"
	"time"

	"github.com/segue-app/segue/internal/segment"
)

// Check says what keeps a definition from being judged by a source's database. It asks nobody.
func (s *Service) Check(ctx context.Context, sourceID int64, definition segment.Definition, at time.Time) error {
	source, err := s.source(ctx, sourceID)
	if err != nil {
		return err
	}
	_, err = segment.CompileFor(source.dialect(), definition, source.schema(), at)
	return err
}

// Sample reads the first n members that the database gives, with the attributes as a snapshot stores them.
func (s *Service) Sample(ctx context.Context, sourceID int64, definition segment.Definition, attributes []string, at time.Time, n int, visit func(id string, values []any) error) error {
	reading := Reading{SourceID: sourceID, Definitions: []segment.Definition{definition}, Attributes: attributes, At: at, Most: n}
	_, err := s.Stream(ctx, reading, func(m Member) error { return visit(m.ID, m.Values) })
	return err
}
