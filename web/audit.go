package web

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/tabular"
	views "github.com/segue-app/segue/views/audit"
	"github.com/segue-app/segue/views/component"
	hookviews "github.com/segue-app/segue/views/hook"
	runviews "github.com/segue-app/segue/views/run"
)

func (s *Server) auditRoutes(r *routes) {
	r.get(views.Path, access.ReadAudit, s.showAudit)
	r.get(views.CSVPath, access.ReadAudit, s.downloadAuditCSV)
	r.get(views.NDJSONPath, access.ReadAudit, s.downloadAuditNDJSON)
	r.post(views.CustomerPath, access.ReadAudit, s.findLooks) // by POST, so that a customer's id is in no URL
}

// looked writes that the person is about to see personal data. Without it nothing is shown.
func (s *Server) looked(c echo.Context, what audit.Action, at audit.Subject) error {
	return s.Audit.Looked(ctx(c), actor(c), what, at)
}

// lookedAt is looked for a customer.
func (s *Server) lookedAt(c echo.Context, what audit.Action, profileID string) error {
	subject, err := s.Audit.Profile(ctx(c), profileID)
	if err != nil {
		return err
	}
	return s.looked(c, what, subject)
}

const entriesOnPage = 50

func (s *Server) showAudit(c echo.Context) error {
	shown, filter := s.auditFilter(c)
	return s.renderAudit(c, http.StatusOK, views.View{Filter: shown}, filter)
}

func (s *Server) renderAudit(c echo.Context, status int, v views.View, filter audit.Filter) error {
	from, newer := int64(0), false
	if n, err := strconv.ParseInt(c.QueryParam("before"), 10, 64); err == nil && n > 0 {
		from = n
	} else if n, err := strconv.ParseInt(c.QueryParam("after"), 10, 64); err == nil && n > 0 {
		from, newer = n, true
	}
	page, err := s.Audit.List(ctx(c), actor(c), filter, from, newer, entriesOnPage)
	if err != nil {
		return err
	}
	there, err := s.addresses(ctx(c), actor(c), page.Records)
	if err != nil {
		return err
	}
	for _, r := range page.Records {
		v.Rows = append(v.Rows, auditRow(c, r, there))
	}
	if n := len(page.Records); n > 0 {
		if page.Newer {
			v.Newer = withParameter(v.Filter.At(views.Path), "after", page.Records[0].ID)
		}
		if page.Older {
			v.Older = withParameter(v.Filter.At(views.Path), "before", page.Records[n-1].ID)
		}
	}
	if err := s.addAuditChoices(c, &v); err != nil {
		return err
	}
	return render(c, status, views.Page(s.page(c, "audit", text(c, "audit.title")), v))
}

func withParameter(address, name string, n int64) string {
	sign := "?"
	if strings.Contains(address, "?") {
		sign = "&"
	}
	return fmt.Sprintf("%s%s%s=%d", address, sign, name, n)
}

// addAuditChoices adds what there is to choose from, and how the log stands.
func (s *Server) addAuditChoices(c echo.Context, v *views.View) error {
	people, err := s.Audit.People(ctx(c), actor(c))
	if err != nil {
		return err
	}
	for _, p := range people {
		v.People = append(v.People, component.Option{Value: strconv.FormatInt(p.ID, 10), Label: p.Name})
	}
	v.People = append(v.People, component.Option{Value: views.ProgramValue, Label: text(c, "audit.program")})
	for _, kind := range auditKinds {
		v.Kinds = append(v.Kinds, component.Option{Value: kind, Label: text(c, "audit.kind."+kind)})
	}
	standing, err := s.Audit.Standing(ctx(c), actor(c))
	if err != nil {
		return err
	}
	sealed := component.Term{Label: text(c, "audit.sealed.at"), Text: text(c, "audit.sealed.never")}
	if standing.SealedTo > 0 {
		sealed.Content = s.moment(c, standing.SealedAt)
	}
	v.Sealed = []component.Term{sealed, {Label: text(c, "audit.sealed.to"), Text: text(c, "audit.sealed.of", "To", i18n.Number(ctx(c), int(standing.SealedTo)), "Last", i18n.Number(ctx(c), int(standing.Head.ID)))}}
	v.Command = "segue audit verify"
	if standing.Head.ID > 0 {
		v.Command += " --expect " + standing.Head.String()
	}
	return nil
}

