package warehouse

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/profile"
)

// FuzzValues holds that whatever a driver hands over becomes a value of the stored form of its kind, or none.
func FuzzValues(f *testing.F) {
	for _, seed := range []string{"", "1", "-0", "1e999", "NaN", "t", "2026-02-30", "0000-00-00", "infinity", "292277026596-12-04 15:30:08", "{a,\"b\"}", `["a",null,{"b":1}]`, "{{", "\xff\x00", "12:00:00+25"} {
		f.Add(seed, 1.5, int64(-1))
	}
	f.Fuzz(func(t *testing.T, text string, real float64, whole int64) {
		for _, given := range []any{text, []byte(text), real, float32(real), whole, int32(whole), uint64(whole), whole%2 == 0, time.Unix(whole, whole%1_000_000_000), []any{text, real, nil}} {
			for _, kind := range []profile.Kind{profile.Text, profile.Number, profile.Boolean, profile.Date, profile.DateTime, profile.List} {
				value, _ := convert(given, kind)
				switch v := value.(type) {
				case nil, int64:
				case float64:
					if math.IsNaN(v) || math.IsInf(v, 0) {
						t.Fatalf("%T %v as %s is %v", given, given, kind, v)
					}
				case string:
					if v == "" || !utf8.ValidString(v) || strings.Contains(v, "\x00") || kind == profile.List && !json.Valid([]byte(v)) {
						t.Fatalf("%T %q as %s is %q", given, given, kind, v)
					}
				default:
					t.Fatalf("%T %v as %s is a %T", given, given, kind, v)
				}
			}
		}
	})
}

// FuzzPlaces holds that no address of a database breaks its check, and that what it takes for a host is one to every driver.
func FuzzPlaces(f *testing.F) {
	for _, seed := range []string{"db.example.com", "[::1]", "/var/run/postgresql", "a,b", "db\\instance", "db:1", "db?x=y", "' or 1=1"} {
		f.Add(seed, "shop", "public", "reader", uint16(5432))
	}
	f.Fuzz(func(t *testing.T, host, database, schema, user string, port uint16) {
		for _, kind := range Kinds {
			a := Address{Kind: kind, Host: host, Port: int(port), Database: database, Schema: schema, User: user}
			if a.Check() == nil && strings.ContainsAny(a.normal().Host, "/\\,@?=' \x00") {
				t.Fatalf("%q is taken for a host", host)
			}
		}
	})
}
