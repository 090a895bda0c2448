package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/textproto"
	"os"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail"
)

// Failure is why a letter was not taken.
type Failure struct {
	// Code is one of address, refused, busy, sign_in, certificate, no_tls, timeout, unreachable.
	Code      string
	Permanent bool // trying again brings nothing
	Status    int  // what the server answered; 0 for nothing
	cause     error
}

// Error tells no address: what servers say often has the recipient's.
func (f *Failure) Error() string {
	text := "mail: " + f.Code
	if f.Status != 0 {
		text += " " + strconv.Itoa(f.Status)
	}
	return text
}

// Unwrap gives the cause, which may name addresses and belongs in no log.
func (f *Failure) Unwrap() error { return f.cause }

// beforeTheLetter judges what went wrong while the server was greeted. Nothing of it is about the letter, and a person may mend it,
// so nothing of it is permanent.
func beforeTheLetter(err error) *Failure {
	f := &Failure{Code: "unreachable", cause: err}
	var answer *textproto.Error
	var verification *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &verification):
		f.Code = "certificate"
	case errors.As(err, &answer):
		f.Status = answer.Code
		f.Code = "busy"
		if answer.Code == 530 || answer.Code == 534 || answer.Code == 535 || answer.Code == 538 { // RFC 4954
			f.Code = "sign_in"
		} else if answer.Code >= 500 {
			f.Code = "refused"
		}
	case strings.HasPrefix(err.Error(), "STARTTLS mode"), errors.As(err, &record): // the library has no value for the first
		f.Code = "no_tls"
	case strings.Contains(err.Error(), "AUTH"): // none that both know, or only one that would give the password away
		f.Code = "sign_in"
	case isTimeout(err):
		f.Code = "timeout"
	}
	return f
}

// aboutTheLetter judges what the server said of the letter. A connection that broke says nothing about it.
func aboutTheLetter(err error) *Failure {
	f := &Failure{Code: "unreachable", cause: err}
	var sending *mail.SendError
	if errors.As(err, &sending) {
		f.Status = sending.ErrorCode()
	}
	switch {
	case f.Status >= 500:
		f.Code, f.Permanent = "refused", true
	case f.Status >= 400:
		f.Code = "busy"
	case isTimeout(err), strings.Contains(err.Error(), os.ErrDeadlineExceeded.Error()): // the library keeps the words of some errors only
		f.Code = "timeout"
	}
	return f
}

func isTimeout(err error) bool {
	var slow net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &slow) && slow.Timeout()
}
