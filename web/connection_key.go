package web

import (
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/secretstore"
	"github.com/segue-app/segue/views/component"
	views "github.com/segue-app/segue/views/connection"
)

// typedKey is what the form calls a key that is typed, beside the names of stores.
const typedKey = "typed"

// keyFrom is the secret in a store that the form names; empty for a key that is typed.
func keyFrom(c echo.Context) secretstore.Reference {
	store := c.FormValue("key_from")
	if store == "" || store == typedKey {
		return secretstore.Reference{}
	}
	return secretstore.Reference{Store: store, Name: strings.TrimSpace(c.FormValue("key_name"))}
}

// chosenKey is what the form shows as chosen.
func chosenKey(from secretstore.Reference) (store, name string) {
	if from.Empty() {
		return typedKey, ""
	}
	return from.Store, from.Name
}

// keyView makes the fields for a key. One that comes from a store stays in stores.
func (s *Server) keyView(c echo.Context, kind string, from secretstore.Reference, has bool) views.KeyView {
	destination := s.Connections.DestinationName(kind)
	view := views.KeyView{Destination: destination, Required: !has, Hint: text(c, "connections.key.hint", "Destination", destination)}
	if has && from.Empty() {
		view.Hint = text(c, "connections.key.stored")
	}
	view.From, view.Name = chosenKey(from)
	stores := s.Connections.SecretStores()
	if len(stores) == 0 {
		return view
	}
	view.Stays = !from.Empty() && !has
	if !view.Stays {
		view.Stores = append(view.Stores, component.Choice{Value: typedKey, Icon: "key-round", Title: text(c, "connections.key.from.typed"), Text: text(c, "connections.key.from.typed.text")})
	}
	view.NameHint = text(c, "connections.key.name.hint.both")
	if len(stores) == 1 {
		view.NameHint = text(c, "connections.key.name.hint."+stores[0])
	}
	for _, store := range stores {
		view.Stores = append(view.Stores, component.Choice{Value: store, Icon: "lock", Title: text(c, "connections.key.from."+store), Text: text(c, "connections.key.from."+store+".text")})
	}
	return view
}

// keyHeld says where a key is.
func keyHeld(c echo.Context, from secretstore.Reference) string {
	if from.Empty() {
		return text(c, "connections.key.is_stored")
	}
	return text(c, "connections.key.is_outside", "Store", text(c, "connections.key.from."+from.Store), "Name", from.Name)
}
