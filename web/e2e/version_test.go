package e2e

import (
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/export"
)

// TestASecondPersonApprovesWhatAnotherChangedAndGoesBack walks from the setting to a refusal and an approval, and through the history.
func TestASecondPersonApprovesWhatAnotherChangedAndGoesBack(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := start(t, 20)
			e := s.Export() // the administrator's
			admin := s.open(t, language).signIn(access.Administrator)
			admin.visit("/system/approvals")
			admin.sees(words{"Only one person could approve", "Kun én person kan godkende"})
			admin.tick(words{"All", "Alle"})
			admin.tick(words{"Contributors may approve", "Bidragydere må godkende"})
			admin.tick(words{"Changes of segments count", "Ændringer af segmenter tæller med"})
			admin.press(words{"Save settings", "Gem indstillinger"})
			admin.sees(words{"The settings are saved.", "Indstillingerne er gemt."})
			admin.inspect("approvals")

			admin.visit("/exports/1")
			admin.sees(words{"It waits for approval", "Den afventer godkendelse"})
			admin.cannotPress(words{"Approve this export", "Godkend denne eksport"})
			admin.inspect("export-awaits-approval")

			carl := s.open(t, language).signIn(access.Contributor)
			carl.visit("/exports/1")
			carl.press(words{"See what waits", "Se, hvad der afventer"})
			carl.sees(words{"You can approve or refuse it.", "Du kan godkende eller afvise den."}, words{"Personal data that was not approved before", "Personlige oplysninger, der ikke er godkendt før"})
			carl.press(words{"Refuse with this reason", "Afvis med denne begrundelse"})
			carl.inspect("approval-no-reason")
			carl.fill(words{"Reason", "Begrundelse"}, "The tag is not ours.")
			carl.press(words{"Refuse with this reason", "Afvis med denne begrundelse"})
			carl.sees(words{"is refused", "er afvist"})
			admin.visit("/exports/1/approval")
			admin.sees(same("The tag is not ours."), words{"You made some of it", "Du har lavet noget af den"})
			admin.inspect("approval-refused")

			ada := s.Actor(access.Administrator)
			d := export.Draft{Name: "Everybody, tagged", ConnectionID: e.ConnectionID, Parts: []export.Part{{SegmentID: e.Segments[0].SegmentID, Tag: "ours"}}, Mapping: e.Mapping, Version: e.Version}
			if _, err := s.Exports.Update(t.Context(), ada, e.ID, d); err != nil {
				t.Fatal(err)
			}
			carl.visit("/exports/1/approval")
			carl.inspect("approval")
			carl.press(words{"Approve this export", "Godkend denne eksport"})
			carl.sees(words{"is approved and may run", "er godkendt og må køre"})
			carl.canPress(runIt)

			carl.visit("/exports/1/history")
			carl.inspect("history")
			carl.press(words{"Compare with now: version 1", "Sammenlign med nu: version 1"})
			carl.inspect("history-compared")
			carl.press(words{"Go back to version 1", "Gå tilbage til version 1"})
			carl.sees(words{"Version 1 holds again", "Version 1 gælder igen"}, words{"It waits for approval", "Den afventer godkendelse"})

			carl.visit("/segments/1/history")
			carl.inspect("history-of-segment")
			admin.visit("/system/schedule/history")
			admin.inspect("history-of-schedule-empty")
		})
	}
}
