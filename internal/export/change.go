package export

import (
	"slices"

	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/transform"
)

// ChangeField is the name of the form field that holds a part of what is done to the values of a destination's field: "way",
// "text", "separator", "from", "to" or "with".
func ChangeField(field destination.Field, part string) string {
	return "change." + string(field) + "." + part
}

// Changeable reports whether the values of a field may be changed. An address is what people are known by, and is tidied by the
// destination's rules anyway; and of a consent only the person's own words count.
func Changeable(info destination.Info, field destination.Field) bool {
	_, ofChannel := info.ChannelOf(field)
	return field != destination.Email && !ofChannel
}

// Ways lists the changes that can be chosen for a field. One number for everybody would make all of them one contact.
func Ways(info destination.Info, field destination.Field) []transform.Way {
	switch {
	case !Changeable(info, field):
		return nil
	case field == destination.Phone:
		return slices.DeleteFunc(slices.Clone(transform.Ways), func(w transform.Way) bool { return w == transform.Constant })
	}
	return transform.Ways
}

// checkChange tidies what is done to the values of a line, and says what is wrong with it.
func checkChange(check *problem.Check, pair *Pair, info destination.Info, snapshot profile.Snapshot) {
	pair.Change = pair.Change.Tidy()
	if !pair.Change.Joins() {
		pair.With = Sent{}
	}
	if pair.Change.None() {
		return
	}
	pair.Change.Check(check, ChangeField(pair.Field, ""))
	switch {
	case slices.Contains(transform.Ways, pair.Change.Way) && !slices.Contains(Ways(info, pair.Field), pair.Change.Way):
		check.Add(ChangeField(pair.Field, "way"), "problem.export.change.not_here")
	case pair.Change.Way == transform.Constant:
		pair.Attribute, pair.Meant, pair.Reason = "", false, ""
	case pair.Change.Joins():
		if _, known := snapshot.Attribute(pair.With.Attribute); !known {
			check.Add(ChangeField(pair.Field, "with"), "problem.choose")
		}
	}
}

// Tryable reports whether a line says enough to be tried, and nothing that cannot be.
func Tryable(info destination.Info, snapshot profile.Snapshot, pair Pair) bool {
	var check problem.Check
	checkChange(&check, &pair, info, snapshot)
	_, known := snapshot.Attribute(pair.Attribute)
	return check.Err() == nil && (known || pair.Change.Way == transform.Constant)
}
