package stop_test

import (
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/stop"
	"github.com/segue-app/segue/internal/testkit"
)

func TestOneStopStandsAtATimeAndOnlyAdministratorsGiveAndLiftIt(t *testing.T) {
	clock := testkit.NewClock()
	s := stop.NewService(testkit.Database(t), clock.Now)
	ada := access.Actor{UserID: 1, Name: "Ada", Role: access.Administrator}
	for _, other := range []access.Actor{{UserID: 2, Role: access.Contributor}, {UserID: 3, Role: access.Viewer}} {
		if _, err := s.Impose(t.Context(), other, ""); !problem.Is(err, problem.NotPermitted) {
			t.Errorf("a %s stops everything: %v", other.Role, err)
		}
		if err := s.Lift(t.Context(), other); !problem.Is(err, problem.NotPermitted) {
			t.Errorf("a %s lifts the stop: %v", other.Role, err)
		}
		if _, err := s.Past(t.Context(), other, 10); !problem.Is(err, problem.NotPermitted) {
			t.Errorf("a %s reads who stopped: %v", other.Role, err)
		}
	}
	if err := s.Lift(t.Context(), ada); !problem.Is(err, problem.Conflict) {
		t.Errorf("nothing was lifted: %v", err)
	}
	if _, err := s.Impose(t.Context(), ada, strings.Repeat("a", 201)); !problem.Is(err, problem.Invalid) {
		t.Errorf("a very long reason: %v", err)
	}
	if stands, err := s.Stands(t.Context()); err != nil || stands {
		t.Fatalf("stands: %v, %v", stands, err)
	}
	for _, reason := range []string{" wrong\n file ", "another"} { // the second changes nothing
		order, err := s.Impose(t.Context(), ada, reason)
		if err != nil || order.By != "Ada" || order.Reason != "wrong file" || !order.At.Equal(clock.Now()) {
			t.Fatalf("%+v, %v", order, err)
		}
	}
	if err := s.Lift(t.Context(), access.System); err != nil {
		t.Fatal(err)
	}
	past, err := s.Past(t.Context(), ada, 10)
	if err != nil || len(past) != 1 || past[0].LiftedBy != access.System.Name || past[0].LiftedAt.IsZero() {
		t.Fatalf("%+v, %v", past, err)
	}
	if _, ok, err := s.Standing(t.Context()); err != nil || ok {
		t.Fatalf("still stands, %v", err)
	}
}
