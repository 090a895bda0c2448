// Package demo fills a data folder with what is needed to try Segue out: made-up customers, segments, people, and on
// demand a connection and an export to the stand-in for Omnisend. It goes through the same doors as the pages do.
package demo

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile/sample"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/source"
)

// Person is somebody who can sign in to the demonstration.
type Person struct {
	Name, Email, Password string
	Role                  access.Role
}

// People are an administrator, a contributor and a viewer. Their passwords are no secret: the demonstration listens on
// this machine only.
var People = []Person{
	{"Ada Lund", "admin@example.com", "heron-over-the-fjord", access.Administrator},
	{"Carl Berg", "contributor@example.com", "lantern-by-the-quay", access.Contributor},
	{"Vera Holm", "viewer@example.com", "window-on-the-harbour", access.Viewer},
}

// What the stand-in is given.
const (
	APIKey  = "demo4f9c2a7b1e-segue-try-it-out"
	BrandID = "5f0c1b9e8a7d6c5b4a392817"
	Brand   = "Nordlys Living"
)

// The two segments.
const (
	Everybody = "All customers"
	Readers   = "Danish newsletter readers"
)

// Seed makes the people, n customers and two segments, unless the folder has people already.
func Seed(ctx context.Context, a *app.App, n int) error {
	fresh, err := a.Accounts.NeedsSetup(ctx)
	if err != nil || !fresh {
		return err
	}
	for _, p := range People {
		_, err := a.Accounts.Create(ctx, access.System, account.NewUser{Email: p.Email, Name: p.Name, Role: p.Role, Password: p.Password})
		if err != nil {
			return fmt.Errorf("add %s: %w", p.Email, err)
		}
	}
	if err := Customers(ctx, a, n); err != nil {
		return err
	}
	admin, err := Actor(ctx, a, access.Administrator)
	if err != nil {
		return err
	}
	for _, draft := range []segment.Draft{
		{Name: Everybody, Description: "Everybody in the sample data.", Definition: segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.All}}},
		{Name: Readers, Description: "Customers in Denmark who asked for the newsletter.", Definition: segment.Definition{Kind: segment.ByRule,
			Rule: segment.Group{Match: segment.All, Conditions: []segment.Condition{
				{Attribute: "country", Operator: segment.Equals, Values: []string{"Denmark"}},
				{Attribute: "newsletter", Operator: segment.IsTrue},
			}}}},
	} {
		made, err := a.Segments.Create(ctx, admin, draft)
		if err != nil {
			return fmt.Errorf("make the segment %s: %w", draft.Name, err)
		}
		if _, err := a.Segments.Calculate(ctx, admin, made.ID); err != nil {
			return fmt.Errorf("calculate the segment %s: %w", draft.Name, err)
		}
	}
	return nil
}

// Customers brings n made-up customers in, always the same ones.
func Customers(ctx context.Context, a *app.App, n int) error {
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(sample.Write(writer, n, 1)) }()
	_, err := a.Sources.ImportFile(ctx, access.System, "sample-customers.csv", reader, source.Settings{})
	if err != nil {
		return fmt.Errorf("bring the sample customers in: %w", err)
	}
	return nil
}

// Actor is the demonstration's person of a role. Whoever calls knows her password, so it counts as confirmed that it is she.
func Actor(ctx context.Context, a *app.App, role access.Role) (access.Actor, error) {
	for _, p := range People {
		if p.Role == role {
			user, err := a.Accounts.UserByEmail(ctx, p.Email)
			if err != nil {
				return access.Actor{}, err
			}
			actor, err := a.Accounts.Actor(ctx, user.ID)
			return actor.Confirmed(time.Now()), err
		}
	}
	return access.Actor{}, fmt.Errorf("nobody is %s", role)
}

// Connect makes a connection, open to contributors, step by step as the pages do.
func Connect(ctx context.Context, a *app.App, name, key string) (connection.Connection, error) {
	admin, err := Actor(ctx, a, access.Administrator)
	if err != nil {
		return connection.Connection{}, err
	}
	if _, err := a.Connections.Begin(ctx, admin, "omnisend"); err != nil {
		return connection.Connection{}, err
	}
	_, err = a.Connections.Fill(ctx, admin, connection.Entry{Name: name, Grant: access.AllContributors, Key: secret.NewText(key),
		TermsVersion: connection.CurrentTerms, Agree: true})
	if err != nil {
		return connection.Connection{}, err
	}
	if _, err := a.Connections.Connect(ctx, admin); err != nil {
		return connection.Connection{}, err
	}
	if _, err := a.Connections.ConfirmExportUser(ctx, admin.Asked()); err != nil {
		return connection.Connection{}, err
	}
	return a.Connections.Save(ctx, admin)
}

// Mapping fills every field that the sample customers have an attribute for.
var Mapping = export.Mapping{
	{Field: destination.Email, Attribute: "email", Meant: true}, {Field: destination.FirstName, Attribute: "first_name", Meant: true},
	{Field: destination.LastName, Attribute: "last_name", Meant: true}, {Field: destination.Address, Attribute: "address", Meant: true},
	{Field: destination.PostalCode, Attribute: "postal_code", Meant: true}, {Field: destination.City, Attribute: "city", Meant: true},
	{Field: destination.Country, Attribute: "country", Meant: true}, {Field: destination.Phone, Attribute: "phone", Meant: true},
	{Field: destination.Birthdate, Attribute: "birth_date", Meant: true}, {Field: destination.Gender, Attribute: "gender", Meant: true},
	{Field: destination.CustomPrefix + "loyalty_points", Attribute: "loyalty_points", Meant: true},
}

// Export makes an export of the segments over the connection.
func Export(ctx context.Context, a *app.App, name string, connectionID int64, segments ...string) (export.Export, error) {
	admin, err := Actor(ctx, a, access.Administrator)
	if err != nil {
		return export.Export{}, err
	}
	draft := export.Draft{Name: name, ConnectionID: connectionID, Mapping: Mapping, Schedule: export.UsualSchedule}
	for _, wanted := range segments {
		page, err := a.Segments.List(ctx, admin, segment.Query{Search: wanted})
		if err != nil {
			return export.Export{}, err
		}
		for _, s := range page.Segments {
			if s.Name == wanted {
				draft.Parts = append(draft.Parts, export.Part{SegmentID: s.ID, Tag: export.DefaultTag(s.Name)})
			}
		}
	}
	if len(draft.Parts) != len(segments) {
		return export.Export{}, problem.New(problem.NotFound, "problem.not_found")
	}
	return a.Exports.Create(ctx, admin, draft)
}
