package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/secretstore"
)

func TestAKeyComesFromAStoreOfSecretsByItsName(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, key := range map[string]string{"tea": demo.APIKey, "old": "thiskeyisnotknownthere1234567890"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(key+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	vault, err := secretstore.NewVault(secretstore.VaultConfig{URL: "https://vault.example.com:8200", Mount: "secret", Version: 2, Prefix: "segue",
		Login: secretstore.Login{TokenFile: filepath.Join(folder, "token")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := startWith(t, 20, func(c *app.Config) {
				c.Stores = secretstore.Stores{"files": secretstore.Files{Folder: folder}, "vault": vault}
			})
			p := s.open(t, language).signIn(access.Administrator)
			p.visit("/connections/new")
			p.tick(same("Omnisend"))
			p.press(words{"Next", "Næste"})
			typed, name := words{"It is made at Omnisend", "Den laves hos Omnisend"}, words{"Name of the secret", "Hemmelighedens navn"}
			p.sees(words{"Where the key comes from", "Hvor nøglen kommer fra"}, typed)
			p.lacks(name)
			p.inspect("connection-key-typed")
			p.tick(words{"Folder of secrets", "Mappe med hemmeligheder"})
			p.sees(name)
			p.lacks(typed)
			p.inspect("connection-key-named")

			connect := words{"Connect", "Opret forbindelse"}
			p.fill(words{"Display name", "Vist navn"}, "Tea shop newsletter")
			p.tick(words{"I agree", "Jeg accepterer"})
			p.fill(name, "absent")
			p.press(connect)
			p.sees(words{"The store has no secret of that name", "Lageret har ingen hemmelighed med det navn"})
			p.inspect("connection-key-absent")
			p.fill(name, "old")
			p.press(connect)
			p.sees(words{"Name of the secret: Omnisend refuses this key.", "Hemmelighedens navn: Omnisend afviser nøglen."})
			p.axe("connection-key-old")
			p.fill(name, "tea")
			p.press(connect)
			p.sees(words{"Folder of secrets, by the name tea", "Mappe med hemmeligheder, med navnet tea"})
			p.press(words{"Add yourself as export user", "Tilføj dig selv som eksportbruger"})
			p.fill(words{"Password", "Adgangskode"}, person(t, access.Administrator).Password)
			p.press(confirm)
			p.press(words{"Save", "Gem"})
			p.press(same("Tea shop newsletter"))
			p.sees(name, words{"is not typed any more", "indtastes ikke længere"})
			p.lacks(words{"Typed here", "Indtastes her"})
			p.inspect("connection-key-replace")
		})
	}
}
