package warehouse

import (
	"context"
	"crypto/tls"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"net"
	"strings"
	"time"

	mssql "github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"

	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/secret"
)

type sqlserver struct{}

// hostDialer has the driver leave names to dial, so that what is looked up is judged.
type hostDialer struct {
	dial dialFunc
	host string
}

// DialContext dials what is allowed.
func (d hostDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return d.dial(ctx, network, address)
}

// HostName tells the driver not to look the name up itself.
func (d hostDialer) HostName() string { return d.host }

func (sqlserver) connector(a Address, password secret.Text, dial dialFunc, trust *tls.Config, l Limits) (driver.Connector, error) {
	config := msdsn.Config{Host: a.Host, Port: uint64(a.Port), Database: a.Database, User: a.User, Password: password.Reveal(),
		AppName: "segue", Workstation: "segue", ReadOnlyIntent: true, DisableRetry: true, NoTraceID: true, DialTimeout: l.Connect, ConnTimeout: l.Silence + stopGrace,
		Protocols: []string{"tcp"}, Encoding: msdsn.EncodeParameters{Timezone: time.UTC},
		Encryption: msdsn.EncryptionDisabled, Parameters: map[string]string{}, ProtocolParameters: map[string]any{}}
	if trust != nil {
		config.Encryption, config.TLSConfig = msdsn.EncryptionRequired, trust
		config.TLSConfig.DynamicRecordSizingDisabled = true // TDS puts the handshake's records into packets of its own
	}
	connector := mssql.NewConnectorConfig(config)
	connector.Dialer = hostDialer{dial, a.Host}
	return connector, nil
}

// begin reads in a snapshot where the database allows it, which makes a reading consistent without locks. Elsewhere rows
// that others change meanwhile are waited for, no longer than the limit.
func (sqlserver) begin(ctx context.Context, conn *sql.Conn, limit time.Duration) (session, error) {
	var snapshot bool
	err := conn.QueryRowContext(ctx, "SELECT CAST(CASE WHEN snapshot_isolation_state = 1 THEN 1 ELSE 0 END AS bit) FROM sys.databases WHERE database_id = DB_ID()").Scan(&snapshot)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return session{}, err
	}
	options := sql.TxOptions{Isolation: sql.LevelReadCommitted}
	if snapshot {
		options.Isolation = sql.LevelSnapshot
	}
	tx, err := conn.BeginTx(ctx, &options)
	if err != nil {
		return session{}, err
	}
	ms := min(max(limit.Milliseconds(), 1), math.MaxInt32)
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("SET LOCK_TIMEOUT %d", ms)); err != nil {
		return session{}, errors.Join(err, tx.Rollback())
	}
	return session{tx, tx.Rollback}, nil
}

// test holds the session for read-only where it reached a database that is: a readable replica, or one set so.
func (sqlserver) test(ctx context.Context, q querier) (version string, readOnly bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT CONVERT(nvarchar(128), SERVERPROPERTY('ProductVersion')),
		CAST(CASE WHEN DATABASEPROPERTYEX(DB_NAME(), 'Updateability') = 'READ_ONLY' THEN 1 ELSE 0 END AS bit)`).Scan(&version, &readOnly)
	return "SQL Server " + version, readOnly, err
}

// tables lists what the login has some right on; the catalogue shows nothing else.
func (sqlserver) tables(_ Address, limit int) (string, []any) {
	return `SELECT TOP (@p1) s.name, o.name FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id
		WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 ORDER BY s.name, o.name`, []any{limit}
}

func (e sqlserver) describe(ctx context.Context, q querier, from string, _ What) ([]Column, error) {
	return describeResult(ctx, q, e, "SELECT TOP (0) * FROM "+from+" q")
}

func (sqlserver) kind(t *sql.ColumnType) (profile.Kind, string, string) {
	name := strings.ToLower(t.DatabaseTypeName())
	switch name {
	case "tinyint", "smallint", "int", "bigint", "decimal", "money", "smallmoney", "real", "float":
		return profile.Number, name, ""
	case "bit":
		return profile.Boolean, name, ""
	case "date":
		return profile.Date, name, ""
	case "datetime", "datetime2", "smalldatetime", "datetimeoffset":
		return profile.DateTime, name, ""
	case "binary", "varbinary", "image", "hierarchyid":
		return profile.Text, name, "warehouse.left_out.bytes"
	case "geography", "geometry":
		return profile.Text, name, "warehouse.left_out.shape"
	}
	return profile.Text, name, ""
}

func (sqlserver) expression(quoted string, c Column, wanted profile.Kind) string {
	if wanted != profile.Text {
		return quoted
	}
	switch c.Native {
	case "char", "nchar", "varchar", "nvarchar", "text", "ntext":
		return quoted
	case "date", "datetime", "datetime2", "smalldatetime", "datetimeoffset":
		return "CONVERT(nvarchar(40), " + quoted + ", 126)" // ISO 8601
	case "real", "float":
		return "CONVERT(nvarchar(40), " + quoted + ", 3)" // all digits
	}
	return "CONVERT(nvarchar(max), " + quoted + ")"
}

func (sqlserver) limited(selection, from string, n int) string {
	return fmt.Sprintf("SELECT TOP (%d) %s FROM %s q", n, selection, from)
}

// value writes what the driver gives of results of Query, where no expression did.
func (sqlserver) value(v any, c Column) any {
	switch c.Native {
	case "uniqueidentifier":
		if b, ok := v.([]byte); ok {
			var id mssql.UniqueIdentifier
			if id.Scan(b) == nil {
				return strings.ToLower(id.String())
			}
		}
	case "time":
		if t, ok := v.(time.Time); ok {
			return t.Format("15:04:05")
		}
	}
	return v
}

// failure reads error numbers (SQL Server's "Database engine events and errors").
func (sqlserver) failure(err error) (fault, said, bool) {
	var answer mssql.Error
	if !errors.As(err, &answer) {
		return "", said{}, false
	}
	s := said{fmt.Sprintf("error %d", answer.Number), answer.Message}
	switch answer.Number {
	case 18452, 18456, 18470, 18486, 18487, 18488:
		return faultLogin, s, true
	case 911, 4060, 4064:
		return faultNoDatabase, s, true
	case 208, 2760:
		return faultNoTable, s, true
	case 207:
		return faultNoColumn, s, true
	case 229, 230, 262, 297, 300, 916:
		return faultRights, s, true
	case 1222:
		return faultTooLong, s, true
	case 3906, 3908:
		return faultReadOnly, s, true
	case 10928, 10929, 17809, 40197, 40501, 40613, 983, 927:
		return faultBusy, s, true
	case 220, 232, 241, 242, 244, 245, 248, 295, 517, 535, 8114, 8115, 8134, 8152, 2628:
		return faultValue, s, true
	case 104, 107, 209, 1033, 4104, 8120, 8155, 8156, 3952:
		return faultStatement, s, true
	}
	if answer.Class == 15 { // the class of what is wrong in the text of a statement
		return faultStatement, s, true
	}
	return faultOther, s, true
}
