package approval_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/approval"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/segment"
)

// model is what should be true of one export, told in the plainest way: what it is, what was approved last, and who made it
// other than that since.
type model struct {
	content  string
	approved string // "": nothing was
	makers   map[int64]bool
	history  []string // contents, by number of the version less one
}

func (m *model) became(content string, by access.Actor) {
	if content != m.content {
		m.makers[by.UserID] = true
	}
	m.content = content
}

// TestNoSequenceOfChangesEverRunsWhatNobodyElseApproved goes random ways: three people and the program change an export and its segment,
// go back, approve and refuse, and after each step a run may begin if and only if what the export is was approved last, by somebody
// who had made nothing of it.
func TestNoSequenceOfChangesEverRunsWhatNobodyElseApproved(t *testing.T) {
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked { // so many are enough for a change, and quick with the race detector too
		if err := flag.Set("rapid.checks", "30"); err != nil {
			t.Fatal(err)
		}
	}
	o := newOffice(t, approval.Settings{Everywhere: true, OfRules: true, Contributors: true})
	connection := o.Connect()
	people := map[string]access.Actor{"ada": o.ada, "bob": o.bob, "carla": o.carla, "program": access.System}
	made := 0
	rapid.Check(t, func(rt *rapid.T) {
		made++
		fail := func(err error) {
			if err != nil {
				rt.Fatal(err)
			}
		}
		rule := func(value string) segment.Definition {
			return segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.All, Conditions: []segment.Condition{{Attribute: "country", Operator: segment.Equals, Values: []string{value}}}}}
		}
		who := func() access.Actor {
			return people[rapid.SampledFrom([]string{"ada", "bob", "carla", "program"}).Draw(rt, "who")]
		}
		author := who()
		part, err := o.Segments.Create(t.Context(), author, segment.Draft{Name: fmt.Sprint("Segment ", made), Definition: rule("Denmark")})
		fail(err)
		draft := export.Draft{Name: fmt.Sprint("Export ", made), ConnectionID: connection.ID, Parts: []export.Part{{SegmentID: part.ID}}, Mapping: export.Mapping{{Field: "email", Attribute: "email", Meant: true}}, AskShare: 10}
		e, err := o.Exports.Create(t.Context(), author, draft)
		fail(err)
		country := "Denmark"
		m := model{makers: map[int64]bool{}}
		content := func(share int) string { return fmt.Sprint(share, " ", country) }
		m.became(content(10), author)
		m.history = append(m.history, "10")
		share := 10
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			now, err := o.Exports.Get(t.Context(), o.ada, e.ID)
			fail(err)
			actor := who()
			switch rapid.SampledFrom([]string{"edit", "back", "rename", "rule", "approve", "approve", "approve", "refuse", "old mark"}).Draw(rt, "step") {
			case "edit":
				share = rapid.SampledFrom([]int{10, 20}).Draw(rt, "share")
				draft.AskShare, draft.Name, draft.Version = share, now.Name, now.Version
				_, err = o.Exports.Update(t.Context(), actor, e.ID, draft)
				fail(err)
				m.became(content(share), actor)
				m.history = append(m.history, fmt.Sprint(share))
			case "back":
				number := rapid.IntRange(1, len(m.history)).Draw(rt, "number")
				_, err = o.Exports.GoBack(t.Context(), actor, e.ID, number, now.Version)
				fail(err)
				_, err = fmt.Sscan(m.history[number-1], &share)
				fail(err)
				m.became(content(share), actor)
				m.history = append(m.history, fmt.Sprint(share))
			case "rename":
				fail(o.Exports.Pause(t.Context(), actor, e.ID))
				fail(o.Exports.Resume(t.Context(), actor, e.ID))
				m.history = append(m.history, fmt.Sprint(share), fmt.Sprint(share))
			case "rule":
				country = rapid.SampledFrom([]string{"Denmark", "Sweden"}).Draw(rt, "country")
				kept, err := o.Segments.Get(t.Context(), o.ada, part.ID)
				fail(err)
				_, err = o.Segments.Update(t.Context(), actor, part.ID, segment.Draft{Name: kept.Name, Definition: rule(country), Version: kept.Version})
				fail(err)
				m.became(content(share), actor)
			case "approve":
				may := m.content != m.approved && !m.makers[actor.UserID] && actor.UserID != 0
				err := o.Approvals.Approve(t.Context(), actor, e.ID, o.standing(actor, e.ID).Mark)
				if (err == nil) != may {
					rt.Fatalf("%s approves %q, makers %v: %v", actor.Name, m.content, m.makers, err)
				}
				if may {
					m.approved, m.makers = m.content, map[int64]bool{}
				}
			case "refuse":
				err := o.Approvals.Refuse(t.Context(), actor, e.ID, o.standing(actor, e.ID).Mark, "No.")
				if err != nil && problem.Of(err) == nil {
					rt.Fatal(err)
				}
			case "old mark":
				if err := o.Approvals.Approve(t.Context(), actor, e.ID, strings.Repeat("0", 32)); err == nil {
					rt.Fatal("approved what nobody looked at")
				}
			}
			clearance, err := o.Exports.Clearance(t.Context(), o.DB.Reader(), e.ID)
			fail(err)
			if clearance.Waits != (m.content != m.approved) {
				rt.Fatalf("it is %q, approved was %q, and it waits: %v", m.content, m.approved, clearance.Waits)
			}
			if m.content == m.approved {
				continue // other tests let it run
			}
			if _, err := o.Runs.Start(t.Context(), o.ada, e.ID, run.Options{}); err == nil || problem.Of(err) == nil {
				rt.Fatalf("what nobody approved was started: %v", err)
			}
		}
	})
}
