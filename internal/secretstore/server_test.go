package secretstore_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// server is a Vault to be read from, and a hand that changes what is in it.
type server struct {
	t     *testing.T
	url   string
	token string // that may do everything
}

// call is a request to the API of Vault and OpenBao as they document it.
func (s server) call(method, path string, body any) map[string]any {
	s.t.Helper()
	content, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+"/v1/"+path, bytes.NewReader(content))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("X-Vault-Token", s.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err := response.Body.Close(); err != nil {
		s.t.Fatal(err)
	}
	if err != nil || response.StatusCode >= 300 {
		s.t.Fatalf("%s %s: %d %s, %v", method, path, response.StatusCode, text, err)
	}
	answer := map[string]any{}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &answer); err != nil {
			s.t.Fatal(err)
		}
	}
	return answer
}

func (s server) put2(path string, fields map[string]any) {
	s.call(http.MethodPost, "secret/data/"+path, map[string]any{"data": fields})
}

func (s server) auth(answer map[string]any) map[string]any { return answer["auth"].(map[string]any) }

// newToken is a token that may read below segue/ and nothing else.
func (s server) newToken(life string) string {
	answer := s.call(http.MethodPost, "auth/token/create", map[string]any{"policies": []string{"segue"}, "ttl": life, "renewable": true})
	return s.auth(answer)["client_token"].(string)
}

func (s server) revoke(token string) {
	s.call(http.MethodPost, "auth/token/revoke", map[string]any{"token": token})
}

// role makes an AppRole, and gives its id and a secret id of it.
func (s server) role() (roleID, secretID string) {
	s.call(http.MethodPost, "auth/approle/role/segue", map[string]any{"token_policies": []string{"segue"}, "token_ttl": "20m"})
	roleID = s.call(http.MethodGet, "auth/approle/role/segue/role-id", nil)["data"].(map[string]any)["role_id"].(string)
	secretID = s.call(http.MethodPost, "auth/approle/role/segue/secret-id", map[string]any{})["data"].(map[string]any)["secret_id"].(string)
	return roleID, secretID
}

// realProgram names a program that serves a real Vault in memory and prints its address and root token: realserver, as `make
// test-vault` builds it.
const realProgram = "SEGUE_TEST_VAULT"

// servers are those that the client is held to: the stand-in always, and a real one where there is one.
func servers(t *testing.T) map[string]func(*testing.T) server {
	t.Helper()
	all := map[string]func(*testing.T) server{"stand-in": func(t *testing.T) server {
		t.Helper()
		made := newStandIn()
		at := httptest.NewServer(made)
		t.Cleanup(at.Close)
		return server{t, at.URL, made.root}
	}}
	if program := os.Getenv(realProgram); program != "" {
		all["real"] = func(t *testing.T) server { return realServer(t, program) }
	}
	return all
}

