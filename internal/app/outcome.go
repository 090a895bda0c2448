package app

import (
	"context"
	"net"
	"strconv"

	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/warehouse"
)

// Outcomes is where exports may have it written what became of the profiles of their runs. The zero value: nowhere.
type Outcomes struct {
	Folders  []string
	Address  warehouse.Address // of the database that may have tables; none without a Host
	Password secret.Text
}

func (o Outcomes) places() export.OutcomePlaces {
	places := export.OutcomePlaces{Folders: o.Folders}
	if o.Address.Host != "" {
		places.Database = o.Address.Database + " (" + o.Address.Host + ")"
	}
	return places
}

// tables opens the database for tables, which dials nothing yet. That the operator named it allows that host and no other.
func (o Outcomes) tables() (*warehouse.Database, error) {
	port := o.Address.Port
	if port == 0 {
		port = o.Address.Kind.Port()
	}
	entry := net.JoinHostPort(o.Address.Host, strconv.Itoa(port))
	if o.Address.TLS == warehouse.TLSPlain {
		entry += "=plain"
	}
	allowed := make(warehouse.Allowed, 1)
	if err := allowed[0].UnmarshalText([]byte(entry)); err != nil {
		return nil, err
	}
	return warehouse.Open(context.Background(), o.Address, o.Password, warehouse.Limits{Allowed: allowed})
}