// auditKinds are the kinds of what something is done to, as they are offered.
var auditKinds = []string{"user", "token", "connection", "source", "segment", "export", "run", "chain", "stop", "hook", "schedule", "terms", "erasure", "profile", "sealing_key"}

// auditFilter reads the filter of the address. What makes no sense in it is left out.
func (s *Server) auditFilter(c echo.Context) (shown views.Filter, f audit.Filter) {
	person := c.QueryParam("person")
	if id, err := strconv.ParseInt(person, 10, 64); err == nil && id > 0 {
		f.UserID, shown.Person = id, person
	} else if person == views.ProgramValue {
		f.Program, shown.Person = true, person
	}
	if area := c.QueryParam("area"); slices.ContainsFunc(audit.Actions, func(a audit.Action) bool { return a.Area() == area }) {
		f.Area, shown.Area = area, area
	}
	if action := audit.Action(c.QueryParam("action")); slices.Contains(audit.Actions, action) {
		f.Action, shown.Action = action, string(action)
	}
	if kind := c.QueryParam("kind"); slices.Contains(auditKinds, kind) {
		f.SubjectKind, shown.Kind = kind, kind
	}
	shown.ID = strings.TrimSpace(c.QueryParam("id"))
	f.SubjectID = shown.ID
	if via := audit.Means(c.QueryParam("via")); slices.Contains([]audit.Means{audit.Browser, audit.Token, audit.Command, audit.Program}, via) {
		f.Via, shown.Via = via, string(via)
	}
	zone := i18n.From(ctx(c)).Zone()
	if day, err := time.ParseInLocation(time.DateOnly, c.QueryParam("from"), zone); err == nil {
		f.From, shown.From = day, c.QueryParam("from")
	}
	if day, err := time.ParseInLocation(time.DateOnly, c.QueryParam("to"), zone); err == nil {
		f.Until, shown.To = day.AddDate(0, 0, 1), c.QueryParam("to")
	}
	return shown, f
}

// findLooks leads to the looks at a customer whose id is typed. Who looks that up is in the log as well.
func (s *Server) findLooks(c echo.Context) error {
	id := strings.TrimSpace(c.FormValue("customer"))
	if id == "" {
		var check problem.Check
		check.Add("customer", "problem.required")
		errs, _ := formErrors(c, check.Err(), "customer", "audit.customer.id")
		return s.renderAudit(c, http.StatusUnprocessableEntity, views.View{Filter: views.Filter{Errors: errs}}, audit.Filter{})
	}
	subject, err := s.Audit.Profile(ctx(c), id)
	if err != nil {
		return err
	}
	if err := s.looked(c, audit.LogSeen, subject); err != nil {
		return err
	}
	return redirect(c, views.Filter{Kind: subject.Kind, ID: subject.ID}.At(views.Path))
}

func auditRow(c echo.Context, r audit.Record, there func(audit.Subject) string) views.Row {
	row := views.Row{ID: strconv.FormatInt(r.ID, 10), At: runviews.Exact(ctx(c), r.At), Who: r.UserName, What: text(c, "audit.action."+string(r.Action)),
		Via: text(c, "audit.via."+string(r.Via)), Address: r.Address, Subject: component.Link{Label: subjectText(c, r.Subject), Href: there(r.Subject)}}
	switch {
	case r.UserID != 0:
		row.Role = text(c, "role."+string(r.Role))
	case row.Who == "":
		row.Who = text(c, "audit.nobody")
	}
	for _, change := range r.Changes {
		row.Changes = append(row.Changes, component.Term{Label: fieldText(c, change.Field), Text: changeText(c, change)})
	}
	return row
}

func subjectText(c echo.Context, at audit.Subject) string {
	if at.Kind == "" {
		return ""
	}
	name := at.Name
	if name == "" {
		name = at.ID
	}
	return strings.TrimSpace(text(c, "audit.kind."+at.Kind) + " " + name)
}

// changeText says what a field was and what it is. What is not told is only said to have changed.
func changeText(c echo.Context, change audit.Change) string {
	switch {
	case change.Before == "" && change.After == "":
		return text(c, "audit.not_told")
	case change.Before == "":
		return change.After
	case change.After == "":
		return change.Before + " → –"
	}
	return change.Before + " → " + change.After
}

