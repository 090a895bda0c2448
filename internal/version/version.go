// Package version owns the history of what people define: exports, segments, the schedule. A version is the whole definition as it
// became, with who made it so and when; it is written by the package whose thing it is, in the transaction of the change, under the
// number by which that package locks. What a definition means, how two of them differ, and whether one can be gone back to belongs
// to those packages. Nothing here is rewritten, but that erasing a person takes values out of old definitions.
package version

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
)

// Kind is of what there are versions.
type Kind string

// The kinds.
const (
	OfExport   Kind = "export"
	OfSegment  Kind = "segment"
	OfSchedule Kind = "schedule"
)

// Thing is one that has versions.
type Thing struct {
	Kind Kind
	ID   int64
}

// Act is what made a version.
type Act string

// The acts.
const (
	Made        Act = "made"
	Changed     Act = "changed"
	Scheduled   Act = "scheduled"
	Paused      Act = "paused"
	Withdrawn   Act = "withdrawn" // paused, since people who had a hand in it may not use its connection any more
	Resumed     Act = "resumed"
	Detached    Act = "detached" // from its connection
	Removed     Act = "removed"
	Activated   Act = "activated"
	Deactivated Act = "deactivated"
	WentBack    Act = "went_back" // to an earlier version, see BackTo
)

// Acts lists them.
var Acts = []Act{Made, Changed, Scheduled, Paused, Withdrawn, Resumed, Detached, Removed, Activated, Deactivated, WentBack}

// Version is a thing as it became.
type Version struct {
	Of         Thing
	Number     int
	Act        Act
	BackTo     int             // number of the version that was gone back to; 0: none
	Definition json.RawMessage // in the form of the package whose thing it is
	Substance  string          // see Substance; "" when values were erased, and then equal to nothing
	Redacted   bool            // values were erased with a person
	UserID     int64           // 0: the program itself
	UserName   string
	At         time.Time
}

// Draft is what a package tells of a version that it makes.
type Draft struct {
	Of         Thing
	Number     int
	Act        Act
	BackTo     int
	Definition any // written as JSON
	Substance  any // the part of it that an approval is about; nil: none
}

// Keep writes a version in the transaction of the change.
func Keep(ctx context.Context, tx database.Tx, at time.Time, actor access.Actor, d Draft) error {
	definition, err := json.Marshal(d.Definition)
	if err != nil {
		return fmt.Errorf("write version %d of %s %d: %w", d.Number, d.Of.Kind, d.Of.ID, err)
	}
	v := Version{Of: d.Of, Number: d.Number, Act: d.Act, BackTo: d.BackTo, Definition: definition, UserID: actor.UserID, UserName: actor.Name, At: at}
	if d.Substance != nil {
		if v.Substance, err = Substance(d.Substance); err != nil {
			return err
		}
	}
	return insert(ctx, tx, v)
}

// Substance is a hash by which two definitions, or parts of them, are told to be the same.
func Substance(of any) (string, error) {
	text, err := json.Marshal(of)
	if err != nil {
		return "", fmt.Errorf("write what a version is about: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16]), nil
}

// Authors are the people, by id, who made a thing what it is or was: not those who only paused it and let it run again.
func Authors(ctx context.Context, q database.Querier, of Thing) ([]int64, error) {
	return authors(ctx, q, of)
}

// KeptLeast is how many versions of a thing are kept however old they are.
const KeptLeast = 50

// DropOlder drops versions from before, but for the last KeptLeast of each thing, and those that the last approval of an export is
// about or that came since: they say what was approved, and who made what waits. Of what was never approved the last change of
// substance by each person stays too, so that nobody approves what she made herself once it is old. So it is of a segment, which
// any export may come to use.
func DropOlder(ctx context.Context, tx database.Tx, before time.Time) (dropped int, err error) {
	return dropOlder(ctx, tx, before)
}
