package segment

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
)

// check reads the draft as a person wrote it; the draft that comes back is as it is kept. What is in draft may have faults,
// except those of size: it is kept. The snapshot describes the draft's base.
func (s *Service) check(ctx context.Context, q database.Querier, draft Draft, snapshot profile.Snapshot) (Draft, error) {
	var check problem.Check
	draft.Name = strings.Join(strings.Fields(draft.Name), " ")
	draft.Description = strings.TrimSpace(draft.Description)
	check.Require(draft.Name != "", "name", "problem.required")
	check.Require(utf8.RuneCountInString(draft.Name) <= maxName, "name", "problem.too_long", "Most", maxName)
	check.Require(utf8.RuneCountInString(draft.Description) <= maxDescription, "description", "problem.too_long", "Most", maxDescription)
	if draft.State == InDraft {
		if conditions, depth := draft.Definition.Rule.extent(); conditions > MaxConditions || depth > MaxDepth {
			check.Add(string(RootPath), CodeTooMany, "Most", MaxConditions)
		}
	} else if err := s.faults(ctx, q, &check, draft.Definition, snapshot); err != nil {
		return draft, err
	}
	draft.Definition.Nested = nil
	if draft.Definition.Kind == ByRule {
		draft.Definition.ListID, draft.Definition.ListBy = 0, ""
		draft.Definition.Rule = labelled(draft.Definition.Rule, snapshot)
	} else {
		draft.Definition.Rule = Group{Match: All}
	}
	return draft, check.Err()
}

// checkNow checks a draft on what its base is now.
func (s *Service) checkNow(ctx context.Context, draft Draft) (Draft, error) {
	snapshot, err := s.base(ctx, draft.Definition.SourceID)
	if err != nil {
		return draft, err
	}
	return s.check(ctx, s.db.Reader(), draft, snapshot)
}

// faults notes what keeps the definition from being judged now.
func (s *Service) faults(ctx context.Context, q database.Querier, check *problem.Check, def Definition, snapshot profile.Snapshot) error {
	_, err := s.compile(ctx, q, def, snapshot)
	if err == nil {
		return nil
	}
	fault := problem.Of(err)
	if fault == nil {
		return err
	}
	for _, field := range fault.Fields {
		check.Add(field.Name, field.Code, field.Args...)
	}
	check.Require(len(fault.Fields) > 0, "list", fault.Code, fault.Args...)
	return nil
}

// Faults says what keeps a definition from being judged now, as an Invalid problem whose fields are those of the form; nil
// when nothing does.
func (s *Service) Faults(ctx context.Context, actor access.Actor, def Definition) error {
	if err := actor.Require(access.EditSegments); err != nil {
		return err
	}
	snapshot, err := s.base(ctx, def.SourceID)
	if err != nil {
		return err
	}
	var check problem.Check
	if err := s.faults(ctx, s.db.Reader(), &check, def, snapshot); err != nil {
		return err
	}
	return check.Err()
}

func (s *Service) compile(ctx context.Context, q database.Querier, def Definition, snapshot profile.Snapshot) (Where, error) {
	whole, err := s.freeze(ctx, q, def)
	if err != nil {
		return Where{}, err
	}
	if def.SourceID != 0 {
		return Where{}, s.bases.Check(ctx, def.SourceID, whole, s.now())
	}
	return Compile(whole, snapshot, s.now())
}

// checkKept checks what only the database knows, in the transaction that keeps the draft.
func (s *Service) checkKept(ctx context.Context, tx database.Tx, id int64, draft Draft) error {
	var check problem.Check
	taken, err := nameTaken(ctx, tx, draft.Name, id)
	if err != nil {
		return err
	}
	check.Require(!taken, "name", CodeNameTaken)
	if draft.Definition.Kind == ByList && (draft.State != InDraft || draft.Definition.ListID != 0) {
		complete, err := listComplete(ctx, tx, draft.Definition.ListID, draft.Definition.ListBy)
		if err != nil {
			return err
		}
		check.Require(complete, "list", CodeListMissing)
	}
	if err := s.checkParts(ctx, tx, &check, id, draft); err != nil {
		return err
	}
	return check.Err()
}

// labelled notes what each attribute is called now.
func labelled(g Group, snapshot profile.Snapshot) Group {
	return g.each(func(c Condition) Condition {
		if attribute, ok := snapshot.Attribute(c.Attribute); ok {
			c.Label = attribute.Label
		}
		return c
	})
}

// each gives the group with every condition in it changed.
func (g Group) each(change func(Condition) Condition) Group {
	changed := Group{Match: g.Match}
	for _, condition := range g.Conditions {
		changed.Conditions = append(changed.Conditions, change(condition))
	}
	for _, inner := range g.Groups {
		changed.Groups = append(changed.Groups, inner.each(change))
	}
	return changed
}

// extent counts conditions, and how deep groups lie in groups.
func (g Group) extent() (conditions, depth int) {
	conditions = len(g.Conditions)
	for _, inner := range g.Groups {
		more, deep := inner.extent()
		conditions += more
		depth = max(depth, deep)
	}
	return conditions, depth + 1
}
