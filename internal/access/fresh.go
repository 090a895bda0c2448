package access

import (
	"time"

	"github.com/segue-app/segue/internal/problem"
)

// FreshFor is how long a confirmation counts that the person is there herself.
const FreshFor = 10 * time.Minute

// Confirmed is the person who proved at that time that it is she: by signing in, or when she was asked once more.
func (a Actor) Confirmed(at time.Time) Actor {
	a.confirmed = at
	return a
}

// RequireFresh is for acts of weight: those that show or change a key, grant, approve, remove or erase. A session that was left open, or
// stolen, is not enough for them. It fails with ConfirmFirst unless the person confirmed not long ago that it is she. A token never
// did. Ask Require first: who may not do a thing at all need not confirm anything.
func (a Actor) RequireFresh(now time.Time) error {
	switch {
	case a.system || a.excused && a.UserID != 0:
		return nil
	case a.UserID == 0 || a.limited:
		return a.refuse()
	case a.confirmed.IsZero() || now.Sub(a.confirmed) >= FreshFor:
		return problem.New(problem.ConfirmFirst, "problem.confirm_first")
	}
	return nil
}

// Asked is the person who proved for the very act that she asks for that it is she.
func (a Actor) Asked() Actor {
	a.asked = true
	return a
}

// RequireAsked is for acts by which a person lends her name: they ask for a proof of their own, however fresh the last one is.
func (a Actor) RequireAsked(now time.Time) error {
	if err := a.RequireFresh(now); err != nil || a.system || a.excused || a.asked {
		return err
	}
	return problem.New(problem.ConfirmFirst, "problem.confirm_first")
}

// FactorCode is the code of the problem that everything meets that a confined person asks for.
const FactorCode = "problem.factor_first"

// Confined is the person who must set up a second factor before she can do anything else.
func (a Actor) Confined() Actor {
	a.confined = true
	return a
}

// IsConfined reports whether the person must set up a second factor first.
func (a Actor) IsConfined() bool { return a.confined }
