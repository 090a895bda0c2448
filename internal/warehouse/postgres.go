package warehouse

import (
	"context"
	"crypto/tls"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/secret"
)

type postgres struct{}

// maxMessage is the longest message of a server that is read, and so about the longest row: 64 MiB.
const maxMessage = 64 << 20

// connector sets every field itself. pgx can make its configuration from text only, which it completes from PG… in the
// environment, so the text is a constant that reads no files, and what it gave is overwritten.
func (postgres) connector(a Address, password secret.Text, dial dialFunc, trust *tls.Config, _ Limits) (driver.Connector, error) {
	config, err := pgx.ParseConfig("host=nowhere.invalid port=1 user=nobody password=none dbname=none sslmode=disable sslcertmode=disable target_session_attrs=any")
	if err != nil {
		return nil, err
	}
	config.Host, config.Port, config.Database = a.Host, uint16(a.Port), a.Database
	config.User, config.Password = a.User, password.Reveal()
	config.TLSConfig, config.Fallbacks = trust, nil
	config.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil } // dial does
	config.DialFunc = pgconn.DialFunc(dial)
	config.ConnectTimeout = 0 // timedConnector's
	config.MaxProtocolMessageBodyLen = maxMessage
	config.OnNotice = func(*pgconn.PgConn, *pgconn.Notice) {} // what the server remarks is nobody's concern
	config.RuntimeParams = map[string]string{
		"application_name":              "segue",
		"client_encoding":               "UTF8",
		"DateStyle":                     "ISO",
		"TimeZone":                      "UTC",
		"default_transaction_read_only": "on",
		"standard_conforming_strings":   "on", // as the scanner of statements reads strings
	}
	if a.Schema != "" {
		config.RuntimeParams["search_path"] = quote(PostgreSQL, a.Schema)
	}
	// Statements are described for each use and not cached, so that a table that changed meanwhile is no fault.
	config.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec
	config.StatementCacheCapacity, config.DescriptionCacheCapacity = 0, 0
	// A reader who goes away has the server stop, too, instead of computing on for nobody.
	config.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: time.Second}
	}
	return stdlib.GetConnector(*config), nil
}

func (postgres) begin(ctx context.Context, conn *sql.Conn, limit time.Duration) (session, error) {
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return session{}, err
	}
	ms := min(max(limit.Milliseconds(), 1), math.MaxInt32)
	// A database that knows no encoding (SQL_ASCII) would refuse to send what is no UTF-8; so it sends bytes, which convert mends.
	_, err = tx.ExecContext(ctx, `SELECT set_config('statement_timeout', $1::text, true),
		CASE current_setting('server_encoding') WHEN 'SQL_ASCII' THEN set_config('client_encoding', 'SQL_ASCII', true) END`, strconv.FormatInt(ms, 10))
	if err != nil {
		return session{}, errors.Join(err, tx.Rollback())
	}
	return session{tx, tx.Rollback}, nil
}

func (postgres) test(ctx context.Context, q querier) (version string, readOnly bool, err error) {
	err = q.QueryRowContext(ctx, "SELECT current_setting('server_version'), current_setting('transaction_read_only') = 'on'").Scan(&version, &readOnly)
	return "PostgreSQL " + version, readOnly, err
}

func (postgres) tables(_ Address, limit int) (string, []any) {
	return `SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND NOT c.relispartition
		AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
		AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
		ORDER BY 1, 2 LIMIT $1`, []any{limit}
}

func (e postgres) describe(ctx context.Context, q querier, from string, w What) ([]Column, error) {
	columns, err := describeResult(ctx, q, e, "SELECT * FROM "+from+" q LIMIT 0")
	if err != nil {
		return nil, err
	}
	for i, c := range columns {
		if c.Native[0] < '0' || c.Native[0] > '9' {
			continue
		}
		// A type that the driver does not know: of an extension, or made there. What it is does the catalogue say.
		var category string
		err := q.QueryRowContext(ctx, "SELECT format_type(oid, NULL), typcategory::text FROM pg_catalog.pg_type WHERE oid = $1::text::oid", c.Native).
			Scan(&columns[i].Native, &category)
		if err != nil {
			return nil, err
		}
		switch {
		case category == "A":
			columns[i].Kind = profile.List
		case columns[i].Native == "money":
			columns[i].Kind = profile.Number
		}
	}
	if w.Table == "" {
		return columns, nil
	}
	return columns, e.findNullable(ctx, q, from, columns)
}

