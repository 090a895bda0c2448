package doctor

import (
	"context"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/secretstore"
)

// stores looks whether the stores that API keys come from can be read. One over the network is not asked offline.
func (x *examination) stores(ctx context.Context) {
	for _, name := range x.Stores.Names() {
		if _, local := x.Stores[name].(secretstore.Files); x.Offline && !local {
			continue
		}
		if err := x.Stores[name].Probe(ctx); err != nil {
			x.found(Error, "store_unavailable", "Store", name, "Cause", err.Error())
		} else {
			x.found(Fine, "store", "Store", name)
		}
	}
}

// secrets looks whether the secrets that connections name are there.
func (x *examination) secrets(ctx context.Context, db *database.DB) {
	named, err := references(ctx, db.Reader())
	if err != nil {
		return // told as the schema
	}
	for _, of := range named {
		store, known := x.Stores[of.Store]
		if !known {
			x.found(Error, "store_unknown", "Store", of.Store)
			continue
		}
		if _, local := store.(secretstore.Files); x.Offline && !local {
			continue
		}
		if _, err := x.Stores.Read(ctx, of, true); secretstore.FaultOf(err) == secretstore.Missing {
			x.found(Error, "secret_missing", "Store", of.Store, "Name", of.Name)
		}
	}
}
