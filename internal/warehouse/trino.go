package warehouse

import (
	"context"
	"crypto/tls"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/trinodb/trino-go-client/trino"

	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/secret"
)

type lake struct{}

// pinned sends requests to one host and nowhere else, whatever the coordinator's answers point to. It adds the password,
// which the driver so never sees, and keeps it from asking for results that would be fetched from other hosts.
type pinned struct {
	base     http.RoundTripper
	host     string // with the port
	user     string
	password secret.Text
}

// RoundTrip sends one request.
func (p pinned) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Host != p.host {
		return nil, notAllowed(request.URL.Hostname(), portOf(request.URL))
	}
	request = request.Clone(request.Context())
	request.Header.Del("X-Trino-Query-Data-Encoding") // the spooling protocol
	if !p.password.Empty() {
		request.SetBasicAuth(p.user, p.password.Reveal())
	}
	response, err := p.base.RoundTrip(request)
	if err == nil {
		response.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(response.Body, maxMessage), response.Body}
	}
	return response, err
}

func portOf(u *url.URL) int {
	if port, err := strconv.Atoi(u.Port()); err == nil {
		return port
	}
	if u.Scheme == "http" {
		return 80
	}
	return 443
}

// trinoTries is how often the driver sends one request that got no answer.
const trinoTries = 3

func (lake) connector(a Address, password secret.Text, dial dialFunc, trust *tls.Config, l Limits) (driver.Connector, error) {
	server := url.URL{Scheme: "https", User: url.User(a.User), Host: net.JoinHostPort(a.Host, strconv.Itoa(a.Port))}
	if trust == nil {
		server.Scheme = "http"
	}
	transport := &http.Transport{Proxy: nil, DialContext: dial, TLSClientConfig: trust, TLSHandshakeTimeout: l.Connect,
		ResponseHeaderTimeout: l.Statement, IdleConnTimeout: time.Minute, MaxIdleConnsPerHost: maxConnections, ForceAttemptHTTP2: true}
	client := &http.Client{Transport: pinned{transport, server.Host, a.User, password}}
	tries := trinoTries
	connector, err := trino.NewConnector(&trino.Config{ServerURI: server.String(), HTTPClient: client, Source: "segue", Catalog: a.Database, Schema: a.Schema,
		TimeZone: "UTC", DisableExplicitPrepare: true, QueryTimeout: &l.Stream, RequestRetryTimeout: &l.Connect, RequestRetryMaxAttempts: &tries,
		SessionProperties: map[string]string{"query_max_execution_time": trino.FormatDuration(l.Stream)}})
	if err != nil {
		return nil, err
	}
	return connector, nil
}

// begin has nothing to begin: a single statement is read from one state of each table, most catalogues know no
// transactions, and that it only reads is seen from the statement. A shorter limit is kept by the context, whose end has
// the driver cancel the query at the coordinator.
func (lake) begin(_ context.Context, conn *sql.Conn, _ time.Duration) (session, error) {
	return session{conn, func() error { return nil }}, nil
}

func (lake) test(ctx context.Context, q querier) (version string, readOnly bool, err error) {
	err = q.QueryRowContext(ctx, "SELECT version()").Scan(&version)
	return "Trino " + version, false, err
}

func (lake) tables(_ Address, limit int) (string, []any) {
	return fmt.Sprintf("SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema <> 'information_schema' ORDER BY 1, 2 LIMIT %d", limit), nil
}

func (e lake) describe(ctx context.Context, q querier, from string, _ What) ([]Column, error) {
	return describeResult(ctx, q, e, "SELECT * FROM "+from+" q LIMIT 0")
}

func (lake) kind(t *sql.ColumnType) (profile.Kind, string, string) {
	name := strings.ToLower(t.DatabaseTypeName())
	element, array := strings.CutPrefix(name, "array(")
	switch bare, _, _ := strings.Cut(element, "("); strings.TrimSuffix(bare, ")") {
	case "tinyint", "smallint", "integer", "bigint", "real", "double", "decimal":
		if !array {
			return profile.Number, name, ""
		}
	case "boolean":
		if !array {
			return profile.Boolean, name, ""
		}
	case "date":
		if !array {
			return profile.Date, name, ""
		}
	case "timestamp", "timestamp with time zone":
		if !array {
			return profile.DateTime, name, ""
		}
	case "varbinary", "hyperloglog", "p4hyperloglog", "qdigest", "tdigest", "setdigest":
		return profile.Text, name, "warehouse.left_out.bytes"
	case "geometry", "sphericalgeography":
		return profile.Text, name, "warehouse.left_out.shape"
	}
	if array {
		return profile.List, name, ""
	}
	return profile.Text, name, ""
}

