// Package erasure holds the pages on which persons are found and erased, with the proof of it, and the page of how long data is
// kept.
package erasure

import (
	"context"
	"fmt"
	"strings"

	"github.com/segue-app/segue/internal/erasure"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/component"
	versionviews "github.com/segue-app/segue/views/version"
)

// View is the page that finds persons and lists who was erased.
type View struct {
	CSRF     string
	Query    string
	Errors   component.Errors
	Allow    string
	Allowing component.Errors
	Proofs   []Proof
	Pager    component.Pager
}

// Proof is an erasure as it is listed and shown.
type Proof struct {
	erasure.Erasure
	When, Rewritten, Lifted component.Moment
	Answered                []component.Moment // of each of its Tags
}

// FoundView is the page of all that is kept about a person.
type FoundView struct {
	CSRF   string
	Found  erasure.Found
	Places []Place
	Order  erasure.Order // as it was typed
	Errors component.Errors
}

// Place is all that is kept in one place.
type Place struct {
	Name  string // the end of its translation keys
	Items []Item
}

// Item is one thing that is kept.
type Item struct {
	Where   string // file, export, segment
	Href    string
	Profile string
	When    component.Moment
	Terms   []component.Term
	Request string
	Answer  string
}

// ProofView is the page of one erasure.
type ProofView struct {
	Proof
	CSRF string
}

// RetentionView is the page of how long each kind of data is kept.
type RetentionView struct {
	CSRF     string
	Rows     []RetentionRow
	Opened   string // the state of what is kept that the form was opened with
	Errors   component.Errors
	Conflict *versionviews.Conflict // somebody else changed it meanwhile
}

// RetentionRow is one kind of data.
type RetentionRow struct {
	erasure.Keeping
	Typed   string // what the field shows
	Tidied  component.Moment
	Emptied component.Moment
	Error   string
}

// The addresses of the pages.
const (
	Path          = "/privacy"
	FindPath      = Path + "/find"
	DownloadPath  = Path + "/download"
	ErasePath     = Path + "/erase"
	AllowPath     = Path + "/allow"
	RetentionPath = Path + "/retention"
	TermsPath     = Path + "/terms"
	RecordPath    = Path + "/record"
)

// ProofPath is the page of one erasure.
func ProofPath(id int64) string { return fmt.Sprintf("%s/erasures/%d", Path, id) }

// Tabs leads to the pages about privacy.
func Tabs(ctx context.Context, current string) component.Tabs {
	return component.Tabs{Label: i18n.T(ctx, "erasure.title"), Items: []component.Tab{
		{Label: i18n.T(ctx, "erasure.tab.erase"), Href: Path, Current: current == Path},
		{Label: i18n.T(ctx, "erasure.tab.retention"), Href: RetentionPath, Current: current == RetentionPath},
		{Label: i18n.T(ctx, "processing.tab.record"), Href: RecordPath, Current: current == RecordPath},
		{Label: i18n.T(ctx, "processing.tab.terms"), Href: TermsPath, Current: current == TermsPath},
	}}
}

// state is how far an erasure is.
func (p Proof) state(ctx context.Context) component.Badge {
	switch {
	case !p.LiftedAt.IsZero():
		return component.Badge{Tone: component.Neutral, Text: i18n.T(ctx, "erasure.state.lifted")}
	case p.RewrittenAt.IsZero() || p.Waiting() > 0:
		return component.Badge{Tone: component.Running, Text: i18n.T(ctx, "erasure.state.waiting")}
	}
	for _, t := range p.Tags {
		if t.State == erasure.TagsFailed {
			return component.Badge{Tone: component.Warning, Text: i18n.T(ctx, "erasure.state.partly")}
		}
	}
	return component.Badge{Tone: component.Success, Text: i18n.T(ctx, "erasure.state.done")}
}

func (p Proof) facts(ctx context.Context) []component.Term {
	terms := []component.Term{
		{Label: i18n.T(ctx, "erasure.when"), Text: p.When.Title},
		{Label: i18n.T(ctx, "erasure.by"), Text: p.By},
		{Label: i18n.T(ctx, "erasure.reason"), Text: i18n.T(ctx, "erasure.reason."+string(p.Reason))},
		{Label: i18n.T(ctx, "erasure.reference"), Text: orNothing(p.Reference)},
		{Label: i18n.T(ctx, "erasure.rewritten"), Text: i18n.T(ctx, "erasure.rewritten.waiting")},
		{Label: i18n.T(ctx, "erasure.fingerprints"), Text: i18n.Number(ctx, p.Kept)},
	}
	if !p.RewrittenAt.IsZero() {
		terms[4].Text = p.Rewritten.Title
	}
	if !p.LiftedAt.IsZero() {
		terms = append(terms, component.Term{Label: i18n.T(ctx, "erasure.lifted"), Text: i18n.T(ctx, "erasure.lifted.by", "Name", p.LiftedBy, "When", p.Lifted.Title)})
	}
	return terms
}

func tagsBadge(ctx context.Context, t erasure.Tags) component.Badge {
	tones := map[erasure.TagsState]component.Tone{erasure.TagsWaiting: component.Running, erasure.TagsRemoved: component.Success,
		erasure.TagsKept: component.Neutral, erasure.TagsFailed: component.Warning}
	return component.Badge{Tone: tones[t.State], Text: i18n.T(ctx, "erasure.tags."+string(t.State))}
}

func why(ctx context.Context, t erasure.Tags) string {
	if t.Code == "" {
		return ""
	}
	return i18n.T(ctx, "erasure.why."+t.Code)
}

func joined(list []string) string { return orNothing(strings.Join(list, ", ")) }

func orNothing(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

func reasons(ctx context.Context) (options []component.Option) {
	for _, r := range erasure.Reasons {
		options = append(options, component.Option{Value: string(r), Label: i18n.T(ctx, "erasure.reason."+string(r))})
	}
	return options
}

// chosen carries who is meant from form to form.
func (v FoundView) chosen() []component.Pair {
	pairs := []component.Pair{{Name: "q", Value: v.Found.Query}, {Name: "choose", Value: "1"}}
	for _, id := range v.Found.Chosen() {
		pairs = append(pairs, component.Pair{Name: "profile", Value: id})
	}
	return pairs
}

func columns(ctx context.Context, keys ...string) (columns []component.Column) {
	for _, key := range keys {
		columns = append(columns, component.Column{Label: i18n.T(ctx, key)})
	}
	return columns
}

func (r RetentionRow) limit(ctx context.Context) string {
	if !r.Settable() {
		return i18n.T(ctx, "erasure.keep."+r.Name+".long")
	}
	return i18n.N(ctx, "erasure.days", r.Days)
}

func (r RetentionRow) tidied(ctx context.Context) string {
	if r.TidiedAt.IsZero() {
		return "–"
	}
	return i18n.T(ctx, "erasure.tidied", "Number", r.Removed, "When", r.Tidied.Text)
}

// about says how a profile was found.
func (v FoundView) about(ctx context.Context, c erasure.Candidate) string {
	key := "erasure.who.address"
	if c.Direct {
		key = "erasure.who.direct"
	}
	text := i18n.T(ctx, key)
	if !c.InData {
		text += " " + i18n.T(ctx, "erasure.who.gone")
	}
	return text
}
