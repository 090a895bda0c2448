package warehouse

import (
	"context"
	"errors"
	"net"
	"strconv"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/reach"
)

// Flag is how the operator says which hosts may be reached; messages name it.
const Flag = "--sql-hosts"

// Allowed are the hosts that the operator lets Segue reach for SQL. None when it is empty.
type Allowed = reach.Allowed

// Host is one of them.
type Host = reach.Host

// check judges an address as far as that goes without DNS.
func (l Limits) check(to Address) error { return forPeople(l.Allowed.MayResolve(to.Host, to.Port)) }

// dial connects to what is allowed.
func (l Limits) dial(ctx context.Context, network, address string, plain bool) (net.Conn, error) {
	conn, err := l.Allowed.Dial(ctx, network, address, reach.Way{Plain: plain})
	return conn, forPeople(err)
}

// forPeople says a refusal so that people understand it.
func forPeople(err error) error {
	var refusal *reach.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	if refusal.Why == reach.NotAllowed {
		return notAllowed(refusal.Host, refusal.Port)
	}
	return problem.New(problem.Invalid, "warehouse.problem."+string(refusal.Why), "Host", refusal.Host, "Flag", Flag)
}

func notAllowed(name string, port int) *problem.Problem {
	return problem.New(problem.Invalid, "warehouse.problem.host_not_allowed", "Host", net.JoinHostPort(name, strconv.Itoa(port)), "Flag", Flag)
}