// expression has times written by Trino: the driver would fail on years that it does not expect.
func (lake) expression(quoted string, c Column, wanted profile.Kind) string {
	switch {
	case c.Native == "json":
		return "json_format(" + quoted + ")"
	case c.Kind == profile.List, strings.HasPrefix(c.Native, "map("), strings.HasPrefix(c.Native, "row("):
		return "json_format(CAST(" + quoted + " AS json))"
	case c.Native == "timestamp with time zone":
		return "CAST(at_timezone(" + quoted + ", 'UTC') AS varchar)"
	case c.Kind == profile.Date, c.Kind == profile.DateTime, wanted == profile.Text && c.Native != "varchar", wanted == profile.Number && c.Native == "decimal":
		return "CAST(" + quoted + " AS varchar)"
	}
	return quoted
}

func (lake) limited(selection, from string, n int) string {
	return limitedByLast(selection, from, n)
}

func (lake) value(v any, _ Column) any { return v }

// failure reads Trino's names of errors (io.trino.spi.StandardErrorCode), and states of HTTP where there is none.
func (lake) failure(err error) (fault, said, bool) {
	var query *trino.ErrTrino
	var value trino.ErrTrino
	if errors.As(err, &query) {
		value = *query
	}
	if query != nil || errors.As(err, &value) {
		return trinoFault(value), said{value.ErrorName, value.Message}, true
	}
	var failed *trino.ErrQueryFailed
	if !errors.As(err, &failed) || failed.StatusCode == 0 || failed.StatusCode == http.StatusOK {
		return "", said{}, false
	}
	s := said{code: fmt.Sprintf("HTTP %d", failed.StatusCode)}
	switch {
	case failed.StatusCode/100 == 3:
		return faultRedirected, s, true
	case failed.StatusCode == http.StatusUnauthorized:
		return faultLogin, s, true
	case failed.StatusCode == http.StatusForbidden:
		return faultRights, s, true
	case failed.StatusCode == http.StatusTooManyRequests, failed.StatusCode >= 502 && failed.StatusCode <= 504:
		return faultBusy, s, true
	}
	return faultOther, s, true
}

func trinoFault(e trino.ErrTrino) fault {
	switch e.ErrorName {
	case "TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND", "MISSING_SCHEMA_NAME", "MISSING_TABLE":
		return faultNoTable
	case "CATALOG_NOT_FOUND", "MISSING_CATALOG_NAME", "CATALOG_UNAVAILABLE":
		return faultNoDatabase
	case "COLUMN_NOT_FOUND", "MISSING_COLUMN_NAME":
		return faultNoColumn
	case "PERMISSION_DENIED":
		return faultRights
	case "EXCEEDED_TIME_LIMIT", "ABANDONED_QUERY", "USER_CANCELED", "ADMINISTRATIVELY_KILLED", "ADMINISTRATIVELY_PREEMPTED":
		return faultTooLong
	case "READ_ONLY_VIOLATION":
		return faultReadOnly
	case "SYNTAX_ERROR", "TYPE_MISMATCH", "FUNCTION_NOT_FOUND", "AMBIGUOUS_NAME", "NOT_SUPPORTED", "DUPLICATE_COLUMN_NAME", "MISMATCHED_COLUMN_ALIASES",
		"EXPRESSION_NOT_AGGREGATE", "EXPRESSION_NOT_SCALAR", "MISSING_GROUP_BY", "COLUMN_TYPE_UNKNOWN", "TABLE_HAS_NO_COLUMNS", "TYPE_NOT_FOUND":
		return faultStatement
	case "SERVER_STARTING_UP", "SERVER_SHUTTING_DOWN", "TOO_MANY_REQUESTS_FAILED", "QUERY_QUEUE_FULL", "NO_NODES_AVAILABLE":
		return faultBusy
	}
	switch e.ErrorType {
	case "USER_ERROR":
		return faultValue
	case "INSUFFICIENT_RESOURCES":
		return faultBusy
	}
	return faultOther
}
