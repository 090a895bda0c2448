package main

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/warehouse"
)

// outcomes is where exports may have it written what became of the profiles of their runs.
type outcomes struct {
	OutcomeFolders      []string `name:"outcome-folder" help:"Folder in which exports may have files written that say what became of each profile; none when none is given." type:"path" env:"SEGUE_OUTCOME_FOLDER"`
	OutcomeDatabase     string   `name:"outcome-database" help:"PostgreSQL database in which exports may have tables written that say what became of each profile: postgres://user@db.example.com:5432/database?schema=name, or postgres+plain:// without TLS. None when none is given. The user's password comes from --outcome-password-file or SEGUE_OUTCOME_PASSWORD." env:"SEGUE_OUTCOME_DATABASE"`
	OutcomePasswordFile string   `name:"outcome-password-file" help:"File of the password for that database." type:"path" env:"SEGUE_OUTCOME_PASSWORD_FILE"`
}

// places reads where outcomes may go.
func (o outcomes) places() (app.Outcomes, error) {
	places := app.Outcomes{Folders: o.OutcomeFolders}
	if o.OutcomeDatabase == "" {
		return places, nil
	}
	wrong := errors.New("--outcome-database must be an address such as postgres://user@db.example.com/database?schema=name, without a password")
	at, err := url.Parse(o.OutcomeDatabase)
	if err != nil {
		return places, wrong // without the cause, which repeats the address
	}
	query := at.Query()
	schema := query.Get("schema")
	query.Del("schema")
	if _, given := at.User.Password(); given || len(query) > 0 || at.Fragment != "" {
		return places, wrong
	}
	places.Address = warehouse.Address{Kind: warehouse.PostgreSQL, Host: at.Hostname(), Database: strings.TrimPrefix(at.Path, "/"), Schema: schema, User: at.User.Username(), TLS: warehouse.TLSVerify}
	switch at.Scheme {
	case "postgres":
	case "postgres+plain":
		places.Address.TLS = warehouse.TLSPlain
	default:
		return places, wrong
	}
	if port := at.Port(); port != "" {
		if places.Address.Port, err = strconv.Atoi(port); err != nil {
			return places, wrong
		}
	}
	if places.Address.Check() != nil {
		return places, wrong
	}
	places.Password, err = secretOf("the password of the outcomes' database", outcomePasswordName, "--outcome-password-file", o.OutcomePasswordFile)
	return places, err
}
