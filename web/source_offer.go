package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/source"
	"github.com/segue-app/segue/internal/warehouse"
	"github.com/segue-app/segue/views/component"
	views "github.com/segue-app/segue/views/source"
)

// offerTables shows the form of a new source again, with the tables to choose from.
func (s *Server) offerTables(c echo.Context) error {
	view, err := s.formWithTables(c, 0)
	if errs, ok := sourceErrors(c, err); ok {
		view.Errors = errs
		return s.renderNewSource(c, http.StatusUnprocessableEntity, view)
	}
	if err != nil {
		return err
	}
	return s.renderNewSource(c, http.StatusOK, view)
}

// offerTablesOf does so with the form of a source that is there.
func (s *Server) offerTablesOf(c echo.Context) error {
	of, err := s.ofPath(c)
	if err != nil {
		return err
	}
	view, err := s.formWithTables(c, of.ID)
	if errs, ok := sourceErrors(c, err); ok {
		view.Errors = errs
		return s.renderEditSource(c, http.StatusUnprocessableEntity, of, view)
	}
	if err != nil {
		return err
	}
	return s.renderEditSource(c, http.StatusOK, of, view)
}

// formWithTables is the form as it was typed, with what the database answered.
func (s *Server) formWithTables(c echo.Context, sourceID int64) (views.FormView, error) {
	view, entry := typedSource(c, source.SQL)
	password, err := s.typedPassword(c, entry, &view)
	if err != nil {
		return view, err
	}
	offer, err := s.Sources.Offer(ctx(c), actor(c), sourceID, entry.Remote.Address, password)
	if err != nil {
		return view, err
	}
	key := "sources.tested"
	if !offer.ReadOnly {
		key = "sources.tested.writes"
	}
	view.Offer = &views.OfferView{Title: i18n.N(ctx(c), "sources.sql.tables", len(offer.Tables)),
		Text: text(c, key, "Version", offer.Version, "Time", i18n.Duration(ctx(c), offer.Latency))}
	if offer.More {
		view.Offer.Text += " " + text(c, "sources.sql.tables.more")
	}
	view.Offer.Tables = []component.Option{{Label: text(c, "sources.sql.listed.none")}}
	for _, table := range offer.Tables {
		view.Offer.Tables = append(view.Offer.Tables, component.Option{Value: listed(table), Label: strings.TrimPrefix(table.Schema+"."+table.Name, ".")})
	}
	return view, nil
}

// listed is a table as a value of the list: names may hold any character.
func listed(table warehouse.Table) string {
	return url.QueryEscape(table.Schema) + "/" + url.QueryEscape(table.Name)
}

// listedTable reads what listed wrote; false when none was chosen.
func listedTable(value string) (table warehouse.Table, ok bool) {
	schema, name, found := strings.Cut(value, "/")
	if !found {
		return table, false
	}
	var err error
	if table.Schema, err = url.QueryUnescape(schema); err != nil {
		return table, false
	}
	table.Name, err = url.QueryUnescape(name)
	return table, err == nil
}

// typedPassword is the password of the form, and goes sealed into the view for when the form comes back.
func (s *Server) typedPassword(c echo.Context, entry source.Entry, view *views.FormView) (secret.Text, error) {
	address := entry.Remote.Address
	password, err := s.Sources.Carried(actor(c), address, secret.NewText(c.FormValue("password")), c.FormValue("carried"))
	if err == nil {
		view.Carried = s.Sources.Carry(actor(c), address, password)
	}
	return password, err
}
