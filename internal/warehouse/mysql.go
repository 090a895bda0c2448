package warehouse

import (
	"context"
	"crypto/tls"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/secret"
)

// maria is MySQL and MariaDB.
type maria struct{}

func (maria) connector(a Address, password secret.Text, dial dialFunc, trust *tls.Config, _ Limits) (driver.Connector, error) {
	config := mysql.NewConfig()
	config.User, config.Passwd, config.DBName = a.User, password.Reveal(), a.Database
	config.Net, config.Addr = "tcp", net.JoinHostPort(a.Host, strconv.Itoa(a.Port))
	config.DialFunc, config.TLS = dial, trust
	config.ConnectionAttributes = "program_name:segue"
	config.Loc = time.UTC
	config.Logger = &mysql.NopLogger{} // what it would log comes back as an error too
	config.MaxAllowedPacket = maxMessage
	// These are the driver's defaults. They are said here because what a server could do otherwise depends on them: read
	// our files, run several statements, get the password in the clear.
	config.AllowAllFiles, config.MultiStatements = false, false
	config.AllowCleartextPasswords, config.AllowFallbackToPlaintext, config.AllowOldPasswords = false, false, false
	return mysql.NewConnector(config)
}

// begin sets the session up in one statement. Times are UTC, a backslash escapes and " is no name's quote, as the scanner of
// statements reads it. MySQL and MariaDB have different names for the limit, and each passes over the other's comment.
func (maria) begin(ctx context.Context, conn *sql.Conn, limit time.Duration) (session, error) {
	ms := max(limit.Milliseconds(), 1)
	_, err := conn.ExecContext(ctx, fmt.Sprintf("SET time_zone = '+00:00', sql_mode = '' /*M!100100 , max_statement_time = %d.%03d */ /*!50708 , max_execution_time = %d */",
		ms/1000, ms%1000, ms))
	if err != nil {
		return session{}, err
	}
	if _, err := conn.ExecContext(ctx, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"); err != nil {
		return session{}, err
	}
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return session{}, err
	}
	return session{tx, tx.Rollback}, nil
}

func (maria) test(ctx context.Context, q querier) (version string, readOnly bool, err error) {
	if err := q.QueryRowContext(ctx, "SELECT VERSION()").Scan(&version); err != nil {
		return "", false, err
	}
	name := "MySQL "
	if strings.Contains(version, "MariaDB") {
		name = "MariaDB "
	}
	rows, err := q.QueryContext(ctx, "SHOW SESSION VARIABLES WHERE Variable_name IN ('tx_read_only', 'transaction_read_only')")
	if err != nil {
		return "", false, err
	}
	defer rows.Close() // its error is that of rows.Err
	for rows.Next() {
		var variable, value string
		if err := rows.Scan(&variable, &value); err != nil {
			return "", false, err
		}
		readOnly = readOnly || value == "ON"
	}
	return name + strings.TrimSuffix(version, "-MariaDB"), readOnly, rows.Err()
}

func (maria) tables(_ Address, limit int) (string, []any) {
	return `SELECT table_schema, table_name FROM information_schema.tables
		WHERE table_schema NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') ORDER BY 1, 2 LIMIT ?`, []any{limit}
}

func (e maria) describe(ctx context.Context, q querier, from string, w What) ([]Column, error) {
	columns, err := describeResult(ctx, q, e, "SELECT * FROM "+from+" q LIMIT 0")
	if err != nil || w.Table == "" {
		return columns, err
	}
	// The catalogue knows what a result does not say: what can be NULL, and that tinyint(1) and bit(1) stand for yes and no.
	rows, err := q.QueryContext(ctx, `SELECT column_name, column_type, is_nullable FROM information_schema.columns
		WHERE table_schema = COALESCE(NULLIF(?, ''), DATABASE()) AND table_name = ?`, w.Schema, w.Table)
	if err != nil {
		return nil, err
	}
	defer rows.Close() // its error is that of rows.Err
	for rows.Next() {
		var name, native, nullable string
		if err := rows.Scan(&name, &native, &nullable); err != nil {
			return nil, err
		}
		if at := slices.IndexFunc(columns, func(c Column) bool { return c.Name == name }); at >= 0 {
			columns[at].Nullable = nullable == "YES"
			if native == "tinyint(1)" || native == "bit(1)" {
				columns[at].Kind, columns[at].Native = profile.Boolean, native
			}
		}
	}
	return columns, rows.Err()
}

