package blueprint

import (
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/transform"
)

// fieldOf is a line of a mapping as it stands in a file.
func fieldOf(pair export.Pair) Field {
	f := Field{Field: string(pair.Field), Attribute: pair.Attribute, Clear: pair.Clear, Meant: pair.Meant, Reason: pair.Reason}
	if pair.Change.None() {
		return f
	}
	f.Change = &Transformation{Way: pair.Change.Way, Text: pair.Change.Text, From: pair.Change.From, To: pair.Change.To}
	if pair.With.Attribute != "" {
		f.Change.With = &With{Attribute: pair.With.Attribute, Meant: pair.With.Meant, Reason: pair.With.Reason}
	}
	return f
}

// pair is what makes a line like f.
func (f Field) pair() export.Pair {
	pair := export.Pair{Field: destination.Field(f.Field), Attribute: f.Attribute, Clear: f.Clear, Meant: f.Meant, Reason: f.Reason}
	if f.Change == nil {
		return pair
	}
	pair.Change = transform.Change{Way: f.Change.Way, Text: f.Change.Text, From: f.Change.From, To: f.Change.To}
	if with := f.Change.With; with != nil {
		pair.With = export.Sent{Attribute: with.Attribute, Meant: with.Meant, Reason: with.Reason}
	}
	return pair
}

// tidy is the field as it comes out of what is kept, so that a difference is one: what its change has no use for is nothing.
func (f Field) tidy() Field {
	pair := f.pair()
	pair.Reason, pair.With.Reason, pair.Change = tidy(pair.Reason), tidy(pair.With.Reason), pair.Change.Tidy()
	if !pair.Change.Joins() {
		pair.With = export.Sent{}
	}
	if pair.Change.Way == transform.Constant {
		pair.Attribute, pair.Meant, pair.Reason = "", false, ""
	}
	return fieldOf(pair)
}
