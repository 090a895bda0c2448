package notice

import (
	"context"
	"errors"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/notice/mail"
	"github.com/segue-app/segue/internal/problem"
)

// People knows where people get their mail.
type People interface {
	User(ctx context.Context, id int64) (account.User, error)
	// NewReset makes the link by which a person chooses a new password, and gives its token.
	NewReset(ctx context.Context, userID int64) (token string, err error)
}

// mailTo sends a notice to a person, at the address that they have now.
func (s *Service) mailTo(ctx context.Context, n Notice) outcome {
	if s.mail == nil {
		return outcome{reason: "notice.reason.mail_off", final: true}
	}
	person, err := s.people.User(ctx, n.UserID)
	if problem.Is(err, problem.NotFound) || err == nil && !person.DisabledAt.IsZero() {
		return outcome{reason: "notice.reason.person_gone", final: true}
	}
	if err != nil {
		s.log.ErrorContext(ctx, "read who a notice is for", "notice", n.ID, "error", err)
		return outcome{reason: "notice.reason.internal"}
	}
	if n.Message.Confined && person.Role != access.Administrator {
		return outcome{reason: "notice.reason.not_for_them", final: true}
	}
	if until := n.Message.Until; !until.IsZero() && s.clock().After(until) {
		return outcome{reason: "notice.reason.too_late", final: true}
	}
	letter, err := s.compose(ctx, n, person)
	if err != nil {
		s.log.ErrorContext(ctx, "write a letter", "notice", n.ID, "error", err)
		return outcome{reason: "notice.reason.internal", final: true}
	}
	return ofMail(s.mail.Send(ctx, letter))
}

func ofMail(err error) outcome {
	if err == nil {
		return outcome{}
	}
	var failure *mail.Failure
	if !errors.As(err, &failure) {
		return outcome{reason: "notice.reason.internal"}
	}
	return outcome{reason: "notice.reason.mail_" + failure.Code, status: failure.Status, final: failure.Permanent}
}
