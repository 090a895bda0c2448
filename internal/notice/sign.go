package notice

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/secret"
)

// Signing follows the Standard Webhooks: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
const (
	headerID        = "webhook-id"
	headerTime      = "webhook-timestamp"
	headerSignature = "webhook-signature"

	secretPrefix = "whsec_"
	secretBytes  = 32 // the specification wants 24 to 64
)

// newSecret makes a secret up.
func newSecret() secret.Text {
	key := make([]byte, secretBytes)
	_, _ = rand.Read(key) // does not fail
	return secret.NewText(secretPrefix + base64.StdEncoding.EncodeToString(key))
}

// sign gives the signature of a request under one secret.
func sign(key secret.Text, id string, at time.Time, body []byte) (string, error) {
	encoded, ok := strings.CutPrefix(key.Reveal(), secretPrefix)
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || !ok {
		return "", errors.New("a hook's secret is none")
	}
	mac := hmac.New(sha256.New, raw)
	mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}