func (maria) kind(t *sql.ColumnType) (profile.Kind, string, string) {
	name := strings.ToLower(t.DatabaseTypeName())
	switch bare := strings.TrimPrefix(name, "unsigned "); bare {
	case "tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double", "year", "bit":
		return profile.Number, name, ""
	case "date":
		return profile.Date, name, ""
	case "datetime", "timestamp":
		return profile.DateTime, name, ""
	case "tinyblob", "blob", "mediumblob", "longblob", "binary", "varbinary", "vector":
		return profile.Text, name, "warehouse.left_out.bytes"
	case "geometry":
		return profile.Text, name, "warehouse.left_out.shape"
	}
	return profile.Text, name, ""
}

func (maria) expression(quoted string, c Column, wanted profile.Kind) string {
	switch {
	case wanted == profile.Boolean && c.Kind == profile.Boolean:
		return quoted + " <> 0" // as MySQL itself takes a tinyint(1) of 2
	case wanted == profile.Text && c.Kind != profile.Text:
		return "CAST(" + quoted + " AS CHAR)"
	}
	return quoted
}

func (maria) limited(selection, from string, n int) string {
	return limitedByLast(selection, from, n)
}

// value reads a BIT, which comes as bytes, the highest first.
func (maria) value(v any, c Column) any {
	b, ok := v.([]byte)
	if !ok || c.Native != "bit" || c.Kind == profile.Text {
		return v
	}
	n := uint64(0)
	for _, each := range b {
		n = n<<8 | uint64(each)
	}
	return n
}

// failure reads error numbers (MySQL's manual, "Server Error Message Reference", and MariaDB's list), then SQLSTATE.
func (maria) failure(err error) (fault, said, bool) {
	switch {
	case errors.Is(err, mysql.ErrNoTLS):
		return faultNoTLS, said{code: "no TLS"}, true
	case errors.Is(err, mysql.ErrInvalidConn):
		return faultCut, said{code: "connection ended"}, true
	case errors.Is(err, mysql.ErrCleartextPassword), errors.Is(err, mysql.ErrOldPassword), errors.Is(err, mysql.ErrUnknownPlugin):
		return faultLogin, said{code: "authentication", message: "The way of signing in that the server asks for is not supported"}, true
	}
	var answer *mysql.MySQLError
	if !errors.As(err, &answer) {
		return "", said{}, false
	}
	s := said{fmt.Sprintf("error %d", answer.Number), answer.Message}
	switch answer.Number {
	case 1045, 1130, 1251, 1698, 1820, 3118, 3159, 3955, 4151:
		return faultLogin, s, true
	case 1049:
		return faultNoDatabase, s, true
	case 1146, 1051, 1109:
		return faultNoTable, s, true
	case 1054:
		return faultNoColumn, s, true
	case 1044, 1142, 1143, 1227, 1370:
		return faultRights, s, true
	case 1205, 1317, 1969, 3024:
		return faultTooLong, s, true
	case 1290, 1792, 1836:
		return faultReadOnly, s, true
	case 1040, 1053, 1129, 1203, 1226:
		return faultBusy, s, true
	case 1234, 1235, 1064, 1149, 1248:
		return faultStatement, s, true
	}
	switch string(answer.SQLState[:2]) {
	case "42":
		return faultStatement, s, true
	case "22":
		return faultValue, s, true
	case "28":
		return faultLogin, s, true
	case "08":
		return faultCut, s, true
	}
	return faultOther, s, true
}
