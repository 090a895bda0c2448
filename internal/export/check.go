package export

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/transform"
)

const (
	longestName = 100 // characters
	longestTag  = 100
)

// check tidies a draft and says everything that must be corrected at once. It returns the destination type of the
// connection. Field names are those of the form: name, connection, segments, tag.<segment>, field.<field>.
func (s *Service) check(ctx context.Context, actor access.Actor, id int64, draft Draft) (Draft, string, error) {
	var check problem.Check
	draft.Mapping = slices.Clone(draft.Mapping)
	draft.Name = strings.Join(strings.Fields(draft.Name), " ")
	switch {
	case draft.Name == "":
		check.Add("name", "problem.required")
	case utf8.RuneCountInString(draft.Name) > longestName:
		check.Add("name", "problem.too_long", "Most", longestName)
	default:
		taken, err := nameTaken(ctx, s.db.Reader(), draft.Name, id)
		if err != nil {
			return draft, "", err
		}
		check.Require(!taken, "name", "problem.export.name_taken")
	}
	draft.Schedule = draft.Schedule.checked(&check)
	draft.Outcomes = draft.Outcomes.checked(&check, s.places)
	if draft.Leavers == "" {
		draft.Leavers = Untag
	}
	check.Require(draft.Leavers == Untag || draft.Leavers == KeepTag, "leavers", "problem.choose")
	if draft.AskShare == 0 {
		draft.AskShare = DefaultAskShare
	}
	check.Require(draft.AskShare == NeverAsk || draft.AskShare >= 1 && draft.AskShare <= 100, "ask_share", "problem.choose")
	kind := ""
	if draft.ConnectionID == 0 {
		check.Add("connection", "problem.export.connection_required")
	} else if choice, err := s.connections.Choose(ctx, actor, draft.ConnectionID); err == nil {
		kind = choice.Type
	} else if problem.Of(err) != nil {
		check.Add("connection", "problem.export.connection_not_usable")
	} else {
		return draft, "", err
	}
	if err := s.checkParts(ctx, actor, &check, &draft); err != nil {
		return draft, "", err
	}
	if kind != "" {
		if err := s.checkMapping(ctx, &check, &draft, kind); err != nil {
			return draft, "", err
		}
	}
	return draft, kind, check.Err()
}

func (s *Service) checkParts(ctx context.Context, actor access.Actor, check *problem.Check, draft *Draft) error {
	check.Require(len(draft.Parts) > 0, "segments", "problem.export.segments_required")
	seen := map[int64]bool{}
	for i, part := range draft.Parts {
		if seen[part.SegmentID] {
			check.Add("segments", "problem.export.segment_twice")
			continue
		}
		seen[part.SegmentID] = true
		found, err := s.segments.Get(ctx, actor, part.SegmentID)
		if problem.Is(err, problem.NotFound) {
			check.Add("segments", "problem.export.segment_gone")
			continue
		}
		if err != nil {
			return err
		}
		if found.State != segment.Active && !draft.AnyState {
			check.Add("segments", "problem.export.segment_inactive", "Name", found.Name)
		}
		draft.Parts[i].Name, draft.Parts[i].State, draft.Parts[i].SourceID = found.Name, found.State, found.Definition.SourceID
		if draft.Parts[i].SourceID != draft.Parts[0].SourceID {
			check.Add("segments", "problem.export.segments_base", "Name", found.Name)
		}
		tag := strings.Join(strings.Fields(part.Tag), " ")
		draft.Parts[i].Tag = tag
		if tag != "" && (utf8.RuneCountInString(tag) > longestTag || strings.IndexFunc(tag, notInTag) >= 0) {
			check.Add(TagField(part.SegmentID), "problem.export.tag", "Most", longestTag)
		}
	}
	return nil
}

// TagField is the name of the form field that holds a segment's tag.
func TagField(segmentID int64) string { return "tag." + itoa(segmentID) }

// notInTag holds tags to what destinations take for certain: letters, digits, '_', '-', ':' and spaces.
func notInTag(r rune) bool {
	return !(unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '-' || r == ':' || r == ' ')
}

// DefaultTag is the tag that is offered for a segment: its name, less what a tag cannot hold.
func DefaultTag(segmentName string) string {
	clean := strings.Map(func(r rune) rune {
		if notInTag(r) {
			return ' '
		}
		return r
	}, segmentName)
	tag := []rune("segue " + strings.Join(strings.Fields(clean), " "))
	return strings.TrimSpace(string(tag[:min(len(tag), longestTag)]))
}

func (s *Service) checkMapping(ctx context.Context, check *problem.Check, draft *Draft, kind string) error {
	driver, err := s.Driver(kind)
	if err != nil {
		return err
	}
	info := driver.Info()
	snapshot, err := s.base(ctx, Export{Segments: draft.Parts}.Base())
	if problem.Is(err, problem.NotFound) {
		check.Add(MappingField(destination.Email), "problem.export.no_profiles")
		return nil
	}
	if err != nil {
		return err
	}
	seen := map[destination.Field]bool{}
	for i, pair := range draft.Mapping {
		if _, ofChannel := info.ChannelOf(pair.Field); ofChannel && pair.Attribute == "" {
			continue // checkConsent says what is missing
		}
		name := MappingField(pair.Field)
		_, known := snapshot.Attribute(pair.Attribute)
		switch {
		case seen[pair.Field]:
			check.Add(name, "problem.export.field_twice")
		case !offers(info, pair.Field):
			check.Add(name, "problem.export.field_unknown")
		case !known && pair.Change.Way != transform.Constant:
			check.Add(name, "problem.choose")
		case pair.Clear && !info.Clears(pair.Field):
			check.Add(name, "problem.export.field_not_cleared")
		}
		checkChange(check, &draft.Mapping[i], info, snapshot)
		seen[pair.Field] = true
	}
	draft.checkSent(check, snapshot)
	check.Require(seen[destination.Email], MappingField(destination.Email), "problem.export.email_required")
	checkConsent(check, draft, info, seen)
	if check.Err() != nil {
		return nil
	}
	if _, err := draft.Mapping.NewEncoder(driver, draft.Consent, s.clock()); err != nil {
		check.Add("mapping", "problem.export.field_unknown")
	}
	return nil
}

// MappingField is the name of the form field that holds what is mapped to a destination's field.
func MappingField(field destination.Field) string { return "field." + string(field) }

func offers(info destination.Info, field destination.Field) bool {
	if name, custom := strings.CutPrefix(string(field), destination.CustomPrefix); custom {
		return info.Custom && ValidCustomName(name)
	}
	return info.Offers(field)
}

// ValidCustomName reports whether a custom property may have the name: letters, digits and '_' of ASCII, 1 to 128.
func ValidCustomName(name string) bool {
	for _, r := range name {
		if !(r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return false
		}
	}
	return len(name) >= 1 && len(name) <= 128
}
