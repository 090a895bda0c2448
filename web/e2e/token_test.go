package e2e

import (
	"net/http"
	"testing"

	"github.com/segue-app/segue/internal/access"
)

func TestAPersonMakesATokenUsesItAndRevokesIt(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := start(t, 20)
			p := s.open(t, language).signIn(access.Contributor)
			p.visit("/account")
			p.inspect("account-tokens")
			p.press(words{"Manage tokens", "Administrer tokens"})
			p.heading(same("Tokens"))
			p.sees(words{"You have no tokens", "Du har ingen tokens"})
			p.fill(words{"Expires in", "Udløber om"}, "400")
			p.press(words{"Make token", "Opret token"})
			p.sees(words{"Name: Fill in this field", "Navn: Udfyld dette felt"}, words{"Enter 1 to 365 days", "Skriv 1 til 365 dage"})
			p.inspect("tokens-refused")
			p.fill(words{"Name", "Navn"}, "Nightly run in CI")
			p.fill(words{"Expires in", "Udløber om"}, "30")
			p.tick(words{"Run", "Køre"})
			p.press(words{"Make token", "Opret token"})
			p.sees(words{"Copy your token now", "Kopiér dit token nu"})
			key := p.value(same("Token"))
			p.inspect("tokens-made")
			if status := s.asks(t, key, "/exports"); status != http.StatusOK {
				t.Errorf("the key that was shown is answered with %d", status)
			}
			p.visit("/account/tokens")
			p.lacks(same(key))
			p.sees(words{"just now", "lige nu"})
			p.inspect("tokens-list")
			p.press(words{"What the API can do, with examples", "Hvad API’et kan, med eksempler"})
			p.heading(words{"JSON API", "JSON-API"})
			p.inspect("help-api")
			p.visit("/account/tokens")
			p.press(words{"Revoke Nightly run in CI", "Tilbagekald Nightly run in CI"})
			p.heading(words{"Revoke Nightly run in CI?", "Tilbagekald Nightly run in CI?"})
			p.inspect("tokens-revoke")
			p.press(words{"Revoke", "Tilbagekald"})
			p.sees(words{"Nightly run in CI is revoked.", "Nightly run in CI er tilbagekaldt."})
			if status := s.asks(t, key, "/exports"); status != http.StatusUnauthorized {
				t.Errorf("the key that was revoked is answered with %d", status)
			}
			a := s.open(t, language).signIn(access.Administrator)
			a.visit("/users")
			a.press(same(person(t, access.Contributor).Name))
			a.sees(same("Nightly run in CI"), words{"Revoked", "Tilbagekaldt"})
			a.inspect("user-tokens")
		})
	}
}

// asks asks the JSON API with a key.
func (s *site) asks(t *testing.T, key, path string) (status int) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/api/v1"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode
}