func realServer(t *testing.T, program string) server {
	t.Helper()
	command := exec.CommandContext(t.Context(), program)
	hold, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = hold.Close() // it ends with this
		_ = command.Wait()
	})
	var said struct{ Address, Token string }
	if err := json.NewDecoder(out).Decode(&said); err != nil {
		t.Fatal(err)
	}
	s := server{t, said.Address, said.Token}
	for _, request := range []struct {
		path string
		body map[string]any
	}{
		{"sys/mounts/secret", map[string]any{"type": "kv", "options": map[string]string{"version": "2"}}},
		{"sys/mounts/old", map[string]any{"type": "kv", "options": map[string]string{"version": "1"}}},
		{"sys/auth/approle", map[string]any{"type": "approle"}},
		{"sys/policies/acl/segue", map[string]any{"policy": `path "secret/data/segue/*" { capabilities = ["read"] } path "old/segue/*" { capabilities = ["read"] }`}},
	} {
		s.call(http.MethodPost, request.path, request.body)
	}
	for deadline := time.Now().Add(20 * time.Second); ; { // the second version of the engine prepares itself for a moment
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/v1/secret/data/ready", strings.NewReader(`{"data":{"a":"b"}}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Vault-Token", s.token)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return s
		}
		if time.Now().After(deadline) {
			t.Fatal("the Vault does not come up: ", response.StatusCode)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// standIn is a stand-in for Vault and OpenBao, written from what they document of their API: key/value engines at secret (version 2)
// and old (version 1), tokens, AppRole and Kubernetes. It knows no more than the client asks and the tests need.
type standIn struct {
	root string

	mutex    sync.Mutex
	secrets  map[string]map[string]any // by engine and path
	tokens   map[string]int            // their life in seconds
	secretID string
	jwt      string
	made     int
	renewed  int
	asked    []string
	seen     []http.Header
}

func newStandIn() *standIn {
	return &standIn{root: "root-token", secrets: map[string]map[string]any{}, tokens: map[string]int{"root-token": 0}}
}

// ServeHTTP answers.
func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.asked, s.seen = append(s.asked, r.Method+" "+r.URL.Path), append(s.seen, r.Header.Clone())
	var body map[string]any
	_ = json.NewDecoder(r.Body).Decode(&body) // there may be none
	path := strings.TrimPrefix(r.URL.Path, "/v1/")
	token := r.Header.Get("X-Vault-Token")
	life, known := s.tokens[token]
	switch {
	case path == "auth/approle/login":
		s.login(w, body["role_id"] == "role-1" && s.secretID != "" && body["secret_id"] == s.secretID)
	case path == "auth/kubernetes/login":
		s.login(w, body["role"] == "segue" && s.jwt != "" && body["jwt"] == s.jwt)
	case !known:
		fail(w, http.StatusForbidden)
	case path == "auth/token/create":
		s.give(w, 600)
	case path == "auth/token/revoke":
		delete(s.tokens, body["token"].(string))
		w.WriteHeader(http.StatusNoContent)
	case path == "auth/token/lookup-self":
		answer(w, map[string]any{"data": map[string]any{"ttl": life, "renewable": life > 0}})
	case path == "auth/token/renew-self":
		s.renewed++
		answer(w, map[string]any{"auth": map[string]any{"client_token": token, "lease_duration": life, "renewable": true}})
	case strings.HasSuffix(path, "/role-id"):
		answer(w, map[string]any{"data": map[string]any{"role_id": "role-1"}})
	case strings.HasSuffix(path, "/secret-id"):
		s.made++
		s.secretID = fmt.Sprintf("secret-id-%d", s.made)
		answer(w, map[string]any{"data": map[string]any{"secret_id": s.secretID}})
	case strings.HasPrefix(path, "auth/approle/role/"):
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPost || r.Method == http.MethodPut:
		s.secrets[path] = maps.Clone(body)
		answer(w, map[string]any{"data": map[string]any{}})
	case r.Method == http.MethodDelete:
		delete(s.secrets, path)
		w.WriteHeader(http.StatusNoContent)
	case !strings.HasPrefix(path, "secret/data/segue/") && !strings.HasPrefix(path, "old/segue/"):
		fail(w, http.StatusForbidden)
	case s.secrets[path] == nil:
		fail(w, http.StatusNotFound)
	default:
		answer(w, map[string]any{"data": s.secrets[path]})
	}
}

func (s *standIn) login(w http.ResponseWriter, right bool) {
	if !right {
		fail(w, http.StatusBadRequest)
		return
	}
	s.give(w, 1200)
}

func (s *standIn) give(w http.ResponseWriter, life int) {
	s.made++
	token := fmt.Sprintf("token-%d", s.made)
	s.tokens[token] = life
	answer(w, map[string]any{"auth": map[string]any{"client_token": token, "lease_duration": life, "renewable": true}})
}

func answer(w http.ResponseWriter, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // whoever asked may be gone
}

func fail(w http.ResponseWriter, status int) {
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"errors":["planted in an answer"]}`)
}
