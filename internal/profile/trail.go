package profile

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
)

// Told says how the persons of a source are recognised, for the audit log.
func (r Rule) Told() string {
	told := []string{"shared ids"}
	if r.OwnKeys {
		told[0] = "own ids"
	}
	if r.MatchEmail {
		told = append(told, "same address is same person")
	}
	return strings.Join(told, ", ")
}

// noteRules writes to the audit log how profiles come together from now on.
func (s *Service) noteRules(ctx context.Context, tx database.Tx, actor access.Actor, what audit.Action, before, after Rules) error {
	was, is := before.told(), after.told()
	var keys []string
	for _, side := range []map[string]string{was, is} {
		for key := range side {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	slices.Sort(keys)
	var changes []audit.Change
	for _, key := range keys {
		changes = append(changes, audit.Changed(audit.Change{Field: key, Before: was[key], After: is[key]})...)
	}
	return audit.Write(ctx, tx, s.now(), actor, audit.Entry{Action: what, Changes: changes})
}

// noteCorrections writes to the audit log what was corrected of attributes that were known as before.
func (s *Service) noteCorrections(ctx context.Context, tx database.Tx, actor access.Actor, before map[string]Attribute) error {
	after, err := knownAttributes(ctx, tx)
	if err != nil {
		return err
	}
	var changes []audit.Change
	for _, key := range slices.Sorted(maps.Keys(after)) {
		was, is := before[key], after[key]
		changes = append(changes, audit.Changed(
			audit.Change{Field: "label." + key, Before: was.Label, After: is.Label},
			audit.Change{Field: "mark." + key, Before: was.Mark.String(), After: is.Mark.String()},
			audit.Change{Field: "address." + key, Before: audit.YesNo(was.Address), After: audit.YesNo(is.Address)},
			audit.Change{Field: "indexed." + key, Before: audit.YesNo(was.Indexed), After: audit.YesNo(is.Indexed)})...)
	}
	if len(changes) == 0 {
		return nil
	}
	return audit.Write(ctx, tx, s.now(), actor, audit.Entry{Action: audit.AttributesCorrected, Changes: changes})
}

// told says each rule by itself: of a source its place in the order of trust and how its persons are recognised, of an attribute whom it is believed.
func (r Rules) told() map[string]string {
	told := map[string]string{}
	for i, rule := range r.Sources {
		told[fmt.Sprintf("source.%d", rule.SourceID)] = fmt.Sprintf("%d: %s", i+1, rule.Told())
	}
	for key, sourceID := range r.Trust {
		told["trust."+key] = fmt.Sprintf("source %d", sourceID)
	}
	return told
}
