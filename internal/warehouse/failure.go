package warehouse

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql/driver"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"
	"unicode"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/secret"
)

// fault is what went wrong, whatever the database.
type fault string

// The faults; each is the end of a code "warehouse.problem.…".
const (
	faultUnreachable fault = "unreachable"     // nobody answers, or the name has no address
	faultLogin       fault = "login_refused"   // user or password
	faultNoDatabase  fault = "no_database"     // no such database, catalog or schema
	faultNoTable     fault = "no_table"        // no such table or view
	faultNoColumn    fault = "no_column"       // no such column
	faultRights      fault = "rights"          // the login may not read that
	faultTooLong     fault = "too_long"        // the statement took longer than it may
	faultCertificate fault = "certificate"     // not trusted
	faultNoTLS       fault = "no_tls"          // the server does not speak TLS
	faultCut         fault = "cut"             // the connection ended in the middle
	faultBusy        fault = "busy"            // too many connections, starting up, shutting down
	faultStatement   fault = "statement"       // it is not sound in that database's SQL
	faultReadOnly    fault = "writes"          // it would write
	faultValue       fault = "value"           // a value broke the statement: overflow, a cast, a division by zero
	faultRedirected  fault = "redirected"      // the server sends us to another address
	faultOther       fault = "database_failed" // anything else that the database said
)

// shown are the faults whose message repeats only the statement and names of tables, never what is in them. Others may quote
// values, which are personal data, and of them only the database's code is kept.
var shown = map[fault]bool{faultLogin: true, faultNoDatabase: true, faultNoTable: true, faultNoColumn: true, faultRights: true, faultBusy: true,
	faultStatement: true, faultReadOnly: true}

var (
	errNoAnswer    = errors.New("no answer while connecting")
	errUnknownType = errors.New("a column of a type that the driver does not know")
	errTooLong     = errors.New("the statement took longer than it may")
	errSilence     = errors.New("no row for longer than it may take")
)

// said is what a database answered: its own code and its message.
type said struct {
	code, message string
}

// failed turns what a driver returned into a problem, with a cause that names neither secrets nor values of rows. What
// is a problem already stays as it is, and a reader who went away gets the context's error.
func (d *Database) failed(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if p := problem.Of(err); p != nil {
		return p
	}
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, errTooLong), errors.Is(cause, errSilence):
		return d.problem(faultTooLong, said{}).Because(cause)
	case errors.Is(cause, context.DeadlineExceeded):
		return d.problem(faultTooLong, said{}).Because(context.DeadlineExceeded)
	case cause != nil:
		return cause
	}
	f, answer := d.recognise(err)
	return d.problem(f, answer)
}

// problem makes the problem of a fault. Its values: Host, Detail (the database's message, "" when it may quote values).
func (d *Database) problem(f fault, answer said) *problem.Problem {
	kind := problem.Invalid
	switch f {
	case faultUnreachable, faultCut, faultBusy, faultTooLong, faultOther:
		kind = problem.Unavailable
	}
	detail := ""
	if shown[f] {
		detail = d.scrubber.clean(answer.message)
	}
	p := problem.New(kind, "warehouse.problem."+string(f), "Host", d.address.Host, "Detail", detail)
	log := strings.TrimSpace(fmt.Sprintf("%s %s", d.scrubber.clean(answer.code), detail))
	if log == "" {
		return p
	}
	return p.Because(errors.New(log))
}

// recognise names the fault: first what the database said, then what the network did.
func (d *Database) recognise(err error) (fault, said) {
	if f, answer, ok := d.engine.failure(err); ok {
		return f, answer
	}
	var (
		unknown   x509.UnknownAuthorityError
		wrongName x509.HostnameError
		invalid   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		alert     tls.AlertError
		dns       *net.DNSError
		network   net.Error
	)
	switch {
	case errors.As(err, &verify), errors.As(err, &unknown), errors.As(err, &wrongName), errors.As(err, &invalid):
		return faultCertificate, said{code: "certificate"}
	case errors.As(err, &record), errors.As(err, &alert):
		return faultNoTLS, said{code: "TLS handshake"}
	case errors.As(err, &dns):
		return faultUnreachable, said{code: "no address in DNS"}
	case errors.Is(err, errNoAnswer):
		return faultUnreachable, said{code: errNoAnswer.Error()}
	case errors.Is(err, syscall.ECONNREFUSED):
		return faultUnreachable, said{code: "connection refused"}
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return faultUnreachable, said{code: "no route"}
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, net.ErrClosed), errors.Is(err, driver.ErrBadConn):
		return faultCut, said{code: "connection ended"}
	case errors.As(err, &network) && network.Timeout():
		return faultUnreachable, said{code: "timeout"}
	}
	return faultOther, said{code: fmt.Sprintf("%T", err)}
}

// scrubber takes secrets out of texts.
type scrubber struct{ replace *strings.Replacer }

// newScrubber knows the password in the forms in which an error may carry it.
func newScrubber(user string, password secret.Text) scrubber {
	if password.Empty() {
		return scrubber{strings.NewReplacer()}
	}
	plain := password.Reveal()
	const mask = "********"
	return scrubber{strings.NewReplacer(
		base64.StdEncoding.EncodeToString([]byte(user+":"+plain)), mask,
		url.UserPassword(user, plain).String(), mask,
		url.QueryEscape(plain), mask, url.PathEscape(plain), mask,
		plain, mask)}
}

// maxDetail is how much of a database's message is kept, in characters.
const maxDetail = 300

// clean makes a text of others fit to be shown and logged: without secrets and control characters, and of a bounded length.
func (s scrubber) clean(text string) string {
	text = s.replace.Replace(strings.ToValidUTF8(text, "\uFFFD"))
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }), " ")
	if runes := []rune(text); len(runes) > maxDetail {
		text = string(runes[:maxDetail]) + "…"
	}
	return text
}
