package export

import (
	"context"
	"fmt"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
)

// Health is how an export stands, for the package that watches over all exports at once.
type Health struct {
	ID              int64
	Name            string
	DestinationType string
	ConnectionID    int64
	Scheduled       bool   // it runs by itself
	Paused          bool   // by a person
	Obstacle        string // see Readiness
}

// Health reads how all exports stand, in the order of their ids. It answers as Readiness does of each, with a handful of
// queries for all of them.
func (s *Service) Health(ctx context.Context, q database.Querier) ([]Health, error) {
	found, err := healths(ctx, q)
	if err != nil {
		return nil, err
	}
	pieces, err := segmentsOf(ctx, q)
	if err != nil {
		return nil, err
	}
	missing, err := s.missingAttributes(ctx, q, pieces)
	if err != nil {
		return nil, err
	}
	waiting, err := s.approvals.Waiting(ctx, q)
	if err != nil {
		return nil, err
	}
	connections := map[int64]string{} // obstacles by id
	for i := range found {
		e := &found[i]
		if e.Paused {
			e.Obstacle = string(IsPaused)
			continue
		}
		if e.Obstacle = ofSegments(pieces[e.ID]); e.Obstacle != "" {
			continue
		}
		obstacle, known := connections[e.ConnectionID]
		if !known {
			if obstacle, err = s.connectionObstacle(ctx, e.ConnectionID); err != nil {
				return nil, err
			}
			connections[e.ConnectionID] = obstacle
		}
		if e.Obstacle = obstacle; obstacle == "" {
			e.Obstacle = missing.obstacle(e.ID, baseOf(pieces[e.ID]))
		}
		if e.Obstacle == "" && waiting[e.ID] {
			e.Obstacle = string(AwaitsApproval)
		}
	}
	return found, nil
}

func baseOf(parts []Part) int64 { return Export{Segments: parts}.Base() }

func ofSegments(parts []Part) string {
	if len(parts) == 0 {
		return string(NoSegments)
	}
	for _, part := range parts {
		switch {
		case part.State != segment.Active:
			return string(SegmentInactive)
		case part.SourceID != baseOf(parts):
			return string(MixedBases)
		}
	}
	return ""
}

// missing is what keeps exports from running because of the profiles that they are made from.
type missing struct {
	bases   map[int64]string          // obstacles by base
	exports map[int64]map[string]bool // attributes of exports that some base lacks or marks as sensitive
	lacks   map[int64]map[string]bool // attributes by the base that lacks them
	marked  map[int64]map[string]bool // attributes by the base that marks them as sensitive
	meant   map[int64]map[string]bool // sensitive attributes of exports that somebody means to be sent as such
}

func (m missing) obstacle(exportID, base int64) string {
	if code := m.bases[base]; code != "" {
		return code
	}
	for attribute := range m.exports[exportID] {
		if m.lacks[base][attribute] {
			return string(AttributeMissing)
		}
	}
	for attribute := range m.exports[exportID] {
		if m.marked[base][attribute] && !m.meant[exportID][attribute] {
			return string(Unconfirmed)
		}
	}
	return ""
}

func (s *Service) missingAttributes(ctx context.Context, q database.Querier, pieces map[int64][]Part) (m missing, err error) {
	attributes, err := database.Column[string](q.QueryContext(ctx, `SELECT DISTINCT attribute FROM export_sent`))
	if err != nil {
		return m, fmt.Errorf("list the attributes that exports use: %w", err)
	}
	m.bases, m.lacks, m.marked = map[int64]string{}, map[int64]map[string]bool{}, map[int64]map[string]bool{}
	var gone, marked []string
	for _, parts := range pieces {
		base := baseOf(parts)
		if _, known := m.bases[base]; known {
			continue
		}
		snapshot, err := s.base(ctx, base)
		m.bases[base], m.lacks[base], m.marked[base] = "", map[string]bool{}, map[string]bool{}
		switch {
		case problem.Is(err, problem.NotFound) && base != 0:
			m.bases[base] = string(SourceGone)
			continue
		case problem.Is(err, problem.NotFound):
			m.bases[base] = string(NoProfiles)
			continue
		case err != nil:
			return m, err
		}
		for _, attribute := range attributes {
			switch a, ok := snapshot.Attribute(attribute); {
			case !ok:
				m.lacks[base][attribute] = true
				gone = append(gone, attribute)
			case a.Mark == profile.Sensitive:
				m.marked[base][attribute] = true
				marked = append(marked, attribute)
			}
		}
	}
	if m.exports, err = exportsUsing(ctx, q, append(gone, marked...), profile.NotPersonal); err != nil {
		return m, err
	}
	m.meant, err = exportsUsing(ctx, q, marked, profile.Sensitive)
	return m, err
}
