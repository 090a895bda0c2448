package connection

import (
	"context"
	"errors"
	"strings"
	"unicode"

	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/secret"
)

// FailureOf sorts an error of a destination, or of the store of a key: why the key does not work, or "" when the key is not to blame.
func FailureOf(err error) Failure {
	if failure := storeFailure(err); failure != "" {
		return failure
	}
	var failed *destination.Error
	if !errors.As(err, &failed) {
		return ""
	}
	switch failed.Kind {
	case destination.Unauthorized:
		return KeyRefused
	case destination.Forbidden:
		return ScopeMissing
	case destination.Payment:
		return PaymentRequired
	case destination.NoBrand:
		return BrandUnable
	default:
		return ""
	}
}

// refusal says to a person why a key could not be proved. What the person can mend is put beside the field that the key came by.
func refusal(err error, h held, destinationName string) error {
	if failure := FailureOf(err); failure != "" {
		name := "key"
		if !h.from.Empty() {
			name = "key_name"
		}
		field := problem.Field{Name: name, Code: "connections.problem." + string(failure), Args: []any{"Destination", destinationName}}
		return (&problem.Problem{Kind: problem.Invalid, Code: "connections.problem.not_connected", Fields: []problem.Field{field}}).Because(err)
	}
	code := "connections.problem.unexpected"
	var failed *destination.Error
	if errors.As(err, &failed) {
		switch failed.Kind {
		case destination.Retired:
			code = "connections.problem.version_retired"
		case destination.Throttled:
			code = "connections.problem.throttled"
		case destination.Unavailable:
			code = "connections.problem.unavailable"
		case destination.Unreachable:
			code = "connections.problem.unreachable"
		}
	} else if errors.Is(err, context.DeadlineExceeded) {
		code = "connections.problem.unreachable"
	}
	return problem.New(problem.Unavailable, code, "Destination", destinationName).Because(err)
}

// prove asks the destination whose key it is. It waits no longer than the service's patience.
func (s *Service) prove(ctx context.Context, driver destination.Driver, key secret.Text, gate destination.Gate) (destination.Brand, error) {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	brand, err := driver.Open(key, gate).Verify(ctx)
	if err == nil && brand.ID == "" {
		err = &destination.Error{Kind: destination.NoBrand, Message: "the key belongs to no brand"}
	}
	if err != nil {
		return destination.Brand{}, err
	}
	return destination.Brand{ID: brand.ID, Name: plain(brand.Name, brand.ID), Website: plain(brand.Website, "")}, nil
}

const longestRemoteText = 200 // runes of a brand's name that are kept

// plain makes a text of the remote fit to be shown: one line of bounded length.
func plain(text, otherwise string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }), " ")
	if runes := []rune(text); len(runes) > longestRemoteText {
		text = string(runes[:longestRemoteText-1]) + "…"
	}
	if text == "" {
		return otherwise
	}
	return text
}

// proveNew is prove for a key whose brand is not known yet, and so neither its budget: what it spent is counted afterwards.
func (s *Service) proveNew(ctx context.Context, driver destination.Driver, key secret.Text) (destination.Brand, error) {
	gate := &unlimited{}
	brand, err := s.prove(ctx, driver, key, gate)
	if err != nil {
		return brand, err
	}
	return brand, s.gates.Spent(ctx, brand.ID, gate.requests)
}

// unlimited admits every request and counts them.
type unlimited struct{ requests int }

func (u *unlimited) Enter(ctx context.Context) (func(destination.Answer), error) {
	u.requests++
	return func(destination.Answer) {}, ctx.Err()
}
