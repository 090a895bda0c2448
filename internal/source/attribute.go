package source

import (
	"context"
	"fmt"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
)

// attribute is the key of the attribute that a column becomes.
func (c Column) attribute() string {
	if c.Attribute != "" {
		return c.Attribute
	}
	return c.Key
}

// NewAttribute is the key of an attribute for a column of a source that is to be kept apart from those of other sources.
func (c Column) NewAttribute(sourceID int64, others map[string]profile.Attribute) string {
	if _, taken := others[c.Key]; !taken {
		return c.Key
	}
	return fmt.Sprintf("%s_%d", c.Key, sourceID)
}

// OfOthers are the attributes that other sources have, by key. A column may become one of them; its kind is theirs then.
func (s *Service) OfOthers(ctx context.Context, actor access.Actor, sourceID int64) (map[string]profile.Attribute, error) {
	if err := actor.Require(access.ManageProfiles); err != nil {
		return nil, err
	}
	return s.ofOthers(ctx, sourceID)
}

func (s *Service) ofOthers(ctx context.Context, sourceID int64) (map[string]profile.Attribute, error) {
	parts, err := s.Parts(ctx, s.store.db.Reader())
	others := map[string]profile.Attribute{}
	for _, part := range parts {
		if part.SourceID == sourceID {
			continue
		}
		for _, a := range part.Snapshot.Attributes {
			if _, known := others[a.Key]; !known {
				others[a.Key] = a
			}
		}
	}
	return others, err
}

// fit gives columns that become attributes of other sources their kinds, and says which become the same one.
func (s Settings) fit(check *problem.Check, others map[string]profile.Attribute) {
	taken := map[string]bool{}
	for n := range s.Columns {
		c := &s.Columns[n]
		if !c.Include {
			continue
		}
		check.Require(!taken[c.attribute()], "attribute-"+c.Key, "sources.attribute.twice")
		taken[c.attribute()] = true
		if a, known := others[c.attribute()]; known {
			c.Kind = a.Kind
		} else {
			check.Require(c.Attribute == "" || c.Attribute == c.Key || len(c.Attribute) > len(c.Key) && c.Attribute[:len(c.Key)] == c.Key,
				"attribute-"+c.Key, "problem.choose")
		}
		check.Require(c.Native == "" || becomes(c.Native, c.Kind), "kind-"+c.Key, "sources.kind.impossible")
	}
}
