package web

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/segue-app/segue/internal/secretstore"
	"github.com/segue-app/segue/internal/testkit"
)

func TestAKeyIsTakenFromAStoreByItsNameAndItsNameIsAllThatIsShown(t *testing.T) {
	folder := t.TempDir()
	put := func(name, value string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(value+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("omnisend", testkit.TeaKey)
	put("wrong", "planted-in-the-store")
	s := newSiteOn(t, secretstore.Stores{"files": secretstore.Files{Folder: folder}})
	s.People = testkit.NewPeople(t, s.Accounts)
	b := s.as(t, "ada@example.com")
	b.post("/connections/new/type", url.Values{"type": {"omnisend"}}).leads(t, "/connections/new")
	b.get("/connections/new").has(t, "Where the key comes from", "Typed here", "Folder of secrets", "Name of the secret")
	outside := func(name string) url.Values {
		typed := details("Tea shop", "administrators", "")
		typed.Set("key_from", "files")
		typed.Set("key_name", name)
		return typed
	}
	b.post("/connections/new", outside("")).wants(t, http.StatusUnprocessableEntity).has(t, "Name of the secret: Fill in this field")
	b.post("/connections/new", outside("../segue.key")).wants(t, http.StatusUnprocessableEntity).has(t, "A name consists of letters", `value="../segue.key"`)
	b.post("/connections/new", outside("absent")).wants(t, http.StatusUnprocessableEntity).has(t, "The store has no secret of that name", `value="absent"`)
	b.post("/connections/new", outside("wrong")).wants(t, http.StatusUnprocessableEntity).has(t, "Omnisend refuses this key").lacks(t, "planted-in-the-store")
	b.post("/connections/new", outside("omnisend")).leads(t, "/connections/new")
	b.get("/connections/new").has(t, "Folder of secrets, by the name omnisend").lacks(t, testkit.TeaKey)
	b.postConfirmed("/connections/new/export-user", nil).leads(t, "/connections/new")
	b.post("/connections/new/save", nil).leads(t, "/connections")

	page := b.get("/connections/1").has(t, "Folder of secrets, by the name omnisend", "is not typed any more").lacks(t, testkit.TeaKey, `name="key"`)
	version := page.field(t, "version")
	b.post("/connections/1/key", url.Values{"version": {version}, "key": {testkit.TeaKey}}).has(t, "Set up another connection for a typed key")
	put("second", testkit.TeaKey)
	b.post("/connections/1/key", url.Values{"version": {version}, "key_from": {"files"}, "key_name": {"second"}}).leads(t, "/connections/1")
	b.get("/connections/1").has(t, "by the name second")
	if err := os.Remove(filepath.Join(folder, "second")); err != nil {
		t.Fatal(err)
	}
	b.post("/connections/1/verify", nil).wants(t, http.StatusUnprocessableEntity).has(t, "The store has no secret of that name", "Secret is gone", "works again by itself")
}
