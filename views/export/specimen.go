package export

import (
	"context"
	"net/url"

	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/views/component"
	runviews "github.com/segue-app/segue/views/run"
)

// SpecimenDetail is the page that tries an export with one profile.
type SpecimenDetail struct {
	export.Export
	DestinationName string
	Query           string // what was searched for
	Hits            []Hit  // of the search
	More            bool   // there are more hits than shown
	Missing         bool   // the profile asked for is not in the segments
	Specimen        *run.Specimen
	Masked          component.Masked
	Answer          *run.Answer // to the profile shown, when it was sent a short while ago
	CSRF            string
}

// Hit is a profile that was found.
type Hit struct{ ID, Email string }

// SpecimenPath is the page with that profile.
func SpecimenPath(exportID int64, profileID string) string {
	if profileID == "" {
		return Path(exportID, "/test")
	}
	return Path(exportID, "/test?"+url.Values{"profile": {profileID}}.Encode())
}

func (d SpecimenDetail) search(ctx context.Context) component.SearchForm {
	return component.SearchForm{
		Action: Path(d.ID, "/test"), Label: i18n.T(ctx, "specimen.search"), Placeholder: i18n.T(ctx, "specimen.search.example"), Value: d.Query,
		Submit: i18n.T(ctx, "specimen.search.submit"), ClearLabel: i18n.T(ctx, "specimen.search.clear"), ClearHref: Path(d.ID, "/test"),
	}
}

func (d SpecimenDetail) actions(ctx context.Context) component.Button {
	return component.Button{Label: i18n.T(ctx, "runs.to_export"), Icon: "send", Href: Path(d.ID, "")}
}

// answer says what came of sending the profile.
func (d SpecimenDetail) answer(ctx context.Context) component.Alert {
	a := d.Answer
	alert := component.Alert{ID: "answer", Live: true, Title: i18n.T(ctx, "specimen.answer."+string(a.Outcome), "Destination", d.DestinationName),
		Text: i18n.T(ctx, "specimen.answer."+string(a.Outcome)+".text", "Destination", d.DestinationName)}
	switch a.Outcome {
	case run.AnswerCreated, run.AnswerUpdated:
		alert.Tone = component.Success
	case run.AnswerRefused, run.AnswerFailed:
		alert.Tone = component.Danger
	default:
		alert.Tone = component.Warning
	}
	if a.Outcome == run.AnswerFailed && a.Code != "destination_unavailable" {
		alert.Text = runviews.ErrorText(ctx, a.Code, "", d.DestinationName)
	}
	return alert
}

// words are the destination's own in its answer.
func (d SpecimenDetail) words(ctx context.Context) (words []string) {
	said := func(text string) {
		if text != "" {
			words = append(words, i18n.T(ctx, "runs.words.said", "Destination", d.DestinationName, "Words", text))
		}
	}
	said(d.Answer.Message)
	for _, reason := range d.Answer.Reasons {
		if reason.Message != d.Answer.Message {
			said(reason.Message)
		}
	}
	return words
}

func (d SpecimenDetail) facts(ctx context.Context) []component.Term {
	terms := []component.Term{{Label: i18n.T(ctx, "runs.profile_id"), Content: profileLink(d.Specimen.ProfileID)}}
	if d.Base() != 0 { // it has no page
		terms[0] = component.Term{Label: i18n.T(ctx, "runs.profile_id"), Text: d.Specimen.ProfileID}
	}
	if len(d.Specimen.Reasons) == 0 && d.Specimen.Excluded == "" {
		terms = append(terms, component.Term{Label: i18n.T(ctx, "specimen.before"), Text: i18n.T(ctx, "specimen.before."+string(d.Specimen.Before))})
	}
	return terms
}
