package run

import (
	"testing"

	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
)

func TestAMaskedRequestKeepsItsFormAndNoTextOfTheCustomer(t *testing.T) {
	own := export.Mapping{{Field: destination.Email, Attribute: "email"}}
	foreign := append(export.Mapping{{Field: destination.Tags, Attribute: "tags"}}, own...)
	for name, test := range map[string]struct {
		sent    string
		mapping export.Mapping
		want    string
	}{
		"a contact": {`{"identifiers":[{"type":"email","id":"ann@example.com","channels":{"email":{"status":"subscribed"}}}],"firstName":"Ann","birthdate":"1984-02-29","tags":["segue VIP"],"sendWelcomeMessage":false}`, own,
			`{"identifiers":[{"type":"email","id":"a•••@e•••.com","channels":{"email":{"status":"subscribed"}}}],"firstName":"A•••","birthdate":"•••","tags":["segue VIP"],"sendWelcomeMessage":false}`},
		"tags out of the profiles":               {`{"tags":["Vegan"]}`, foreign, `{"tags":["V•••"]}`},
		"a property called like something else":  {`{"customProperties":{"type":"Coeliac","tags":["Vegan"],"n":17},"type":"email"}`, own, `{"customProperties":{"type":"C•••","tags":["V•••"],"n":17},"type":"email"}`},
		"a batch":                                {`{"method":"POST","items":[{"city":"Aarhus C"},{"city":""}]}`, own, `{"method":"POST","items":[{"city":"A••• C•••"},{"city":""}]}`},
		"signs that HTML knows":                  {`{"lastName":"<b>"}`, own, `{"lastName":"•••"}`},
		"an answer that is no JSON":              {`Refused: ann@example.com`, own, "R••• a•••"},
		"JSON that is cut off, as after a crash": {`{"firstName":"Ann","lastName":"Lu`, own, "•••"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(masked([]byte(test.sent), test.mapping)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
