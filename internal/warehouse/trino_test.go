package warehouse_test

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/warehouse"
)

// coordinator answers Trino's protocol (its documentation, "Trino client REST API"), so that the real client is tried
// without the real Trino. Statements it knows by how they begin.
type coordinator struct {
	*httptest.Server
	answers map[string]map[string]any

	mutex     sync.Mutex
	asked     []string
	results   []map[string]any
	spooling  bool // whether results in segments were asked for
	cancelled int
}

// forever is where a statement is asked about that never ends.
const forever = "/v1/statement/q/forever"

func newCoordinator(t testing.TB, answers map[string]map[string]any) *coordinator {
	t.Helper()
	c := &coordinator{answers: answers}
	c.Server = httptest.NewTLSServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *coordinator) address(t testing.TB) warehouse.Address {
	t.Helper()
	at, err := url.Parse(c.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(at.Port())
	if err != nil {
		t.Fatal(err)
	}
	return warehouse.Address{Kind: warehouse.Trino, Host: at.Hostname(), Port: port, Database: "hive", Schema: "crm", User: "reader",
		Authority: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate().Raw}))}
}

// ServeHTTP answers the client.
func (c *coordinator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if user, password, _ := r.BasicAuth(); user != "reader" || password != planted {
		http.Error(w, "Access Denied: Invalid credentials "+password, http.StatusUnauthorized)
		return
	}
	if r.Method == http.MethodDelete {
		c.cancelled++
		w.WriteHeader(http.StatusNoContent)
		return
	}
	c.spooling = c.spooling || r.Header.Get("X-Trino-Query-Data-Encoding") != ""
	if n, err := strconv.Atoi(path.Base(r.URL.Path)); r.Method == http.MethodGet && err == nil {
		c.write(w, c.results[n])
		return
	}
	if r.Method == http.MethodGet { // a statement that goes on and on
		time.Sleep(20 * time.Millisecond)
		c.write(w, map[string]any{"nextUri": c.URL + forever})
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.asked = append(c.asked, string(body))
	for begin, answer := range c.answers {
		if strings.HasPrefix(string(body), begin) {
			if to, ok := answer["redirect"].(string); ok {
				http.Redirect(w, r, to, http.StatusTemporaryRedirect)
				return
			}
			if answer["nextUri"] == nil {
				c.results = append(c.results, answer)
				answer = map[string]any{"nextUri": fmt.Sprintf("%s/v1/statement/q/%d", c.URL, len(c.results)-1)}
			}
			c.write(w, answer)
			return
		}
	}
	c.write(w, failing("SYNTAX_ERROR", "USER_ERROR", "not known here: "+string(body)))
}

func (c *coordinator) write(w http.ResponseWriter, answer map[string]any) {
	whole := map[string]any{"id": "q", "infoUri": c.URL + "/ui/q", "stats": map[string]any{"state": "RUNNING"}}
	for name, value := range answer {
		whole[name] = value
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(whole); err != nil {
		panic(http.ErrAbortHandler)
	}
}

func failing(name, kind, message string) map[string]any {
	return map[string]any{"error": map[string]any{"errorName": name, "errorType": kind, "errorCode": 1, "message": message}}
}

// typed is a column as the protocol describes it.
func typed(name, native string) map[string]any {
	raw, inner, _ := strings.Cut(native, "(")
	signature := map[string]any{"rawType": raw, "arguments": []any{}}
	if raw == "array" {
		signature["arguments"] = []any{map[string]any{"kind": "TYPE", "value": map[string]any{"rawType": strings.TrimSuffix(inner, ")"), "arguments": []any{}}}}
	}
	return map[string]any{"name": name, "type": native, "typeSignature": signature}
}

func TestTrinoIsTestedListedDescribedAndStreamedByTheRealClient(t *testing.T) {
	described := []any{typed("id", "bigint"), typed("email", "varchar"), typed("born", "date"), typed("seen", "timestamp with time zone"),
		typed("tags", "array(varchar)"), typed("score", "double"), typed("active", "boolean"), typed("photo", "varbinary")}
	written := []any{typed("id", "bigint"), typed("email", "varchar"), typed("born", "varchar"), typed("seen", "varchar"), typed("tags", "varchar"),
		typed("score", "double"), typed("active", "boolean")}
	c := newCoordinator(t, map[string]map[string]any{
		"SELECT version()":                         {"columns": []any{typed("v", "varchar")}, "data": [][]any{{"470"}}},
		"SELECT 1":                                 {"columns": []any{typed("v", "integer")}, "data": [][]any{{1}}},
		"SELECT table_schema":                      {"columns": []any{typed("a", "varchar"), typed("b", "varchar")}, "data": [][]any{{"crm", "people"}}},
		`SELECT * FROM "crm"."people" q LIMIT 0`:   {"columns": described},
		`SELECT "id" AS "id", "email" AS "email"`:  {"columns": written, "data": [][]any{{9007199254740993, "ada@example.com", "1990-02-03", "2024-03-01 01:30:00.999 UTC", `["a",null,"b"]`, 0.5, true}, {2, nil, "+12024-01-01", nil, `[]`, "NaN", nil}}},
		"EXECUTE IMMEDIATE 'SELECT count(*) FROM ": {"columns": []any{typed("n", "bigint")}, "data": [][]any{{2}}},
	})
	d := open(t, c.address(t), planted, warehouse.Limits{Allowed: allow(t, "127.0.0.1")})
	ctx := t.Context()
	tested, err := d.Test(ctx)
	if err != nil || tested.Version != "Trino 470" || tested.ReadOnly {
		t.Errorf("got %+v, %v", tested, err)
	}
	tables, _, err := d.Tables(ctx)
	if err != nil || !reflect.DeepEqual(tables, []warehouse.Table{{"crm", "people"}}) {
		t.Errorf("got %v, %v", tables, err)
	}
	what := warehouse.What{Schema: "crm", Table: "people"}
	columns, err := d.Columns(ctx, what)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []profile.Kind
	for _, column := range columns {
		kinds = append(kinds, column.Kind)
	}
	if want := []profile.Kind{profile.Number, profile.Text, profile.Date, profile.DateTime, profile.List, profile.Number, profile.Boolean, profile.Text}; !reflect.DeepEqual(kinds, want) || columns[7].LeftOut == "" {
		t.Errorf("got %+v", columns)
	}
	var got [][]any
	reading, err := d.Stream(ctx, what, columns[:7], func(row []any) error {
		got = append(got, append([]any(nil), row...))
		return nil
	})
	want := [][]any{{int64(9007199254740993), "ada@example.com", "1990-02-03", "2024-03-01T01:30:00Z", `["a","b"]`, 0.5, int64(1)}, {int64(2), nil, nil, nil, nil, nil, nil}}
	if err != nil || !reflect.DeepEqual(got, want) || reading.Emptied["born"] != 1 || reading.Emptied["score"] != 1 {
		t.Errorf("got %v, %+v, %v", got, reading, err)
	}
	if n, err := d.Count(ctx, "SELECT count(*) FROM crm.people WHERE email = ?", []any{"it's"}); err != nil || n != 2 {
		t.Errorf("got %d, %v", n, err)
	}
	if last := c.asked[len(c.asked)-1]; !strings.HasSuffix(last, "USING 'it''s'") {
		t.Errorf("asked %s", last)
	}
	if c.spooling {
		t.Error("results in segments were asked for, which would be fetched from other hosts")
	}
}

func TestTrinosFaultsAreNamedWithoutSecrets(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another address was asked") }))
	defer elsewhere.Close()
	c := newCoordinator(t, map[string]map[string]any{
		"SELECT * FROM (SELECT 1 AS gone":   failing("TABLE_NOT_FOUND", "USER_ERROR", "Table 'gone' does not exist, "+planted),
		"SELECT * FROM (SELECT 1 AS rights": failing("PERMISSION_DENIED", "USER_ERROR", "Access Denied: Cannot select"),
		"SELECT * FROM (SELECT 1 AS cast":   failing("INVALID_CAST_ARGUMENT", "USER_ERROR", "Cannot cast 'bo@example.com' to INT"),
		"SELECT * FROM (SELECT 1 AS moved":  {"redirect": elsewhere.URL + "/v1/statement"},
		"SELECT * FROM (SELECT 1 AS next":   {"nextUri": elsewhere.URL + "/v1/statement/q/1"},
	})
	c.answers["SELECT * FROM (SELECT 1 AS long"] = map[string]any{"nextUri": c.URL + forever}
	for name, code := range map[string]string{"gone": "no_table", "rights": "rights", "cast": "value", "syntax": "statement", "moved": "redirected",
		"next": "host_not_allowed", "long": "too_long"} {
		t.Run(name, func(t *testing.T) {
			d := open(t, c.address(t), planted, warehouse.Limits{Allowed: allow(t, "127.0.0.1=plain"), Statement: 500 * time.Millisecond})
			_, err := d.Columns(t.Context(), warehouse.What{Query: "SELECT 1 AS " + name})
			p := wantProblem(t, err, code)
			if strings.Contains(fmt.Sprint(p.Error(), p.Args), "bo@") {
				t.Errorf("a value is in %v", p)
			}
		})
	}
	c.mutex.Lock()
	if c.cancelled == 0 {
		t.Error("the query that took too long was not cancelled at the coordinator")
	}
	c.mutex.Unlock()
	d := open(t, c.address(t), planted+"x", warehouse.Limits{Allowed: allow(t, "127.0.0.1")})
	_, err := d.Test(t.Context())
	wantProblem(t, err, "login_refused")
	a := c.address(t)
	a.Authority = ""
	_, err = open(t, a, planted, warehouse.Limits{Allowed: allow(t, "127.0.0.1")}).Test(t.Context())
	wantProblem(t, err, "certificate")
}
