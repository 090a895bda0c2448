package notice

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/secret"
)

// verify tells whether a request is from Segue, and not older than five minutes.
func verify(secret string, header http.Header, body []byte, now time.Time) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return false
	}
	seconds, err := strconv.ParseInt(header.Get("webhook-timestamp"), 10, 64)
	if err != nil || now.Sub(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return false
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.%s", header.Get("webhook-id"), seconds, body)
	for _, signature := range strings.Fields(header.Get("webhook-signature")) {
		version, encoded, _ := strings.Cut(signature, ",")
		given, err := base64.StdEncoding.DecodeString(encoded)
		if version == "v1" && err == nil && hmac.Equal(given, mac.Sum(nil)) {
			return true
		}
	}
	return false
}

func TestTheReadmeShowsTheFunctionThatIsTestedHere(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.ReadFile("verify_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(own), "// verify tells")
	function, _, found := strings.Cut(after, "\n}\n")
	if !found || !strings.Contains(string(readme), function+"\n}\n") {
		t.Error("the README has another function")
	}
}

// TestTheSignatureIsThatOfTheSpecification holds it against an example of the Standard Webhooks' own library.
func TestTheSignatureIsThatOfTheSpecification(t *testing.T) {
	got, err := sign(secret.NewText("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; err != nil || got != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestWhatIsChangedOrOldIsNotVerified(t *testing.T) {
	now := time.Unix(1_780_000_000, 0)
	key, body := newSecret(), []byte(`{"a":1}`)
	signature, err := sign(key, "id", now, body)
	if err != nil {
		t.Fatal(err)
	}
	request := func(id, seconds, signature string) http.Header {
		h := http.Header{}
		h.Set(headerID, id)
		h.Set(headerTime, seconds)
		h.Set(headerSignature, signature)
		return h
	}
	for name, c := range map[string]struct {
		header http.Header
		body   string
		at     time.Time
		want   bool
	}{
		"as sent":                {request("id", "1780000000", signature), `{"a":1}`, now, true},
		"beside another":         {request("id", "1780000000", "v1,AAAA v1a,BBBB "+signature), `{"a":1}`, now, true},
		"another body":           {request("id", "1780000000", signature), `{"a":2}`, now, false},
		"another id":             {request("di", "1780000000", signature), `{"a":1}`, now, false},
		"another time":           {request("id", "1780000001", signature), `{"a":1}`, now, false},
		"replayed after an hour": {request("id", "1780000000", signature), `{"a":1}`, now.Add(time.Hour), false},
		"from the future":        {request("id", "1780000000", signature), `{"a":1}`, now.Add(-time.Hour), false},
		"no signature":           {request("id", "1780000000", ""), `{"a":1}`, now, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := verify(key.Reveal(), c.header, []byte(c.body), c.at); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