// findNullable takes Nullable from columns that a table holds to have values.
func (postgres) findNullable(ctx context.Context, q querier, table string, columns []Column) error {
	rows, err := q.QueryContext(ctx, `SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass($1::text) AND attnum > 0 AND attnotnull`, table)
	if err != nil {
		return err
	}
	defer rows.Close() // its error is that of rows.Err
	filled := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		filled[name] = true
	}
	for i, c := range columns {
		columns[i].Nullable = !filled[c.Name]
	}
	return rows.Err()
}

func (postgres) kind(t *sql.ColumnType) (profile.Kind, string, string) {
	name := strings.ToLower(t.DatabaseTypeName())
	switch name {
	case "int2", "int4", "int8", "numeric", "float4", "float8", "oid", "xid", "cid":
		return profile.Number, name, ""
	case "bool":
		return profile.Boolean, name, ""
	case "date":
		return profile.Date, name, ""
	case "timestamp", "timestamptz":
		return profile.DateTime, name, ""
	case "bytea", "_bytea":
		return profile.Text, name, "warehouse.left_out.bytes"
	}
	if strings.HasPrefix(name, "_") {
		return profile.List, name, ""
	}
	return profile.Text, name, ""
}

func (postgres) expression(quoted string, c Column, wanted profile.Kind) string {
	switch {
	case wanted == profile.List && c.Kind == profile.List:
		return "to_jsonb(" + quoted + ")::text"
	case wanted == profile.Text || wanted == profile.List:
		return quoted + "::text"
	case c.Native == "money":
		return quoted + "::numeric"
	}
	return quoted
}

func (postgres) limited(selection, from string, n int) string {
	return limitedByLast(selection, from, n)
}

// value turns an array in PostgreSQL's own writing, as results of Query have it, into JSON.
func (postgres) value(v any, c Column) any {
	s, ok := v.(string)
	if !ok || c.Kind != profile.List || json.Valid([]byte(s)) {
		return v
	}
	var texts []*string
	if pgtype.NewMap().Scan(pgtype.TextArrayOID, pgtype.TextFormatCode, []byte(s), &texts) != nil {
		return v // of more than one dimension: becomes nothing, and is counted
	}
	var filled []string
	for _, t := range texts {
		if t != nil {
			filled = append(filled, *t)
		}
	}
	return Elements(filled)
}

// failure reads SQLSTATE (PostgreSQL's manual, appendix A).
func (postgres) failure(err error) (fault, said, bool) {
	var answer *pgconn.PgError
	if !errors.As(err, &answer) {
		if strings.Contains(err.Error(), "server refused TLS connection") { // pgconn has no name for it
			return faultNoTLS, said{code: "server refused TLS"}, true
		}
		return "", said{}, false
	}
	s := said{"SQLSTATE " + answer.Code, answer.Message}
	exact := map[string]fault{"3D000": faultNoDatabase, "3F000": faultNoTable, "42P01": faultNoTable, "42703": faultNoColumn, "42501": faultRights,
		"57014": faultTooLong, "55P03": faultTooLong, "25006": faultReadOnly, "0A000": faultStatement}
	if f, ok := exact[answer.Code]; ok {
		return f, s, true
	}
	class := map[string]fault{"28": faultLogin, "42": faultStatement, "22": faultValue, "53": faultBusy, "57": faultBusy, "08": faultCut, "25": faultReadOnly}
	if len(answer.Code) == 5 {
		if f, ok := class[answer.Code[:2]]; ok {
			return f, s, true
		}
	}
	return faultOther, s, true
}
