package e2e

import (
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	sources "github.com/segue-app/segue/internal/source"
)

// TestAnAdministratorChangesHowProfilesComeTogetherAndPutsItBack unites two sources by address, and parts them again.
func TestAnAdministratorChangesHowProfilesComeTogetherAndPutsItBack(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := start(t, 20)
			anne := customersOf(t, 1)[0]
			club := "id,email,city,points\n7," + strings.ToUpper(anne["email"]) + ",Ribe,90\n8,carl@example.com,Skagen,10\n"
			if _, err := s.App.Sources.ImportFile(t.Context(), access.System, "club.csv", strings.NewReader(club), sources.Settings{}); err != nil {
				t.Fatal(err)
			}
			p := s.open(t, language).signIn(access.Administrator)
			p.visit("/profiles")
			p.press(words{"How profiles come together", "Sådan samles profilerne"})
			p.heading(words{"How profiles come together", "Sådan samles profilerne"})
			p.sees(words{"Together 22 profiles", "I alt 22 profiler"})
			p.inspect("unification")

			p.part(same("club")).tick(words{"The same email address is the same person", "Samme mailadresse er samme person"})
			p.press(words{"Save and make profiles anew", "Gem og dan profilerne på ny"})
			p.sees(words{"Together 21 profiles", "I alt 21 profiler"}, words{"club (as 7)", "club (som 7)"})
			p.inspect("unification-changed")

			p.press(words{"Put the former rules back", "Sæt de tidligere regler tilbage"})
			p.sees(words{"Together 22 profiles", "I alt 22 profiler"})
			p.gone(words{"club (as 7)", "club (som 7)"})
		})
	}
}
