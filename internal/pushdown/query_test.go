package pushdown_test

import (
	"testing"
	"time"

	"github.com/segue-app/segue/internal/pushdown"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/warehouse"
)

func TestQuestionMarksAndQuotesInAnAdministratorsQueryAreLeftAlone(t *testing.T) {
	k := startKit(t, 300, 600)
	k.staying.change(func(s *pushdown.Source) {
		s.What = warehouse.What{Query: `SELECT c.*, 'why?' AS asked FROM customers c WHERE '{"vip": 1}'::jsonb ? 'vip' -- isn't it?`}
	})
	definition := segment.Definition{Kind: segment.ByRule, SourceID: sourceID, Rule: where("country", segment.Equals, "denmark")}
	counted, err := k.Pushdown.Count(t.Context(), sourceID, []segment.Definition{definition}, time.Now())
	if err != nil || counted == 0 {
		t.Fatalf("counted %d, %v", counted, err)
	}
	for _, definitions := range [][]segment.Definition{{definition}, {definition, definition}} {
		read := 0
		reading := pushdown.Reading{SourceID: sourceID, Definitions: definitions, Attributes: []string{"country"}, At: time.Now()}
		if _, err := k.Pushdown.Stream(t.Context(), reading, func(m pushdown.Member) error { read++; return nil }); err != nil || read != counted {
			t.Errorf("by %d rules: read %d, counted %d: %v", len(definitions), read, counted, err)
		}
	}
}
