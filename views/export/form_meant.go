package export

import (
	"context"

	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/views/component"
)

// MeantID is the part of the form in which one ticks what is personal.
const MeantID = "meant"

// Meant is the tick of an attribute that is personal or sensitive.
type Meant struct {
	Ticked bool
	As     profile.Mark // what it was ticked as: marked higher, it must be ticked again
	Reason string
	By     string // who ticked it before, and when, in words
}

// personal are the attributes that the form maps and that are marked, in the order of the profiles' attributes.
func (f Form) personal() (found []profile.Attribute) {
	mapped := map[string]bool{f.Email: true}
	for _, line := range f.Lines {
		for _, sent := range line.Change.Put(export.Pair{Attribute: line.Attribute}).Sends() {
			mapped[sent.Attribute] = true
		}
	}
	for _, attribute := range f.Consent.Attributes {
		mapped[attribute] = true
	}
	for _, a := range f.Attributes {
		if mapped[a.Key] && a.Mark > profile.NotPersonal {
			found = append(found, a)
		}
	}
	return found
}

func (f Form) tick(ctx context.Context, a profile.Attribute) component.Checkbox {
	key := "exports.meant.tick"
	if a.Mark == profile.Sensitive {
		key += ".sensitive"
	}
	name, kept := export.MeantField(a.Key), f.Meant[a.Key]
	return component.Checkbox{Name: name, ID: name, Label: i18n.T(ctx, key, "Attribute", a.Label, "Destination", f.DestinationName), Hint: kept.By, Checked: kept.Ticked && kept.As >= a.Mark, Error: f.Errors.For(name)}
}

func (f Form) reason(ctx context.Context, a profile.Attribute) component.Field {
	name := export.ReasonField(a.Key)
	return component.Field{Name: name, Label: i18n.T(ctx, "exports.meant.reason", "Attribute", a.Label), Hint: i18n.T(ctx, "exports.meant.reason.hint"),
		Value: f.Meant[a.Key].Reason, Error: f.Errors.For(name), Autocomplete: "off"}
}
