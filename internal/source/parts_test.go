package source

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// interrupted is a querier beside which something happens once, after the first question and before its answer is read.
type interrupted struct {
	database.Querier
	happens func()
}

func (q *interrupted) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	rows, err := q.Querier.QueryContext(ctx, query, args...)
	if happens := q.happens; happens != nil {
		q.happens = nil
		happens()
	}
	return rows, err
}

func TestNoSourceIsLeftOutThatIsGivenOtherProfilesWhileTheyAreRead(t *testing.T) {
	s := newService(t)
	first := bring(t, s, 0, people(1, 10, "Aarhus"))
	bring(t, s, first.SourceID, people(1, 12, "Aarhus"))
	q := &interrupted{Querier: s.store.db.Reader(), happens: func() {
		if err := s.Undo(t.Context(), admin, first.SourceID); err != nil {
			t.Error(err)
		}
	}}
	parts, err := s.Parts(t.Context(), q)
	if err != nil || len(parts) != 1 || parts[0].Snapshot.Rows != 10 {
		t.Errorf("%d parts, %v", len(parts), err)
	}
}

func TestAQuestionThatIsOverLeavesNoProfilesBehind(t *testing.T) {
	s := newService(t)
	first := bring(t, s, 0, people(1, 100, "Aarhus"))
	few := bring(t, s, first.SourceID, people(1, 10, "Aarhus"))
	fewer := bring(t, s, first.SourceID, people(1, 5, "Aarhus"))
	if few.State != Asking || fewer.State != Asking {
		t.Fatal(few.State, fewer.State)
	}
	if got := tables(t, s); len(got) != 2 {
		t.Errorf("another question is asked: %s", strings.Join(got, ", "))
	}
	if err := s.Cancel(t.Context(), admin, fewer.ID); err != nil {
		t.Fatal(err)
	}
	if got := tables(t, s); len(got) != 1 {
		t.Errorf("it is cancelled: %s", strings.Join(got, ", "))
	}
}

func TestAnUploadWhoseTimeIsOverTakesItsEmptySourceAlong(t *testing.T) {
	s := newService(t)
	if _, err := s.Receive(t.Context(), admin, 0, "shop.csv", 0, strings.NewReader(people(1, 3, "Aarhus"))); err != nil {
		t.Fatal(err)
	}
	if n, err := s.EndOlder(t.Context(), s.now().Add(time.Hour)); err != nil || n != 1 {
		t.Fatalf("%d ended, %v", n, err)
	}
	if list, err := s.List(t.Context(), admin); err != nil || len(list) != 0 {
		t.Errorf("%d sources are left, %v", len(list), err)
	}
}
