package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/views/component"
	views "github.com/segue-app/segue/views/connection"
	"github.com/segue-app/segue/views/layout"
	versionviews "github.com/segue-app/segue/views/version"
)

// The choices of who may use a connection.
const (
	forAdministrators = "administrators"
	forContributors   = "contributors"
	forNamed          = "named"
)

// grantOf reads who may use the connection. What is no choice is for administrators only.
func grantOf(c echo.Context) access.Grant {
	switch c.FormValue("access") {
	case forContributors:
		return access.AllContributors
	case forNamed:
		var ids []int64
		for _, value := range c.Request().PostForm["people"] {
			if id, err := strconv.ParseInt(value, 10, 64); err == nil {
				ids = append(ids, id)
			}
		}
		return access.Named(ids...)
	}
	return access.OnlyAdministrators
}

// checkGrant refuses to name contributors and then nobody.
func checkGrant(c echo.Context) error {
	var check problem.Check
	check.Require(c.FormValue("access") != forNamed || len(grantOf(c).People()) > 0, "people", "connections.problem.nobody")
	return check.Err()
}

// accessChoice is who may use a connection, as the forms ask for it.
func accessChoice(grant access.Grant, contributors []access.Actor) views.AccessChoice {
	choice := views.AccessChoice{Value: forAdministrators}
	for _, one := range contributors {
		person := views.Person{ID: strconv.FormatInt(one.UserID, 10), Name: one.Name, Email: one.Email}
		if person.Named = slices.Contains(grant.People(), one.UserID); person.Named {
			choice.Value = forNamed
		}
		choice.People = append(choice.People, person)
	}
	if grant.All() {
		choice.Value = forContributors
	}
	return choice
}

// namesShown is how many people a line names.
const namesShown = 3

// accessText says who may use a connection.
func accessText(c echo.Context, grant access.Grant, contributors []access.Actor) string {
	names := namesOf(connection.Granted(grant, contributors))
	switch {
	case grant.All():
		return text(c, "connections.access.contributors")
	case len(names) == 0:
		return text(c, "connections.access.administrators")
	case len(names) > namesShown:
		return i18n.N(ctx(c), "connections.access.people.more", len(names)-namesShown, "Names", strings.Join(names[:namesShown], ", "))
	}
	return text(c, "connections.access.people", "Names", strings.Join(names, ", "))
}

func namesOf(people []access.Actor) (names []string) {
	for _, one := range people {
		names = append(names, one.Name)
	}
	return names
}

func (s *Server) editConnection(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	change := connection.Change{
		Version: version(c), Name: c.FormValue("name"), Grant: grantOf(c), Withdrawal: connection.Withdrawal(c.FormValue("withdrawal")),
	}
	err = checkGrant(c)
	if err == nil && change.Withdrawal == "" {
		loss, err := s.Connections.Loss(ctx(c), actor(c), id, change.Grant)
		if err != nil {
			return err
		}
		if len(loss.Exports) > 0 {
			return s.askWithdrawal(c, change, loss)
		}
	}
	if err == nil {
		_, err = s.Connections.Edit(ctx(c), actor(c), id, change)
	}
	if err != nil {
		var conflict *versionviews.Conflict
		if changedMeanwhile(err) {
			var failed error
			if conflict, failed = s.connectionConflict(c, id, change); failed != nil {
				return failed
			}
		}
		return s.connectionFailed(c, err, func(v *views.View) {
			v.TypedName, v.Opened = change.Name, c.FormValue("version")
			v.TypedAccess.Typed(c.FormValue("access"), c.Request().PostForm["people"])
			if v.Conflict = conflict; conflict != nil {
				v.Errors = component.Errors{}
			}
		})
	}
	return s.connectionDone(c, nil, "connections.changed")
}

// askWithdrawal asks what becomes of the exports of those who may not use the connection any more. The page holds the change.
func (s *Server) askWithdrawal(c echo.Context, change connection.Change, loss connection.Loss) error {
	base := connectionPath(c)
	view := views.WithdrawalView{
		Base: base, Version: strconv.Itoa(change.Version), Name: change.Name, Access: c.FormValue("access"), Chosen: string(connection.GoOn),
		Text: i18n.N(ctx(c), "connections.withdrawal.text", len(loss.Exports), "Names", strings.Join(namesOf(loss.People), ", ")),
	}
	for _, personID := range change.Grant.People() {
		view.People = append(view.People, strconv.FormatInt(personID, 10))
	}
	for _, d := range loss.Exports {
		view.Exports = append(view.Exports, views.Dependent{Name: dependentName(c, d), Href: exportPath(d.ID)})
	}
	above := aboveConnection(c, layout.Crumb{Label: cmp.Or(change.Name, text(c, "connections.name")), Href: base})
	return render(c, http.StatusOK, views.Withdrawal(s.page(c, "connections", text(c, "connections.withdrawal"), above...), view))
}
