package notice

import (
	"fmt"

	"github.com/segue-app/segue/internal/reseal"
)

// hookBinding is what a sealed value of a hook is bound to: its address, its secret, or the secret before.
func hookBinding(id int64, what string) string { return fmt.Sprintf("hook/%d/%s", id, what) }

// Sealed tells where addresses and secrets of hooks are sealed, for the exchange of the sealing key.
func Sealed() []reseal.Place {
	var places []reseal.Place
	for _, what := range []string{"address", "secret", "earlier"} {
		places = append(places, reseal.Place{Name: "hooks", Table: "hooks", Column: "sealed_" + what, Key: []string{"id"},
			Binding: func(key []any) string { return hookBinding(key[0].(int64), what) }})
	}
	return places
}