// fieldText names a field: what stands behind a point is a name of somebody's own.
func fieldText(c echo.Context, field string) string {
	name, own, _ := strings.Cut(field, ".")
	if key := "audit.field." + name; text(c, key) != key { // of those that have a text
		name = text(c, key)
	} else {
		name = strings.ReplaceAll(name, "_", " ")
	}
	if own != "" {
		name += ": " + own
	}
	return name
}

// addresses gives who says the address of what an entry is about: "" when it is there no more, has no page, or has one that is not
// for the reader. It asks once for all of a kind.
func (s *Server) addresses(ctx context.Context, reader access.Actor, records []audit.Record) (func(audit.Subject) string, error) {
	about := map[string][]int64{}
	for _, r := range records {
		if id, err := strconv.ParseInt(r.Subject.ID, 10, 64); err == nil {
			about[r.Subject.Kind] = append(about[r.Subject.Kind], id)
		}
	}
	there := map[string]string{}
	for _, of := range []struct {
		kind, path string
		present    func(context.Context, access.Actor, []int64) ([]int64, error)
	}{
		{"user", "/users/", s.Accounts.Present}, {"connection", "/connections/", s.Connections.Present}, {"source", "/sources/", s.Sources.Present},
		{"segment", "/segments/", s.Segments.Present}, {"export", "/exports/", s.Exports.Present}, {"hook", hookviews.Path + "/", s.Notices.Present},
		{"run", "/runs/", allRuns},
	} {
		if len(about[of.kind]) == 0 {
			continue
		}
		found, err := of.present(ctx, reader, about[of.kind])
		switch {
		case problem.Is(err, problem.NotPermitted):
			continue
		case err != nil:
			return nil, err
		}
		for _, id := range found {
			number := strconv.FormatInt(id, 10)
			there[of.kind+" "+number] = of.path + number
		}
	}
	return func(at audit.Subject) string { return there[at.Kind+" "+at.ID] }, nil
}

// allRuns gives all of the ids: the history of runs stays.
func allRuns(_ context.Context, reader access.Actor, ids []int64) ([]int64, error) {
	return ids, reader.Require(access.LookAround)
}

// downloadAuditCSV streams the entries of the filter for a spreadsheet.
func (s *Server) downloadAuditCSV(c echo.Context) error {
	_, filter := s.auditFilter(c)
	var out *tabular.Writer
	begin := func() error {
		out = tabular.NewWriter(s.attachment(c, "audit.csv", "text/csv; charset=utf-8"))
		return out.Write(text(c, "audit.column.number"), text(c, "audit.when"), text(c, "audit.who"), text(c, "audit.column.user"), text(c, "audit.column.role"), text(c, "audit.action"), text(c, "audit.what"),
			text(c, "audit.kind"), text(c, "audit.id"), text(c, "audit.column.name"), text(c, "audit.column.changes"), text(c, "audit.where"), text(c, "audit.column.address"), text(c, "audit.column.hash"))
	}
	err := s.Audit.Download(ctx(c), actor(c), filter, "csv", func(r audit.Record) error {
		if out == nil {
			if err := begin(); err != nil {
				return err
			}
		}
		var changes []string
		for _, change := range r.Changes {
			changes = append(changes, change.Field+": "+change.Before+" → "+change.After)
		}
		return out.Write(strconv.FormatInt(r.ID, 10), r.At.UTC().Format(time.RFC3339), r.UserName, strconv.FormatInt(r.UserID, 10), string(r.Role), string(r.Action), text(c, "audit.action."+string(r.Action)),
			r.Subject.Kind, r.Subject.ID, r.Subject.Name, strings.Join(changes, "\n"), string(r.Via), r.Address, r.Hash())
	})
	if err == nil && out == nil {
		err = begin()
	}
	if err != nil {
		return err
	}
	return out.Flush()
}

// downloadAuditNDJSON streams the entries of the filter with all that their hashes are made of.
func (s *Server) downloadAuditNDJSON(c echo.Context) error {
	_, filter := s.auditFilter(c)
	var out *bufio.Writer
	begin := func() {
		out = bufio.NewWriterSize(s.attachment(c, "audit.ndjson", "application/x-ndjson"), 32<<10)
	}
	err := s.Audit.Download(ctx(c), actor(c), filter, "ndjson", func(r audit.Record) error {
		if out == nil {
			begin()
		}
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		return encoder.Encode(r)
	})
	if err == nil && out == nil {
		begin()
	}
	if err != nil {
		return err
	}
	return out.Flush()
}
